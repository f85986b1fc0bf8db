//! The suite on the DynamoDB layouts and on each engine, over the wire, with the real SDK.
#![cfg(feature = "dynamodb")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "clippy.toml exempts tests, but not the functions that they share"
)]

mod harness;
#[path = "../support/mod.rs"]
mod support;

use std::time::Duration;

use canvas_memory::conformance::{self, Options};
use canvas_memory::message::Role;
use harness::{Dynamo, Layout};
use serde_json::Value;

/// What a foreign program reads, in the words of the suite.
fn roles_and_texts(messages: &Value) -> Vec<(Role, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let messages = messages.as_array().unwrap().iter();
    messages.map(|message| (Role::from(text(&message["role"]).as_str()), text(&message["content"]))).collect()
}

/// Fails when a check fails, other than for a fault of the engine's own.
async fn keeps(promise: u8, harness: Dynamo, faults_of_engine: &[&str]) {
    // Where answers are made slow, and nothing else is.
    let patience = Duration::from_secs(if matches!(promise, 1 | 5) { 2 } else { 20 });
    let long_session_turns = harness.long_session_turns();
    let options = Options { promises: vec![promise], long_session_turns, ..Options::default() };
    let report = conformance::run_with(&harness.waiting(patience), options).await;
    println!("{report}");
    let failed = report.failed().map(|check| check.name).filter(|name| !faults_of_engine.contains(name));
    assert_eq!(failed.collect::<Vec<_>>(), [""; 0], "{report}");
}

/// A test a promise, each on an engine of its own: most of the time goes in waiting for what was made slow.
macro_rules! promises {
    ($start:ident($layout:ident), except $faults:expr) => {
        promises! { @each $start $layout $faults,
            promise_01 = 1, promise_02 = 2, promise_03 = 3, promise_04 = 4, promise_05 = 5,
            promise_06 = 6, promise_07 = 7, promise_08 = 8, promise_09 = 9, promise_10 = 10
        }
    };
    (@each $start:ident $layout:ident $faults:expr, $($name:ident = $promise:literal),*) => {$(
        #[tokio::test(flavor = "multi_thread")]
        async fn $name() {
            keeps($promise, Dynamo::$start(Layout::$layout).await, $faults).await;
        }
    )*};
}

mod list_on_dynoxide {
    use super::*;
    promises!(on_dynoxide(List), except & []);
}

mod history_on_dynoxide {
    use super::*;
    promises!(on_dynoxide(History), except & []);
}

mod turns_on_dynoxide {
    use super::*;
    promises!(on_dynoxide(Turns), except & []);
}

/// It takes no map or list for equal to another, so a condition on a whole message never holds.
const NO_EQUAL_MAPS: &[&str] =
    &["a changed message leaves the others", "a removed message leaves the others"];

mod list_on_dynalite {
    use super::*;
    promises!(on_dynalite(List), except NO_EQUAL_MAPS);
}

mod history_on_dynalite {
    use super::*;
    promises!(on_dynalite(History), except NO_EQUAL_MAPS);
}

mod turns_on_dynalite {
    use super::*;
    promises!(on_dynalite(Turns), except & []);
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
    promises!(on_moto(List), except FAULTS_OF_MOTO);
}

mod history_on_moto {
    use super::*;
    promises!(on_moto(History), except FAULTS_OF_MOTO);
}

mod turns_on_moto {
    use super::*;
    promises!(on_moto(Turns), except FAULTS_OF_MOTO);
}
