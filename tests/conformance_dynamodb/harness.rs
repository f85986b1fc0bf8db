//! A layout on a server of DynamoDB's protocol, with a proxy between them.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
};
use canvas_memory::clock::Clock;
use canvas_memory::conformance::{Expiring, Fault, Harness, Hook, Refusal, Requests};
use canvas_memory::dynamodb::griptape::{GriptapeStore, ItemSlot, ItemSlotConfig};
use canvas_memory::dynamodb::history::HistoryStore;
use canvas_memory::dynamodb::item_per_session::ItemConfig;
use canvas_memory::dynamodb::list::ListStore;
use canvas_memory::dynamodb::mem0::conversation::{ConversationConfig, ConversationStore};
use canvas_memory::dynamodb::turns::{TurnsConfig, TurnsStore};
use canvas_memory::dynamodb::{Credentials, DynamoClient, DynamoConfig, SharedCredentialsProvider, Timeouts};
use canvas_memory::griptape::{Generation, GriptapeConfig};
use canvas_memory::message::Role;
use canvas_memory::session::SessionKey;
use canvas_memory::store::ChatStore;
use serde_json::Value;

use crate::support::dynamodb::{client_with_key, create_table};
use crate::support::fault_proxy::{Dialect, FaultProxy};
use crate::support::interop::{History, Package};

#[path = "mem0.rs"]
mod mem0;

pub(crate) const TABLE: &str = "chat";
const PARTITION_KEY: &str = "SessionId";
const SORT_KEY: &str = "Part";
const EXPIRY: &str = "expireAt";
const TTL_SECS: u64 = 60;

/// Longer than any client here waits.
const DELAY: Duration = Duration::from_secs(120);

/// How turns lie in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    List,
    History,
    Turns,
    Griptape,
    OldGriptape,
    Mem0,
}

impl Layout {
    fn keys(self) -> (&'static str, Option<&'static str>) {
        match self {
            Self::Turns => (PARTITION_KEY, Some(SORT_KEY)),
            Self::Mem0 => (mem0::KEYS.0, Some(mem0::KEYS.1)),
            _ => (PARTITION_KEY, None),
        }
    }

    fn list(self) -> &'static str {
        if self == Self::History { "History" } else { "messages" }
    }

    fn store(self, client: DynamoClient, table: &str, ttl_secs: Option<u64>) -> Arc<dyn ChatStore> {
        let ttl_secs = ttl_secs.map(|secs| secs.try_into().unwrap());
        let expiry_attribute = ttl_secs.map(|_| EXPIRY.to_owned());
        let items = ItemConfig {
            ttl_secs,
            expiry_attribute: Some(EXPIRY.to_owned()),
            ..ItemConfig::new(table, PARTITION_KEY)
        };
        match self {
            Self::List => Arc::new(ListStore::new(client, items).unwrap()),
            Self::History => Arc::new(HistoryStore::new(client, items).unwrap()),
            Self::Griptape | Self::OldGriptape => {
                let slot = ItemSlotConfig {
                    ttl_secs,
                    expiry_attribute: Some(EXPIRY.to_owned()),
                    ..ItemSlotConfig::new(table, PARTITION_KEY)
                };
                let old = self == Self::OldGriptape;
                let generation = if old { Generation::F1 } else { Generation::F3 };
                let config = GriptapeConfig { generation, ..GriptapeConfig::default() };
                Arc::new(GriptapeStore::new(ItemSlot::new(client, slot).unwrap(), config).unwrap())
            }
            Self::Mem0 => {
                let config = ConversationConfig { ttl_secs, ..ConversationConfig::new(table) };
                Arc::new(ConversationStore::new(client, config).unwrap())
            }
            Self::Turns => {
                let turns = TurnsConfig::new(table, PARTITION_KEY, SORT_KEY);
                let turns = TurnsConfig { ttl_secs, expiry_attribute, ..turns };
                Arc::new(TurnsStore::new(client, turns).unwrap())
            }
        }
    }
}

/// What serves the table.
pub(crate) trait Server: Send + Sync {
    fn endpoint(&self) -> String;

    /// Id and secret of a key that may do everything.
    fn access_key(&self) -> (String, String);

    /// The same of one that may not use the table.
    fn denied_key(&self) -> Option<(String, String)> {
        None
    }

    /// Whether a key that it does not know is refused as DynamoDB does.
    fn knows_its_keys(&self) -> bool {
        false
    }

    /// Ends it as a power cut would, and starts it again on what it had written, perhaps elsewhere.
    fn reopen(&mut self) -> Hook {
        Hook::NotOffered
    }

    /// What it lacks that a check failed for.
    fn lack(&self, _failure: &str) -> Option<&'static str> {
        None
    }
}

fn address(server: &dyn Server) -> SocketAddr {
    server.endpoint().strip_prefix("http://").unwrap().parse().unwrap()
}

