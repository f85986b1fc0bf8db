#![doc = include_str!("docs.md")]

mod diagnose;
mod health;
mod table;

use std::num::NonZeroU64;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use table::FoundTable;

use crate::credentials::aws::endpoint::Endpoint;
use crate::credentials::aws::{AwsApi, DEFAULT_REGION, choices};
use crate::declare::{
    BUILTIN, Capability, Category, Choice, ConnectArgs, Connected, CredentialSlot, CredentialType, Diagnosis,
    Instance, Node, Options, Port, Required, SetUp, Ui, Widget,
};
use crate::dynamodb::layout::Layout;
use crate::error::{Error, ErrorKind, Result};
use crate::memory::{ChatMemory, MemoryKey, MemoryOptions};
use crate::recall::{self, Recall};
use crate::session::{Scope, SessionId};
use crate::store::{ChatStore, Consistency};

/// DynamoDB Chat Memory
///
/// Keeps conversations in a table of Amazon DynamoDB.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Inputs {
    /// Table name
    ///
    /// The table that keeps the conversations.
    #[schemars(length(min = 3, max = 1024), extend("x-ui" = Ui::new().placeholder("chat-memory").group("Table")))]
    #[schemars(extend("x-options" = Options::method("tables").depends_on(&["region", "endpoint"])))]
    pub table_name: String,
    /// Partition key
    ///
    /// The name of the table's partition key, of type string. It holds the session id.
    #[schemars(length(min = 1, max = 255), extend("x-ui" = Ui::new().placeholder("sessionId").group("Table")))]
    pub partition_key: String,
    /// Region
    ///
    /// The AWS region in which the table lies.
    #[serde(default = "default_region")]
    #[schemars(length(min = 1), extend("x-ui" = Ui::new().placeholder("us-east-1").group("Table")))]
    #[schemars(extend("x-options" = Options::method("regions")))]
    pub region: String,
    /// Session ID
    ///
    /// The conversation to continue when a request names none. When left out, each chat has its own.
    #[schemars(length(min = 1), extend("x-ui" = Ui::new().widget(Widget::Session).group("Session")))]
    pub session_id: Option<String>,
    /// Memory key
    ///
    /// The prompt variable under which a chain finds the history.
    #[serde(default)]
    #[schemars(regex(pattern = r"^[^{}\s]+$"))]
    #[schemars(extend("x-ui" = Ui::new().widget(Widget::Variable).group("Recall")))]
    pub memory_key: MemoryKey,
    /// Recall
    ///
    /// How much of the conversation the model is given.
    #[serde(default)]
    #[schemars(extend("x-ui" = Ui::new().group("Recall")), transform = recall::without_summary)]
    pub recall: Recall,
    /// Sort key
    ///
    /// The name of the table's sort key. Left out, it is what the table says.
    #[schemars(length(min = 1, max = 255), extend("x-ui" = Ui::new().placeholder("sk").group("Table").advanced()))]
    pub sort_key: Option<String>,
    /// Layout
    ///
    /// How the conversation lies in the table. Left out, it is found from the table's keys and from what is stored.
    #[schemars(extend("x-ui" = Ui::new().group("Table").advanced()))]
    pub layout: Option<Layout>,
    /// Create the table
    ///
    /// Makes the table, paid by request, when it is not there.
    #[serde(default)]
    #[schemars(extend("x-ui" = Ui::new().group("Table").advanced()))]
    pub create_table: bool,
    /// Endpoint
    ///
    /// Another address that speaks DynamoDB, such as a VPC endpoint, or `builtin` for the database inside this program.
    #[schemars(length(min = 1), extend("x-ui" = Ui::new().placeholder("builtin").group("Connection").advanced()))]
    pub endpoint: Option<String>,
    /// Consistency
    ///
    /// How fresh a load is.
    #[serde(default)]
    #[schemars(extend("x-ui" = Ui::new().group("Recall").advanced()))]
    pub consistency: Consistency,
    /// Messages attribute
    ///
    /// The attribute that holds the list of messages, in the layouts with one item a session.
    #[schemars(length(min = 1, max = 255))]
    #[schemars(extend("x-ui" = Ui::new().placeholder("messages").group("Table").advanced()))]
    pub messages_attribute: Option<String>,
    /// Expiry attribute
    ///
    /// The attribute by which the table's time to live removes items.
    #[schemars(length(min = 1, max = 255))]
    #[schemars(extend("x-ui" = Ui::new().placeholder("expireAt").group("Expiry").advanced()))]
    pub expiry_attribute: Option<String>,
    /// Time to live
    ///
    /// How long after its write a turn is kept, or a whole session after its newest turn where it is one item.
    #[schemars(extend("x-ui" = Ui::new().placeholder("2592000").unit("seconds").group("Expiry").advanced()))]
    pub ttl_secs: Option<NonZeroU64>,
    /// Exact
    ///
    /// Remembers the id of every turn for 24 hours, not only those that a request brings. With an item a turn, a turn of
    /// 1 KB then costs four write units instead of one.
    #[serde(default)]
    #[schemars(extend("x-ui" = Ui::new().group("Connection").advanced()))]
    pub exact: bool,
}

