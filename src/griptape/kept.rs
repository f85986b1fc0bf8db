//! What a turn has and a run has no place for.
//!
//! A run has one input and one output. The first user message is its input, the last answer its output; which messages there
//! are besides, and what the two hold beyond their text, is kept in the run's `meta` under [`KEY`], or beside the value where
//! the generation has no `meta`. Messages lie there as JSON text in a string: Python rewrites numbers, and what it makes of a
//! large one is no JSON.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::fields::Fields;
use crate::error::{Error, Result};
use crate::json::RawJson;
use crate::message::{Message, Part, Role};
use crate::session::TokenCount;

/// Under which key of `meta` and of `metadata` our own fields lie.
pub(super) const KEY: &str = "cm";

/// Our own fields of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Kept {
    /// What tells its messages from others under the same id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sum: Option<String>,
    /// When it was stored, in seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) at: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tokens: Option<TokenCount>,
    /// The messages as JSON text, where they are not just a user's text and an assistant's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) messages: Option<String>,
    /// Only beside an older generation: the `meta` of the run, without ours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) meta: Option<RawJson>,
    /// Only beside an older generation: the artifact that is not just the text that stands there for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) input: Option<RawJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) output: Option<RawJson>,
    /// Only in the newest generation: fields of an older run, whose names would be refused there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) fields: Option<RawJson>,
}

/// One message of a turn.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Place {
    /// The user's message in the input; with what it holds beyond the text.
    Input(Option<Message>),
    /// The assistant's message in the output; likewise.
    Output(Option<Message>),
    /// A message of which nothing stands elsewhere.
    Message(Message),
}

/// Parts of a turn's messages that stand in the run itself.
pub(super) struct Ends {
    pub(super) input: Vec<Part>,
    pub(super) output: Vec<Part>,
}

/// A turn's messages, with what stands in a run's input and output taken out; `None` where that is all.
///
/// `ends` are the parts that input and output hold.
pub(super) fn write(messages: &[Message], ends: &Ends) -> Result<Option<String>> {
    let (input, output) = (input_of(messages), output_of(messages));
    let places: Vec<_> = messages
        .iter()
        .enumerate()
        .map(|(at, message)| {
            if input == Some(at) && message.parts == ends.input {
                Place::Input(beyond(message, &Role::User))
            } else if output == Some(at) && message.parts == ends.output {
                Place::Output(beyond(message, &Role::Assistant))
            } else {
                Place::Message(message.clone())
            }
        })
        .collect();
    if matches!(places.as_slice(), [Place::Input(None), Place::Output(None)]) {
        return Ok(None);
    }
    serde_json::to_string(&places).map(Some).map_err(no_json)
}

/// Puts the messages together again; `None` where they can't be.
pub(super) fn read(text: &str, ends: Ends) -> Option<Vec<Message>> {
    let places: Vec<Place> = serde_json::from_str(text).ok()?;
    let Ends { mut input, mut output } = ends;
    let whole = |role, parts: &mut Vec<Part>, beyond: Option<Message>| {
        let mut message = beyond.unwrap_or_else(|| Message::new(role, ""));
        message.parts = std::mem::take(parts);
        message
    };
    let messages = places.into_iter().map(|place| match place {
        Place::Input(beyond) => whole(Role::User, &mut input, beyond),
        Place::Output(beyond) => whole(Role::Assistant, &mut output, beyond),
        Place::Message(message) => message,
    });
    Some(messages.collect())
}

/// Which message goes into the input.
pub(super) fn input_of(messages: &[Message]) -> Option<usize> {
    messages.iter().position(|message| message.role == Role::User)
}

/// Which message goes into the output: the last answer, one in words where there is one.
pub(super) fn output_of(messages: &[Message]) -> Option<usize> {
    let answers = || messages.iter().enumerate().rev().filter(|(_, message)| message.role == Role::Assistant);
    let in_words = answers().find(|(_, message)| message.tool_calls.is_empty());
    in_words.or_else(|| answers().next()).map(|(at, _)| at)
}

/// What the message holds besides its role and content.
fn beyond(message: &Message, role: &Role) -> Option<Message> {
    let bare = Message { parts: Vec::new(), ..message.clone() };
    (bare != Message::new(role.clone(), "")).then_some(bare)
}

/// What tells one turn's messages from another's.
pub(super) fn checksum(messages: &[Message]) -> Result<String> {
    let json = serde_json::to_vec(messages).map_err(no_json)?;
    Ok(hex16(&json))
}

/// 16 hexadecimal digits of a digest.
pub(super) fn hex16(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

fn no_json(source: serde_json::Error) -> Error {
    Error::invalid_input("messages", "holds a message that has no JSON form").with_source(source)
}

impl Kept {
    /// Our fields among those of a `meta`, which foreign ones may be too.
    pub(super) fn among(meta: &Fields) -> Self {
        meta.decode(KEY).unwrap_or_default()
    }

    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::ToolCall;

    fn ends(input: &str, output: &str) -> Ends {
        let parts = |text| Message::user(text).parts;
        Ends { input: parts(input), output: parts(output) }
    }

    #[test]
    fn nothing_is_kept_of_a_question_and_its_answer() {
        let turn = [Message::user("a"), Message::assistant("b")];
        assert_eq!(write(&turn, &ends("a", "b")).unwrap(), None);
        let other = write(&turn, &ends("a", "c")).unwrap().unwrap();
        assert!(other.contains("\"b\"") && !other.contains("\"a\""), "{other}");
    }

    #[test]
    fn messages_are_put_together_as_they_were() {
        let mut call = Message::assistant("");
        call.tool_calls = vec![ToolCall::new("c", "w", RawJson::parse(r#"{"n":1E400}"#).unwrap())];
        let named = Message { name: Some("bob".into()), ..Message::user("a") };
        let turn = [Message::system("s"), named, call, Message::tool("c", "21"), Message::assistant("b")];
        let text = write(&turn, &ends("a", "b")).unwrap().unwrap();
        assert_eq!(read(&text, ends("a", "b")).unwrap(), turn);
        assert!(!text.contains("\"a\"") && !text.contains("\"b\""), "{text}");
        assert!(read("[{}]", ends("a", "b")).is_none());
    }
}
