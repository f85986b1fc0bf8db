#![doc = include_str!("docs.md")]

use std::num::NonZeroU32;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::credentials::aws::fixed_table::FixedTable;
use crate::credentials::aws::{AwsApi, DEFAULT_REGION, choices};
use crate::declare::{
    BUILTIN, Capability, Category, Choice, ConnectArgs, Connected, CredentialSlot, CredentialType, Diagnosis,
    Instance, Node, Options, Port, Problem, Required, SetUp, Ui,
};
use crate::dynamodb::mem0::configuration;
use crate::dynamodb::mem0::history::{self, HistoryConfig, Mem0HistoryStore};
use crate::error::Result;

/// Mem0 History Store (DynamoDB)
///
/// Keeps what happened to memories, and the last messages of sessions, in a table of Amazon DynamoDB, for several hosts at
/// once.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Inputs {
    /// Table name
    ///
    /// The table that keeps the history.
    #[schemars(length(min = 3, max = 1024), extend("x-ui" = Ui::new().placeholder("mem0-history").group("Table")))]
    #[schemars(extend("x-options" = Options::method("tables").depends_on(&["region", "endpoint"])))]
    pub table_name: String,
    /// Region
    ///
    /// The AWS region in which the table lies.
    #[serde(default = "default_region")]
    #[schemars(length(min = 1), extend("x-ui" = Ui::new().placeholder("us-east-1").group("Table")))]
    #[schemars(extend("x-options" = Options::method("regions")))]
    pub region: String,
    /// Kept messages
    ///
    /// How many of the newest messages of a session are kept.
    #[serde(default = "default_kept_messages")]
    #[schemars(range(max = 1_000), extend("x-ui" = Ui::new().unit("messages").group("Table").advanced()))]
    pub kept_messages: NonZeroU32,
    /// Endpoint
    ///
    /// Another address that speaks DynamoDB, such as a VPC endpoint, or `builtin` for the database inside this program.
    #[schemars(length(min = 1), extend("x-ui" = Ui::new().placeholder("builtin").group("Connection").advanced()))]
    pub endpoint: Option<String>,
}

fn default_region() -> String {
    DEFAULT_REGION.to_owned()
}

fn default_kept_messages() -> NonZeroU32 {
    HistoryConfig::new("").kept_messages
}

/// What lies in the table.
const SUMMARY: &str =
    "an item a record, in the order of each memory, and the last messages of each session in one";

/// Mem0's names for our inputs.
const NAMES: &[(&str, &str)] = &[("table_name", "tableName"), ("endpoint_url", "endpoint")];

const NEVER_EXPIRES: &str = "is left out: a history does not expire; remove what belongs to a user instead";

const MEANINGLESS: &[(&str, &str)] = &[
    (
        "use_iam_role",
        "is left out: the connected credential says who signs, be it this machine's role or a key",
    ),
    ("ttl_enabled", NEVER_EXPIRES),
    ("ttl_attribute", NEVER_EXPIRES),
    ("ttl_days", NEVER_EXPIRES),
];

/// The node `mem0DynamoDBHistoryStore`.
#[derive(Debug)]
pub struct Mem0DynamoDbHistoryStore;

impl Node for Mem0DynamoDbHistoryStore {
    type Inputs = Inputs;

    const TYPE: &'static str = "mem0DynamoDBHistoryStore";
    const CATEGORY: Category = Category::MEMORY;
    const ICON: &'static str = include_str!("icon.svg");
    const DOCS: &'static str = include_str!("docs.md");
    const CREDENTIALS: &'static [CredentialSlot] = &[CredentialSlot {
        title: "AWS credential",
        types: &[AwsApi::TYPE],
        required: Required::Unless { input: "endpoint", value: BUILTIN },
    }];
    const OUTPUT_PORTS: &'static [Port] =
        &[Port::new("history", "History", &["Mem0DynamoDBHistoryStore", "BaseHistoryStore"])];
    const CAPABILITIES: &'static [Capability] = &[Capability::Builtin, Capability::SetUp];

    fn adopt(inputs: &mut Map<String, Value>) -> Result<Vec<Problem>, Problem> {
        configuration::adopt(inputs, NAMES, MEANINGLESS)
    }

    async fn connect(inputs: Inputs, args: ConnectArgs<'_>) -> Result<Connected> {
        let found = table(&inputs).find(inputs.endpoint.as_deref(), &inputs.region, &args).await?;
        let config = HistoryConfig { table: inputs.table_name, kept_messages: inputs.kept_messages };
        let store = Mem0HistoryStore::new((*found.client).clone(), config)?;
        Ok(Connected::new(Instance::History(Arc::new(store))).with_health(found.check()))
    }

    async fn choices(
        method: &str,
        inputs: &Map<String, Value>,
        args: ConnectArgs<'_>,
    ) -> Result<Vec<Choice>> {
        choices::of::<Self>(method, inputs, &args).await
    }

    async fn diagnose(inputs: Inputs, args: ConnectArgs<'_>) -> Result<Diagnosis> {
        let endpoint = inputs.endpoint.as_deref();
        Ok(table(&inputs).diagnose(endpoint, &inputs.region, &args, Diagnosis::default()).await)
    }

    async fn set_up(inputs: Inputs, args: ConnectArgs<'_>) -> Result<SetUp> {
        table(&inputs).set_up(inputs.endpoint.as_deref(), &inputs.region, &args).await
    }
}

crate::register_node!(Mem0DynamoDbHistoryStore);

fn table(inputs: &Inputs) -> FixedTable {
    FixedTable { definition: history::table(&inputs.table_name), summary: SUMMARY, needs: history::NEEDS }
}
