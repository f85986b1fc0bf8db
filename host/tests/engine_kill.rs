//! Both engines killed in the middle of writing: what was acknowledged is there, once and whole.
//!
//! Without the test harness, because the program starts itself as the process that it kills.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod upstash;

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, Put, ScalarAttributeType,
    TransactWriteItem,
};
use canvas_memory_host::data_dir::DataDir;
use canvas_memory_host::engine::EngineStorage;
use canvas_memory_host::engine::dynamodb::{DynamoDbEngine, DynamoDbOptions};
use canvas_memory_host::engine::upstash::{UpstashBackend, UpstashEngine, UpstashOptions};
use secrecy::ExposeSecret;
use serde_json::json;
use upstash::Client;
use uuid::Uuid;

const ROUNDS: usize = 12;
const WRITERS: usize = 4;
const TABLE: &str = "turns";

fn main() {
    let args: Vec<String> = std::env::args().collect();
    if let [_, mode, engine, dir] = args.as_slice()
        && mode == "serve"
    {
        serve(engine, Path::new(dir));
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(upstash_survives());
    println!("the Upstash endpoint survived {ROUNDS} kills");
    runtime.block_on(dynamodb_survives());
    println!("the DynamoDB engine survived {ROUNDS} kills");
}

/// The process that is killed: one engine, which says where it is and what its secret is.
fn serve(engine: &str, dir: &Path) -> ! {
    let storage = EngineStorage::Directory(DataDir::open(dir).expect("the lock of a killed process is free"));
    if engine == "upstash" {
        let engine = UpstashEngine::start(UpstashOptions::new(UpstashBackend::BuiltIn(storage))).unwrap();
        println!("{} {}", engine.url(), engine.token().expose_secret());
        wait_to_be_killed();
    }
    let engine = DynamoDbEngine::start(DynamoDbOptions::new(storage)).unwrap();
    println!("{} {}", engine.endpoint(), engine.access_key().expose_secret());
    wait_to_be_killed();
}

fn wait_to_be_killed() -> ! {
    loop {
        std::thread::park();
    }
}

struct Process {
    child: Child,
    url: String,
    secret: String,
}

impl Process {
    fn start(engine: &str, dir: &Path) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["serve", engine])
            .arg(dir)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let (url, secret) = line.trim().split_once(' ').expect("the engine starts");
        let (url, secret) = (url.to_owned(), secret.to_owned());
        Self { child, url, secret }
    }

    /// Kills it after a while that nobody can foresee.
    async fn kill_soon(mut self) {
        let milliseconds = 5 + u64::from(Uuid::new_v4().as_bytes()[0]) / 4;
        tokio::time::sleep(Duration::from_millis(milliseconds)).await;
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Acknowledged writes of all rounds.
type Acknowledged = Arc<Mutex<BTreeSet<String>>>;

async fn upstash_survives() {
    let dir = tempfile::tempdir().unwrap();
    let acknowledged = Acknowledged::default();
    for _ in 0..ROUNDS {
        let process = Process::start("upstash", dir.path());
        let client = Client::at(&process.url, &process.secret);
        let script = "redis.call('rpush', KEYS[1], ARGV[1]) return redis.call('hset', KEYS[2], ARGV[1], '1')";
        let writers: Vec<_> = (0..WRITERS)
            .map(|_| {
                let (client, acknowledged) = (client.clone(), Arc::clone(&acknowledged));
                tokio::spawn(async move {
                    loop {
                        let turn = Uuid::new_v4().to_string();
                        let answer = client.try_run(json!(["EVAL", script, 2, "list", "ids", turn])).await;
                        if answer != Some(json!(1)) {
                            return;
                        }
                        acknowledged.lock().unwrap().insert(turn);
                    }
                })
            })
            .collect();
        process.kill_soon().await;
        for writer in writers {
            writer.await.unwrap();
        }
    }

    let process = Process::start("upstash", dir.path());
    let client = Client::at(&process.url, &process.secret);
    let strings = |value: serde_json::Value| -> Vec<String> { serde_json::from_value(value).unwrap() };
    let list = strings(client.run(json!(["LRANGE", "list", 0, -1])).await);
    let ids: BTreeSet<_> = strings(client.run(json!(["HKEYS", "ids"])).await).into_iter().collect();
    check(&acknowledged, &list);
    assert_eq!(list.into_iter().collect::<BTreeSet<_>>(), ids, "a script was there in part");
}

async fn dynamodb_survives() {
    let dir = tempfile::tempdir().unwrap();
    let acknowledged = Acknowledged::default();
    for round in 0..ROUNDS {
        let process = Process::start("dynamodb", dir.path());
        let client = dynamodb_client(&process);
        if round == 0 {
            create_table(&client).await;
        }
        let writers: Vec<_> = (0..WRITERS)
            .map(|_| {
                let (client, acknowledged) = (client.clone(), Arc::clone(&acknowledged));
                tokio::spawn(async move {
                    loop {
                        let turn = Uuid::new_v4().to_string();
                        let items = ["turn", "id"].map(|kind| put(&format!("{kind}:{turn}")));
                        let written = client.transact_write_items().set_transact_items(Some(items.into()));
                        if written.send().await.is_err() {
                            return;
                        }
                        acknowledged.lock().unwrap().insert(turn);
                    }
                })
            })
            .collect();
        process.kill_soon().await;
        for writer in writers {
            writer.await.unwrap();
        }
    }

    let process = Process::start("dynamodb", dir.path());
    let client = dynamodb_client(&process);
    let mut pages = client.scan().table_name(TABLE).consistent_read(true).into_paginator().items().send();
    let (mut turns, mut ids) = (Vec::new(), BTreeSet::new());
    while let Some(item) = pages.next().await {
        let key = item.unwrap()["id"].as_s().unwrap().clone();
        match key.split_once(':').unwrap() {
            ("turn", turn) => turns.push(turn.to_owned()),
            (_, turn) => drop(ids.insert(turn.to_owned())),
        }
    }
    check(&acknowledged, &turns);
    assert_eq!(turns.into_iter().collect::<BTreeSet<_>>(), ids, "a transaction was there in part");
}

fn check(acknowledged: &Acknowledged, stored: &[String]) {
    let acknowledged = acknowledged.lock().unwrap();
    let unique: BTreeSet<_> = stored.iter().cloned().collect();
    assert!(acknowledged.len() >= ROUNDS, "only {} writes were made", acknowledged.len());
    assert_eq!(unique.len(), stored.len(), "a write was there twice");
    let lost: Vec<_> = acknowledged.difference(&unique).collect();
    assert!(lost.is_empty(), "{} of {} acknowledged writes were lost", lost.len(), acknowledged.len());
    println!("{} acknowledged writes, {} stored", acknowledged.len(), stored.len());
}

fn put(id: &str) -> TransactWriteItem {
    let put = Put::builder()
        .table_name(TABLE)
        .item("id", AttributeValue::S(id.to_owned()))
        .condition_expression("attribute_not_exists(id)")
        .build()
        .unwrap();
    TransactWriteItem::builder().put(put).build()
}

fn dynamodb_client(process: &Process) -> aws_sdk_dynamodb::Client {
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(&process.url)
        .credentials_provider(Credentials::new(&process.secret, "any", None, None, "test"))
        .retry_config(aws_sdk_dynamodb::config::retry::RetryConfig::disabled())
        .build();
    aws_sdk_dynamodb::Client::from_conf(config)
}

async fn create_table(client: &aws_sdk_dynamodb::Client) {
    let id = AttributeDefinition::builder().attribute_name("id").attribute_type(ScalarAttributeType::S);
    client
        .create_table()
        .table_name(TABLE)
        .billing_mode(BillingMode::PayPerRequest)
        .key_schema(KeySchemaElement::builder().attribute_name("id").key_type(KeyType::Hash).build().unwrap())
        .attribute_definitions(id.build().unwrap())
        .send()
        .await
        .unwrap();
}
