//! Wall time of an append and of a load of 20 messages beside the bare SDK or HTTP call that makes the same request of
//! the same engine, call by call in turn; the same of Griptape's sessions; and the throughput of many.
//!
//! DynamoDB is dynoxide in memory, on a thread of this process; Upstash is Debian's redis-server behind the endpoint of
//! the tests.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a bench fails by them")]

#[path = "../../tests/support/dynoxide.rs"]
mod dynoxide_engine;
mod griptape;
#[path = "../support/mod.rs"]
mod support;
mod throughput;
#[path = "../../tests/support/upstash_endpoint.rs"]
mod upstash_endpoint;

use std::sync::Arc;

use canvas_memory::dynamodb::history::HistoryCodec;
use canvas_memory::dynamodb::list::ListCodec;
use canvas_memory::upstash::{ClientConfig, HttpTransport};
use dynoxide_engine::Dynoxide;
use support::dynamodb::{Clients, ItemAppend, ItemLoad, TurnsAppend, TurnsLoad, fill};
use support::pair::{Pair, measure, micros, print_table, verdict};
use support::upstash::{Bare, ListAppend, ListLoad, Tap, store};
use tokio::runtime::Runtime;
use upstash_endpoint::{Endpoint, TOKEN};

const ROUNDS: usize = 1_000;

/// Of calls that take seconds, as griptape's do.
const SLOW_ROUNDS: usize = 10;

/// The most that a call may take of the bare call's time, and what is aimed at.
const TARGET: f64 = 1.5;
const AIM: f64 = 1.1;

const HEAD: [&str; 6] = ["", "bare request", "ours", "bare", "ratio", "at most 1.5×"];

/// Redis and its endpoint, served by a thread of their own.
struct Upstash {
    endpoint: Endpoint,
    _server: Runtime,
}

impl Upstash {
    fn start() -> Self {
        let server =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        Self { endpoint: server.block_on(Endpoint::start()), _server: server }
    }

    fn tap(&self) -> (Arc<Tap>, ClientConfig, Bare) {
        let config = ClientConfig::new(&self.endpoint.url, TOKEN);
        let tap = Tap::new(Arc::new(HttpTransport::new(&config).unwrap()));
        (tap, config, Bare::http(&self.endpoint.url, TOKEN))
    }
}

async fn row(pair: impl Pair) -> Vec<String> {
    row_of(pair, ROUNDS).await
}

async fn row_of(mut pair: impl Pair, rounds: usize) -> Vec<String> {
    let times = measure(&mut pair, support::rounds(rounds)).await;
    vec![
        pair.what().to_owned(),
        pair.request().to_owned(),
        micros(times.ours),
        micros(times.bare),
        format!("{:.2}×", times.ratio()),
        judged(times.ratio()),
    ]
}

fn judged(ratio: f64) -> String {
    let aim = if ratio <= AIM { ", aim of 1.1× met" } else { "" };
    format!("{}{aim}", verdict(ratio, TARGET))
}

async fn dynamodb(engine: &Dynoxide) {
    let clients = Clients::new(&engine.endpoint, None);
    clients.create_tables().await;
    let session = "loaded";
    fill(&clients.turns(), session).await;
    fill(&clients.items::<ListCodec>(), session).await;
    fill(&clients.items::<HistoryCodec>(), session).await;
    let rows = [
        row(TurnsAppend::new(&clients, false)).await,
        row(TurnsAppend::new(&clients, true)).await,
        row(TurnsLoad::new(&clients, session)).await,
        row(ItemAppend::<ListCodec>::new(&clients)).await,
        row(ItemLoad::<ListCodec>::new(&clients, session)).await,
        row(ItemAppend::<HistoryCodec>::new(&clients)).await,
        row(ItemLoad::<HistoryCodec>::new(&clients, session)).await,
    ];
    print_table("DynamoDB: wall time of one call, beside the bare SDK", &HEAD, &rows);
}

async fn griptape(engine: &Dynoxide) {
    let session = griptape::Session::new(&Clients::new(&engine.endpoint, None)).await;
    let mut rows = vec![row(griptape::BareAppend(&session)).await];
    let theirs = griptape::TheirAppend::new(&session, &engine.endpoint).await;
    match theirs {
        Some(theirs) => rows.push(row_of(theirs, SLOW_ROUNDS).await),
        None => println!("griptape is not installed (tests/install.sh does that): no figures beside it"),
    }
    print_table("Griptape: wall time of an append to 500 messages", &HEAD, &rows);
}

async fn upstash(upstash: &Upstash) {
    let (tap, config, bare) = upstash.tap();
    let session = "loaded";
    fill(&store(&tap, &config), session).await;
    let mut rows = vec![row(ListAppend::new(&tap, &config, &bare)).await];
    for by_lrange in [false, true] {
        rows.push(row(ListLoad::new(&tap, &config, &bare, session, by_lrange)).await);
    }
    upstash.endpoint.seen();
    print_table("Upstash: wall time of one call, beside bare HTTP", &HEAD, &rows);
}

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let engine = Dynoxide::start();
    let redis = Upstash::start();
    runtime.block_on(async {
        dynamodb(&engine).await;
        griptape(&engine).await;
        upstash(&redis).await;
        throughput::dynamodb(&Clients::new(&engine.endpoint, None)).await;
        throughput::upstash(&redis).await;
    });
}
