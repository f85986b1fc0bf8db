//! Rolling summaries: what was said long ago, in a few sentences, beside the turns themselves.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind, Result};
use crate::session::Position;
use crate::store::Note;

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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_holds_a_summary_and_nothing_else_passes_for_one() {
        let summary = Summary {
            text: "They met.".into(),
            through: Some(Position::new("7")),
            turns_covered: 7,
            model: Some("m".into()),
        };
        let text = summary.to_note_text().unwrap();
        assert_eq!(Summary::parse(&text).unwrap(), summary);
        let foreign = r#"{"text": "They met.", "turns_covered": 2}"#;
        assert_eq!(Summary::parse(foreign).unwrap().through, None);
        for bad in ["", "They met.", "null", "[]", r#"{"text": 7, "turns_covered": 1}"#, r#"{"text": "x"}"#] {
            let error = Summary::parse(bad).unwrap_err();
            assert_eq!(*error.kind(), ErrorKind::Corrupt, "{bad}");
            assert!(!error.to_string().contains("They met"), "{error}");
        }
        let note = |name: &str| Note { name: name.into(), text: text.clone(), version: 3 };
        assert_eq!(Summary::among(&[note("other")]).unwrap(), None);
        assert_eq!(Summary::among(&[note("other"), note("summary")]).unwrap(), Some((summary, 3)));
    }
}
