//! Prompt templates: `{{name}}` stands for a value.

use std::borrow::Cow;

use crate::message::{Message, Role};

/// Whether `template` names the variable `name`.
#[must_use]
pub fn mentions(template: &str, name: &str) -> bool {
    pieces(template).any(|piece| matches!(piece, Piece::Variable { name: found, .. } if found == name))
}

/// Puts the value that `value_of` gives where `template` names a variable. Variables without a value, and what a value
/// itself holds, stay as they are.
pub fn render<'v>(template: &str, value_of: impl Fn(&str) -> Option<Cow<'v, str>>) -> String {
    let mut text = String::with_capacity(template.len());
    for piece in pieces(template) {
        match piece {
            Piece::Variable { name, written } => match value_of(name) {
                Some(value) => text.push_str(&value),
                None => text.push_str(written),
            },
            Piece::Text(piece) => text.push_str(piece),
        }
    }
    text
}

/// How many bytes [`render`] would give.
pub fn rendered_bytes<'v>(template: &str, value_of: impl Fn(&str) -> Option<Cow<'v, str>>) -> usize {
    let bytes = pieces(template).map(|piece| match piece {
        Piece::Variable { name, written } => value_of(name).map_or(written.len(), |value| value.len()),
        Piece::Text(piece) => piece.len(),
    });
    bytes.fold(0, usize::saturating_add)
}

enum Piece<'a> {
    Text(&'a str),
    Variable {
        /// What is between the braces, without white space around it.
        name: &'a str,
        /// The whole, with its braces.
        written: &'a str,
    },
}

fn pieces(template: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = template;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (piece, after) = match rest.strip_prefix("{{").and_then(up_to_end) {
            Some((inside, after)) => {
                let written = rest.strip_suffix(after).unwrap_or(rest);
                (Piece::Variable { name: inside.trim(), written }, after)
            }
            None => {
                let from = if rest.starts_with("{{") { 2 } else { 0 };
                let end =
                    rest.get(from..).and_then(|tail| tail.find("{{")).map_or(rest.len(), |at| at + from);
                let (text, after) = rest.split_at(end);
                (Piece::Text(text), after)
            }
        };
        rest = after;
        Some(piece)
    })
}

/// What stands before the first `}}` and after it, unless another `{{` comes first. Nobody looks twice at a text: it may be
/// megabytes of braces.
fn up_to_end(inner: &str) -> Option<(&str, &str)> {
    let at = inner.as_bytes().windows(2).position(|pair| pair == b"{{" || pair == b"}}")?;
    let (inside, end) = inner.split_at_checked(at)?;
    end.strip_prefix("}}").map(|after| (inside, after))
}

/// A conversation as the text that prompts of this field expect: a line a message, `Human: …` and `AI: …`. A user who has a
/// name stands under it. Messages that call tools and say nothing are left out.
pub fn transcript<'a>(messages: impl IntoIterator<Item = &'a Message>) -> String {
    let line = |message: &Message| {
        let speaker = match &message.role {
            Role::System => "System",
            Role::User => message.name.as_deref().unwrap_or("Human"),
            Role::Assistant => "AI",
            Role::Tool => "Tool",
            Role::Other(name) => name,
        };
        format!("{speaker}: {}", message.text())
    };
    let says = |message: &&Message| message.tool_calls.is_empty() || !message.parts.is_empty();
    messages.into_iter().filter(says).map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::RawJson;
    use crate::message::ToolCall;

    #[test]
    fn variables_with_a_value_are_replaced_and_everything_else_is_left() {
        let fill = |template: &str| {
            render(template, |name| match name {
                "a" => Some("x {{b}} {{a}}".into()),
                "$flow.chatId" => Some("chat-1".into()),
                _ => None,
            })
        };
        for (template, filled) in [
            ("no variable", "no variable"),
            ("{{a}}", "x {{b}} {{a}}"),
            ("{{ a }} {a} {{ b }} {{", "x {{b}} {{a}} {a} {{ b }} {{"),
            ("{{$flow.chatId}}/{{$vars.x}}", "chat-1/{{$vars.x}}"),
            ("{{ {{a}} }}", "{{ x {{b}} {{a}} }}"),
            (r#"{{"json": {"b": 1}}}"#, r#"{{"json": {"b": 1}}}"#),
            ("{{}} é{{a", "{{}} é{{a"),
            ("{{{a}}} {{{{a}} {{a}}}", "{{{a}}} {{x {{b}} {{a}} x {{b}} {{a}}}"),
        ] {
            assert_eq!(fill(template), filled, "{template}");
        }
        assert!(mentions("History:\n{{ chat_history }}", "chat_history"));
        assert!(!mentions("{chat_history}", "chat_history"));
    }

    #[test]
    fn megabytes_of_braces_are_read_once() {
        for braces in ["{{", "{{a ", "{", "}}", "{{}", "{{{}"] {
            let template = braces.repeat(4 << 20);
            let value_of = |_: &str| Some("".into());
            assert_eq!(rendered_bytes(&template, value_of), render(&template, value_of).len(), "{braces}");
        }
    }

    #[test]
    fn a_transcript_names_the_speakers() {
        let call = ToolCall::new("c", "clock", RawJson::from(""));
        let messages = [
            Message::user("Time?"),
            Message { name: Some("Zach".to_owned()), ..Message::user("Which zone?") },
            Message { tool_calls: vec![call], ..Message::assistant("") },
            Message::tool("c", "noon"),
            Message::assistant("Noon."),
            Message::new(Role::from("critic"), "Hm"),
        ];
        assert_eq!(
            transcript(&messages),
            "Human: Time?\nZach: Which zone?\nTool: noon\nAI: Noon.\ncritic: Hm"
        );
    }
}
