//! The suite on the DynamoDB layouts and on each engine, over the wire, with the real SDK.
#![cfg(feature = "dynamodb")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "clippy.toml exempts tests, but not the functions that they share"
)]

mod engines;
mod harness;
#[path = "../support/mod.rs"]
mod support;

use std::time::Duration;

use canvas_memory::conformance::{self, Options};
use engines::{DynoxideFile, MotoWithUsers};
use harness::{Dynamo, Layout, Server};
use support::dynalite::Dynalite;

/// Fails when a check fails, other than for a fault of the engine's own.
async fn keeps(promise: u8, layout: Layout, server: impl Server + 'static, faults_of_engine: &[&str]) {
    // Where answers are made slow, and nothing else is.
    let patience = Duration::from_secs(if matches!(promise, 1 | 5) { 2 } else { 20 });
    // Each append to a session in one item writes it all, so that a long one takes its time.
    let long_session_turns = if layout == Layout::Turns { 300 } else { 100 };
    let options = Options { promises: vec![promise], long_session_turns, ..Options::default() };
    let report = conformance::run_with(&Dynamo::on(layout, server).await.waiting(patience), options).await;
    println!("{report}");
    let failed = report.failed().map(|check| check.name).filter(|name| !faults_of_engine.contains(name));
    assert_eq!(failed.collect::<Vec<_>>(), [""; 0], "{report}");
}

/// A test a promise, each on an engine of its own: most of the time goes in waiting for what was made slow.
macro_rules! promises {
    ($layout:ident on $server:ident, except $faults:expr) => {
        promises! { @each $server $layout $faults,
            promise_01 = 1, promise_02 = 2, promise_03 = 3, promise_04 = 4, promise_05 = 5,
            promise_06 = 6, promise_07 = 7, promise_08 = 8, promise_09 = 9, promise_10 = 10
        }
    };
    (@each $server:ident $layout:ident $faults:expr, $($name:ident = $promise:literal),*) => {$(
        #[tokio::test(flavor = "multi_thread")]
        async fn $name() {
            keeps($promise, Layout::$layout, $server::start(), $faults).await;
        }
    )*};
}

mod list_on_dynoxide {
    use super::*;
    promises!(List on DynoxideFile, except & []);
}

mod history_on_dynoxide {
    use super::*;
    promises!(History on DynoxideFile, except & []);
}

mod turns_on_dynoxide {
    use super::*;
    promises!(Turns on DynoxideFile, except & []);
}

mod griptape_on_dynoxide {
    use super::*;
    promises!(Griptape on DynoxideFile, except & []);
}

mod old_griptape_on_dynoxide {
    use super::*;
    promises!(OldGriptape on DynoxideFile, except & []);
}

mod mem0_on_dynoxide {
    use super::*;
    promises!(Mem0 on DynoxideFile, except & []);
}

/// It takes no map or list for equal to another, so a condition on a whole message never holds.
const NO_EQUAL_MAPS: &[&str] = &[
    "a changed message leaves the others",
    "a removed message leaves the others",
    "a change whose answer was lost is made once",
    "a removal whose answer was lost is made once",
];

mod list_on_dynalite {
    use super::*;
    promises!(List on Dynalite, except NO_EQUAL_MAPS);
}

mod history_on_dynalite {
    use super::*;
    promises!(History on Dynalite, except NO_EQUAL_MAPS);
}

mod turns_on_dynalite {
    use super::*;
    promises!(Turns on Dynalite, except & []);
}

/// What moto gets wrong, whatever the layout.
const FAULTS_OF_MOTO: &[&str] = &[
    // Two requests at a time both read before either writes: conditions hold twice and writes are lost.
    "writers at once make one order for all readers",
    "many writers at once all survive",
    "many writers with exact ids all survive",
    "writers near the same position all survive",
    "exactly: one of many wins",
    "clear while others write",
    "again in a burst",
    "notes change only from the version given",
    // It fails with a 500 where a condition looks past the end of a list.
    "random interleavings",
    "exactly at a position from before is a conflict",
    "near a position from before is not lost",
    // It takes a string where the key is a number.
    "a table of another shape",
    // It counts an item twice as large as it is.
    "a session of more than a page",
    "too large is refused, and nothing lost",
];

mod list_on_moto {
    use super::*;
    promises!(List on MotoWithUsers, except FAULTS_OF_MOTO);
}

mod history_on_moto {
    use super::*;
    promises!(History on MotoWithUsers, except FAULTS_OF_MOTO);
}

mod turns_on_moto {
    use super::*;
    promises!(Turns on MotoWithUsers, except FAULTS_OF_MOTO);
}

mod griptape_on_moto {
    use super::*;
    promises!(Griptape on MotoWithUsers, except FAULTS_OF_MOTO);
}

mod mem0_on_moto {
    use super::*;
    promises!(Mem0 on MotoWithUsers, except FAULTS_OF_MOTO);
}
