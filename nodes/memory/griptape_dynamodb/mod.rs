#![doc = include_str!("docs.md")]

mod diagnose;
mod inputs;
mod table;

use std::sync::Arc;

use serde_json::{Map, Value};

pub use inputs::Inputs;

use crate::credentials::aws::endpoint::Endpoint;
use crate::credentials::aws::{AwsApi, choices};
use crate::declare::{
    BUILTIN, Capability, Category, Choice, ClientKey, ConnectArgs, Connected, CredentialSlot, CredentialType,
    Diagnosis, Health, Instance, Node, Port, Required, SetUp,
};
use crate::dynamodb::griptape::NEEDS;
use crate::dynamodb::{DynamoClient, health};
use crate::error::{Error, ErrorKind, Result};
use crate::memory::{ChatMemory, MemoryOptions};
use crate::recall::Recall;
use crate::session::Scope;
use crate::summary::{AtWork, Summarizer};

/// The input port of the model that writes summaries.
const MODEL: &str = "model";

/// The node `griptapeDynamoDBConversationMemory`.
#[derive(Debug)]
pub struct GriptapeDynamoDbConversationMemory;

impl Node for GriptapeDynamoDbConversationMemory {
    type Inputs = Inputs;

    const TYPE: &'static str = "griptapeDynamoDBConversationMemory";
    const CATEGORY: Category = Category::MEMORY;
    const ICON: &'static str = include_str!("icon.svg");
    const DOCS: &'static str = include_str!("docs.md");
    const CREDENTIALS: &'static [CredentialSlot] = &[CredentialSlot {
        title: "AWS credential",
        types: &[AwsApi::TYPE],
        required: Required::Unless { input: "endpoint", value: BUILTIN },
    }];
    const INPUT_PORTS: &'static [Port] = &[Port::new(MODEL, "Model for summaries", &["BaseChatModel"])];
    const OUTPUT_PORTS: &'static [Port] = &[Port::new(
        "memory",
        "Memory",
        &["GriptapeDynamoDBConversationMemory", "BaseChatMemory", "BaseMemory"],
    )];
    const CAPABILITIES: &'static [Capability] =
        &[Capability::Builtin, Capability::Sessions, Capability::Expiry, Capability::SetUp];

    async fn connect(inputs: Inputs, args: ConnectArgs<'_>) -> Result<Connected> {
        let scope = args.context.scope.clone();
        check_scope(&scope)?;
        inputs.recall.check()?;
        let options = MemoryOptions {
            session: inputs.session()?,
            memory_key: inputs.memory_key.clone(),
            recall: inputs.recall.clone(),
            consistency: inputs.consistency,
            exact: false,
        };
        let endpoint = Endpoint::of(inputs.endpoint.as_deref(), args.context)?;
        let client = endpoint.client(&inputs.region, &args).await?;
        let store = table::store(&client, &inputs)?;
        let definition = table::definition(&inputs)?;
        let key = table::key(&inputs, endpoint.key(&inputs.region, &args));
        if inputs.create_table || endpoint.is_builtin() {
            let create = async || definition.create(&client).await;
            args.context.clients.get(key.clone(), create).await?;
        }
        let summarizer = summarizer(&args, key).await?;
        let is_summarized = summarizer.is_some() || !matches!(inputs.recall, Recall::SummaryAndRecent { .. });
        let memory = ChatMemory::new(store, scope, options);
        let memory = match summarizer {
            Some(summarizer) => memory.with_summarizer(summarizer),
            None => memory,
        };
        let health = async move {
            let mut health = health::check(&client, &definition, table::SUMMARY, NEEDS).await?;
            tell_summary(&mut health, is_summarized);
            Ok(health)
        };
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
        let client: Arc<DynamoClient> = endpoint.client(&inputs.region, &args).await?;
        Ok(table::definition(&inputs)?.create(&client).await?.into())
    }
}

crate::register_node!(GriptapeDynamoDbConversationMemory);

/// Memories on the same sessions share what is at work, so that each session is summarized once at a time.
async fn summarizer(args: &ConnectArgs<'_>, key: ClientKey) -> Result<Option<Summarizer>> {
    let Some(model) = args.ports.model(MODEL)? else { return Ok(None) };
    let at_work = args.context.clients.get(key, async || Ok(AtWork::default())).await?;
    Ok(Some(Summarizer::new(model, args.context.background.clone()).sharing(at_work)))
}

fn tell_summary(health: &mut Health, is_summarized: bool) {
    if !is_summarized {
        let text = "no chat model is connected to `model`, so a summary that is there is read and no turn goes into \
                    it; connect one, or choose another recall";
        health.warn("summary", text);
    }
}

fn check_scope(scope: &Scope) -> Result<()> {
    if scope.is_local() {
        return Ok(());
    }
    let message = "one item a session has no place for a scope; use the node `DynamoDBChatMemory` on a table with a \
                   sort key";
    Err(Error::new(ErrorKind::Unsupported, message).with("scope", scope.as_str()))
}
