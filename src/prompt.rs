//! Prompt templates: `{{name}}` stands for a value.

use crate::message::{Message, Role};

/// Whether `template` names the variable `name`.
#[must_use]
pub fn mentions(template: &str, name: &str) -> bool {
    pieces(template).any(|piece| piece == Piece::Variable(name))
}

/// Puts `value` where `template` names the variable `name`. Other variables, and what `value` itself holds, stay as
/// they are.
#[must_use]
pub fn render(template: &str, name: &str, value: &str) -> String {
    pieces(template).fold(String::with_capacity(template.len() + value.len()), |mut text, piece| {
        match piece {
            Piece::Variable(variable) if variable == name => text.push_str(value),
            Piece::Variable(variable) => {
                text.push_str("{{");
                text.push_str(variable);
                text.push_str("}}");
            }
            Piece::Text(piece) => text.push_str(piece),
        }
        text
    })
}

#[derive(PartialEq)]
enum Piece<'a> {
    Text(&'a str),
    /// The name between the braces, without white space around it.
    Variable(&'a str),
}

fn pieces(template: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = template;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (piece, after) = match rest.strip_prefix("{{").and_then(|inner| inner.split_once("}}")) {
            Some((name, after)) => (Piece::Variable(name.trim()), after),
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

/// A conversation as the text that prompts of this field expect: a line a message, `Human: …` and `AI: …`.
pub fn transcript<'a>(messages: impl IntoIterator<Item = &'a Message>) -> String {
    let line = |message: &Message| {
        let speaker = match &message.role {
            Role::System => "System",
            Role::User => "Human",
            Role::Assistant => "AI",
            Role::Tool => "Tool",
            Role::Other(name) => name,
        };
        format!("{speaker}: {}", message.text())
    };
    messages.into_iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_is_replaced_and_everything_else_is_left() {
        assert_eq!(render("{{a}} {{ a }} {a} {{b}} {{", "a", "x {{b}}"), "x {{b}} x {{b}} {a} {{b}} {{");
        assert_eq!(render("no variable", "a", "x"), "no variable");
        assert!(mentions("History:\n{{ chat_history }}", "chat_history"));
        assert!(!mentions("{chat_history}", "chat_history"));
    }

    #[test]
    fn a_transcript_names_the_speakers() {
        let messages =
            [Message::user("Hello"), Message::assistant("Hi"), Message::new(Role::from("critic"), "Hm")];
        assert_eq!(transcript(&messages), "Human: Hello\nAI: Hi\ncritic: Hm");
    }
}
