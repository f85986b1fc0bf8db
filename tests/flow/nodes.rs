//! Nodes that only tests have.

use std::sync::{Arc, LazyLock};

use canvas_memory::credentials::upstash_redis::UpstashRedisApi;
use canvas_memory::declare::{
    Category, ConnectArgs, Connected, CredentialEntry, CredentialSlot, CredentialType, Health, Instance,
    Node, NodeEntry, Port, Required,
};
use canvas_memory::memory::{ChatMemory, MemoryOptions};
use canvas_memory::nodes::chains::conversation::ConversationChainNode;
use canvas_memory::nodes::models::echo::EchoModelNode;
use canvas_memory::registry::Registry;
use canvas_memory::store::InProcessStore;
use canvas_memory::{Error, ErrorKind, Result};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};
use tokio::sync::Barrier;

const ICON: &str = r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"/>"#;

/// Nothing
///
/// Takes nothing.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Nothing {}

/// Says a node in a few lines.
macro_rules! node {
    ($rust:ident, $name:literal, $inputs:ty, $outputs:expr, { $($constant:item)* }, $connect:expr) => {
        pub(crate) struct $rust;
        impl Node for $rust {
            type Inputs = $inputs;
            const TYPE: &'static str = $name;
            const CATEGORY: Category = Category("Tests");
            const ICON: &'static str = ICON;
            const DOCS: &'static str = "For tests.";
            const OUTPUT_PORTS: &'static [Port] = $outputs;
            $($constant)*
            async fn connect(inputs: $inputs, args: ConnectArgs<'_>) -> Result<Connected> {
                let connect: fn($inputs, &ConnectArgs<'_>) -> Result<Instance> = $connect;
                Ok(Connected::new(connect(inputs, &args)?).with_health(async { Ok(Health::default()) }))
            }
        }
    };
}

const MEMORY: &[Port] = &[Port::new("memory", "Memory", &["BaseChatMemory", "BaseMemory"])];
const TEXT: &[Port] = &[Port::new("out", "Out", &["Text"])];

fn memory() -> Instance {
    let store = Arc::new(InProcessStore::new());
    Instance::Memory(Arc::new(ChatMemory::new(store, Default::default(), MemoryOptions::default())))
}

node!(Kept, "kept", Nothing, MEMORY, {}, |_, _| Ok(memory()));

node!(Broken, "broken", Nothing, MEMORY, {}, |_, _| {
    Err(Error::new(ErrorKind::Unavailable, "the database is down"))
});

node!(
    Locked,
    "locked",
    Nothing,
    MEMORY,
    {
        const CREDENTIALS: &'static [CredentialSlot] =
            &[CredentialSlot { title: "Key", types: &[UpstashRedisApi::TYPE], required: Required::Is(true) }];
    },
    |_, args| match &args.credential {
        Some(credential) if credential.id() == "upstash" => Ok(memory()),
        _ => Err(Error::new(ErrorKind::MissingCredential, "no credential came")),
    }
);

/// Words
///
/// Said in version 2; version 1 called them `text`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Words {
    words: String,
}

node!(
    Relay,
    "relay",
    Words,
    TEXT,
    {
        const VERSION: u32 = 2;
        const INPUT_PORTS: &'static [Port] = &[Port::new("in", "In", &["Text"]).many()];
        fn upgrade(from_version: u32, inputs: &mut Map<String, Value>) -> Result<()> {
            assert_eq!(from_version, 1, "only older versions come here");
            let Some(text) = inputs.remove("text") else {
                return Err(Error::invalid_input("text", "is missing"));
            };
            inputs.insert("words".to_owned(), text);
            Ok(())
        }
    },
    |inputs, args| {
        let before = args.ports.all("in").iter().map(|instance| match instance {
            Instance::Other(words) => words.downcast_ref::<String>().unwrap().clone(),
            other => panic!("{other:?}"),
        });
        let words: Vec<String> = before.chain([inputs.words]).collect();
        Ok(Instance::Other(Arc::new(words.join(" "))))
    }
);

/// Lets through only when two of it connect at once.
pub(crate) struct Pair;

static PAIR: LazyLock<Barrier> = LazyLock::new(|| Barrier::new(2));

impl Node for Pair {
    type Inputs = Nothing;
    const TYPE: &'static str = "pair";
    const CATEGORY: Category = Category("Tests");
    const ICON: &'static str = ICON;
    const DOCS: &'static str = "For tests.";
    const OUTPUT_PORTS: &'static [Port] = TEXT;
    async fn connect(_: Nothing, _: ConnectArgs<'_>) -> Result<Connected> {
        PAIR.wait().await;
        Ok(Connected::new(Instance::Other(Arc::new("pair".to_owned()))))
    }
}

/// Model and chain of the library, and these.
pub(crate) fn registry() -> Registry {
    let nodes = [
        NodeEntry::of::<EchoModelNode>(),
        NodeEntry::of::<ConversationChainNode>(),
        NodeEntry::of::<Kept>(),
        NodeEntry::of::<Broken>(),
        NodeEntry::of::<Locked>(),
        NodeEntry::of::<Relay>(),
        NodeEntry::of::<Pair>(),
    ];
    let registry = Registry::of(nodes, [CredentialEntry::of::<UpstashRedisApi>()]);
    assert_eq!(registry.refused(), []);
    registry
}
