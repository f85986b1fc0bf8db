//! A table, a clock, and short words for what the tests do.

use std::num::{NonZeroU32, NonZeroU64};

use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};
use canvas_memory::clock::Clock;
use canvas_memory::dynamodb::DynamoClient;
use canvas_memory::dynamodb::size::Item;
use canvas_memory::dynamodb::tables::{KeyAttribute, TableDefinition};
use canvas_memory::dynamodb::turns::{TurnsConfig, TurnsStore};
use canvas_memory::message::Message;
use canvas_memory::session::{Position, SessionKey, StoredTurn, Turn, TurnId};
use canvas_memory::store::{
    After, Append, Appended, ChatStore, Consistency, Page, PageToken, Recent, Record, Window,
};

use futures_util::TryStreamExt;

use crate::dynoxide_engine::Dynoxide;

pub(crate) const TABLE: &str = "chat";
pub(crate) const NOW: u64 = 1_795_000_000;

pub(crate) struct Bench {
    pub(crate) engine: Dynoxide,
    pub(crate) clock: Clock,
    pub(crate) client: DynamoClient,
    pub(crate) store: TurnsStore,
}

impl Bench {
    pub(crate) async fn start() -> Self {
        Self::with(TurnsConfig::new(TABLE, "SessionId", "SK")).await
    }

    pub(crate) async fn expiring(ttl_secs: u64) -> Self {
        let ttl_secs = NonZeroU64::new(ttl_secs).unwrap();
        Self::with(TurnsConfig::new(TABLE, "SessionId", "SK").expiring("expireAt", ttl_secs)).await
    }

    pub(crate) async fn with(config: TurnsConfig) -> Self {
        let engine = Dynoxide::start();
        let clock = Clock::manual(NOW);
        let client = engine.client(clock.clone());
        let table = TableDefinition {
            expiry_attribute: config.expiry_attribute.clone(),
            ..TableDefinition::new(
                TABLE,
                KeyAttribute::text(&config.partition_key),
                KeyAttribute::text(&config.sort_key),
            )
        };
        table.create(&client).await.unwrap();
        let store = TurnsStore::new(client.clone(), config).unwrap();
        Self { engine, clock, client, store }
    }

    pub(crate) fn pass(&self, secs: u64) {
        assert!(self.clock.set(self.clock.epoch_secs() + secs));
    }

    pub(crate) async fn say(&self, key: &SessionKey, text: &str) -> Appended {
        self.store.append(key, Append::new(turn(text))).await.unwrap()
    }

    pub(crate) async fn say_after(&self, key: &SessionKey, text: &str, position: &Position) -> Appended {
        let append = Append::new(turn(text)).after(After::Near(position.clone()));
        self.store.append(key, append).await.unwrap()
    }

    pub(crate) async fn all(&self, key: &SessionKey) -> Recent {
        self.store.recent(key, Window::Everything, Consistency::Strong).await.unwrap()
    }

    pub(crate) async fn last(&self, key: &SessionKey, turns: u32) -> Recent {
        let window = Window::LastTurns(NonZeroU32::new(turns).unwrap());
        self.store.recent(key, window, Consistency::Strong).await.unwrap()
    }

    /// The first message of each turn.
    pub(crate) async fn texts(&self, key: &SessionKey) -> Vec<String> {
        texts(&self.all(key).await.turns)
    }

    /// The first message of each turn, from the stream.
    pub(crate) async fn streamed(&self, key: &SessionKey) -> Vec<String> {
        let pages: Vec<_> = self.store.turns(key).try_collect().await.unwrap();
        pages.iter().flat_map(|page| texts(&page.turns)).collect()
    }

    pub(crate) async fn rows(&self, key: &SessionKey) -> Vec<Record> {
        let page = Page { limit: NonZeroU32::new(1_000).unwrap(), token: None };
        self.store.inspect(key, page).await.unwrap().records
    }

    pub(crate) async fn sort_keys(&self, key: &SessionKey) -> Vec<String> {
        self.rows(key).await.into_iter().map(|row| row.key).collect()
    }

    pub(crate) async fn item(&self, partition: &str, sort: &str) -> Option<Item> {
        let request = self.client.sdk().get_item().table_name(TABLE).consistent_read(true);
        let request = request.key("SessionId", s(partition)).key("SK", s(sort));
        request.send().await.unwrap().item
    }

    pub(crate) async fn put(&self, item: Item) {
        self.client.sdk().put_item().table_name(TABLE).set_item(Some(item)).send().await.unwrap();
    }

    pub(crate) async fn delete(&self, partition: &str, sort: &str) {
        let request = self.client.sdk().delete_item().table_name(TABLE);
        request.key("SessionId", s(partition)).key("SK", s(sort)).send().await.unwrap();
    }

    /// Copies of the turn at place 1, at the places `from` to `to`.
    pub(crate) async fn fill(&self, partition: &str, from: u64, to: u64) {
        let first = self.item(partition, &place(1)).await.unwrap();
        let items: Vec<Item> = (from..=to)
            .map(|seq| {
                let mut item = first.clone();
                item.insert("SK".to_owned(), s(&place(seq)));
                item.insert("tid".to_owned(), s(&format!("{seq:032}")));
                item
            })
            .collect();
        for batch in items.chunks(25) {
            let puts = batch.iter().map(|item| {
                let put = PutRequest::builder().set_item(Some(item.clone())).build().unwrap();
                WriteRequest::builder().put_request(put).build()
            });
            let request = self.client.sdk().batch_write_item().request_items(TABLE, puts.collect());
            let left = request.send().await.unwrap().unprocessed_items;
            assert!(left.is_none_or(|left| left.is_empty()));
        }
    }
}

pub(crate) fn s(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

pub(crate) fn place(seq: u64) -> String {
    format!("SK#{seq:012}")
}

pub(crate) fn key(session: &str) -> SessionKey {
    SessionKey::local(session).unwrap()
}

pub(crate) fn id(text: &str) -> TurnId {
    TurnId::new(text).unwrap()
}

pub(crate) fn turn(text: &str) -> Turn {
    Turn::new([Message::user(text), Message::assistant(format!("re: {text}"))])
}

pub(crate) fn turn_as(id_text: &str, text: &str) -> Turn {
    Turn { id: id(id_text), ..turn(text) }
}

pub(crate) fn texts(turns: &[StoredTurn]) -> Vec<String> {
    turns.iter().map(|turn| turn.messages[0].text()).collect()
}

pub(crate) fn page(limit: u32, token: Option<PageToken>) -> Page {
    Page { limit: NonZeroU32::new(limit).unwrap(), token }
}
