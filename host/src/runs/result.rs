//! What became of a run, as the API tells it.

use std::borrow::Cow;
use std::sync::Arc;

use canvas_memory::chain::{Outcome, Stored};
use canvas_memory::memory::EffectiveSession;
use canvas_memory::session::Turn;
use canvas_memory::store::Appended;
use canvas_memory::usage::Usage;
use canvas_memory::{Error, ErrorKind};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Serialize, Serializer};

/// What became of a run that answered.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RunResult {
    /// The turn: the question, calls of tools with their results, and the answer last.
    pub turn: Turn,
    /// Where it is kept; null for a chain without memory.
    pub session: Option<EffectiveSession>,
    /// Whether the turn is kept.
    pub stored: StoredState,
    /// Whether the run was stopped before its end; its last message then bears the mark `"stopped": true`.
    pub stopped: bool,
    /// What the run cost.
    pub usage: Usage,
}

/// Whether a turn is kept.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum StoredState {
    /// It is durable.
    Stored(Appended),
    /// It is not, or no one knows: it can be stored again.
    NotStored {
        /// What went wrong.
        error: SharedError,
    },
    /// The run was stopped before anything was answered: there is nothing to keep.
    Nothing,
    /// The chain has no memory.
    NoMemory,
}

impl RunResult {
    /// Why the turn is not kept, where it should be.
    #[must_use]
    pub fn not_stored(&self) -> Option<&SharedError> {
        match &self.stored {
            StoredState::NotStored { error } => Some(error),
            StoredState::Stored(_) | StoredState::Nothing | StoredState::NoMemory => None,
        }
    }

    pub(super) fn of(outcome: Outcome) -> Self {
        let Outcome { turn, session, stored, stopped, usage } = outcome;
        let stored = match stored {
            Stored::Yes(appended) => StoredState::Stored(appended),
            Stored::No { error, .. } => StoredState::NotStored { error: SharedError::new(error) },
            Stored::Nothing => StoredState::Nothing,
            Stored::NoMemory => StoredState::NoMemory,
        };
        Self { turn, session, stored, stopped, usage }
    }

    /// The same run, after its turn was tried to be stored again, which had cost `usage`.
    pub(super) fn stored_again(&self, stored: StoredState, usage: Usage) -> Self {
        let (turn, session) = (self.turn.clone(), self.session.clone());
        Self { turn, session, stored, stopped: self.stopped, usage: self.usage + usage }
    }
}

/// An error that several hold.
#[derive(Clone, Debug)]
pub struct SharedError(Arc<Error>);

impl SharedError {
    /// Shares an error.
    #[must_use]
    pub fn new(error: Error) -> Self {
        Self(Arc::new(error))
    }

    /// What went wrong.
    #[must_use]
    pub fn kind(&self) -> &ErrorKind {
        self.0.kind()
    }

    /// The error.
    #[must_use]
    pub fn get(&self) -> &Error {
        &self.0
    }

    /// The error as answers and events carry it: `{"error": …}`.
    #[must_use]
    pub fn in_body(&self) -> ErrorBody {
        ErrorBody { error: self.clone() }
    }
}

impl Serialize for SharedError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl JsonSchema for SharedError {
    fn schema_name() -> Cow<'static, str> {
        Error::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Error::json_schema(generator)
    }
}

/// What every failed request is answered with, and the last event of a run that failed.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ErrorBody {
    /// What went wrong, and what to do.
    pub error: SharedError,
}
