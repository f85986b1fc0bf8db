//! Our own work for an append and for a load of 20 messages: the network is replaced by answers from memory, under the
//! real SDK, and under our HTTP client for Upstash. Beside it the bare SDK over the same answers; nothing is subtracted.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a bench fails by them")]

#[path = "../../tests/support/dynoxide.rs"]
mod dynoxide_engine;
mod replay;
#[path = "../support/mod.rs"]
mod support;
#[path = "../../tests/support/upstash_endpoint.rs"]
mod upstash_endpoint;

use std::sync::Arc;
use std::time::Duration;

use canvas_memory::dynamodb::history::HistoryCodec;
use canvas_memory::dynamodb::item_per_session::Codec;
use canvas_memory::dynamodb::list::ListCodec;
use canvas_memory::store::{ChatStore, Page};
use canvas_memory::upstash::{ClientConfig, HttpTransport, Transport};
use dynoxide_engine::Dynoxide;
use replay::{DynamoReplay, UpstashReplay};
use serde_json::json;
use support::dynamodb::{Clients, ItemAppend, ItemLoad, TurnsAppend, TurnsLoad, fill, key};
use support::pair::{Pair, measure, micros, print_table, verdict};
use support::upstash::{Bare, ListAppend, ListLoad, Tap, store};
use upstash_endpoint::{Endpoint, TOKEN};

const ROUNDS: usize = 5_000;

/// The most that a call may take.
const TARGET: Duration = Duration::from_micros(200);

const HEAD: [&str; 5] = ["", "request", "ours", "bare", "at most 200 µs"];

const SESSION: &str = "loaded";

async fn row(pair: &mut impl Pair) -> Vec<String> {
    let times = measure(pair, support::rounds(ROUNDS)).await;
    let verdict = verdict(times.ours.as_secs_f64(), TARGET.as_secs_f64());
    vec![
        pair.what().to_owned(),
        pair.request().to_owned(),
        micros(times.ours),
        micros(times.bare),
        verdict.to_owned(),
    ]
}

/// A row, once it is sure that both calls send equally much.
async fn checked(replay: &DynamoReplay, mut pair: impl Pair) -> Vec<String> {
    pair.prepare().await;
    replay.take_sent();
    pair.ours().await;
    let ours = replay.take_sent();
    pair.bare().await;
    assert_eq!(ours, replay.take_sent(), "{}: the bare call is not the same request", pair.what());
    row(&mut pair).await
}

/// The stored rows of a session, as DynamoDB's own JSON.
async fn stored(store: &impl ChatStore) -> Vec<Box<str>> {
    fill(store, SESSION).await;
    let records = store.inspect(&key(SESSION), Page::default()).await.unwrap().records;
    records.iter().map(|record| record.raw.as_str().into()).collect()
}

async fn item<C: Codec>(clients: &Clients) -> String {
    let item = stored(&clients.items::<C>()).await.remove(0);
    format!(r#"{{"ConsumedCapacity":{{"TableName":"list","CapacityUnits":3.0}},"Item":{item}}}"#)
}

async fn dynamodb() {
    let engine = Dynoxide::start();
    let live = Clients::new(&engine.endpoint, None);
    live.create_tables().await;
    let replay = DynamoReplay::default();
    let clients = Clients::new("http://replay", Some(replay.client()));
    let one = json!({"TableName": "turns", "CapacityUnits": 1.0});
    for operation in ["PutItem", "UpdateItem"] {
        replay.answer(operation, json!({"ConsumedCapacity": one}).to_string());
    }
    replay.answer("TransactWriteItems", json!({"ConsumedCapacity": [one]}).to_string());
    replay.answer("Query", json!({"ConsumedCapacity": one, "Items": [], "Count": 0}).to_string());
    let mut rows = vec![
        checked(&replay, TurnsAppend::new(&clients, false)).await,
        checked(&replay, TurnsAppend::new(&clients, true)).await,
    ];
    let turns = stored(&live.turns()).await;
    let count = turns.len();
    let answer = format!(
        r#"{{"ConsumedCapacity":{one},"Count":{count},"ScannedCount":{count},"Items":[{}]}}"#,
        turns.join(",")
    );
    replay.answer("Query", answer);
    rows.push(checked(&replay, TurnsLoad::new(&clients, SESSION)).await);
    rows.push(checked(&replay, ItemAppend::<ListCodec>::new(&clients)).await);
    replay.answer("GetItem", item::<ListCodec>(&live).await);
    rows.push(checked(&replay, ItemLoad::<ListCodec>::new(&clients, SESSION)).await);
    rows.push(checked(&replay, ItemAppend::<HistoryCodec>::new(&clients)).await);
    replay.answer("GetItem", item::<HistoryCodec>(&live).await);
    rows.push(checked(&replay, ItemLoad::<HistoryCodec>::new(&clients, SESSION)).await);
    print_table("DynamoDB: time of one call without the network, the SDK's own included", &HEAD, &rows);
}

async fn upstash() {
    let endpoint = Endpoint::start().await;
    let config = ClientConfig::new(&endpoint.url, TOKEN);
    let live = Tap::new(Arc::new(HttpTransport::new(&config).unwrap()));
    fill(&store(&live, &config), SESSION).await;
    // What the last append and a load were answered is replayed.
    let appended = live.last().1;
    ListLoad::new(&live, &config, &Bare::http(&endpoint.url, TOKEN), SESSION, false).ours().await;
    let loaded = live.last().1;
    let over = |response| {
        let replay: Arc<dyn Transport> = Arc::new(UpstashReplay(response));
        (Tap::new(Arc::clone(&replay)), Bare::Replay(replay))
    };
    let (tap, bare) = over(appended);
    let append = row(&mut ListAppend::new(&tap, &config, &bare)).await;
    let (tap, bare) = over(loaded);
    let load = row(&mut ListLoad::new(&tap, &config, &bare, SESSION, false)).await;
    print_table("Upstash: time of one call without HTTP; bare is JSON alone", &HEAD, &[append, load]);
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        dynamodb().await;
        upstash().await;
    });
}
