//! What a stop leaves of a turn.
//!
//! - Stopped while the model speaks: what it said is the answer, marked.
//! - Stopped while tools are called: calls without a result get one that says so, and the last of them is marked.
//! - Stopped before anything was said or called: there is no answer, and nothing is stored.

use crate::json::RawJson;
use crate::message::{Message, ToolCall};

/// The field of a message that says that a stop ended its turn there.
pub const STOPPED: &str = "stopped";

/// What the model reads in place of a result.
const NO_RESULT: &str = "Stopped by the user before there was a result.";

/// Whether `message` is where a stop ended its turn.
#[must_use]
pub fn is_stopped(message: &Message) -> bool {
    message.extra.get(STOPPED).is_some_and(|mark| mark.as_str() == "true")
}

/// Gives each call a result and marks the last message, if there is any.
pub(super) fn close(answers: &mut Vec<Message>) {
    if let Some(asked) = answers.iter().rposition(|message| !message.tool_calls.is_empty()) {
        let (before, results) = answers.split_at(asked + 1);
        let calls = before.last().map_or(&[][..], |message| &message.tool_calls);
        let open: Vec<_> = calls.iter().skip(results.len()).map(no_result).collect();
        answers.extend(open);
    }
    if let (Some(last), Ok(mark)) = (answers.last_mut(), RawJson::of(&true)) {
        last.extra.insert(STOPPED.to_owned(), mark);
    }
}

fn no_result(call: &ToolCall) -> Message {
    Message { name: Some(call.name.clone()), ..Message::tool(&call.id, NO_RESULT) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calls(ids: &[&str]) -> Message {
        let call = |id: &&str| ToolCall::new(*id, "clock", RawJson::parse("{}").unwrap());
        Message { tool_calls: ids.iter().map(call).collect(), ..Message::assistant("") }
    }

    #[test]
    fn calls_without_a_result_get_one_and_the_last_message_is_marked() {
        let done = |id| Message::tool(id, "noon");
        for (mut answers, closed) in [
            (vec![], vec![]),
            (vec![Message::assistant("It i")], vec![None]),
            (vec![calls(&["a", "b"])], vec![None, Some("a"), Some("b")]),
            (vec![calls(&["a", "b"]), done("a")], vec![None, Some("a"), Some("b")]),
            (vec![calls(&["a"]), done("a")], vec![None, Some("a")]),
            (vec![calls(&["a"]), done("a"), Message::assistant("It i")], vec![None, Some("a"), None]),
            (vec![calls(&["a"]), done("a"), calls(&["a"])], vec![None, Some("a"), None, Some("a")]),
        ] {
            close(&mut answers);
            let ids: Vec<_> = answers.iter().map(|message| message.tool_call_id.as_deref()).collect();
            assert_eq!(ids, closed);
            let marked: Vec<_> = answers.iter().map(is_stopped).collect();
            assert_eq!(marked.iter().filter(|marked| **marked).count(), usize::from(!ids.is_empty()));
            assert_eq!(marked.last(), (!ids.is_empty()).then_some(&true));
        }
    }
}
