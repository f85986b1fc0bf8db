//! What a chain or agent does: take one message through memory and model, and keep the turn.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Serialize, Serializer};

use crate::error::{Error, Result};
use crate::memory::EffectiveSession;
use crate::message::Message;
use crate::session::{SessionId, Turn, TurnId};
use crate::store::{Append, Appended, SessionState};
use crate::usage::Usage;

/// Takes messages through a model, with a memory.
#[async_trait]
pub trait Chain: fmt::Debug + Send + Sync {
    /// Answers one message. Events come while it works.
    ///
    /// An answer is never lost because it could not be stored: see [`Outcome::stored`].
    ///
    /// # Errors
    /// What kept the chain from an answer: a load that failed, or the model.
    async fn run(&self, request: RunRequest, events: &mut (dyn FnMut(RunEvent) + Send)) -> Result<Outcome>;

    /// Stores a turn again whose append had failed.
    ///
    /// # Errors
    /// As [`ChatStore::append`](crate::store::ChatStore::append); `Unsupported` for a chain without memory.
    async fn retry(&self, session: &SessionId, append: Append) -> Result<Appended>;
}

/// One message for a chain.
#[derive(Clone, Debug)]
pub struct RunRequest {
    /// What the person says.
    pub message: Message,
    /// The session that the request names.
    pub session: Option<SessionId>,
    /// The chat's own session, used when neither request nor memory name one.
    pub chat: SessionId,
    /// An id that the caller brings, so that the turn can be repeated after a crash.
    pub turn_id: Option<TurnId>,
}

/// What a run tells while it works.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum RunEvent {
    /// First of all.
    Started {
        /// The turn to come.
        turn_id: TurnId,
        /// Where it will be kept; `None` for a chain without memory.
        session: Option<EffectiveSession>,
    },
    /// A step is done.
    Step(Step),
    /// More text of the answer.
    Text {
        /// The piece.
        text: String,
    },
}

/// A step of a run, with time and cost.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub struct Step {
    /// What was done.
    pub kind: StepKind,
    /// How long it took.
    #[serde(rename = "took_ms", serialize_with = "millis")]
    pub took: Duration,
    /// What the backend charged.
    pub usage: Usage,
}

fn millis<S: Serializer>(took: &Duration, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    serializer.serialize_f64((took.as_secs_f64() * 1e6).round() / 1e3)
}

/// What a step did.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum StepKind {
    /// Memory was read.
    Loaded {
        /// Messages recalled.
        messages: u64,
        /// What is known of the session.
        state: SessionState,
        /// Rows that could not be read and were left as they are.
        unreadable: u64,
    },
    /// The model answered.
    Answered {
        /// The model's name.
        model: String,
        /// Tokens of the prompt, where the provider tells.
        input_tokens: Option<u64>,
        /// Tokens of the answer, where the provider tells.
        output_tokens: Option<u64>,
    },
    /// The turn was stored.
    Stored {
        /// Whether an earlier attempt had stored it.
        duplicate: bool,
    },
}

/// What became of a run.
#[derive(Debug)]
pub struct Outcome {
    /// The turn, the answer last.
    pub turn: Turn,
    /// Where it is kept; `None` for a chain without memory.
    pub session: Option<EffectiveSession>,
    /// Whether the turn is kept.
    pub stored: Stored,
    /// What the run cost.
    pub usage: Usage,
}

/// Whether a turn is kept.
#[derive(Debug)]
pub enum Stored {
    /// It is durable.
    Yes(Appended),
    /// It is not, or no one knows: hand `append` to [`Chain::retry`].
    No {
        /// What went wrong.
        error: Error,
        /// The same append, safe to repeat.
        append: Box<Append>,
    },
    /// The chain has no memory.
    NoMemory,
}
