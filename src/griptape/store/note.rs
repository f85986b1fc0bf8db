//! Notes.

use super::super::{Lifetime, Slot};
use super::write::Decision;
use super::{Current, GriptapeStore};
use crate::error::{Error, ErrorKind, Result};
use crate::session::SessionId;
use crate::store::{Consistency, NoteRead, NoteWritten};

/// As the other layouts have it.
const MAX_NAME_BYTES: usize = 200;

impl<S: Slot> GriptapeStore<S> {
    pub(super) async fn read_note(&self, session: &SessionId, name: &str) -> Result<NoteRead> {
        check_name(name)?;
        let (seen, usage) = self.slot.read(session, Consistency::Strong).await?;
        let current = Current::of(seen, self.slot.now_epoch_secs());
        let note =
            current.and_then(|current| current.document().map_or(Ok(None), |document| document.note(name)));
        let note = note.map_err(|error| self.located(session, error.with_usage(usage)))?;
        Ok(NoteRead { note, usage })
    }

    pub(super) async fn write_note(
        &self,
        session: &SessionId,
        name: &str,
        text: &str,
        if_version: u64,
    ) -> Result<NoteWritten> {
        check_name(name)?;
        let version = if_version.saturating_add(1);
        let decide = |current: &Current, tried_before: bool| {
            let document = current.document().cloned().unwrap_or_default();
            let note = document.note(name)?;
            let stored = note.as_ref().map_or(0, |note| note.version);
            if tried_before && stored == version && note.is_some_and(|note| note.text == text) {
                return Ok(Decision::Done(version));
            }
            if stored != if_version {
                let message = "the note has another version than was expected; read it and decide anew";
                return Err(Error::new(ErrorKind::Conflict { position: None }, message).with("note", name));
            }
            let mut document = document.brought_to(self.config.generation)?;
            document.set_note(name, text, version)?;
            // A note does not make a session live longer. One that comes before any turn has a lifetime all the same.
            Ok(Decision::Write { document, lifetime: Lifetime::Keep, result: version })
        };
        let (version, usage) = self.change(session, decide, |error| error).await?;
        Ok(NoteWritten { version, usage })
    }
}

fn check_name(name: &str) -> Result<()> {
    if name.is_empty() || name.len() > MAX_NAME_BYTES {
        let problem = format!("has {} bytes; give 1 to {MAX_NAME_BYTES}", name.len());
        return Err(Error::invalid_input("name", problem));
    }
    Ok(())
}
