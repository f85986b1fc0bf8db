#![doc = include_str!("docs.md")]

mod inputs;

use std::num::NonZeroU64;
use std::sync::Arc;

use serde_json::{Map, Value};

pub use inputs::Inputs;

use crate::credentials::aws::fixed_table::FixedTable;
use crate::credentials::aws::{AwsApi, choices};
use crate::declare::{
    BUILTIN, Capability, Category, Choice, ConnectArgs, Connected, CredentialSlot, CredentialType, Diagnosis,
    Instance, Node, Port, Problem, Required, SetUp,
};
use crate::dynamodb::mem0::configuration;
use crate::dynamodb::mem0::conversation::{self, ConversationConfig, ConversationStore};
use crate::dynamodb::tables::TableDefinition;
use crate::error::{Error, ErrorKind, Result};
use crate::memory::{ChatMemory, MemoryOptions};
use crate::session::{Scope, SessionId};
use crate::store::Metered;

const DAY_SECS: u64 = 86_400;

/// What lies in the table.
const SUMMARY: &str = "one item a conversation, as Mem0 keeps it; it holds at most 400 KB";

/// Mem0's names for our inputs.
const NAMES: &[(&str, &str)] = &[
    ("table_name", "tableName"),
    ("endpoint_url", "endpoint"),
    ("ttl_enabled", "ttlEnabled"),
    ("ttl_attribute", "ttlAttribute"),
    ("ttl_days", "ttlDays"),
];

const MEANINGLESS: &[(&str, &str)] = &[(
    "use_iam_role",
    "is left out: the connected credential says who signs, be it this machine's role or a key",
)];

/// The node `mem0DynamoDBConversationMemory`.
#[derive(Debug)]
pub struct Mem0DynamoDbConversationMemory;

impl Node for Mem0DynamoDbConversationMemory {
    type Inputs = Inputs;

    const TYPE: &'static str = "mem0DynamoDBConversationMemory";
    const CATEGORY: Category = Category::MEMORY;
    const ICON: &'static str = include_str!("icon.svg");
    const DOCS: &'static str = include_str!("docs.md");
    const CREDENTIALS: &'static [CredentialSlot] = &[CredentialSlot {
        title: "AWS credential",
        types: &[AwsApi::TYPE],
        required: Required::Unless { input: "endpoint", value: BUILTIN },
    }];
    const OUTPUT_PORTS: &'static [Port] =
        &[Port::new("memory", "Memory", &["Mem0DynamoDBConversationMemory", "BaseChatMemory", "BaseMemory"])];
    const CAPABILITIES: &'static [Capability] =
        &[Capability::Builtin, Capability::Sessions, Capability::Expiry, Capability::SetUp];

    fn adopt(inputs: &mut Map<String, Value>) -> Result<Vec<Problem>, Problem> {
        configuration::adopt(inputs, NAMES, MEANINGLESS)
    }

    async fn connect(inputs: Inputs, args: ConnectArgs<'_>) -> Result<Connected> {
        let scope = args.context.scope.clone();
        check_scope(&inputs, &scope)?;
        let options = MemoryOptions {
            session: inputs.session_id.clone().map(SessionId::new).transpose()?,
            memory_key: inputs.memory_key.clone(),
            recall: inputs.recall.clone(),
            consistency: inputs.consistency,
            exact: false,
        };
        let found = table(&inputs).find(inputs.endpoint.as_deref(), &inputs.region, &args).await?;
        let store = ConversationStore::new((*found.client).clone(), config(&inputs))?;
        let memory = ChatMemory::new(Arc::new(Metered(store)), scope, options);
        Ok(Connected::new(Instance::Memory(Arc::new(memory))).with_health(found.check()))
    }

    async fn choices(
        method: &str,
        inputs: &Map<String, Value>,
        args: ConnectArgs<'_>,
    ) -> Result<Vec<Choice>> {
        choices::of::<Self>(method, inputs, &args).await
    }

    async fn diagnose(inputs: Inputs, args: ConnectArgs<'_>) -> Result<Diagnosis> {
        let mut diagnosis = Diagnosis::default();
        if let Err(error) = inputs.session_id.clone().map(SessionId::new).transpose() {
            diagnosis.failed("inputs", &error);
        }
        if let Err(error) = check_scope(&inputs, &args.context.scope) {
            diagnosis.failed("scope", &error);
        }
        Ok(table(&inputs).diagnose(inputs.endpoint.as_deref(), &inputs.region, &args, diagnosis).await)
    }

    async fn set_up(inputs: Inputs, args: ConnectArgs<'_>) -> Result<SetUp> {
        table(&inputs).set_up(inputs.endpoint.as_deref(), &inputs.region, &args).await
    }
}

crate::register_node!(Mem0DynamoDbConversationMemory);

fn table(inputs: &Inputs) -> FixedTable {
    let definition = TableDefinition {
        expiry_attribute: inputs.ttl_enabled.then(|| inputs.ttl_attribute.clone()),
        ..conversation::table(&inputs.table_name)
    };
    FixedTable { definition, summary: SUMMARY, needs: conversation::NEEDS }
}

fn config(inputs: &Inputs) -> ConversationConfig {
    let ttl_secs =
        NonZeroU64::from(inputs.ttl_days).saturating_mul(NonZeroU64::MIN.saturating_add(DAY_SECS - 1));
    ConversationConfig {
        user_id: inputs.user_id.clone(),
        ttl_attribute: inputs.ttl_attribute.clone(),
        ttl_secs: inputs.ttl_enabled.then_some(ttl_secs),
        ..ConversationConfig::new(&inputs.table_name)
    }
}

fn check_scope(inputs: &Inputs, scope: &Scope) -> Result<()> {
    if scope.is_local() || inputs.user_id.is_none() {
        return Ok(());
    }
    let message =
        "a memory of one user has no place for a scope; leave `userId` out, and each scope is a user";
    Err(Error::new(ErrorKind::Unsupported, message).with("scope", scope.as_str()))
}
