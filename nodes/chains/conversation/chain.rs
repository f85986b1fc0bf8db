//! How a conversation chain runs.

use std::ops::ControlFlow;
use std::sync::Arc;

use async_trait::async_trait;

use crate::chain::{self, Chain, Outcome, Run, RunEvent, RunRequest};
use crate::error::Result;
use crate::graph::GraphMemory;
use crate::memory::ChatMemory;
use crate::model::ChatModel;
use crate::session::SessionId;
use crate::store::{Append, Appended};

/// A model with instructions and a memory.
#[derive(Debug)]
pub struct ConversationChain {
    /// Answers.
    pub model: Arc<dyn ChatModel>,
    /// Keeps the turns; without one each message stands alone.
    pub memory: Option<Arc<ChatMemory>>,
    /// Brings facts near what is said.
    pub graph: Option<Arc<GraphMemory>>,
    /// Instructions, with variables as [`Run::prompt`] knows them.
    pub system_prompt: String,
}

#[async_trait]
impl Chain for ConversationChain {
    async fn run(&self, request: RunRequest, events: &mut (dyn FnMut(RunEvent) + Send)) -> Result<Outcome> {
        let mut run = match Run::start(self.memory.as_deref(), request, events).await? {
            ControlFlow::Continue(run) => run,
            ControlFlow::Break(outcome) => return Ok(outcome),
        };
        if let Some(graph) = self.graph.as_deref() {
            run.find_facts(graph).await;
        }
        let prompt = run.prompt(&self.system_prompt)?;
        run.ask(&*self.model, prompt).await?;
        run.finish().await
    }

    async fn retry(&self, session: &SessionId, append: Append) -> Result<Appended> {
        chain::store_again(self.memory.as_deref(), session, append).await
    }
}