pub(crate) struct Dynamo {
    layout: Layout,
    server: Mutex<Box<dyn Server>>,
    proxy: FaultProxy,
    clock: Clock,
    access_key: (String, String),
    patience: Duration,
}

impl Dynamo {
    pub(crate) async fn on(layout: Layout, server: impl Server + 'static) -> Self {
        let access_key = server.access_key();
        create_tables(layout, &server.endpoint(), &access_key).await;
        let proxy = FaultProxy::start(address(&server), Dialect::DynamoDb, DELAY).await;
        Self {
            layout,
            server: Mutex::new(Box::new(server)),
            proxy,
            clock: Clock::manual(1_800_000_000),
            access_key,
            patience: Duration::from_secs(20),
        }
    }

    /// How long clients wait for an answer: enough for a loaded machine, unless answers are made slow.
    pub(crate) fn waiting(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    fn client(&self, endpoint: &str, (id, secret): (&str, &str)) -> DynamoClient {
        let keys = Credentials::new(id, secret, None, None, "test");
        let mut config = DynamoConfig::new("us-east-1", SharedCredentialsProvider::new(keys));
        config.endpoint_url = Some(endpoint.to_owned());
        config.clock = self.clock.clone();
        config.max_attempts = NonZeroU32::new(2).unwrap();
        config.first_pause = Duration::from_millis(20);
        config.timeouts =
            Timeouts { attempt: self.patience, operation: self.patience * 2, ..Timeouts::default() };
        DynamoClient::new(config).unwrap()
    }

    fn connect(&self, table: &str, ttl_secs: Option<u64>) -> Arc<dyn ChatStore> {
        let (id, secret) = &self.access_key;
        self.layout.store(self.client(self.proxy.url(), (id, secret)), table, ttl_secs)
    }

    /// The bare SDK, past the proxy.
    fn sdk(&self) -> aws_sdk_dynamodb::Client {
        let endpoint = self.server.lock().unwrap().endpoint();
        client_with_key(&endpoint, &self.access_key.0, &self.access_key.1)
    }

    async fn corrupt_list(&self, key: &SessionKey, nth: usize) {
        // Each turn that the suite corrupts has two messages.
        for message in [2 * nth, 2 * nth + 1] {
            self.sdk()
                .update_item()
                .table_name(TABLE)
                .key(PARTITION_KEY, AttributeValue::S(key.session.as_str().to_owned()))
                .update_expression(format!("SET #list[{message}] = :bad"))
                .expression_attribute_names("#list", self.layout.list())
                .expression_attribute_values(":bad", AttributeValue::N("17".to_owned()))
                .send()
                .await
                .unwrap();
        }
    }

    /// A session's JSON, as Griptape reads it.
    async fn griptape_value(&self, key: &SessionKey) -> Value {
        let read = self
            .sdk()
            .get_item()
            .table_name(TABLE)
            .key(PARTITION_KEY, AttributeValue::S(key.session.as_str().to_owned()))
            .consistent_read(true);
        let item = read.send().await.unwrap().item.unwrap();
        serde_json::from_str(item["value"].as_s().unwrap()).unwrap()
    }

    /// Griptape takes a run's input for the user's message, and its output for the assistant's.
    async fn griptape_view(&self, key: &SessionKey) -> Vec<(Role, String)> {
        let text = |end: &Value| end.as_str().or_else(|| end["value"].as_str()).unwrap().to_owned();
        let value = self.griptape_value(key).await;
        let runs = value["runs"].as_array().unwrap().iter();
        let ends = runs.flat_map(|run| [(Role::User, &run["input"]), (Role::Assistant, &run["output"])]);
        ends.map(|(role, end)| (role, text(end))).collect()
    }

    async fn corrupt_run(&self, key: &SessionKey, nth: usize) {
        let mut value = self.griptape_value(key).await;
        value["runs"][nth]["output"] = Value::Null;
        self.sdk()
            .update_item()
            .table_name(TABLE)
            .key(PARTITION_KEY, AttributeValue::S(key.session.as_str().to_owned()))
            .update_expression("SET #value = :value")
            .expression_attribute_names("#value", "value")
            .expression_attribute_values(":value", AttributeValue::S(value.to_string()))
            .send()
            .await
            .unwrap();
    }

    async fn corrupt_turn(&self, key: &SessionKey, nth: usize) {
        let session = AttributeValue::S(key.session.as_str().to_owned());
        let rows = self
            .sdk()
            .query()
            .table_name(TABLE)
            .key_condition_expression("#pk = :session AND begins_with(#sk, :turns)")
            .expression_attribute_names("#pk", PARTITION_KEY)
            .expression_attribute_names("#sk", SORT_KEY)
            .expression_attribute_values(":session", session.clone())
            .expression_attribute_values(":turns", AttributeValue::S(format!("{SORT_KEY}#0")))
            .consistent_read(true)
            .send()
            .await
            .unwrap();
        let row = &rows.items()[nth];
        self.sdk()
            .update_item()
            .table_name(TABLE)
            .key(PARTITION_KEY, session)
            .key(SORT_KEY, row[SORT_KEY].clone())
            .update_expression("SET msgs = :bad")
            .expression_attribute_values(":bad", AttributeValue::S("{\"half a".to_owned()))
            .send()
            .await
            .unwrap();
    }
}

/// The table of the layout, and one whose key is a number.
async fn create_tables(layout: Layout, endpoint: &str, (id, secret): &(String, String)) {
    let client = client_with_key(endpoint, id, secret);
    let (partition_key, sort_key) = layout.keys();
    create_table(&client, TABLE, partition_key, sort_key).await;
    let number = AttributeDefinition::builder()
        .attribute_name(PARTITION_KEY)
        .attribute_type(ScalarAttributeType::N)
        .build()
        .unwrap();
    let key =
        KeySchemaElement::builder().attribute_name(PARTITION_KEY).key_type(KeyType::Hash).build().unwrap();
    client
        .create_table()
        .table_name("numbers")
        .billing_mode(BillingMode::PayPerRequest)
        .attribute_definitions(number)
        .key_schema(key)
        .send()
        .await
        .unwrap();
}

#[async_trait]
impl Harness for Dynamo {
    async fn store(&self) -> Arc<dyn ChatStore> {
        self.connect(TABLE, None)
    }

