//! An append to a session of Griptape's with 500 messages, beside a bare read and a bare conditional write of the same bytes,
//! and beside griptape itself where it is installed.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity, ReturnValuesOnConditionCheckFailure};
use canvas_memory::dynamodb::griptape::{GriptapeStore, ItemSlot, ItemSlotConfig, table};
use canvas_memory::griptape::GriptapeConfig;
use canvas_memory::store::{Append, ChatStore, Metered};

use crate::support::dynamodb::{Clients, key};
use crate::support::exchange;
use crate::support::pair::Pair;

const TABLE: &str = "griptape";
const RUNS: usize = 250;

/// Loads a session and stores it with one run more, for each line that it is given.
const THEIRS: &str = include_str!("griptape.py");

/// The table, and the value of a session of 500 messages, before and after an append.
pub(crate) struct Session {
    clients: Clients,
    store: Metered<GriptapeStore>,
    before: String,
    after: String,
}

impl Session {
    pub(crate) async fn new(clients: &Clients) -> Self {
        table(TABLE, "id", None).create(&clients.ours).await.unwrap();
        let slot = ItemSlot::new(clients.ours.clone(), ItemSlotConfig::new(TABLE, "id")).unwrap();
        let store = Metered(GriptapeStore::new(slot, GriptapeConfig::default()).unwrap());
        let mut values = Vec::new();
        for number in 0..=RUNS {
            store.append(&key("filled"), Append::new(exchange(number))).await.unwrap();
            if number + 1 >= RUNS {
                values.push(value(&clients.bare, "filled").await);
            }
        }
        let after = values.pop().unwrap();
        Self { clients: clients.clone(), store, before: values.pop().unwrap(), after }
    }

    /// Puts the session of 500 messages back.
    async fn reset(&self, session: &str) {
        let put = self.clients.bare.put_item().table_name(TABLE).item("id", s(session));
        put.item("value", s(&self.before)).send().await.unwrap();
    }

    async fn append(&self) {
        self.store.append(&key("ours"), Append::new(exchange(RUNS))).await.unwrap();
    }
}

async fn value(sdk: &Client, session: &str) -> String {
    let read = sdk.get_item().table_name(TABLE).key("id", s(session)).consistent_read(true);
    let read = read.return_consumed_capacity(ReturnConsumedCapacity::Total).send().await.unwrap();
    read.item.unwrap()["value"].as_s().unwrap().clone()
}

fn s(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

/// Beside the bare SDK.
pub(crate) struct BareAppend<'a>(pub(crate) &'a Session);

impl Pair for BareAppend<'_> {
    fn what(&self) -> &'static str {
        "griptape, append"
    }

    fn request(&self) -> &'static str {
        "GetItem, UpdateItem"
    }

    async fn prepare(&mut self) {
        self.0.reset("ours").await;
        self.0.reset("bare").await;
    }

    async fn ours(&mut self) {
        self.0.append().await;
    }

    async fn bare(&mut self) {
        let sdk = &self.0.clients.bare;
        let old = value(sdk, "bare").await;
        let update = sdk
            .update_item()
            .table_name(TABLE)
            .key("id", s("bare"))
            .update_expression("SET #value = :value")
            .condition_expression("#value = :old")
            .expression_attribute_names("#value", "value")
            .expression_attribute_values(":value", s(&self.0.after))
            .expression_attribute_values(":old", AttributeValue::S(old))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        update.send().await.unwrap();
    }
}

/// Beside griptape.
pub(crate) struct TheirAppend<'a> {
    session: &'a Session,
    griptape: Griptape,
}

/// The process of griptape; ends when it is given no more lines.
struct Griptape {
    lines: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    process: Child,
}

impl<'a> TheirAppend<'a> {
    /// `None` where griptape is not installed.
    pub(crate) async fn new(session: &'a Session, endpoint: &str) -> Option<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop/.venv-griptape-1.13");
        let python = folder.join("bin/python");
        if !python.exists() {
            return None;
        }
        session.reset("theirs").await;
        let process = Command::new(python)
            .args(["-c", THEIRS, TABLE, "theirs"])
            .env("AWS_ENDPOINT_URL_DYNAMODB", endpoint)
            .envs([
                ("AWS_ACCESS_KEY_ID", "test"),
                ("AWS_SECRET_ACCESS_KEY", "test"),
                ("AWS_DEFAULT_REGION", "us-east-1"),
            ])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let mut process = process.unwrap();
        let (lines, answers) = (process.stdin.take(), BufReader::new(process.stdout.take().unwrap()));
        Some(Self { session, griptape: Griptape { lines, answers, process } })
    }
}

impl Drop for Griptape {
    fn drop(&mut self) {
        self.lines.take();
        self.process.wait().unwrap();
    }
}

impl Pair for TheirAppend<'_> {
    fn what(&self) -> &'static str {
        "griptape, append"
    }

    fn request(&self) -> &'static str {
        "griptape 1.13 (Python)"
    }

    async fn prepare(&mut self) {
        self.session.reset("ours").await;
        self.session.reset("theirs").await;
    }

    async fn ours(&mut self) {
        self.session.append().await;
    }

    async fn bare(&mut self) {
        let mut answer = String::new();
        self.griptape.lines.as_mut().unwrap().write_all(b"append\n").unwrap();
        self.griptape.answers.read_line(&mut answer).unwrap();
        assert_eq!(answer.trim(), (RUNS + 1).to_string());
    }
}
