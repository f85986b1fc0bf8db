//! Asking the model.

use std::time::Instant;

use super::{Run, RunEvent, StepKind};
use crate::error::Result;
use crate::message::{Message, ToolCall};
use crate::model::{self, Answer, ChatModel, Prompt, ToolChoice};
use crate::usage::Usage;

impl Run<'_> {
    /// Asks the model, tells its text as it comes, and adds the answer to the turn.
    ///
    /// Returns the calls of tools that the answer asks for: the result of each has to be added before the model is
    /// asked again. When the run is stopped, what was said until then is added and there are no calls.
    ///
    /// # Errors
    /// What kept the model from an answer, with what the run had cost until then.
    pub async fn ask(&mut self, model: &dyn ChatModel, prompt: Prompt) -> Result<Vec<ToolCall>> {
        let may_call = !prompt.tools.is_empty() && prompt.tool_choice == ToolChoice::Auto;
        let started = Instant::now();
        let mut said = String::new();
        let events = &mut self.events;
        let asking = async {
            let stream = model.answer(prompt).await?;
            let on_text = |text: &str| {
                said.push_str(text);
                events(RunEvent::Text { text: text.to_owned() });
            };
            model::collect(stream, on_text).await
        };
        let answer = match self.stop.run_until_cancelled(asking).await {
            Some(answer) => answer.map_err(|error| error.in_operation("answer").with_usage(self.usage))?,
            None => {
                self.stopped = true;
                Answer { message: Message::assistant(said), input_tokens: None, output_tokens: None }
            }
        };
        let Answer { mut message, input_tokens, output_tokens } = answer;
        if !may_call {
            // A call that nobody carries out would leave the conversation without its result.
            message.tool_calls.clear();
        }
        let calls = message.tool_calls.clone();
        if message.parts.is_empty() && calls.is_empty() {
            return Ok(calls);
        }
        let kind = StepKind::Answered {
            model: model.name().to_owned(),
            input_tokens,
            output_tokens,
            tool_calls: calls.len() as u64,
        };
        self.step(kind, started.elapsed(), Usage::default());
        self.add(message);
        Ok(calls)
    }
}
