//! What became of a run.

use crate::error::Error;
use crate::memory::EffectiveSession;
use crate::session::Turn;
use crate::store::{Append, Appended};
use crate::usage::Usage;

/// What became of a run.
#[derive(Debug)]
pub struct Outcome {
    /// The turn: the question, calls of tools with their results, and the answer last.
    pub turn: Turn,
    /// Where it is kept; `None` for a chain without memory.
    pub session: Option<EffectiveSession>,
    /// Whether the turn is kept.
    pub stored: Stored,
    /// Whether the run was stopped before its end. The turn then ends with what was said or done until then, and its
    /// last message bears the mark `"stopped": true`.
    pub stopped: bool,
    /// What the run cost.
    pub usage: Usage,
}

/// Whether a turn is kept.
#[derive(Debug)]
pub enum Stored {
    /// It is durable.
    Yes(Appended),
    /// It is not, or no one knows: hand `append` to [`Chain::retry`](super::Chain::retry).
    No {
        /// What went wrong.
        error: Error,
        /// The same append, safe to repeat.
        append: Box<Append>,
    },
    /// The run was stopped before anything was answered: the turn holds the question alone and is not stored.
    Nothing,
    /// The chain has no memory.
    NoMemory,
}