    async fn reopen(&self) -> Hook {
        let mut server = self.server.lock().unwrap();
        let reopened = server.reopen();
        self.proxy.set_upstream(address(&**server));
        reopened
    }

    async fn inject(&self, fault: Fault, requests: Requests) -> Hook {
        self.proxy.inject(fault, requests);
        Hook::Done
    }

    async fn heal(&self) -> bool {
        self.proxy.heal()
    }

    async fn corrupt(&self, key: &SessionKey, nth: usize) -> Hook {
        match self.layout {
            Layout::Turns => self.corrupt_turn(key, nth).await,
            Layout::List | Layout::History => self.corrupt_list(key, nth).await,
            Layout::Griptape | Layout::OldGriptape => self.corrupt_run(key, nth).await,
            Layout::Mem0 => mem0::corrupt(&self.sdk(), key.session.as_str(), nth).await,
        }
        Hook::Done
    }

    async fn refused(&self, refusal: Refusal) -> Option<Arc<dyn ChatStore>> {
        let server = self.server.lock().unwrap();
        let at = |endpoint: &str, (id, secret): (String, String)| {
            self.layout.store(self.client(endpoint, (&id, &secret)), TABLE, None)
        };
        match refusal {
            Refusal::NotFound => Some(self.connect("nowhere", None)),
            Refusal::Mismatch => Some(self.connect("numbers", None)),
            Refusal::Unavailable => Some(at("http://127.0.0.1:1", self.access_key.clone())),
            Refusal::Denied => Some(at(&server.endpoint(), server.denied_key()?)),
            Refusal::Unauthenticated if server.knows_its_keys() => {
                Some(at(&server.endpoint(), ("AKIDUNKNOWN".to_owned(), "secret".to_owned())))
            }
            Refusal::Unauthenticated => None,
        }
    }

    async fn expiring(&self) -> Option<Expiring> {
        Some(Expiring { store: self.connect(TABLE, Some(TTL_SECS)), ttl_secs: TTL_SECS })
    }

    async fn shift_clock(&self, secs: i64) -> Hook {
        assert!(self.clock.set(self.clock.epoch_secs().checked_add_signed(secs).unwrap()));
        Hook::Done
    }

    fn lack(&self, failure: &str) -> Option<&'static str> {
        self.server.lock().unwrap().lack(failure)
    }

    async fn foreign_view(&self, key: &SessionKey) -> Option<Vec<(Role, String)>> {
        let package = match self.layout {
            Layout::List => Package::LangChainJs,
            Layout::History => Package::LangChainPython,
            // No other program knows this layout.
            Layout::Turns => return None,
            Layout::Griptape | Layout::OldGriptape => return Some(self.griptape_view(key).await),
            Layout::Mem0 => return Some(mem0::view(&self.sdk(), key.session.as_str()).await),
        };
        let endpoint = self.server.lock().unwrap().endpoint();
        let (id, secret) = &self.access_key;
        let session = History::dynamodb(package, &endpoint, TABLE, PARTITION_KEY, key.session.as_str())
            .with_key(id, secret);
        let read = session.read().await.unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let messages = read.as_array().unwrap().iter();
        Some(
            messages
                .map(|message| (Role::from(text(&message["role"]).as_str()), text(&message["content"])))
                .collect(),
        )
    }
}
