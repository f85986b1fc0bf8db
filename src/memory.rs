//! A chat memory: a store, whose sessions they are, and how much comes back.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::recall::{Recall, Recalled};
use crate::session::{Scope, SessionId, SessionKey};
use crate::store::{Append, Appended, ChatStore, Cleared, Consistency};
use crate::summary::{self, Summarizer};

/// What a memory node connects to.
#[derive(Clone, Debug)]
pub struct ChatMemory {
    store: Arc<dyn ChatStore>,
    scope: Scope,
    options: MemoryOptions,
    summarizer: Option<Summarizer>,
}

/// How a memory behaves, whatever its store.
#[derive(Clone, Debug, Default)]
pub struct MemoryOptions {
    /// The session that the node names; used when a request names none.
    pub session: Option<SessionId>,
    /// The prompt variable under which a chain finds the history.
    pub memory_key: MemoryKey,
    /// How much of a session comes back.
    pub recall: Recall,
    /// How fresh a load is.
    pub consistency: Consistency,
    /// Whether turn ids are remembered for 24 hours even when the host minted them.
    pub exact: bool,
}

/// The name of a prompt variable; `chat_history` unless the node says otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct MemoryKey(pub String);

impl Default for MemoryKey {
    fn default() -> Self {
        Self("chat_history".to_owned())
    }
}

/// The session that a run uses, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct EffectiveSession {
    /// The session.
    pub id: SessionId,
    /// Who named it.
    pub source: SessionSource,
}

/// Who named a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SessionSource {
    /// The request.
    Request,
    /// The memory node.
    Node,
    /// The chat itself, because neither did.
    Chat,
}

impl ChatMemory {
    /// A memory on `store` for the sessions of `scope`.
    #[must_use]
    pub fn new(store: Arc<dyn ChatStore>, scope: Scope, options: MemoryOptions) -> Self {
        Self { store, scope, options, summarizer: None }
    }

    /// With summaries of what was said long ago, where the recall policy asks for them. Without, those that are there are
    /// recalled and not advanced.
    #[must_use]
    pub fn with_summarizer(self, summarizer: Summarizer) -> Self {
        Self { summarizer: Some(summarizer), ..self }
    }

    /// The store beneath, for listing, inspecting and mending.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn ChatStore> {
        &self.store
    }

    /// The settings.
    #[must_use]
    pub fn options(&self) -> &MemoryOptions {
        &self.options
    }

    /// Whose sessions these are.
    #[must_use]
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// The session to use: the request's, else the node's, else the chat's own.
    #[must_use]
    pub fn effective_session(&self, requested: Option<SessionId>, chat: &SessionId) -> EffectiveSession {
        let (id, source) = match (requested, &self.options.session) {
            (Some(id), _) => (id, SessionSource::Request),
            (None, Some(id)) => (id.clone(), SessionSource::Node),
            (None, None) => (chat.clone(), SessionSource::Chat),
        };
        EffectiveSession { id, source }
    }

    /// The key of `session` in the store.
    #[must_use]
    pub fn key(&self, session: &SessionId) -> SessionKey {
        SessionKey { scope: self.scope.clone(), session: session.clone() }
    }

    /// What the recall policy brings back of a session.
    ///
    /// # Errors
    /// As [`ChatStore::recent`].
    pub async fn load(&self, session: &SessionId) -> Result<Recalled> {
        let recall = &self.options.recall;
        let recent = self.store.recent(&self.key(session), recall.window(), self.options.consistency).await?;
        Ok(recall.apply(recent))
    }

    /// Keeps a turn.
    ///
    /// # Errors
    /// As [`ChatStore::append`].
    pub async fn append(&self, session: &SessionId, append: Append) -> Result<Appended> {
        let append = if self.options.exact { append.exact() } else { append };
        self.store.append(&self.key(session), append).await
    }

    /// To be called after a turn was kept, with what had been recalled before it: begins to bring the session's summary up
    /// to date where that is due, and returns at once.
    pub fn summarize_after(&self, session: &SessionId, recalled: &Recalled) {
        if let Some(summarizer) = &self.summarizer {
            let key = self.key(session);
            summary::after_turn(summarizer, &self.options.recall, &self.store, key, recalled);
        }
    }

    /// Removes a session.
    ///
    /// # Errors
    /// As [`ChatStore::clear`].
    pub async fn clear(&self, session: &SessionId) -> Result<Cleared> {
        self.store.clear(&self.key(session)).await
    }
}
