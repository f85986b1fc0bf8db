//! How a session is written.

use std::num::NonZeroU32;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The form in which a session is written. Every form is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Generation {
    /// Texts, as griptape 0.23 to 0.27 read them.
    F1,
    /// Artifacts, as griptape 0.31 and newer read them.
    #[default]
    F3,
}

/// What an append does where the session would pass the slot's limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum WhenFull {
    /// It is refused: nothing is written and nothing lost.
    #[default]
    Refuse,
    /// The oldest runs go until there is room.
    DropOldest,
}

/// How a session is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GriptapeConfig {
    /// The form. A session that is there in another one is brought into it by the next write.
    pub generation: Generation,
    /// The most runs that a session keeps; an append lets the oldest go. `None`: as many as the session itself says, where
    /// griptape left a number in it, or else all.
    pub max_runs: Option<NonZeroU32>,
    /// What happens at the slot's limit.
    pub full: WhenFull,
}
