//! The ten promises of a store, and the suite that checks them on any [`ChatStore`](crate::store::ChatStore).
//!
//! 1. Acknowledged means durable. A lost reply is `Unknown`, and appending that turn again is safe.
//! 2. One turn id has one effect: always, when the retry carries the position it first tried; by the id alone, for
//!    24 hours (exact) or while the turn is among the newest read (lean). Same id, other content: `TurnIdReused`.
//! 3. A turn is there whole or not at all, in the order of the store, never of a clock.
//! 4. Recall gives the newest part, oldest first, and never splits a tool call from its result.
//! 5. New, empty, expired, not found, corrupt, denied, throttled and too large are different results. Unreadable is
//!    never empty. One bad row is reported by its key and does not hide the rest.
//! 6. Appends of two writers both survive; a caller who asked for an expected position gets `Conflict` instead.
//! 7. What the store does not know is kept, byte for byte. A foreign reader gets the role and text that its own
//!    writer would have given it.
//! 8. Expired turns are never returned, and are not revived by an append. Expiry is set in the write itself.
//! 9. Clear is at once and complete, also against a writer that loaded before it, and says how much it removed.
//! 10. Where `flat_cost` is declared, a load reads what it returns and an append writes what it adds, at any length.
//!
//! A store of your own needs a [`Harness`], of which only [`Harness::store`] must be written. Each other hook lets
//! the suite prove more; what it could not prove is printed as *not proven*, never as passed.
//!
//! ```
//! use std::sync::Arc;
//! use canvas_memory::conformance::{self, Harness};
//! use canvas_memory::store::{ChatStore, InProcessStore};
//!
//! struct Mine(InProcessStore);
//!
//! #[async_trait::async_trait]
//! impl Harness for Mine {
//!     async fn store(&self) -> Arc<dyn ChatStore> {
//!         Arc::new(self.0.clone())
//!     }
//! }
//!
//! # #[tokio::main(flavor = "multi_thread")]
//! # async fn main() -> Result<(), conformance::Failures> {
//! let report = conformance::run(&Mine(InProcessStore::new())).await;
//! println!("{report}");
//! report.into_result()
//! # }
//! ```
//!
//! The suite makes sessions of its own, under ids that no one else has, and clears them in the end, so that it can
//! run on a table with other data. Faults, restarts and the clock are global to a harness: don't share one between
//! two runs at a time.

mod changed_messages;
mod faulty;
mod harness;
mod interleaving;
mod promise_01_durable;
mod promise_02_one_effect;
mod promise_03_whole_and_ordered;
mod promise_04_newest_part;
mod promise_05_distinct_results;
mod promise_06_two_writers;
mod promise_07_kept_unknown;
mod promise_08_expiry;
mod promise_09_clear;
mod promise_10_flat_cost;
mod random;
mod report;
mod suite;
pub(crate) mod verdict;

pub use harness::{Expiring, Fault, Harness, Hook, Refusal, Requests};
pub use report::{Check, Failures, Outcome, Report};

use self::suite::Suite;

/// How hard the suite tries.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where the random parts start from; the report prints it.
    pub seed: u64,
    /// Writers at a time.
    pub writers: u32,
    /// Turns of a long session.
    pub long_session_turns: u32,
    /// Random interleavings to try, of some 60 steps each.
    pub interleavings: u32,
    /// Only these promises; empty means all.
    pub promises: Vec<u8>,
}

impl Default for Options {
    /// A new seed each time, 64 writers, 400 turns, 8 interleavings, all promises.
    fn default() -> Self {
        let (seed, _) = uuid::Uuid::new_v4().as_u64_pair();
        Self { seed, writers: 64, long_session_turns: 400, interleavings: 8, promises: Vec::new() }
    }
}

/// Checks all promises. Runs inside tokio.
pub async fn run(harness: &dyn Harness) -> Report {
    run_with(harness, Options::default()).await
}

/// Checks the promises as `options` say. Runs inside tokio.
pub async fn run_with(harness: &dyn Harness, options: Options) -> Report {
    let promises = options.promises.clone();
    let wanted = |promise: u8| promises.is_empty() || promises.contains(&promise);
    let suite = Suite::start(harness, options).await;
    macro_rules! check {
        ($($number:literal: $promise:ident),* $(,)?) => {$(
            if wanted($number) {
                $promise::check(&suite).await;
            }
        )*};
    }
    check! {
        1: promise_01_durable,
        2: promise_02_one_effect,
        3: promise_03_whole_and_ordered,
        4: promise_04_newest_part,
        5: promise_05_distinct_results,
        6: promise_06_two_writers,
        7: promise_07_kept_unknown,
        8: promise_08_expiry,
        9: promise_09_clear,
        10: promise_10_flat_cost,
    }
    suite.finish().await
}
