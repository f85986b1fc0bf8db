//! Our DynamoDB layouts, each beside the bare SDK making the same request on the same table.

use std::num::NonZeroU32;
use std::time::{SystemTime, UNIX_EPOCH};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Config, Credentials, Region, SharedCredentialsProvider};
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{
    AttributeValue, Put, ReturnConsumedCapacity, ReturnValue, ReturnValuesOnConditionCheckFailure,
    TransactWriteItem,
};
use canvas_memory::dynamodb::history::HistoryCodec;
use canvas_memory::dynamodb::item_per_session::{Codec, ItemConfig, ItemPerSession, Mark};
use canvas_memory::dynamodb::list::ListCodec;
use canvas_memory::dynamodb::size::Item;
use canvas_memory::dynamodb::tables::{KeyAttribute, TableDefinition};
use canvas_memory::dynamodb::turns::{TurnsConfig, TurnsStore};
use canvas_memory::dynamodb::{DynamoClient, DynamoConfig, SharedHttpClient};
use canvas_memory::session::{Position, SessionKey, Turn};
use canvas_memory::store::{After, Append, ChatStore, Consistency, Metered, Recent, Window};

use super::pair::Pair;
use super::{TURNS, exchange};

pub(crate) const PARTITION: &str = "SessionId";
pub(crate) const SORT: &str = "SK";
const REGION: &str = "us-east-1";

/// The table with a sort key, and those without.
pub(crate) const TURNS_TABLE: &str = "turns";

/// Our client and the bare one of the same endpoint.
#[derive(Clone)]
pub(crate) struct Clients {
    pub(crate) ours: DynamoClient,
    pub(crate) bare: Client,
}

impl Clients {
    /// Over the SDK's own HTTP client, or over another.
    pub(crate) fn new(endpoint: &str, http_client: Option<SharedHttpClient>) -> Self {
        let keys =
            SharedCredentialsProvider::new(Credentials::new("AKIDTEST", "secret", None, None, "bench"));
        let mut bare = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static(REGION))
            .endpoint_url(endpoint)
            .credentials_provider(keys.clone());
        bare.set_http_client(http_client.clone());
        let mut ours = DynamoConfig::new(REGION, keys);
        ours.endpoint_url = Some(endpoint.to_owned());
        ours.http_client = http_client;
        Self { ours: DynamoClient::new(ours).unwrap(), bare: Client::from_conf(bare.build()) }
    }

    pub(crate) async fn create_tables(&self) {
        let tables =
            [(TURNS_TABLE, Some(SORT)), (table_of::<ListCodec>(), None), (table_of::<HistoryCodec>(), None)];
        for (name, sort_key) in tables {
            let table =
                TableDefinition::new(name, KeyAttribute::text(PARTITION), sort_key.map(KeyAttribute::text));
            table.create(&self.ours).await.unwrap();
        }
    }

    pub(crate) fn turns(&self) -> Metered<TurnsStore> {
        Metered(TurnsStore::new(self.ours.clone(), TurnsConfig::new(TURNS_TABLE, PARTITION, SORT)).unwrap())
    }

    pub(crate) fn items<C: Codec>(&self) -> Metered<ItemPerSession<C>> {
        let config = ItemConfig::new(table_of::<C>(), PARTITION);
        Metered(ItemPerSession::new(self.ours.clone(), config).unwrap())
    }
}

fn table_of<C: Codec>() -> &'static str {
    C::LAYOUT.rsplit('/').next().unwrap()
}

pub(crate) fn key(session: &str) -> SessionKey {
    SessionKey::local(session).unwrap()
}

/// Writes a session of [`TURNS`] turns.
pub(crate) async fn fill(store: &impl ChatStore, session: &str) -> Position {
    let mut after = After::Exactly(None);
    for number in 0..TURNS as usize {
        let append = Append::new(exchange(number)).after(after);
        after = After::Near(store.append(&key(session), append).await.unwrap().position);
    }
    let After::Near(position) = after else { panic!("a session has turns") };
    position
}

pub(crate) async fn load(store: &impl ChatStore, session: &str) -> Recent {
    let window = Window::LastTurns(NonZeroU32::new(TURNS).unwrap());
    let recent = store.recent(&key(session), window, Consistency::Strong).await.unwrap();
    assert_eq!(recent.turns.len(), TURNS as usize);
    recent
}

fn s(text: impl Into<String>) -> AttributeValue {
    AttributeValue::S(text.into())
}

