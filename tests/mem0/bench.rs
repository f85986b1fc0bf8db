//! An engine with both tables, stores on it, and the bare SDK past them.

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};
use canvas_memory::clock::Clock;
use canvas_memory::dynamodb::mem0::conversation::{self, ConversationConfig, ConversationStore};
use canvas_memory::dynamodb::mem0::history::{self, HistoryConfig, Mem0HistoryStore};
use canvas_memory::dynamodb::size::Item;
use canvas_memory::dynamodb::{DynamoClient, Timeouts};
use canvas_memory::json::RawJson;
use serde_json::Value;

use crate::support::dynamodb::client;
use crate::support::dynoxide::{Dynoxide, config_at};
use crate::support::moto::Moto;

/// When the fixtures were written.
pub(crate) const THEN: u64 = 1_795_168_640;

pub(crate) struct Bench {
    _engine: Engine,
    pub(crate) endpoint: String,
    pub(crate) clock: Clock,
    pub(crate) sdk: Client,
}

enum Engine {
    Dynoxide(#[expect(dead_code, reason = "stops when it is dropped")] Dynoxide),
    Moto(#[expect(dead_code, reason = "stops when it is dropped")] Moto),
}

impl Bench {
    pub(crate) async fn start() -> Self {
        let engine = Dynoxide::start();
        let endpoint = engine.endpoint.clone();
        Self::on(Engine::Dynoxide(engine), endpoint).await
    }

    pub(crate) async fn on_moto() -> Self {
        let moto = Moto::start();
        let endpoint = moto.endpoint().to_owned();
        Self::on(Engine::Moto(moto), endpoint).await
    }

    async fn on(engine: Engine, endpoint: String) -> Self {
        let clock = Clock::manual(THEN);
        let sdk = client(&endpoint);
        let bench = Self { _engine: engine, endpoint, clock, sdk };
        conversation::table("conversations").create(&bench.client()).await.unwrap();
        history::table("history").create(&bench.client()).await.unwrap();
        bench
    }

    pub(crate) fn client(&self) -> DynamoClient {
        let mut config = config_at(&self.endpoint, self.clock.clone());
        // moto copies its tables for each transaction.
        let patience = Duration::from_secs(120);
        config.timeouts = Timeouts { attempt: patience, operation: 2 * patience, ..Timeouts::default() };
        DynamoClient::new(config).unwrap()
    }

    /// Puts conversations of a user that tell the time by their ids, from `THEN` on.
    pub(crate) async fn fill(&self, user: &str, count: u64) {
        let seconds: Vec<_> = (THEN..THEN + count).collect();
        for seconds in seconds.chunks(25) {
            let put = |second: &u64| {
                let item = [
                    ("user_id", text(user)),
                    ("conversation_id", text(&format!("{user}:{second}"))),
                    ("messages", text(r#"[{"role": "user", "content": "hello"}]"#)),
                    ("timestamp", AttributeValue::N(second.to_string())),
                ];
                let item = item.map(|(name, value)| (name.to_owned(), value)).into();
                let put = PutRequest::builder().set_item(Some(item)).build().unwrap();
                WriteRequest::builder().put_request(put).build()
            };
            let writes = seconds.iter().map(put).collect();
            self.sdk.batch_write_item().request_items("conversations", writes).send().await.unwrap();
        }
    }

    pub(crate) fn conversations(&self, ttl_days: Option<u64>) -> ConversationStore {
        let ttl_secs = ttl_days.map(|days| (days * 86_400).try_into().unwrap());
        let config = ConversationConfig { ttl_secs, ..ConversationConfig::new("conversations") };
        ConversationStore::new(self.client(), config).unwrap()
    }

    pub(crate) fn history(&self) -> Mem0HistoryStore {
        Mem0HistoryStore::new(self.client(), HistoryConfig::new("history")).unwrap()
    }

    /// An item of the conversations, as it lies.
    pub(crate) async fn item(&self, user: &str, conversation: &str) -> Option<Item> {
        let read = self.sdk.get_item().table_name("conversations").consistent_read(true);
        let read = read.key("user_id", text(user)).key("conversation_id", text(conversation));
        read.send().await.unwrap().item
    }

    pub(crate) async fn put(&self, item: Item) {
        self.sdk.put_item().table_name("conversations").set_item(Some(item)).send().await.unwrap();
    }

    /// What Mem0 does to continue a conversation: it writes its own list over what is there.
    pub(crate) async fn mem0_updates(&self, user: &str, conversation: &str, messages: &str) {
        self.sdk
            .update_item()
            .table_name("conversations")
            .key("user_id", text(user))
            .key("conversation_id", text(conversation))
            .update_expression("SET messages = :messages, updated_at = :now")
            .expression_attribute_values(":messages", text(messages))
            .expression_attribute_values(":now", AttributeValue::N(THEN.to_string()))
            .send()
            .await
            .unwrap();
    }

    /// Puts what Mem0's own store left.
    pub(crate) async fn put_fixture(&self) {
        let items: Vec<Value> =
            serde_json::from_str(include_str!("../fixtures/mem0/mem0-dynamodb-conversation-items.json"))
                .unwrap();
        for item in items {
            let attributes = item.as_object().unwrap().iter().map(|(name, value)| {
                let value = match value.as_object().unwrap().iter().next().unwrap() {
                    (tag, value) if tag == "S" => text(value.as_str().unwrap()),
                    (tag, value) if tag == "N" => AttributeValue::N(value.as_str().unwrap().to_owned()),
                    (tag, _) => panic!("the fixture holds {tag}"),
                };
                (name.clone(), value)
            });
            self.put(attributes.collect()).await;
        }
    }
}

pub(crate) fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

pub(crate) fn raw(text: &str) -> RawJson {
    RawJson::parse(text).unwrap()
}

/// Messages of a user, each as an object.
pub(crate) fn said(texts: &[&str]) -> Vec<RawJson> {
    texts.iter().map(|text| raw(&serde_json::json!({"role": "user", "content": text}).to_string())).collect()
}