fn default_region() -> String {
    DEFAULT_REGION.to_owned()
}

/// The node `DynamoDBChatMemory`.
#[derive(Debug)]
pub struct DynamoDbChatMemory;

impl Node for DynamoDbChatMemory {
    type Inputs = Inputs;

    const TYPE: &'static str = "DynamoDBChatMemory";
    const CATEGORY: Category = Category::MEMORY;
    const ICON: &'static str = include_str!("icon.svg");
    const DOCS: &'static str = include_str!("docs.md");
    const CREDENTIALS: &'static [CredentialSlot] = &[CredentialSlot {
        title: "AWS credential",
        types: &[AwsApi::TYPE],
        required: Required::Unless { input: "endpoint", value: BUILTIN },
    }];
    const OUTPUT_PORTS: &'static [Port] =
        &[Port::new("memory", "Memory", &["DynamoDBChatMemory", "BaseChatMemory", "BaseMemory"])];
    const CAPABILITIES: &'static [Capability] =
        &[Capability::Builtin, Capability::Sessions, Capability::Expiry, Capability::SetUp];

    async fn connect(inputs: Inputs, args: ConnectArgs<'_>) -> Result<Connected> {
        let options = MemoryOptions {
            session: inputs.session_id.clone().map(SessionId::new).transpose()?,
            memory_key: inputs.memory_key.clone(),
            recall: inputs.recall.clone(),
            consistency: inputs.consistency,
            exact: inputs.exact,
        };
        let endpoint = Endpoint::of(inputs.endpoint.as_deref(), args.context)?;
        let client = endpoint.client(&inputs.region, &args).await?;
        let key = FoundTable::key(&inputs, endpoint.key(&inputs.region, &args));
        let creates = inputs.create_table || endpoint.is_builtin();
        let table =
            args.context.clients.get(key.clone(), || FoundTable::find(&client, &inputs, creates)).await?;
        let store = table.store(&client, &inputs)?;
        let scope = args.context.scope.clone();
        check_scope(&scope, store.as_ref())?;
        let memory = ChatMemory::new(store, scope, options);
        let clients = args.context.clients.clone();
        let health = health::check(client, inputs, table, clients, key);
        Ok(Connected::new(Instance::Memory(Arc::new(memory))).with_health(health))
    }

    async fn choices(
        method: &str,
        inputs: &Map<String, Value>,
        args: ConnectArgs<'_>,
    ) -> Result<Vec<Choice>> {
        choices::of::<Self>(method, inputs, &args).await
    }

    async fn diagnose(inputs: Inputs, args: ConnectArgs<'_>) -> Result<Diagnosis> {
        Ok(diagnose::diagnose(&inputs, &args).await)
    }

    async fn set_up(inputs: Inputs, args: ConnectArgs<'_>) -> Result<SetUp> {
        let endpoint = Endpoint::of(inputs.endpoint.as_deref(), args.context)?;
        let client = endpoint.client(&inputs.region, &args).await?;
        table::set_up(&client, &inputs).await
    }
}

crate::register_node!(DynamoDbChatMemory);

fn check_scope(scope: &Scope, store: &dyn ChatStore) -> Result<()> {
    if scope.is_local() || store.capabilities().scopes {
        return Ok(());
    }
    let message = "one item a session has no place for a scope; use a table with a sort key";
    Err(Error::new(ErrorKind::Unsupported, message).with("scope", scope.as_str()))
}