fn n(number: impl ToString) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// The item of a turn, as the layout writes it.
pub(crate) fn turn_item(session: &str, seq: u64, turn: &Turn) -> Item {
    [
        (PARTITION, s(session)),
        (SORT, s(format!("{SORT}#{seq:012}"))),
        ("tid", s(turn.id.as_str())),
        ("at", n(now())),
        ("msgs", s(serde_json::to_string(&turn.messages).unwrap())),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

/// The bare put of a turn.
pub(crate) async fn put_turn(sdk: &Client, item: Item) {
    let put = sdk
        .put_item()
        .table_name(TURNS_TABLE)
        .set_item(Some(item))
        .condition_expression("attribute_not_exists(#s)")
        .expression_attribute_names("#s", SORT)
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
        .return_consumed_capacity(ReturnConsumedCapacity::Total);
    put.send().await.unwrap();
}

/// Two sessions that grow alike, ours and that of the bare calls; after some appends a new pair begins.
struct Sessions {
    /// Tells them from those of another pair of calls on the same table.
    name: &'static str,
    pairs: usize,
    appended: u32,
    position: Position,
}

impl Sessions {
    fn new(name: &'static str) -> Self {
        Self { name, pairs: 0, appended: TURNS, position: Position::new("") }
    }

    fn ours(&self) -> String {
        format!("ours-{}-{:06}", self.name, self.pairs)
    }

    fn bare(&self) -> String {
        format!("bare-{}-{:06}", self.name, self.pairs)
    }

    /// Turns that both have.
    fn turns(&self) -> u32 {
        TURNS + self.appended
    }

    async fn step(&mut self, store: &impl ChatStore) {
        self.appended += 1;
        if self.appended >= TURNS {
            self.pairs += 1;
            self.appended = 0;
            self.position = fill(store, &self.ours()).await;
            fill(store, &self.bare()).await;
        }
    }
}

/// An append to the turns layout.
pub(crate) struct TurnsAppend {
    clients: Clients,
    store: Metered<TurnsStore>,
    exact: bool,
    sessions: Sessions,
    append: Option<Append>,
    items: Option<(Item, Item)>,
}

impl TurnsAppend {
    pub(crate) fn new(clients: &Clients, exact: bool) -> Self {
        let (clients, store) = (clients.clone(), clients.turns());
        let sessions = Sessions::new(if exact { "exact" } else { "lean" });
        Self { clients, store, exact, sessions, append: None, items: None }
    }
}

impl Pair for TurnsAppend {
    fn what(&self) -> &'static str {
        if self.exact { "turns, append exact" } else { "turns, append lean" }
    }

    fn request(&self) -> &'static str {
        if self.exact { "TransactWriteItems" } else { "PutItem" }
    }

    async fn prepare(&mut self) {
        self.sessions.step(&self.store).await;
        let seq = u64::from(self.sessions.turns()) + 1;
        let turn = exchange(seq as usize);
        let item = turn_item(&self.sessions.bare(), seq, &turn);
        let id_row = [
            (PARTITION, s(self.sessions.bare())),
            (SORT, s(format!("!id#{}", turn.id))),
            ("pos", n(seq)),
            ("at", n(now())),
            ("sum", AttributeValue::B(Blob::new([0; 8]))),
        ];
        self.items = Some((item, id_row.map(|(name, value)| (name.to_owned(), value)).into()));
        let append = Append::new(turn).after(After::Near(self.sessions.position.clone()));
        self.append = Some(if self.exact { append.exact() } else { append });
    }

    async fn ours(&mut self) {
        let append = self.append.take().unwrap();
        let done = self.store.append(&key(&self.sessions.ours()), append).await.unwrap();
        self.sessions.position = done.position;
    }

    async fn bare(&mut self) {
        let (item, id_row) = self.items.take().unwrap();
        if !self.exact {
            return put_turn(&self.clients.bare, item).await;
        }
        let put = |item| {
            let put = Put::builder().table_name(TURNS_TABLE).set_item(Some(item));
            put.return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
                .expression_attribute_names("#s", SORT)
        };
        let turn = put(item).condition_expression("attribute_not_exists(#s)").build().unwrap();
        let id_row = put(id_row)
            .condition_expression("attribute_not_exists(#s) OR #at <= :before")
            .expression_attribute_names("#at", "at")
            .expression_attribute_values(":before", n(now() - 86_400))
            .build()
            .unwrap();
        let both = self
            .clients
            .bare
            .transact_write_items()
            .transact_items(TransactWriteItem::builder().put(turn).build())
            .transact_items(TransactWriteItem::builder().put(id_row).build())
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        both.send().await.unwrap();
    }
}

/// A load of a session that [`fill`] wrote in the turns layout.
pub(crate) struct TurnsLoad {
    clients: Clients,
    store: Metered<TurnsStore>,
    session: String,
}

impl TurnsLoad {
    pub(crate) fn new(clients: &Clients, session: &str) -> Self {
        Self { clients: clients.clone(), store: clients.turns(), session: session.to_owned() }
    }
}

