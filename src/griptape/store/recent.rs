//! Loading the newest part.

use super::super::Slot;
use super::super::document::Document;
use super::{Current, GriptapeStore};
use crate::error::{Error, ErrorKind, Result};
use crate::session::{SessionId, StoredTurn};
use crate::store::{Consistency, Fill, Recent, SessionState, Unreadable, Window};

/// The turns of a window.
struct Turns {
    turns: Vec<StoredTurn>,
    unreadable: Vec<Unreadable>,
    complete: bool,
}

impl<S: Slot> GriptapeStore<S> {
    pub(super) async fn load(
        &self,
        session: &SessionId,
        window: Window,
        consistency: Consistency,
    ) -> Result<Recent> {
        let (seen, usage) = self.slot.read(session, consistency).await?;
        let mut recent = Recent {
            turns: Vec::new(),
            position: None,
            state: SessionState::New,
            complete: true,
            unreadable: Vec::new(),
            notes: Vec::new(),
            fill: None,
            usage,
        };
        let failed = |error: Error| self.located(session, error.with_usage(usage));
        let current = Current::of(seen, self.slot.now_epoch_secs()).map_err(failed)?;
        if current.expired {
            recent.state = SessionState::Expired;
        }
        let (Some(seen), Some(document)) = (&current.seen, current.document()) else { return Ok(recent) };
        recent.notes = document.notes().map_err(failed)?;
        recent.position = current.position();
        recent.fill = self.slot.limit_bytes().map(|limit_bytes| Fill { bytes: seen.bytes, limit_bytes });
        recent.state = if document.runs.is_empty() { SessionState::Empty } else { SessionState::Present };
        let read = turns(document, window, seen.expires_at_epoch_secs);
        if read.turns.is_empty() && !read.unreadable.is_empty() {
            let message =
                "no run of the session can be read; it is left as it is: inspect it, and mend or clear it";
            return Err(failed(Error::new(ErrorKind::Corrupt, message)));
        }
        recent.turns = read.turns;
        recent.unreadable = read.unreadable;
        recent.complete = read.complete;
        Ok(recent)
    }
}

fn turns(document: &Document, window: Window, expires_at_epoch_secs: Option<u64>) -> Turns {
    let (mut turns, mut unreadable) = (Vec::new(), Vec::new());
    let mut messages = 0;
    let mut complete = true;
    for (at, run) in document.runs.iter().enumerate().rev() {
        let has_all = match window {
            Window::Everything => false,
            Window::LastTurns(wanted) => turns.len() >= wanted.get() as usize,
            Window::LastMessages(wanted) => messages >= wanted.get() as usize,
        };
        if has_all {
            complete = false;
            break;
        }
        match run.read() {
            Ok(read) => {
                messages += read.messages.len();
                turns.push(StoredTurn {
                    id: run.turn_id(),
                    position: run.position_with(read.messages.len()),
                    messages: read.messages,
                    tokens: read.kept.tokens,
                    stored_at_epoch_secs: read.kept.at,
                    expires_at_epoch_secs,
                });
            }
            Err(reason) => unreadable.push(Unreadable { key: format!("runs[{at}]"), reason }),
        }
    }
    turns.reverse();
    unreadable.reverse();
    Turns { turns, unreadable, complete }
}
