//! Who brings summaries up to date, and when.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use tracing::{debug, warn};

use super::update::Update;
use crate::background::Background;
use crate::error::ErrorKind;
use crate::model::ChatModel;
use crate::session::SessionKey;

/// Brings summaries up to date in the background: never in the way of an answer, and for each session one at a time.
///
/// A failure of any kind advances nothing; it is logged, without text, and the next turn tries again.
#[derive(Clone, Debug)]
pub struct Summarizer {
    pub(crate) model: Arc<dyn ChatModel>,
    background: Background,
    at_work: Arc<AtWork>,
}

/// The sessions that are being summarized. Memories on the same store share one, as far as they are in one process; what
/// two hosts do at once is settled by the version of the note.
#[derive(Debug, Default)]
pub struct AtWork(Mutex<HashSet<SessionKey>>);

impl Summarizer {
    /// Asks `model`, on tasks of `background`.
    #[must_use]
    pub fn new(model: Arc<dyn ChatModel>, background: Background) -> Self {
        Self { model, background, at_work: Arc::default() }
    }

    /// Together with all that have the same `at_work`.
    #[must_use]
    pub fn sharing(self, at_work: Arc<AtWork>) -> Self {
        Self { at_work, ..self }
    }

    /// Begins an update, unless one of the same session is under way. That one may have begun before the newest turn was
    /// stored; the turn after it comes early enough.
    pub(super) fn begin(&self, update: Update) {
        let Some(place) = Place::take(self.at_work.clone(), &update.key) else { return };
        self.background.spawn(async move {
            let _place = place;
            match update.run().await {
                Ok(turns) => debug!(turns, "a summary is up to date"),
                Err(error) if matches!(error.kind(), ErrorKind::Conflict { .. }) => {
                    debug!(%error, "a summary was not advanced: something else was first");
                }
                Err(error) => warn!(%error, "a summary was not advanced; the next turn tries again"),
            }
        });
    }
}

/// A session at work, as long as this lives.
struct Place {
    at_work: Arc<AtWork>,
    key: SessionKey,
}

impl Place {
    fn take(at_work: Arc<AtWork>, key: &SessionKey) -> Option<Self> {
        let is_first = at_work.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key.clone());
        is_first.then(|| Self { at_work, key: key.clone() })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.at_work.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}
