//! The suite of the stores on the engines that the host carries, over the wire. The library's own tests run it harder, on
//! more servers.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy.toml exempts tests, but not the functions that they share"
)]

#[path = "../../../tests/conformance_dynamodb/harness.rs"]
#[allow(dead_code, reason = "each test binary uses a part of this module")]
mod dynamodb;
mod engines;
#[path = "../engine_upstash_redis/redis_server.rs"]
#[allow(dead_code, reason = "each test binary uses a part of this module")]
mod redis_server;
#[path = "../../../tests/support"]
#[allow(dead_code, reason = "each test binary uses a part of these modules")]
mod support {
    pub(crate) mod dynamodb;
    pub(crate) mod fault_proxy;
    pub(crate) mod interop;
}
#[path = "../../../tests/conformance_upstash/harness.rs"]
mod upstash;

use std::time::Duration;

use canvas_memory::conformance::{self, Harness, Options};
use canvas_memory::upstash::list::ListOptions;
use dynamodb::{Dynamo, Layout};
use engines::{DynamoDb, UpstashBuiltIn, UpstashRedis};
use upstash::Upstash;

/// Where answers are made slow. Clients wait for them for so long.
const WITH_SLOW_ANSWERS: ([u8; 2], Duration) = ([1, 5], Duration::from_secs(2));
const OTHERS: ([u8; 8], Duration) = ([2, 3, 4, 6, 7, 8, 9, 10], Duration::from_secs(20));

async fn keeps(promises: &[u8], harness: &dyn Harness) {
    let promises = promises.to_vec();
    let options =
        Options { promises, writers: 16, long_session_turns: 60, interleavings: 2, ..Options::default() };
    let report = conformance::run_with(harness, options).await;
    println!("{report}");
    report.into_result().unwrap();
}

macro_rules! suite {
    ($name:ident, |$patience:ident| $harness:expr) => {
        mod $name {
            use super::*;

            #[tokio::test(flavor = "multi_thread")]
            async fn with_slow_answers() {
                let (promises, $patience) = WITH_SLOW_ANSWERS;
                keeps(&promises, &$harness).await;
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn other_promises() {
                let (promises, $patience) = OTHERS;
                keeps(&promises, &$harness).await;
            }
        }
    };
}

suite!(upstash_on_the_built_in_database, |patience| {
    Upstash::on(UpstashBuiltIn::start(), ListOptions::default(), patience).await
});
suite!(upstash_on_redis, |patience| {
    Upstash::on(UpstashRedis::start(), ListOptions::default(), patience).await
});
suite!(dynamodb_list, |patience| { Dynamo::on(Layout::List, DynamoDb::start()).await.waiting(patience) });
suite!(dynamodb_history, |patience| {
    Dynamo::on(Layout::History, DynamoDb::start()).await.waiting(patience)
});
suite!(dynamodb_turns, |patience| { Dynamo::on(Layout::Turns, DynamoDb::start()).await.waiting(patience) });
suite!(dynamodb_griptape, |patience| {
    Dynamo::on(Layout::Griptape, DynamoDb::start()).await.waiting(patience)
});
suite!(dynamodb_griptape_of_old, |patience| {
    Dynamo::on(Layout::OldGriptape, DynamoDb::start()).await.waiting(patience)
});
suite!(dynamodb_mem0, |patience| { Dynamo::on(Layout::Mem0, DynamoDb::start()).await.waiting(patience) });
