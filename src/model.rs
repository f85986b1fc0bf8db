//! What a chat model does: answer a prompt, piece by piece.

use std::fmt;

use async_trait::async_trait;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind, Result};
use crate::json::RawJson;
use crate::message::Message;

/// Answers prompts.
#[async_trait]
pub trait ChatModel: fmt::Debug + Send + Sync {
    /// The model's name as its provider spells it.
    fn name(&self) -> &str;

    /// Starts an answer. The stream ends with [`AnswerEvent::Done`], unless an error ends it.
    ///
    /// # Errors
    /// `Unauthenticated`, `Throttled`, `NotFound` for a model that is not there, `Unavailable`, `Protocol`.
    async fn answer(&self, prompt: Prompt) -> Result<AnswerStream>;
}

/// The pieces of an answer as they come.
pub type AnswerStream = BoxStream<'static, Result<AnswerEvent>>;

/// What a model is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prompt {
    /// Instructions, what memory recalled, and last what is asked now.
    pub messages: Vec<Message>,
    /// Tools that the model knows.
    pub tools: Vec<ToolSpec>,
    /// Whether it may call them.
    pub tool_choice: ToolChoice,
}

/// Whether a model may call the tools that it knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ToolChoice {
    /// As it sees fit.
    #[default]
    Auto,
    /// No: it has to answer. Tools that the conversation has called already stay known, which some providers ask for.
    None,
}

/// A tool that a model may call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolSpec {
    /// The name that a call bears.
    pub name: String,
    /// What it does, for the model.
    pub description: String,
    /// The JSON Schema of its arguments.
    pub parameters: RawJson,
}

/// A piece of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AnswerEvent {
    /// More text.
    Text(String),
    /// The whole answer; nothing follows.
    Done(Answer),
}

/// A model's whole answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// The message to show and keep.
    pub message: Message,
    /// Tokens of the prompt, where the provider tells.
    pub input_tokens: Option<u64>,
    /// Tokens of the answer, where the provider tells.
    pub output_tokens: Option<u64>,
}

/// Passes the text of an answer on as it comes and returns the whole.
///
/// # Errors
/// What the stream ended with; `Protocol` when it broke off without an end.
pub async fn collect(mut stream: AnswerStream, mut on_text: impl FnMut(&str) + Send) -> Result<Answer> {
    let mut began = false;
    while let Some(event) = stream.next().await.transpose().map_err(|error| error.in_operation("answer"))? {
        match event {
            AnswerEvent::Text(text) => {
                began = true;
                on_text(&text);
            }
            AnswerEvent::Done(answer) => {
                return Ok(answer);
            }
        }
    }
    let message = if began {
        "the model's answer broke off; ask again"
    } else {
        "the model's server answered nothing that is an answer; check the model's address"
    };
    Err(Error::new(ErrorKind::Protocol, message).in_operation("answer"))
}