impl Pair for TurnsLoad {
    fn what(&self) -> &'static str {
        "turns, load"
    }

    fn request(&self) -> &'static str {
        "Query"
    }

    async fn ours(&mut self) {
        load(&self.store, &self.session).await;
    }

    async fn bare(&mut self) {
        let query = self
            .clients
            .bare
            .query()
            .table_name(TURNS_TABLE)
            .consistent_read(true)
            .scan_index_forward(false)
            .limit(TURNS as i32 + 1)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .key_condition_expression("#p = :p AND #s BETWEEN :low AND :high")
            .expression_attribute_names("#p", PARTITION)
            .expression_attribute_names("#s", SORT)
            .expression_attribute_values(":p", s(self.session.as_str()))
            .expression_attribute_values(":low", s(SORT))
            .expression_attribute_values(":high", s(format!("{SORT}#~~")));
        assert_eq!(query.send().await.unwrap().items().len(), TURNS as usize);
    }
}

/// An append to a layout with one item a session.
pub(crate) struct ItemAppend<C> {
    clients: Clients,
    store: Metered<ItemPerSession<C>>,
    sessions: Sessions,
    append: Option<Append>,
    elements: Option<(String, Vec<AttributeValue>)>,
}

impl<C: Codec> ItemAppend<C> {
    pub(crate) fn new(clients: &Clients) -> Self {
        let (clients, store) = (clients.clone(), clients.items());
        Self { clients, store, sessions: Sessions::new("item"), append: None, elements: None }
    }
}

impl<C: Codec> Pair for ItemAppend<C> {
    fn what(&self) -> &'static str {
        if C::OTHERS_REPLACE_THE_ITEM { "history, append" } else { "list, append" }
    }

    fn request(&self) -> &'static str {
        "UpdateItem list_append"
    }

    async fn prepare(&mut self) {
        self.sessions.step(&self.store).await;
        let turn = exchange(self.sessions.turns() as usize);
        let mark = Mark {
            turn: turn.id.clone(),
            count: turn.messages.len(),
            checksum: "0123456789abcdef".to_owned(),
            at_epoch_secs: Some(now()),
            tokens: None,
        };
        let elements = turn.messages.iter().enumerate();
        let elements =
            elements.map(|(at, message)| C::encode(message, (at == 0).then_some(&mark)).unwrap()).collect();
        self.elements = Some((turn.id.to_string(), elements));
        self.append = Some(Append::new(turn).after(After::Near(self.sessions.position.clone())));
    }

    async fn ours(&mut self) {
        let append = self.append.take().unwrap();
        let done = self.store.append(&key(&self.sessions.ours()), append).await.unwrap();
        self.sessions.position = done.position;
    }

    async fn bare(&mut self) {
        let (id, elements) = self.elements.take().unwrap();
        let mut condition = "NOT contains(#n1, :v2) AND size(#n0) = :v3".to_owned();
        if C::OTHERS_REPLACE_THE_ITEM {
            condition += " AND (attribute_exists(#n1) OR attribute_not_exists(#n0) OR #n0 = :v1)";
        }
        let update = self
            .clients
            .bare
            .update_item()
            .table_name(table_of::<C>())
            .key(PARTITION, s(self.sessions.bare()))
            .update_expression("SET #n0 = list_append(if_not_exists(#n0, :v1), :v0) ADD #n1 :v4")
            .condition_expression(condition)
            .expression_attribute_names("#n0", C::ATTRIBUTE)
            .expression_attribute_names("#n1", "cm_turns")
            .expression_attribute_values(":v0", AttributeValue::L(elements))
            .expression_attribute_values(":v1", AttributeValue::L(Vec::new()))
            .expression_attribute_values(":v2", s(id.as_str()))
            .expression_attribute_values(":v3", n(2 * self.sessions.turns()))
            .expression_attribute_values(":v4", AttributeValue::Ss(vec![id]))
            .return_values(ReturnValue::None)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        update.send().await.unwrap();
    }
}

/// A load of a session that [`fill`] wrote in a layout with one item a session.
pub(crate) struct ItemLoad<C> {
    clients: Clients,
    store: Metered<ItemPerSession<C>>,
    session: String,
}

impl<C: Codec> ItemLoad<C> {
    pub(crate) fn new(clients: &Clients, session: &str) -> Self {
        Self { clients: clients.clone(), store: clients.items(), session: session.to_owned() }
    }
}

impl<C: Codec> Pair for ItemLoad<C> {
    fn what(&self) -> &'static str {
        if C::OTHERS_REPLACE_THE_ITEM { "history, load" } else { "list, load" }
    }

    fn request(&self) -> &'static str {
        "GetItem"
    }

    async fn ours(&mut self) {
        load(&self.store, &self.session).await;
    }

    async fn bare(&mut self) {
        let get = self
            .clients
            .bare
            .get_item()
            .table_name(table_of::<C>())
            .key(PARTITION, s(self.session.as_str()))
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let item = get.send().await.unwrap().item.unwrap();
        assert_eq!(item[C::ATTRIBUTE].as_l().unwrap().len(), 2 * TURNS as usize);
    }
}
