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
    Instance, Node, Options, Port, Problem, Required, SetUp, Ui, Widget,
};
use crate::dynamodb::mem0::configuration;
use crate::dynamodb::mem0::graph::{self, GraphConfig, INDEX, Mem0GraphStore};
use crate::error::Result;
use crate::graph::{GraphMemory, GraphOptions};
use crate::memory::MemoryKey;
use crate::store::Consistency;

/// Mem0 Graph Memory (DynamoDB)
///
/// Keeps facts as a graph in a table of Amazon DynamoDB: brings those near what is said, and lets an agent keep more.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Inputs {
    /// Table name
    ///
    /// The table that keeps the graph.
    #[schemars(length(min = 3, max = 1024), extend("x-ui" = Ui::new().placeholder("mem0-graph").group("Table")))]
    #[schemars(extend("x-options" = Options::method("tables").depends_on(&["region", "endpoint"])))]
    pub table_name: String,
    /// Region
    ///
    /// The AWS region in which the table lies.
    #[serde(default = "default_region")]
    #[schemars(length(min = 1), extend("x-ui" = Ui::new().placeholder("us-east-1").group("Table")))]
    #[schemars(extend("x-options" = Options::method("regions")))]
    pub region: String,
    /// Memory key
    ///
    /// The prompt variable under which a chain finds the facts. Another than that of the chat memory.
    #[serde(default = "default_memory_key")]
    #[schemars(regex(pattern = r"^[^{}\s]+$"))]
    #[schemars(extend("x-ui" = Ui::new().widget(Widget::Variable).group("Recall")))]
    pub memory_key: MemoryKey,
    /// Max facts
    ///
    /// The most facts that a prompt gets, the nearest to what is said.
    #[serde(default = "default_max_facts")]
    #[schemars(range(min = 1, max = 200), extend("x-ui" = Ui::new().group("Recall")))]
    pub max_facts: NonZeroU32,
    /// Depth
    ///
    /// How many relations away from what is said facts are looked for. Each step reads more.
    #[serde(default = "default_depth")]
    #[schemars(range(max = 4), extend("x-ui" = Ui::new().group("Recall")))]
    pub depth: u32,
    /// Tools
    ///
    /// Lets an agent keep facts: with the tools remember, relate and forget.
    #[serde(default = "default_tools")]
    #[schemars(extend("x-ui" = Ui::new().group("Recall")))]
    pub tools: bool,
    /// Max bytes
    ///
    /// The most that the facts of a prompt have together.
    #[serde(default = "default_max_bytes")]
    #[schemars(range(min = 100, max = 100_000))]
    #[schemars(extend("x-ui" = Ui::new().unit("bytes").group("Recall").advanced()))]
    pub max_bytes: NonZeroU32,
    /// Consistency
    ///
    /// How fresh a look-up is.
    #[serde(default)]
    #[schemars(extend("x-ui" = Ui::new().group("Recall").advanced()))]
    pub consistency: Consistency,
    /// Find by words
    ///
    /// Notes the words of each fact, so that it is found by them too and not by names alone. Costs two write units a word.
    #[serde(default = "default_words")]
    #[schemars(extend("x-ui" = Ui::new().group("Table").advanced()))]
    pub find_by_words: bool,
    /// Use the index
    ///
    /// Whether the table has the index by which relations are found by their type.
    #[serde(default = "default_enable_gsi")]
    #[schemars(extend("x-ui" = Ui::new().group("Table").advanced()))]
    pub enable_gsi: bool,
    /// Index name
    ///
    /// The name of that index.
    #[serde(default = "default_gsi_name")]
    #[schemars(length(min = 3, max = 255), extend("x-ui" = Ui::new().group("Table").advanced()))]
    pub gsi_name: String,
    /// Endpoint
    ///
    /// Another address that speaks DynamoDB, such as a VPC endpoint, or `builtin` for the database inside this program.
    #[schemars(length(min = 1), extend("x-ui" = Ui::new().placeholder("builtin").group("Connection").advanced()))]
    pub endpoint: Option<String>,
}

fn default_region() -> String {
    DEFAULT_REGION.to_owned()
}

