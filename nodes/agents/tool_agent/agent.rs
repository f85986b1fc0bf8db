//! How a tool agent runs.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;

use super::Toolbox;
use crate::chain::{self, Chain, Outcome, Run, RunEvent, RunRequest, StepKind};
use crate::error::Result;
use crate::graph::GraphMemory;
use crate::memory::ChatMemory;
use crate::message::{Message, ToolCall};
use crate::model::{ChatModel, Prompt, ToolChoice};
use crate::session::SessionId;
use crate::store::{Append, Appended};
use crate::tool::ToolOutput;

/// The answer where a model goes on asking for tools when it has to answer.
const NO_ANSWER: &str =
    "I used up the tool calls that one answer may take, and found no answer. Ask for less at a time.";

/// A model that calls tools until it has an answer, with a memory.
#[derive(Debug)]
pub struct ToolAgent {
    /// Answers, and chooses the tools.
    pub model: Arc<dyn ChatModel>,
    /// Keeps the turns; without one each message stands alone.
    pub memory: Option<Arc<ChatMemory>>,
    /// Brings facts near what is said.
    pub graph: Option<Arc<GraphMemory>>,
    /// What the model may call.
    pub tools: Toolbox,
    /// Instructions, with variables as [`Run::prompt`] knows them.
    pub instructions: String,
    /// How often the model may ask for tools before it has to answer.
    pub max_iterations: u32,
}

#[async_trait]
impl Chain for ToolAgent {
    async fn run(&self, request: RunRequest, events: &mut (dyn FnMut(RunEvent) + Send)) -> Result<Outcome> {
        let mut run = match Run::start(self.memory.as_deref(), request, events).await? {
            ControlFlow::Continue(run) => run,
            ControlFlow::Break(outcome) => return Ok(outcome),
        };
        if let Some(graph) = self.graph.as_deref() {
            run.find_facts(graph).await;
        }
        for _ in 0..self.max_iterations {
            let calls = run.ask(&*self.model, self.prompt(&run, ToolChoice::Auto)?).await?;
            if calls.is_empty() {
                return run.finish().await;
            }
            for call in &calls {
                self.call(&mut run, call).await;
            }
            if run.is_stopped() {
                return run.finish().await;
            }
        }
        run.ask(&*self.model, self.prompt(&run, ToolChoice::None)?).await?;
        if !run.is_answered() && !run.is_stopped() {
            run.tell(RunEvent::Text { text: NO_ANSWER.to_owned() });
            run.add(Message::assistant(NO_ANSWER));
        }
        run.finish().await
    }

    async fn retry(&self, session: &SessionId, append: Append) -> Result<Appended> {
        chain::store_again(self.memory.as_deref(), session, append).await
    }
}

impl ToolAgent {
    fn prompt(&self, run: &Run<'_>, tool_choice: ToolChoice) -> Result<Prompt> {
        Ok(Prompt { tools: self.tools.specs(), tool_choice, ..run.prompt(&self.instructions)? })
    }

    /// Adds the result of `call` to the turn, unless the run is stopped.
    async fn call(&self, run: &mut Run<'_>, call: &ToolCall) {
        let started = Instant::now();
        let source = run.source();
        let Some(result) = run.unless_stopped(self.tools.call(call, &source)).await else { return };
        let ok = result.is_ok();
        let (output, usage) = match result {
            Ok(ToolOutput { text, usage }) => (text, usage),
            Err(ToolOutput { text: problem, usage }) => (format!("Error: {problem}"), usage),
        };
        let ToolCall { id, name, arguments, .. } = call.clone();
        run.add(Message { name: Some(name.clone()), ..Message::tool(&id, &output) });
        let kind = StepKind::ToolCalled { call_id: id, tool: name, arguments, output, ok };
        run.step(kind, started.elapsed(), usage);
    }
}
