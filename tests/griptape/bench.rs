//! A table, a clock, and short words for what the tests do.

use std::num::NonZeroU32;

use aws_sdk_dynamodb::types::AttributeValue;
use canvas_memory::clock::Clock;
use canvas_memory::dynamodb::DynamoClient;
use canvas_memory::dynamodb::griptape::{FixedSortKey, GriptapeStore, ItemSlot, ItemSlotConfig, table};
use canvas_memory::dynamodb::size::Item;
use canvas_memory::griptape::{Generation, GriptapeConfig};
use canvas_memory::message::Message;
use canvas_memory::session::{SessionKey, StoredTurn, Turn, TurnId};
use canvas_memory::store::{Append, Appended, ChatStore, Consistency, Recent, Window};
use serde_json::Value;

use crate::dynoxide_engine::Dynoxide;

pub(crate) const TABLE: &str = "griptape";
pub(crate) const NOW: u64 = 1_795_000_000;

/// Writes F1.
pub(crate) const OLD: GriptapeConfig = GriptapeConfig {
    generation: Generation::F1,
    max_runs: None,
    full: canvas_memory::griptape::WhenFull::Refuse,
};

pub(crate) struct Bench {
    pub(crate) engine: Dynoxide,
    pub(crate) client: DynamoClient,
    pub(crate) slot: ItemSlotConfig,
    pub(crate) store: GriptapeStore,
}

impl Bench {
    /// The table of Griptape's recipe, written in the newest generation.
    pub(crate) async fn start() -> Self {
        Self::with(ItemSlotConfig::new(TABLE, "id"), GriptapeConfig::default()).await
    }

    pub(crate) async fn with(slot: ItemSlotConfig, config: GriptapeConfig) -> Self {
        let engine = Dynoxide::start();
        let client = engine.client(Clock::manual(NOW));
        let sort_key = slot.sort_key.as_ref().map(FixedSortKey::key_attribute);
        table(TABLE, &slot.partition_key, sort_key).create(&client).await.unwrap();
        let store = store(&client, &slot, config);
        Self { engine, client, slot, store }
    }

    /// Another node on the same table.
    pub(crate) fn node(&self, config: GriptapeConfig) -> GriptapeStore {
        store(&self.client, &self.slot, config)
    }

    pub(crate) async fn put(&self, item: Item) {
        self.client.sdk().put_item().table_name(TABLE).set_item(Some(item)).send().await.unwrap();
    }

    /// What Griptape's driver does, whatever is there.
    pub(crate) async fn put_value(&self, session: &str, value: impl Into<String>) {
        self.put(Item::from([("id".to_owned(), s(session)), ("value".to_owned(), s(value))])).await;
    }

    pub(crate) async fn item(&self, session: &str) -> Option<Item> {
        let request = self.client.sdk().get_item().table_name(TABLE).consistent_read(true);
        request.key("id", s(session)).send().await.unwrap().item
    }

    pub(crate) async fn value(&self, session: &str) -> String {
        self.item(session).await.unwrap()["value"].as_s().unwrap().clone()
    }

    /// The session's value, as a program reads it.
    pub(crate) async fn json(&self, session: &str) -> Value {
        serde_json::from_str(&self.value(session).await).unwrap()
    }

    pub(crate) async fn say(&self, session: &str, text: &str) -> Appended {
        self.store.append(&key(session), Append::new(turn(text))).await.unwrap()
    }

    pub(crate) async fn all(&self, session: &str) -> Recent {
        all(&self.store, session).await
    }
}

fn store(client: &DynamoClient, slot: &ItemSlotConfig, config: GriptapeConfig) -> GriptapeStore {
    GriptapeStore::new(ItemSlot::new(client.clone(), slot.clone()).unwrap(), config).unwrap()
}

pub(crate) async fn all(store: &impl ChatStore, session: &str) -> Recent {
    store.recent(&key(session), Window::Everything, Consistency::Strong).await.unwrap()
}

pub(crate) async fn last(store: &impl ChatStore, session: &str, turns: u32) -> Recent {
    let window = Window::LastTurns(NonZeroU32::new(turns).unwrap());
    store.recent(&key(session), window, Consistency::Strong).await.unwrap()
}

pub(crate) fn s(text: impl Into<String>) -> AttributeValue {
    AttributeValue::S(text.into())
}

pub(crate) fn key(session: &str) -> SessionKey {
    SessionKey::local(session).unwrap()
}

pub(crate) fn turn(text: &str) -> Turn {
    Turn::new([Message::user(text), Message::assistant(format!("re: {text}"))])
}

pub(crate) fn turn_as(id: &str, text: &str) -> Turn {
    Turn { id: TurnId::new(id).unwrap(), ..turn(text) }
}

/// The texts of all messages.
pub(crate) fn texts(turns: &[StoredTurn]) -> Vec<String> {
    turns.iter().flat_map(|turn| &turn.messages).map(Message::text).collect()
}

/// The runs of a value, each as the text that it has there.
pub(crate) fn raw_runs(value: &str) -> Vec<String> {
    #[derive(serde::Deserialize)]
    struct Top<'a> {
        #[serde(borrow)]
        runs: Vec<&'a serde_json::value::RawValue>,
    }
    let top: Top<'_> = serde_json::from_str(value).unwrap();
    top.runs.into_iter().map(|run| run.get().to_owned()).collect()
}
