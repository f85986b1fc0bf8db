//! A node written outside of the library: a memory that forgets when the program ends.
//!
//! `cargo run -p canvas-memory --example custom_node`

use std::sync::{Arc, LazyLock};

use canvas_memory::declare::{
    Category, ConnectArgs, ConnectContext, Connected, Health, Instance, Node, Port, Ui, Widget,
};
use canvas_memory::memory::{ChatMemory, MemoryKey, MemoryOptions};
use canvas_memory::message::Message;
use canvas_memory::registry::Registry;
use canvas_memory::session::{SessionId, Turn};
use canvas_memory::store::{Append, InProcessStore};
use schemars::JsonSchema;
use serde::Deserialize;

/// Scratch Memory
///
/// Keeps conversations until the program ends.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ScratchInputs {
    /// Memory key
    ///
    /// The prompt variable under which a chain finds the history.
    #[serde(default)]
    #[schemars(extend("x-ui" = Ui::new().widget(Widget::Variable).advanced()))]
    memory_key: MemoryKey,
}

struct ScratchMemory;

static STORE: LazyLock<Arc<InProcessStore>> = LazyLock::new(Arc::default);

impl Node for ScratchMemory {
    type Inputs = ScratchInputs;
    const TYPE: &'static str = "scratchMemory";
    const CATEGORY: Category = Category::MEMORY;
    const ICON: &'static str = r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"/>"#;
    const DOCS: &'static str = "Nothing to set up. Nothing is kept past the end of the program.";
    const OUTPUT_PORTS: &'static [Port] =
        &[Port::new("memory", "Memory", &["ScratchMemory", "BaseChatMemory", "BaseMemory"])];

    async fn connect(inputs: ScratchInputs, args: ConnectArgs<'_>) -> canvas_memory::Result<Connected> {
        let options = MemoryOptions { memory_key: inputs.memory_key, ..MemoryOptions::default() };
        let memory = ChatMemory::new(STORE.clone(), args.context.scope.clone(), options);
        let mut health = Health::default();
        health.warn("durability", "everything is lost when the program ends");
        Ok(Connected::new(Instance::Memory(Arc::new(memory))).with_health(async { Ok(health) }))
    }
}

canvas_memory::register_node!(ScratchMemory);

#[tokio::main]
async fn main() -> canvas_memory::Result<()> {
    let context = ConnectContext::default();
    let inputs = serde_json::json!({"memoryKey": "history"});
    let connected =
        Registry::collect().connect_json("scratchMemory", &inputs, ConnectArgs::new(&context)).await?;
    let (memory, session) = (connected.memory()?, SessionId::new("user-id-123")?);
    let messages = [Message::user("Hello my name is Collin."), Message::assistant("Hello Collin!")];
    memory.append(&session, Append::new(Turn::new(messages))).await?;
    let recalled = memory.load(&session).await?;
    for message in recalled.messages() {
        println!("{}: {}", message.role, message.text());
    }
    assert_eq!(recalled.messages().count(), 2);
    for finding in connected.health.await?.findings {
        println!("{}: {}", finding.subject, finding.text);
    }
    Ok(())
}

#[test]
fn the_example_runs() -> canvas_memory::Result<()> {
    main()
}
