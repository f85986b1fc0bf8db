//! What stands behind the REST endpoint.

use async_trait::async_trait;

use super::reply::Reply;
use super::request::Command;

/// A database that runs commands.
#[async_trait]
pub(super) trait Backend: Send + Sync {
    /// Runs the commands in order, each for itself: one may answer an error and the next still runs.
    async fn pipeline(&self, commands: Vec<Command>) -> Result<Vec<Reply>, BackendError>;

    /// Runs the commands with nothing in between; none runs when one is unknown or malformed.
    async fn transaction(&self, commands: Vec<Command>) -> Result<Vec<Reply>, BackendError>;
}

/// Why a request as a whole has no answers.
#[derive(Debug, Clone)]
pub(super) enum BackendError {
    /// The commands were refused together and nothing ran.
    Refused(String),
    /// The database failed. Whether the commands took effect is said in the text.
    Failed(String),
}

pub(super) const DISCARDED: &str = "EXECABORT Transaction discarded because of previous errors.";
