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
#[path = "../support/raw_server.rs"]
mod raw_server;
#[path = "../support/mod.rs"]
mod support;
mod very_many_edges;

use canvas_memory::graph::conformance::{self, GraphHarness, Options};
use harness::{DynoxideFile, Graphs, MotoServer};

/// Fails when a check fails, other than for a fault of the engine's own.
async fn keeps(harness: &dyn GraphHarness, options: Options, faults_of_engine: &[&str]) {
    let report = conformance::run_with(harness, options).await;
    println!("{report}");
    assert!(report.checks.len() > 1, "{report}");
    let failed = report.failed().map(|check| check.name).filter(|name| !faults_of_engine.contains(name));
    assert_eq!(failed.collect::<Vec<_>>(), [""; 0], "{report}");
}

/// A test a promise, each on an engine of its own.
macro_rules! promises {
    ($server:ident with $index:expr, $hub_edges:literal edges, except $faults:expr) => {
        promises! { @each $server $index, $hub_edges, $faults,
            promise_1 = 1, promise_2 = 2, promise_3 = 3, promise_4 = 4, promise_5 = 5,
            promise_6 = 6, promise_7 = 7, promise_8 = 8, promise_9 = 9
        }
    };
    (@each $server:ident $index:expr, $hub_edges:literal, $faults:expr, $($name:ident = $promise:literal),*) => {$(
        #[tokio::test(flavor = "multi_thread")]
        async fn $name() {
            let options =
                Options { promises: vec![$promise], hub_edges: $hub_edges, ..Options::default() };
            keeps(&Graphs::on($server::start(), $index).await, options, $faults).await;
        }
    )*};
}

mod on_dynoxide {
    use super::*;
    promises!(DynoxideFile with true, 700 edges, except &[]);
}

mod on_dynoxide_without_index {
    use super::*;
    promises!(DynoxideFile with false, 100 edges, except &[]);
}

/// What moto gets wrong.
const FAULTS_OF_MOTO: &[&str] = &[];

mod on_moto {
    use super::*;
    promises!(MotoServer with true, 40 edges, except FAULTS_OF_MOTO);
}
