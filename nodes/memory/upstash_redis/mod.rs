#![doc = include_str!("docs.md")]

mod diagnose;
mod health;

use std::num::NonZeroU32;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;
use url::Url;

use crate::credentials::upstash_redis::{self, UpstashRedisApi};
use crate::declare::{
    BUILTIN, BuiltinUpstash, Capability, Category, ClientKey, ConnectArgs, Connected, CredentialSlot,
    CredentialType, Diagnosis, Endpoint, Instance, Node, Port, Required, Ui, Widget,
};
use crate::error::{Error, ErrorKind, Result};
use crate::memory::{ChatMemory, MemoryKey, MemoryOptions};
use crate::recall::{self, Recall};
use crate::session::{Scope, SessionId};
use crate::store::{Consistency, Metered};
use crate::upstash::list::{ListOptions, UpstashListStore};
use crate::upstash::{Client, ClientConfig};

/// Upstash Redis-Backed Chat Memory
///
/// Keeps conversations in an Upstash Redis database.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Inputs {
    /// Base URL
    ///
    /// `UPSTASH_REDIS_REST_URL` from the database's page, or `builtin` for the database inside this program.
    #[serde(rename = "baseURL")]
    #[schemars(length(min = 1), extend("x-ui" = Ui::new().placeholder("https://eu1-example-12345.upstash.io").group("Database")))]
    pub base_url: String,
    /// Session ID
    ///
    /// The conversation to continue when a request names none. When left out, each chat has its own.
    #[schemars(length(min = 1), extend("x-ui" = Ui::new().widget(Widget::Session).group("Session")))]
    pub session_id: Option<String>,
    /// Session TTL
    ///
    /// How long after its newest turn a conversation is kept. Left out, it is kept for good.
    #[serde(rename = "sessionTTL")]
    #[schemars(extend("x-ui" = Ui::new().placeholder("86400").unit("seconds").group("Session")))]
    pub session_ttl_secs: Option<NonZeroU32>,
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
    /// Key prefix
    ///
    /// What stands before the session id in the Redis key. `message_store:` shares sessions with LangChain Python.
    #[serde(default)]
    #[schemars(extend("x-ui" = Ui::new().placeholder("message_store:").group("Database").advanced()))]
    pub key_prefix: String,
    /// Trim
    ///
    /// Keeps the newest so many messages and removes older ones for good; the oldest turn that is kept stays whole.
    #[schemars(extend("x-ui" = Ui::new().unit("messages").group("Session").advanced()))]
    pub trim: Option<NonZeroU32>,
    /// Exact
    ///
    /// Remembers the id of every turn for 24 hours, not only those that a request brings.
    #[serde(default)]
    #[schemars(extend("x-ui" = Ui::new().group("Database").advanced()))]
    pub exact: bool,
}

/// The node `upstashRedisBackedChatMemory`.
#[derive(Debug)]
pub struct UpstashRedisBackedChatMemory;

impl Node for UpstashRedisBackedChatMemory {
    type Inputs = Inputs;

    const TYPE: &'static str = "upstashRedisBackedChatMemory";
    const CATEGORY: Category = Category::MEMORY;
    const ICON: &'static str = include_str!("icon.svg");
    const DOCS: &'static str = include_str!("docs.md");
    const CREDENTIALS: &'static [CredentialSlot] = &[CredentialSlot {
        title: "Upstash credential",
        types: &[UpstashRedisApi::TYPE],
        required: Required::Unless { input: "baseURL", value: BUILTIN },
    }];
    const OUTPUT_PORTS: &'static [Port] =
        &[Port::new("memory", "Memory", &["UpstashRedisBackedChatMemory", "BaseChatMemory", "BaseMemory"])];
    const CAPABILITIES: &'static [Capability] =
        &[Capability::Builtin, Capability::Sessions, Capability::Expiry];

    async fn connect(inputs: Inputs, args: ConnectArgs<'_>) -> Result<Connected> {
        let context = args.context;
        check_scope(&context.scope)?;
        let options = MemoryOptions {
            session: inputs.session_id.map(SessionId::new).transpose()?,
            memory_key: inputs.memory_key,
            recall: inputs.recall,
            consistency: Consistency::Strong,
            exact: inputs.exact,
        };
        let database = Database::of(&inputs.base_url, &args)?;
        let client = database.client(&args).await?;
        let list = ListOptions {
            key_prefix: inputs.key_prefix,
            session_ttl_secs: inputs.session_ttl_secs,
            trim_messages: inputs.trim,
            exact: inputs.exact,
        };
        let store = UpstashListStore::new(client.as_ref().clone(), list).with_clock(context.clock.clone());
        let store = Arc::new(Metered(store));
        let health = health::check(client, store.clone(), database.unnamed_host(&args)?);
        let memory = ChatMemory::new(store, context.scope.clone(), options);
        Ok(Connected::new(Instance::Memory(Arc::new(memory))).with_health(health))
    }

    async fn diagnose(inputs: Inputs, args: ConnectArgs<'_>) -> Result<Diagnosis> {
        Ok(diagnose::diagnose(&inputs, &args).await)
    }
}

crate::register_node!(UpstashRedisBackedChatMemory);

fn check_scope(scope: &Scope) -> Result<()> {
    if scope.is_local() {
        return Ok(());
    }
    let message = "a Redis list has no place for a scope; use the scope `local`, or another memory";
    Err(Error::new(ErrorKind::Unsupported, message).with("scope", scope.as_str()))
}

/// Which database a node speaks to.
enum Database {
    Upstash(Endpoint),
    Builtin(BuiltinUpstash),
}

impl Database {
    fn of(base_url: &str, args: &ConnectArgs<'_>) -> Result<Self> {
        if base_url != BUILTIN {
            return args.context.endpoint("baseURL", base_url).map(Self::Upstash);
        }
        args.context.engines.upstash().map(Self::Builtin)
    }

    async fn client(&self, args: &ConnectArgs<'_>) -> Result<Arc<Client>> {
        let key = match self {
            Self::Upstash(endpoint) => ClientKey::new(args.credential.as_ref(), endpoint.url().as_str()),
            Self::Builtin(engine) => ClientKey::new(None, &engine.url),
        };
        let make = async || match self {
            Self::Upstash(endpoint) => {
                upstash_redis::connect(args.credential::<UpstashRedisApi>()?, endpoint)
            }
            Self::Builtin(engine) => Client::new(&ClientConfig::new(&engine.url, engine.token.expose())),
        };
        args.context.clients.get(key, make).await
    }

    /// The address, where it is the node alone that says where the token goes.
    fn unnamed_host(&self, args: &ConnectArgs<'_>) -> Result<Option<Url>> {
        match self {
            Self::Upstash(endpoint) if args.credential::<UpstashRedisApi>()?.host.is_none() => {
                Ok(Some(endpoint.url().clone()))
            }
            Self::Upstash(_) | Self::Builtin(_) => Ok(None),
        }
    }
}
