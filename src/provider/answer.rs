//! genai's stream as our answer.

use futures_util::{StreamExt, stream};
use genai::chat::{ChatStream, ChatStreamEvent, StopReason, StreamEnd};

use super::refusal::Refusal;
use super::{convert, failure};
use crate::error::Result;
use crate::message::{Message, Part};
use crate::model::{Answer, AnswerEvent, AnswerStream};

pub(super) fn events(answer: ChatStream, refusal: Refusal) -> AnswerStream {
    let pieces = answer.map(move |event| match event {
        Ok(ChatStreamEvent::Chunk(chunk)) => vec![Ok(AnswerEvent::Text(chunk.content))],
        Ok(ChatStreamEvent::End(end)) => ending(end, refusal.take()),
        Ok(_) => Vec::new(),
        Err(error) => vec![Err(failure::of(&error))],
    });
    pieces.flat_map(stream::iter).boxed()
}

/// The last events: where the model refuses, its refusal is the answer's text.
fn ending(end: StreamEnd, refusal: String) -> Vec<Result<AnswerEvent>> {
    let mut events = Vec::new();
    if !refusal.is_empty() {
        events.push(Ok(AnswerEvent::Text(refusal.clone())));
    }
    events.push(whole(end, refusal).map(AnswerEvent::Done));
    events
}

fn whole(end: StreamEnd, refusal: String) -> Result<Answer> {
    if refusal.is_empty() && matches!(end.captured_stop_reason, Some(StopReason::ContentFilter(_))) {
        return Err(failure::filtered());
    }
    let count = |tokens: Option<i32>| tokens.and_then(|tokens| u64::try_from(tokens).ok());
    let usage = end.captured_usage.unwrap_or_default();
    let content = end.captured_content.unwrap_or_default();
    let said = content.joined_texts().unwrap_or_default();
    let mut message = Message::assistant("");
    message.parts.extend([said, refusal].into_iter().filter(|text| !text.is_empty()).map(Part::Text));
    message.tool_calls = content.tool_calls().into_iter().map(convert::tool_call).collect::<Result<_>>()?;
    if message.parts.is_empty() && message.tool_calls.is_empty() {
        return Err(failure::empty_answer());
    }
    Ok(Answer {
        message,
        input_tokens: count(usage.prompt_tokens),
        output_tokens: count(usage.completion_tokens),
    })
}
