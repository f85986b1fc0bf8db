//! What is there.

use super::super::document::Document;
use super::super::{Content, NoText, Seen};
use crate::error::{Error, ErrorKind, Result};
use crate::session::Position;

/// A slot, as it was seen at a time.
pub(super) struct Current {
    pub(super) seen: Option<Seen>,
    pub(super) expired: bool,
    document: Option<Document>,
}

impl Current {
    /// Reads what was seen at `now_epoch_secs`. What has expired is not read.
    ///
    /// # Errors
    /// `Corrupt` when it can't be read.
    pub(super) fn of(seen: Option<Seen>, now_epoch_secs: u64) -> Result<Self> {
        let content = seen.as_ref().and_then(|seen| seen.content.as_ref());
        let expiry = seen.as_ref().and_then(|seen| seen.expires_at_epoch_secs);
        let expired = content.is_some() && expiry.is_some_and(|expiry| expiry <= now_epoch_secs);
        let document = match content {
            None => None,
            Some(Err(NoText { shape })) => {
                let message = format!(
                    "the session's value is {shape} and not JSON text; it is left as it is: correct the attribute's \
                     name, or inspect the session, and mend or clear it"
                );
                return Err(Error::new(ErrorKind::Corrupt, message));
            }
            Some(Ok(_)) if expired => None,
            Some(Ok(content)) => Some(Document::read(content)?),
        };
        Ok(Self { seen, expired, document })
    }

    /// The session; `None` where none is there or it has expired.
    pub(super) fn document(&self) -> Option<&Document> {
        self.document.as_ref()
    }

    /// What a write has to find still.
    pub(super) fn content(&self) -> Option<&Content> {
        self.seen.as_ref()?.content.as_ref()?.as_ref().ok()
    }

    /// Where the session ends.
    pub(super) fn position(&self) -> Option<Position> {
        Some(self.document()?.runs.last()?.position())
    }
}
