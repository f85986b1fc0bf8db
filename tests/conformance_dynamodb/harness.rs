//! A layout on a DynamoDB engine, with a proxy between them.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
};
use canvas_memory::clock::Clock;
use canvas_memory::conformance::{Expiring, Fault, Harness, Hook, Refusal, Requests};
use canvas_memory::dynamodb::history::HistoryStore;
use canvas_memory::dynamodb::item_per_session::ItemConfig;
use canvas_memory::dynamodb::list::ListStore;
use canvas_memory::dynamodb::turns::{TurnsConfig, TurnsStore};
use canvas_memory::dynamodb::{Credentials, DynamoClient, DynamoConfig, SharedCredentialsProvider, Timeouts};
use canvas_memory::message::Role;
use canvas_memory::session::SessionKey;
use canvas_memory::store::ChatStore;
use serde_json::json;

use crate::support::dynalite::Dynalite;
use crate::support::dynamodb::{client, client_with_key, create_table};
use crate::support::dynoxide::Dynoxide;
use crate::support::fault_proxy::{Dialect, FaultProxy};
use crate::support::interop::{History, Package};
use crate::support::moto::{AccessKey, Moto};

const TABLE: &str = "chat";
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
}

impl Layout {
    fn sort_key(self) -> Option<&'static str> {
        (self == Self::Turns).then_some(SORT_KEY)
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
            Self::Turns => {
                let turns = TurnsConfig::new(table, PARTITION_KEY, SORT_KEY);
                let turns = TurnsConfig { ttl_secs, expiry_attribute, ..turns };
                Arc::new(TurnsStore::new(client, turns).unwrap())
            }
        }
    }
}

/// What serves the table.
enum Engine {
    Dynoxide { engine: Dynoxide, folder: tempfile::TempDir, starts: u32 },
    Dynalite(Dynalite),
    Moto { moto: Moto, allowed: AccessKey, denied: AccessKey },
}

impl Engine {
    fn endpoint(&self) -> &str {
        match self {
            Self::Dynoxide { engine, .. } => &engine.endpoint,
            Self::Dynalite(dynalite) => dynalite.endpoint(),
            Self::Moto { moto, .. } => moto.endpoint(),
        }
    }

    fn address(&self) -> SocketAddr {
        self.endpoint().strip_prefix("http://").unwrap().parse().unwrap()
    }
}

pub(crate) struct Dynamo {
    layout: Layout,
    engine: Mutex<Engine>,
    proxy: FaultProxy,
    clock: Clock,
    access_key: (String, String),
    patience: Duration,
}

impl Dynamo {
    /// On the engine that the host carries, on a file.
    pub(crate) async fn on_dynoxide(layout: Layout) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let engine = Dynoxide::start_on(&folder.path().join("0.db"));
        Self::on(layout, Engine::Dynoxide { engine, folder, starts: 1 }).await
    }

    pub(crate) async fn on_dynalite(layout: Layout) -> Self {
        Self::on(layout, Engine::Dynalite(Dynalite::start())).await
    }

    /// On an engine that checks keys, signatures and permissions.
    pub(crate) async fn on_moto(layout: Layout) -> Self {
        let moto = Moto::start();
        create_tables(layout, moto.endpoint()).await;
        let policy = |action: &str| {
            let statement = json!([{"Effect": "Allow", "Action": action, "Resource": "*"}]);
            json!({"Version": "2012-10-17", "Statement": statement})
        };
        let allowed = moto.add_user(&policy("dynamodb:*"));
        let denied = moto.add_user(&policy("dynamodb:DescribeTable"));
        Self::on(layout, Engine::Moto { moto, allowed, denied }).await
    }

    async fn on(layout: Layout, engine: Engine) -> Self {
        let access_key = match &engine {
            Engine::Moto { allowed, .. } => {
                (allowed.access_key_id.clone(), allowed.secret_access_key.clone())
            }
            _ => {
                create_tables(layout, engine.endpoint()).await;
                ("AKIDTEST".to_owned(), "secret".to_owned())
            }
        };
        let proxy = FaultProxy::start(engine.address(), Dialect::DynamoDb, DELAY).await;
        Self {
            layout,
            engine: Mutex::new(engine),
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

    /// Each append to a session in one item writes it all, so that a long one takes its time.
    pub(crate) fn long_session_turns(&self) -> u32 {
        if self.layout == Layout::Turns { 300 } else { 100 }
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
        let endpoint = self.engine.lock().unwrap().endpoint().to_owned();
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
async fn create_tables(layout: Layout, endpoint: &str) {
    create_table(&client(endpoint), TABLE, PARTITION_KEY, layout.sort_key()).await;
    let number = AttributeDefinition::builder()
        .attribute_name(PARTITION_KEY)
        .attribute_type(ScalarAttributeType::N)
        .build()
        .unwrap();
    let key =
        KeySchemaElement::builder().attribute_name(PARTITION_KEY).key_type(KeyType::Hash).build().unwrap();
    client(endpoint)
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
        let mut engine = self.engine.lock().unwrap();
        let Engine::Dynoxide { engine: running, folder, starts } = &mut *engine else {
            return Hook::NotOffered;
        };
        // What a power cut would leave: the files of the running engine, as they are now.
        let file =
            |number: u32, suffix: &str| -> PathBuf { folder.path().join(format!("{number}.db{suffix}")) };
        for suffix in ["", "-wal"] {
            let _ = std::fs::copy(file(*starts - 1, suffix), file(*starts, suffix));
        }
        *running = Dynoxide::start_on(&file(*starts, ""));
        *starts += 1;
        self.proxy.set_upstream(engine.address());
        Hook::Done
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
        }
        Hook::Done
    }

    async fn refused(&self, refusal: Refusal) -> Option<Arc<dyn ChatStore>> {
        let engine = self.engine.lock().unwrap();
        let with_key = |id: &str, secret: &str| {
            self.layout.store(self.client(engine.endpoint(), (id, secret)), TABLE, None)
        };
        match (refusal, &*engine) {
            (Refusal::NotFound, _) => Some(self.connect("nowhere", None)),
            (Refusal::Mismatch, _) => Some(self.connect("numbers", None)),
            (Refusal::Unavailable, _) => {
                let (id, secret) = &self.access_key;
                Some(self.layout.store(self.client("http://127.0.0.1:1", (id, secret)), TABLE, None))
            }
            (Refusal::Denied, Engine::Moto { denied, .. }) => {
                Some(with_key(&denied.access_key_id, &denied.secret_access_key))
            }
            // moto says of a key that it does not know what DynamoDB says of one that may not do this.
            _ => None,
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
        let dynalite = matches!(*self.engine.lock().unwrap(), Engine::Dynalite(_));
        (dynalite && failure.contains("UnknownOperationException")).then_some("dynalite has no transactions")
    }

    async fn foreign_view(&self, key: &SessionKey) -> Option<Vec<(Role, String)>> {
        let package = match self.layout {
            Layout::List => Package::LangChainJs,
            Layout::History => Package::LangChainPython,
            // No other program knows this layout.
            Layout::Turns => return None,
        };
        let endpoint = match &*self.engine.lock().unwrap() {
            // Its keys are checked, and the foreign programs have none.
            Engine::Moto { .. } => return None,
            engine => engine.endpoint().to_owned(),
        };
        let session = History::dynamodb(package, &endpoint, TABLE, PARTITION_KEY, key.session.as_str());
        let read = session.read().await.unwrap();
        Some(crate::roles_and_texts(&read))
    }
}
