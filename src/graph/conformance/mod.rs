//! The promises of a graph store, and the suite that checks them on any [`GraphStore`](super::GraphStore).
//!
//! 1. Acknowledged means durable, and seen at once on every connection. A lost reply is `UnknownWrite`, and the same call
//!    made again has the effect of one.
//! 2. A node is put where none is; one that is there is left as it is and told. Only what exists is changed, and what a
//!    change keeps stays. Nothing makes a phantom.
//! 3. An edge is there whole or not at all: at both its nodes and under its type. One edge per id, and with
//!    [`Link::once`](super::Link::once) one per source, type and target, whoever links; between nodes that exist, if asked.
//! 4. Listings give each row once, on pages without gaps or repeats, and pick out types before they count to a limit.
//! 5. Walks meet cycles, keep to their limits, and say what ended them. An edge to a node that is not there leads nowhere.
//! 6. A deletion takes all edges with it, however many, also against a writer at the same time; one that was cut off goes
//!    on; what was deleted never comes back.
//! 7. Scopes see nothing of each other.
//! 8. What can't be read is told by its key, hides nothing else and is never overwritten. What other programs wrote is read
//!    and continued.
//! 9. A search finds nodes by name and by words, as they are now.
//!
//! A store of your own needs a [`GraphHarness`], of which only [`GraphHarness::store`] must be written. Each other hook lets
//! the suite prove more; what it could not prove is printed as *not proven*, never as passed.
//!
//! ```
//! use std::sync::Arc;
//! use canvas_memory::conformance::Failures;
//! use canvas_memory::graph::conformance::{self, GraphHarness};
//! use canvas_memory::graph::{GraphStore, InProcessGraph};
//!
//! struct Mine(InProcessGraph);
//!
//! #[async_trait::async_trait]
//! impl GraphHarness for Mine {
//!     async fn store(&self) -> Arc<dyn GraphStore> {
//!         Arc::new(self.0.clone())
//!     }
//! }
//!
//! # #[tokio::main(flavor = "multi_thread")]
//! # async fn main() -> Result<(), Failures> {
//! let options = conformance::Options { hub_edges: 200, ..conformance::Options::default() };
//! let report = conformance::run_with(&Mine(InProcessGraph::new()), options).await;
//! println!("{report}");
//! report.into_result()
//! # }
//! ```
//!
//! The suite works in scopes of its own and removes their nodes in the end.

mod harness;
mod promise_1_durable;
mod promise_2_nodes;
mod promise_3_edges;
mod promise_4_listings;
mod promise_5_walks;
mod promise_6_deletion;
mod promise_7_scopes;
mod promise_8_unreadable;
mod promise_9_search;
mod suite;

pub use harness::{ForeignGraph, GraphHarness};

use self::suite::Suite;
use crate::conformance::Report;

/// How hard the suite tries.
#[derive(Clone, Debug)]
pub struct Options {
    /// Edges of the node that has very many.
    pub hub_edges: u32,
    /// Writers at a time.
    pub writers: u32,
    /// Only these promises; empty means all.
    pub promises: Vec<u8>,
}

impl Default for Options {
    /// 10,000 edges, 16 writers, all promises.
    fn default() -> Self {
        Self { hub_edges: 10_000, writers: 16, promises: Vec::new() }
    }
}

/// Checks all promises. Runs inside tokio.
pub async fn run(harness: &dyn GraphHarness) -> Report {
    run_with(harness, Options::default()).await
}

/// Checks the promises as `options` say. Runs inside tokio.
pub async fn run_with(harness: &dyn GraphHarness, options: Options) -> Report {
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
        1: promise_1_durable,
        2: promise_2_nodes,
        3: promise_3_edges,
        4: promise_4_listings,
        5: promise_5_walks,
        6: promise_6_deletion,
        7: promise_7_scopes,
        8: promise_8_unreadable,
        9: promise_9_search,
    }
    suite.finish().await
}
