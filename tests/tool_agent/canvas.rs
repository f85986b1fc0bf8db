//! Nodes connected as a host connects them: by type and JSON.

use std::sync::{Arc, Mutex};

use canvas_memory::chain::{Chain, Outcome, RunEvent, RunRequest, StepKind};
use canvas_memory::clock::Clock;
use canvas_memory::declare::{
    BuiltinDynamoDb, BuiltinEngines, BuiltinUpstash, ConnectArgs, ConnectContext, Connected, Instance, Secret,
};
use canvas_memory::dynamodb::DynamoClient;
use canvas_memory::graph::GraphMemory;
use canvas_memory::memory::ChatMemory;
use canvas_memory::message::Message;
use canvas_memory::registry::Registry;
use canvas_memory::session::{SessionId, TurnId};
use canvas_memory::{Error, Result};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::support::dynoxide::Dynoxide;
use crate::support::openai_stub::OpenAiStub;
use crate::support::upstash_endpoint::{Endpoint, TOKEN};

/// 2024-02-29T12:00:00Z, a Thursday.
pub(crate) const NOW_EPOCH_SECS: u64 = 1_709_208_000;

/// Both engines, and a registry of all nodes.
pub(crate) struct Canvas {
    registry: Registry,
    context: ConnectContext,
    dynamodb: Dynoxide,
    pub(crate) upstash: Endpoint,
}

#[derive(Debug)]
struct Engines {
    dynamodb: String,
    upstash: String,
}

impl BuiltinEngines for Engines {
    fn dynamodb(&self) -> Result<BuiltinDynamoDb> {
        let [access_key, secret_key] = ["AKIDBUILTIN", "hunter2"].map(Secret::new);
        Ok(BuiltinDynamoDb { endpoint: self.dynamodb.clone(), access_key, secret_key })
    }

    fn upstash(&self) -> Result<BuiltinUpstash> {
        Ok(BuiltinUpstash { url: self.upstash.clone(), token: Secret::new(TOKEN) })
    }
}

/// Each layout in which a chat memory keeps turns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    DynamoDbTurns,
    DynamoDbList,
    DynamoDbHistory,
    UpstashList,
}

pub(crate) const LAYOUTS: [Layout; 4] =
    [Layout::DynamoDbTurns, Layout::DynamoDbList, Layout::DynamoDbHistory, Layout::UpstashList];

impl Canvas {
    pub(crate) async fn new() -> Self {
        let (dynamodb, upstash) = (Dynoxide::start(), Endpoint::start().await);
        let engines = Engines { dynamodb: dynamodb.endpoint.clone(), upstash: upstash.url.clone() };
        let context = ConnectContext {
            engines: Arc::new(engines),
            clock: Clock::manual(NOW_EPOCH_SECS),
            ..ConnectContext::default()
        };
        Self { registry: Registry::collect(), context, dynamodb, upstash }
    }

