//! Rolling summaries: what was said long ago, in a few sentences, beside the turns themselves.
//!
//! When the turns that no summary covers outgrow their budget, the older of them go into the summary: the chat model is
//! given the summary so far and those turns, and what it says is written over the note if that still has the version that
//! was read. The turns stay in the store. A summary whose newest turn is not there any more (cleared, expired, removed or
//! changed) is not recalled, and the next one is made from the turns that are there.

mod prompt;
mod recent;
mod summarizer;
#[cfg(test)]
mod tests;
mod update;

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use summarizer::{AtWork, Summarizer};

pub(crate) use prompt::{DEFAULT_TEMPLATE, check_template};
pub(crate) use recent::{kept, outgrown, split};

use crate::error::{Error, ErrorKind, Result};
use crate::message::Message;
use crate::recall::{Recall, Recalled};
use crate::session::{Position, SessionKey};
use crate::store::{ChatStore, Note};

/// A summary of the oldest part of a session. The turns themselves stay where they are.
///
/// A store keeps it as the note [`Summary::NOTE`], whose text is this as JSON; a layout whose other readers have a place of
/// their own for summaries keeps it there and gives the same note.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Summary {
    /// What was said.
    pub text: String,
    /// The newest turn that it covers, with all turns before it. `None` where all that it covers was let go on purpose
    /// to make room: then every turn that is stored is newer.
    #[serde(default)]
    pub through: Option<Position>,
    /// How many turns it covers, as far as its writer knew.
    pub turns_covered: u64,
    /// The model that wrote it; `None` where another program did and left no name.
    #[serde(default)]
    pub model: Option<String>,
}

impl Summary {
    /// The name of the note.
    pub const NOTE: &'static str = "summary";

    /// Reads the text of a note.
    ///
    /// # Errors
    /// `Corrupt` when it is no summary; the text itself is not told.
    pub fn parse(text: &str) -> Result<Self> {
        serde_json::from_str(text).map_err(|error| {
            let message = "the session's summary can't be read, and it is left as it is; inspect the session";
            let place = format!("line {}, column {}", error.line(), error.column());
            Error::new(ErrorKind::Corrupt, message).with("note", Self::NOTE).with("at", place)
        })
    }

    /// The text of the note.
    ///
    /// # Errors
    /// Never in practice: all fields have a form in JSON.
    pub fn to_note_text(&self) -> Result<String> {
        serde_json::to_string(self).map_err(|error| {
            Error::new(ErrorKind::Protocol, "the summary has no JSON form").with_source(error)
        })
    }

    /// The summary among the notes of a session, with the version that the next one has to name.
    ///
    /// # Errors
    /// As [`Summary::parse`].
    pub fn among(notes: &[Note]) -> Result<Option<(Self, u64)>> {
        let note = notes.iter().find(|note| note.name == Self::NOTE);
        note.map(|note| Ok((Self::parse(&note.text)?, note.version))).transpose()
    }

    /// What a model reads before the turns that the summary does not cover.
    #[must_use]
    pub fn to_message(&self) -> Message {
        Message::system(format!("Summary of the conversation so far:\n{}", self.text))
    }
}

/// After a turn was stored: begins to bring the session's summary up to date, if `recalled`, the session just before, has
/// outgrown its budget with that turn.
pub(crate) fn after_turn(
    summarizer: &Summarizer,
    recall: &Recall,
    store: &Arc<dyn ChatStore>,
    key: SessionKey,
    recalled: &Recalled,
) {
    let Recall::SummaryAndRecent { turns, template } = recall else { return };
    let budget = turns.get() as usize;
    if outgrown(recalled.turns.len() + 1, budget) == 0 {
        return;
    }
    summarizer.begin(update::Update {
        store: store.clone(),
        key,
        model: summarizer.model.clone(),
        template: template.clone(),
        window: recall.window(),
        budget,
    });
}
