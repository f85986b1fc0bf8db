//! Graphs: the suite on each store and engine, what Mem0 wrote, what calls cost, and what is bad.
#![cfg(feature = "dynamodb")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy.toml exempts tests, but not the functions that they share"
)]

mod bad_input;
mod figures;
mod foreign;
mod harness;
mod in_process;
mod items;
mod mutants;
#[path = "../support/raw_server.rs"]
mod raw_server;
#[path = "../support/mod.rs"]
mod support;
mod very_many_edges;

use canvas_memory::graph::conformance::{self, GraphHarness, Options};
use harness::{DynoxideFile, Graphs, MotoServer};

/// Fails when a check fails.
async fn keeps(harness: &dyn GraphHarness, options: Options) {
    let report = conformance::run_with(harness, options).await;
    println!("{report}");
    assert!(report.checks.len() > 1, "{report}");
    assert_eq!(report.failed().count(), 0, "{report}");
}

/// A test a promise, each on an engine of its own.
macro_rules! promises {
    ($server:ident with $index:literal and $hub_edges:literal edges: $($name:ident = $promise:literal),*) => {$(
        #[tokio::test(flavor = "multi_thread")]
        async fn $name() {
            let options = Options { promises: vec![$promise], hub_edges: $hub_edges, ..Options::default() };
            keeps(&Graphs::on($server::start(), $index).await, options).await;
        }
    )*};
}

mod on_dynoxide {
    use super::*;
    promises! { DynoxideFile with true and 700 edges:
        promise_1 = 1, promise_2 = 2, promise_3 = 3, promise_4 = 4, promise_5 = 5,
        promise_6 = 6, promise_7 = 7, promise_8 = 8, promise_9 = 9
    }
}

/// What is asked of the index elsewhere.
mod on_dynoxide_without_index {
    use super::*;
    promises! { DynoxideFile with false and 100 edges: promise_3 = 3, promise_4 = 4, promise_6 = 6 }
}

/// Not the promises that rest on requests at a time (1 and 6): to those it answers with a 500, after doing them or not.
mod on_moto {
    use super::*;
    promises! { MotoServer with true and 40 edges:
        promise_2 = 2, promise_3 = 3, promise_4 = 4, promise_5 = 5, promise_7 = 7, promise_8 = 8, promise_9 = 9
    }
}