    pub(crate) async fn connect(
        &self,
        node: &str,
        inputs: Value,
        ports: impl IntoIterator<Item = (&'static str, Instance)>,
    ) -> Result<Connected> {
        let args = ports
            .into_iter()
            .fold(ConnectArgs::new(&self.context), |args, (port, instance)| args.with_port(port, instance));
        self.registry.connect_json(node, &inputs, args).await
    }

    pub(crate) async fn memory(&self, layout: Layout) -> Arc<ChatMemory> {
        let (node, inputs) = match layout {
            Layout::UpstashList => ("upstashRedisBackedChatMemory", json!({"baseURL": "builtin"})),
            Layout::DynamoDbTurns => (
                "DynamoDBChatMemory",
                json!({"tableName": "turns", "partitionKey": "id", "endpoint": "builtin"}),
            ),
            Layout::DynamoDbList | Layout::DynamoDbHistory => {
                let layout = if layout == Layout::DynamoDbList { "list" } else { "history" };
                self.dynamodb.table(layout, "id", None, Clock::system()).await;
                let inputs = json!({"tableName": layout, "partitionKey": "id", "endpoint": "builtin", "layout": layout});
                ("DynamoDBChatMemory", inputs)
            }
        };
        self.connect(node, inputs, []).await.unwrap().memory().unwrap()
    }

    /// A graph memory in the table `graph`.
    pub(crate) async fn graph(&self, inputs: Value) -> Arc<GraphMemory> {
        let mut all = json!({"tableName": "graph", "endpoint": "builtin"});
        all.as_object_mut().unwrap().extend(inputs.as_object().unwrap().clone());
        self.connect("mem0DynamoDBGraphMemory", all, []).await.unwrap().graph().unwrap()
    }

    /// A client of the DynamoDB that `builtin` means.
    pub(crate) fn client(&self) -> DynamoClient {
        self.dynamodb.client(Clock::manual(NOW_EPOCH_SECS))
    }

    pub(crate) async fn tool(&self, node: &str) -> Instance {
        self.connect(node, json!({}), []).await.unwrap().instance
    }

    pub(crate) async fn model(&self, stub: &OpenAiStub) -> Instance {
        let inputs = json!({"modelName": "stub-1", "baseURL": stub.base_url});
        self.connect("chatModel", inputs, []).await.unwrap().instance
    }

    /// An agent with these tools; `inputs` are its settings.
    pub(crate) async fn agent_with(
        &self,
        stub: &OpenAiStub,
        memory: Option<Arc<ChatMemory>>,
        tools: Vec<Instance>,
        inputs: Value,
    ) -> Result<Arc<dyn Chain>> {
        let mut ports = vec![("model", self.model(stub).await)];
        ports.extend(memory.map(|memory| ("memory", Instance::Memory(memory))));
        ports.extend(tools.into_iter().map(|tool| ("tools", tool)));
        self.connect("toolAgent", inputs, ports).await?.chain()
    }

    /// An agent with both tools of this crate.
    pub(crate) async fn agent(&self, stub: &OpenAiStub, memory: Option<Arc<ChatMemory>>) -> Arc<dyn Chain> {
        let tools = vec![self.tool("calculator").await, self.tool("currentDateTime").await];
        self.agent_with(stub, memory, tools, json!({})).await.unwrap()
    }

    pub(crate) async fn conversation(
        &self,
        stub: &OpenAiStub,
        memory: Option<Arc<ChatMemory>>,
        inputs: Value,
    ) -> Arc<dyn Chain> {
        let mut ports = vec![("model", self.model(stub).await)];
        ports.extend(memory.map(|memory| ("memory", Instance::Memory(memory))));
        self.connect("conversationChain", inputs, ports).await.unwrap().chain().unwrap()
    }
}

pub(crate) fn session() -> SessionId {
    SessionId::new("session-1").unwrap()
}

/// A message of the session.
pub(crate) fn request(text: &str) -> RunRequest {
    RunRequest {
        message: Message::user(text),
        session: Some(session()),
        chat: SessionId::new("chat-1").unwrap(),
        turn_id: None,
        stop: CancellationToken::new(),
    }
}

pub(crate) fn request_with_id(text: &str, turn_id: &str) -> RunRequest {
    RunRequest { turn_id: Some(TurnId::new(turn_id).unwrap()), ..request(text) }
}

/// A run with its events in short: `started`, `loaded N`, `text …`, `answered N` (calls), `called TOOL ok`, `stored`.
pub(crate) struct Ran {
    pub(crate) result: Result<Outcome>,
    pub(crate) events: Vec<String>,
}

pub(crate) async fn run(chain: &dyn Chain, request: RunRequest) -> Ran {
    run_with(chain, request, |_| {}).await
}

/// Runs, and shows each event to `look` in short.
pub(crate) async fn run_with(
    chain: &dyn Chain,
    request: RunRequest,
    look: impl Fn(&str) + Send + Sync,
) -> Ran {
    let events = Mutex::new(Vec::new());
    let result = chain
        .run(request, &mut |event| {
            let short = in_short(&event);
            look(&short);
            events.lock().unwrap().push(short);
        })
        .await;
    Ran { result, events: events.into_inner().unwrap() }
}

fn in_short(event: &RunEvent) -> String {
    match event {
        RunEvent::Started { .. } => "started".to_owned(),
        RunEvent::Text { text } => format!("text {text}"),
        RunEvent::Step(step) => match &step.kind {
            StepKind::Loaded { messages, .. } => format!("loaded {messages}"),
            StepKind::FactsFound { facts, problem, .. } => match problem {
                None => format!("found {}", facts.len()),
                Some(_) => "facts could not be read".to_owned(),
            },
            StepKind::Answered { tool_calls, .. } => format!("answered {tool_calls}"),
            StepKind::ToolCalled { tool, ok, .. } => {
                format!("called {tool} {}", if *ok { "ok" } else { "failed" })
            }
            StepKind::Stored { duplicate } => {
                format!("stored{}", if *duplicate { " before" } else { "" })
            }
        },
    }
}

impl Ran {
    pub(crate) fn outcome(self) -> Outcome {
        self.result.unwrap_or_else(|error| panic!("{error}: {:?}", self.events))
    }

    pub(crate) fn error(self) -> Error {
        self.result.expect_err("the run failed")
    }
}

/// Role and text of each message, with the ids of calls and results.
pub(crate) fn shape<'a>(messages: impl IntoIterator<Item = &'a Message>) -> Vec<String> {
    let one = |message: &Message| {
        let calls: String = message.tool_calls.iter().map(|call| format!(" +{}", call.id)).collect();
        let answers = message.tool_call_id.as_ref().map(|id| format!(" ={id}")).unwrap_or_default();
        let mark = if canvas_memory::chain::is_stopped(message) { " (stopped)" } else { "" };
        format!("{}{calls}{answers}: {}{mark}", message.role, message.text())
    };
    messages.into_iter().map(one).collect()
}

/// The same of what a model was sent.
pub(crate) fn sent_shape(messages: &[Value]) -> Vec<String> {
    let one = |message: &Value| {
        let calls = message["tool_calls"].as_array().into_iter().flatten();
        let calls: String = calls.map(|call| format!(" +{}", call["id"].as_str().unwrap())).collect();
        let answers = message["tool_call_id"].as_str().map(|id| format!(" ={id}")).unwrap_or_default();
        let text = message["content"].as_str().unwrap();
        format!("{}{calls}{answers}: {text}", message["role"].as_str().unwrap())
    };
    messages.iter().map(one).collect()
}

pub(crate) async fn stored(memory: &ChatMemory) -> Vec<Message> {
    memory.load(&session()).await.unwrap().messages().cloned().collect()
}
