//! What the Echo Model answers.

use std::fmt::Write;

use async_trait::async_trait;
use futures_util::{StreamExt, stream};

use crate::error::Result;
use crate::message::Message;
use crate::model::{Answer, AnswerEvent, AnswerStream, ChatModel, Prompt};

/// The most messages quoted: the first of all, and the newest.
const MAX_QUOTED: usize = 40;
/// The most characters quoted of a message, so that quotes of quotes do not grow.
const MAX_QUOTED_CHARS: usize = 120;

/// Repeats what memory gave it. Works offline, knows nothing, parses nothing.
#[derive(Debug)]
pub struct EchoModel;

#[async_trait]
impl ChatModel for EchoModel {
    fn name(&self) -> &str {
        "echo"
    }

    async fn answer(&self, prompt: Prompt) -> Result<AnswerStream> {
        let text = echo(&prompt.messages);
        let mut pieces: Vec<_> =
            text.split_inclusive('\n').map(|line| Ok(AnswerEvent::Text(line.to_owned()))).collect();
        let answer = Answer { message: Message::assistant(text), input_tokens: None, output_tokens: None };
        pieces.push(Ok(AnswerEvent::Done(answer)));
        Ok(stream::iter(pieces).boxed())
    }
}

fn echo(messages: &[Message]) -> String {
    let mut text = "I am the Echo Model, not an AI: I only repeat what memory gave me.\n".to_owned();
    let remembered = messages.split_last().map_or(messages, |(_asked, before)| before);
    let Some((first, rest)) = remembered.split_first() else {
        text.push_str("Memory gave me nothing: this is the first message of the conversation.");
        return text;
    };
    let plural = if rest.is_empty() { "" } else { "s" };
    let _ = write!(text, "Before this message I was given {} message{plural}:", remembered.len());
    quote(&mut text, first);
    let skipped = rest.len().saturating_sub(MAX_QUOTED - 1);
    if skipped > 0 {
        let _ = write!(text, "\n… {skipped} more …");
    }
    rest.iter().skip(skipped).for_each(|message| quote(&mut text, message));
    text
}

fn quote(text: &mut String, message: &Message) {
    let said = message.text();
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut chars = said.chars();
    let start: String = chars.by_ref().take(MAX_QUOTED_CHARS).collect();
    let cut = if chars.next().is_some() { "…" } else { "" };
    let _ = write!(text, "\n> {}: {start}{cut}", message.role);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_quotes_what_memory_gave_and_not_what_is_asked() {
        let text = echo(&[
            Message::user("Hello my name is Collin."),
            Message::assistant("Hi"),
            Message::user("My name?"),
        ]);
        assert!(text.contains("not an AI"), "{text}");
        assert!(text.contains("> user: Hello my name is Collin.\n> assistant: Hi"), "{text}");
        assert!(!text.contains("My name?"), "{text}");
    }

    #[test]
    fn a_conversation_with_itself_does_not_explode() {
        let mut messages = Vec::new();
        for turn in 0..200 {
            messages.push(Message::user(format!("turn {turn}")));
            let answer = echo(&messages);
            assert!(answer.len() < 8_000, "turn {turn}: {} bytes", answer.len());
            messages.push(Message::assistant(answer));
        }
        messages.push(Message::user("and now?"));
        let answer = echo(&messages);
        assert!(answer.contains("> user: turn 0\n") && answer.contains("> user: turn 199\n"), "{answer}");
    }
}