fn default_memory_key() -> MemoryKey {
    GraphOptions::default().memory_key
}

fn default_max_facts() -> NonZeroU32 {
    GraphOptions::default().max_facts
}

fn default_max_bytes() -> NonZeroU32 {
    GraphOptions::default().max_bytes
}

fn default_depth() -> u32 {
    GraphOptions::default().depth
}

fn default_tools() -> bool {
    GraphOptions::default().tools
}

fn default_words() -> bool {
    true
}

fn default_enable_gsi() -> bool {
    true
}

fn default_gsi_name() -> String {
    INDEX.to_owned()
}

/// What lies in the table.
const SUMMARY: &str = "a graph as Mem0 keeps it: an item a node, three items an edge";

/// Mem0's names for our inputs.
const NAMES: &[(&str, &str)] = &[
    ("table_name", "tableName"),
    ("endpoint_url", "endpoint"),
    ("enable_gsi", "enableGsi"),
    ("gsi_name", "gsiName"),
];

const NEVER_EXPIRES: &str = "is left out: facts do not expire; forget them instead";

const MEANINGLESS: &[(&str, &str)] = &[
    (
        "use_iam_role",
        "is left out: the connected credential says who signs, be it this machine's role or a key",
    ),
    ("ttl_enabled", NEVER_EXPIRES),
    ("ttl_attribute", NEVER_EXPIRES),
    ("ttl_days", NEVER_EXPIRES),
];

/// The node `mem0DynamoDBGraphMemory`.
#[derive(Debug)]
pub struct Mem0DynamoDbGraphMemory;

impl Node for Mem0DynamoDbGraphMemory {
    type Inputs = Inputs;

    const TYPE: &'static str = "mem0DynamoDBGraphMemory";
    const CATEGORY: Category = Category::MEMORY;
    const ICON: &'static str = include_str!("icon.svg");
    const DOCS: &'static str = include_str!("docs.md");
    const CREDENTIALS: &'static [CredentialSlot] = &[CredentialSlot {
        title: "AWS credential",
        types: &[AwsApi::TYPE],
        required: Required::Unless { input: "endpoint", value: BUILTIN },
    }];
    const INPUT_PORTS: &'static [Port] = &[Port::new("history", "History", &["BaseHistoryStore"])];
    const OUTPUT_PORTS: &'static [Port] =
        &[Port::new("graph", "Graph Memory", &["Mem0DynamoDBGraphMemory", "BaseGraphMemory"])];
    const CAPABILITIES: &'static [Capability] = &[Capability::Builtin, Capability::SetUp];

    fn adopt(inputs: &mut Map<String, Value>) -> Result<Vec<Problem>, Problem> {
        configuration::adopt(inputs, NAMES, MEANINGLESS)
    }

    async fn connect(inputs: Inputs, args: ConnectArgs<'_>) -> Result<Connected> {
        let found = table(&inputs).find(inputs.endpoint.as_deref(), &inputs.region, &args).await?;
        let store = Mem0GraphStore::new((*found.client).clone(), config(&inputs))?;
        let options = GraphOptions {
            memory_key: inputs.memory_key,
            max_facts: inputs.max_facts,
            max_bytes: inputs.max_bytes,
            depth: inputs.depth,
            tools: inputs.tools,
        };
        let memory = GraphMemory::new(Arc::new(store), args.context.scope.clone(), options)
            .with_history(args.ports.history("history")?);
        Ok(Connected::new(Instance::Graph(Arc::new(memory))).with_health(found.check()))
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

crate::register_node!(Mem0DynamoDbGraphMemory);

fn config(inputs: &Inputs) -> GraphConfig {
    GraphConfig {
        index: inputs.enable_gsi.then(|| inputs.gsi_name.clone()),
        words: inputs.find_by_words,
        consistency: inputs.consistency,
        ..GraphConfig::new(&inputs.table_name)
    }
}

fn table(inputs: &Inputs) -> FixedTable {
    FixedTable { definition: graph::table(&config(inputs)), summary: SUMMARY, needs: graph::NEEDS }
}
