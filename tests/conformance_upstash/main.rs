//! The suite on the Upstash layout, over HTTP, on a real Redis that writes each command to its disk.
#![cfg(feature = "upstash")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy.toml exempts tests, but not the functions that they share"
)]

mod harness;
#[path = "../support/mod.rs"]
mod support;

use std::time::Duration;

use async_trait::async_trait;
use canvas_memory::conformance::{self, Options};
use canvas_memory::upstash::list::{ListOptions, PYTHON_KEY_PREFIX};
use harness::{Server, Upstash};
use support::upstash_endpoint::{Endpoint, Redis, TOKEN};

#[async_trait]
impl Server for Endpoint {
    fn url(&self) -> String {
        self.url.clone()
    }

    fn token(&self) -> String {
        TOKEN.to_owned()
    }

    async fn reopen(&mut self) {
        self.redis.restart().await;
    }
}

async fn keeps(promise: u8, options: ListOptions) {
    // Where answers are made slow, and nothing else is.
    let patience = Duration::from_secs(if matches!(promise, 1 | 5) { 2 } else { 20 });
    let only = Options { promises: vec![promise], ..Options::default() };
    let redis = Redis::start(&["--appendonly", "yes", "--appendfsync", "always"]).await;
    let harness = Upstash::on(Endpoint::in_front_of(redis).await, options, patience).await;
    let report = conformance::run_with(&harness, only).await;
    println!("{report}");
    report.into_result().unwrap();
}

/// A test a promise, each on a Redis of its own: most of the time goes in waiting for what was made slow.
macro_rules! promises {
    ($options:expr) => {
        promises! { @each $options,
            promise_01 = 1, promise_02 = 2, promise_03 = 3, promise_04 = 4, promise_05 = 5,
            promise_06 = 6, promise_07 = 7, promise_08 = 8, promise_09 = 9, promise_10 = 10
        }
    };
    (@each $options:expr, $($name:ident = $promise:literal),*) => {$(
        #[tokio::test(flavor = "multi_thread")]
        async fn $name() {
            keeps($promise, $options).await;
        }
    )*};
}

mod as_the_canvas_nodes {
    use super::*;
    promises!(ListOptions::default());
}

mod as_langchain_python {
    use super::*;
    promises!(ListOptions { key_prefix: PYTHON_KEY_PREFIX.to_owned(), ..ListOptions::default() });
}

mod every_id_exact {
    use super::*;
    promises!(ListOptions { exact: true, ..ListOptions::default() });
}
