//! What comes before the question in a prompt: instructions, facts and history.

use std::borrow::Cow;
use std::cell::OnceCell;

use super::Run;
use super::facts::KnownFacts;
use crate::error::{Error, ErrorKind, Result};
use crate::message::Message;
use crate::prompt;

/// Bytes of the instructions with their variables filled in: more than any model reads. They may name a long conversation
/// a thousand times.
const MAX_BYTES: usize = 16 << 20;

/// The instructions with their variables filled in, and facts and history, unless they stand inside of them.
pub(super) fn messages(run: &Run<'_>, instructions: &str) -> Result<Vec<Message>> {
    let history = || run.recalled.iter().flat_map(|recalled| recalled.prompt_messages());
    let memory_key = run.memory.map(|memory| memory.options().memory_key.0.as_str());
    let facts = run.facts.as_ref();
    let facts_key = facts.map(|facts| facts.key.0.as_str());
    let (transcript, question) = (OnceCell::new(), OnceCell::new());
    let value_of = |name: &str| -> Option<Cow<'_, str>> {
        let value: &str = match name {
            _ if Some(name) == facts_key => facts.map_or("", |facts| &facts.text),
            _ if Some(name) == memory_key => transcript
                .get_or_init(|| prompt::transcript(history().collect::<Vec<_>>().iter().map(AsRef::as_ref))),
            "question" => question.get_or_init(|| run.question.text()),
            "$flow.sessionId" => run.session_id.as_str(),
            "$flow.chatId" => run.chat.as_str(),
            _ => return None,
        };
        Some(value.into())
    };
    if prompt::rendered_bytes(instructions, value_of) > MAX_BYTES {
        let message = format!(
            "the instructions have more than {MAX_BYTES} bytes with their variables filled in; name each variable once, or \
             recall less of the conversation"
        );
        return Err(Error::new(ErrorKind::TooLarge, message).in_operation("prompt"));
    }
    let instructions_with_values = prompt::render(instructions, value_of);
    let mut messages = Vec::new();
    if !instructions_with_values.is_empty() {
        messages.push(Message::system(instructions_with_values));
    }
    if !facts_key.is_some_and(|key| prompt::mentions(instructions, key)) {
        messages.extend(facts.and_then(KnownFacts::message).map(Message::system));
    }
    if !memory_key.is_some_and(|key| prompt::mentions(instructions, key)) {
        messages.extend(history().map(Cow::into_owned));
    }
    Ok(messages)
}
