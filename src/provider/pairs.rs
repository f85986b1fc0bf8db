//! Calls of tools and their results, as model APIs insist on them: each call is followed by its result at once, and no
//! result stands without its call. Other writers leave conversations of which neither is true.

use std::borrow::Cow;

use crate::message::{Message, Role};

/// What the model reads in place of a result that was never stored.
const NO_RESULT: &str = "There is no result: the call was cut off.";

/// The messages, with a result for each call. A result without its call loses the call's id.
pub(super) fn paired(messages: &[Message]) -> Vec<Cow<'_, Message>> {
    let mut paired = Vec::with_capacity(messages.len());
    let mut open: Vec<&str> = Vec::new();
    for message in messages {
        if message.role != Role::Tool {
            close(&mut paired, &mut open);
            open.extend(message.tool_calls.iter().map(|call| call.id.as_str()));
            paired.push(Cow::Borrowed(message));
            continue;
        }
        let answers = message.tool_call_id.as_deref();
        match open.iter().position(|call| Some(*call) == answers) {
            Some(at) => {
                open.remove(at);
                paired.push(Cow::Borrowed(message));
            }
            None => {
                close(&mut paired, &mut open);
                paired.push(Cow::Owned(Message { tool_call_id: None, ..message.clone() }));
            }
        }
    }
    close(&mut paired, &mut open);
    paired
}

fn close(paired: &mut Vec<Cow<'_, Message>>, open: &mut Vec<&str>) {
    paired.extend(open.drain(..).map(|id| Cow::Owned(Message::tool(id, NO_RESULT))));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::RawJson;
    use crate::message::ToolCall;

    fn calls(ids: &[&str]) -> Message {
        let call = |id: &&str| ToolCall::new(*id, "clock", RawJson::parse("{}").unwrap());
        Message { tool_calls: ids.iter().map(call).collect(), ..Message::assistant("") }
    }

    #[test]
    fn every_call_gets_its_result_and_every_result_has_its_call() {
        let result = |id| Message::tool(id, "noon");
        let shape = |messages: &[Message]| {
            let ids = |message: &Message| match message.role {
                Role::Tool => {
                    format!("{}={}", message.tool_call_id.as_deref().unwrap_or("-"), message.text())
                }
                _ => message.role.to_string(),
            };
            paired(messages).iter().map(|message| ids(message)).collect::<Vec<_>>()
        };
        let cut = |id: &str| format!("{id}={NO_RESULT}");
        let user = || Message::user("?");
        assert_eq!(shape(&[calls(&["a", "b"]), result("b"), result("a")]), ["assistant", "b=noon", "a=noon"]);
        assert_eq!(
            shape(&[calls(&["a", "b"]), result("a"), user()]),
            ["assistant", "a=noon", &cut("b"), "user"]
        );
        assert_eq!(shape(&[calls(&["a"])]), ["assistant", &cut("a")]);
        assert_eq!(shape(&[result("a"), user()]), ["-=noon", "user"]);
        assert_eq!(shape(&[calls(&["a"]), user(), result("a")]), ["assistant", &cut("a"), "user", "-=noon"]);
        assert_eq!(
            shape(&[calls(&["a"]), result("a"), result("a"), calls(&["a"]), result("a")]),
            ["assistant", "a=noon", "-=noon", "assistant", "a=noon"]
        );
    }
}
