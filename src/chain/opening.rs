//! What comes before the question in a prompt: instructions and history.

use super::Run;
use crate::message::Message;
use crate::prompt;

/// The instructions with their variables filled in, and the history, unless it stands inside of them.
pub(super) fn messages(run: &Run<'_>, instructions: &str) -> Vec<Message> {
    let history = || run.recalled.iter().flat_map(|recalled| recalled.messages());
    let memory_key = run.memory.map(|memory| memory.options().memory_key.0.as_str());
    let instructions_with_values = prompt::render(instructions, |name| match name {
        _ if Some(name) == memory_key => Some(prompt::transcript(history()).into()),
        "question" => Some(run.question.text().into()),
        "$flow.sessionId" => Some(run.session_id.as_str().into()),
        "$flow.chatId" => Some(run.chat.as_str().into()),
        _ => None,
    });
    let mut messages = Vec::new();
    if !instructions_with_values.is_empty() {
        messages.push(Message::system(instructions_with_values));
    }
    if !memory_key.is_some_and(|key| prompt::mentions(instructions, key)) {
        messages.extend(history().cloned());
    }
    messages
}
