//! What a chain or agent does: take one message through memory and model, and keep the turn.

mod ask;
mod event;
mod facts;
mod finish;
mod opening;
mod outcome;
mod repeat;
mod run;
mod stop;

use std::fmt;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

pub use event::{RunEvent, Step, StepKind};
pub use facts::check_variables;
pub use finish::store_again;
pub use outcome::{Outcome, Stored};
pub use run::Run;
pub use stop::{STOPPED, is_stopped};

use crate::error::Result;
use crate::message::Message;
use crate::session::{SessionId, TurnId};
use crate::store::{Append, Appended};

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
    /// Ends the run early when cancelled: what was said until then is the answer, see [`Outcome::stopped`]. An append
    /// that is under way is finished.
    pub stop: CancellationToken,
}
