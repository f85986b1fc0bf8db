//! A graph memory: a graph store, whose facts they are, and how they are used.

use std::num::NonZeroU32;
use std::sync::Arc;

use super::{GraphStore, tools};
use crate::history::HistoryStore;
use crate::memory::MemoryKey;
use crate::session::Scope;
use crate::tool::Tool;

/// What a graph memory node connects to.
#[derive(Clone, Debug)]
pub struct GraphMemory {
    store: Arc<dyn GraphStore>,
    scope: Scope,
    options: GraphOptions,
    history: Option<Arc<dyn HistoryStore>>,
}

/// How a graph memory behaves, whatever its store.
#[derive(Clone, Debug)]
pub struct GraphOptions {
    /// The prompt variable under which a chain finds the facts.
    pub memory_key: MemoryKey,
    /// The most facts that a prompt gets.
    pub max_facts: NonZeroU32,
    /// The most bytes that they have together.
    pub max_bytes: NonZeroU32,
    /// How many relations away from what was said facts are looked for; 0 for the things alone that are named.
    pub depth: u32,
    /// Whether an agent gets tools that remember, relate and forget.
    pub tools: bool,
}

impl GraphOptions {
    /// The prompt variable unless a node names another.
    pub const MEMORY_KEY: &'static str = "graph_facts";
}

impl Default for GraphOptions {
    /// 20 facts with 8,000 bytes, up to 2 relations away, with tools.
    fn default() -> Self {
        Self {
            memory_key: MemoryKey(Self::MEMORY_KEY.to_owned()),
            max_facts: NonZeroU32::MIN.saturating_add(19),
            max_bytes: NonZeroU32::MIN.saturating_add(7_999),
            depth: 2,
            tools: true,
        }
    }
}

impl GraphMemory {
    /// A memory on `store` for the facts of `scope`.
    #[must_use]
    pub fn new(store: Arc<dyn GraphStore>, scope: Scope, options: GraphOptions) -> Self {
        Self { store, scope, options, history: None }
    }

    /// Records changes in `history`.
    #[must_use]
    pub fn with_history(self, history: Option<Arc<dyn HistoryStore>>) -> Self {
        Self { history, ..self }
    }

    /// The store beneath, for looking at facts and mending them.
    #[must_use]
    pub fn store(&self) -> &dyn GraphStore {
        &*self.store
    }

    /// The settings.
    #[must_use]
    pub fn options(&self) -> &GraphOptions {
        &self.options
    }

    /// Whose facts these are.
    #[must_use]
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Where changes are recorded.
    #[must_use]
    pub fn history(&self) -> Option<&dyn HistoryStore> {
        self.history.as_deref()
    }

    /// What an agent's model may call: `remember`, `relate` and `forget`. None where the settings say so.
    #[must_use]
    pub fn tools(self: &Arc<Self>) -> Vec<Arc<dyn Tool>> {
        if self.options.tools { tools::all(self) } else { Vec::new() }
    }
}
