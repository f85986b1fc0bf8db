//! What the model is asked, and what passes for an answer.

use std::borrow::Cow;
use std::time::Duration;

use crate::error::{Error, ErrorKind, Result};
use crate::message::Message;
use crate::model::{self, ChatModel, Prompt};
use crate::prompt;

/// What the template's variables are called.
const SO_FAR: &str = "summary";
const CONVERSATION: &str = "conversation";

/// How long a model may take.
const TIME_LIMIT: Duration = Duration::from_secs(60);

/// The longest summary that is kept: it comes with every prompt.
const MAX_SUMMARY_BYTES: usize = 16 << 10;

/// What the model is asked unless a node says otherwise.
pub(crate) const DEFAULT_TEMPLATE: &str = "\
Write a summary of the conversation below, which will be read in its place. Keep who said what, names, numbers, dates, decisions, \
wishes and open questions; leave out courtesies. Use no more than 200 words, and answer with the summary alone.

Summary of what came before:
{{summary}}

Conversation:
{{conversation}}";

/// Checks that a template says where the conversation goes.
pub(crate) fn check_template(template: &str) -> Result<()> {
    if prompt::mentions(template, CONVERSATION) {
        return Ok(());
    }
    let problem =
        "has a summary template without {{conversation}}; put it where the turns to summarize belong";
    Err(Error::invalid_input("recall", problem))
}

/// Asks for a summary of `conversation` that takes up the one so far.
pub(super) async fn ask(
    model: &dyn ChatModel,
    template: &str,
    so_far: &str,
    conversation: &str,
) -> Result<String> {
    let value_of = |name: &str| match name {
        SO_FAR => Some(Cow::Borrowed(so_far)),
        CONVERSATION => Some(Cow::Borrowed(conversation)),
        _ => None,
    };
    let prompt =
        Prompt { messages: vec![Message::user(prompt::render(template, value_of))], ..Prompt::default() };
    let asking = async { model::collect(model.answer(prompt).await?, |_| ()).await };
    let answer = tokio::time::timeout(TIME_LIMIT, asking).await.map_err(|_| {
        let message = format!("the model gave no summary within {} seconds", TIME_LIMIT.as_secs());
        Error::new(ErrorKind::Unavailable, message)
    })??;
    let text = answer.message.text();
    let text = text.trim();
    if text.is_empty() {
        return Err(Error::new(ErrorKind::Protocol, "the model gave a summary without words"));
    }
    if text.len() > MAX_SUMMARY_BYTES {
        let message = "the model's summary is too long; ask for a shorter one in the template";
        return Err(Error::new(ErrorKind::TooLarge, message)
            .with("bytes", text.len())
            .with("limit_bytes", MAX_SUMMARY_BYTES));
    }
    Ok(text.to_owned())
}
