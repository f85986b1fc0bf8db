//! `canvas-memory memory`: one call of a memory node, JSON in and out.

use std::process::ExitCode;

use canvas_memory::flow::FlowNode;
use canvas_memory::json::RawJson;
use canvas_memory::memory::ChatMemory;
use canvas_memory::message::Message;
use canvas_memory::registry::Registry;
use canvas_memory::session::{Position, SessionId, TokenCount, Turn, TurnId};
use canvas_memory::store::{After, Append, Page, PageToken};
use canvas_memory::{Error, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::args::{MemoryCommand, NodeArgs, PageArgs, SessionArgs};
use super::failure::Failure;
use super::output::Output;
use super::read::{parse_json, read_stdin};
use super::remote::Remote;
use super::workbench::Workbench;

impl MemoryCommand {
    /// Which memory.
    pub(super) fn node(&self) -> &NodeArgs {
        match self {
            Self::Load { node, .. }
            | Self::Append { node, .. }
            | Self::Clear { node, .. }
            | Self::Sessions { node, .. }
            | Self::Inspect { node, .. }
            | Self::Test { node } => node,
        }
    }
}

/// Calls a memory that is connected in this process.
pub(super) async fn run(
    command: &MemoryCommand,
    node: &FlowNode,
    workbench: &Workbench<'_>,
    output: Output,
) -> Result<ExitCode, Failure> {
    let (connected, memory) = workbench.memory(node).await?;
    match command {
        MemoryCommand::Load { session, .. } => {
            output.value(&memory.load(&chosen(&memory, session)?).await?);
        }
        MemoryCommand::Append { session, after, .. } => {
            let session = chosen(&memory, session)?;
            let turn: TurnArgument = parse_json("turn", &read_stdin("turn")?)?;
            output.value(&memory.append(&session, turn.append(after.as_deref())).await?);
        }
        MemoryCommand::Clear { session, .. } => {
            output.value(&memory.clear(&chosen(&memory, session)?).await?);
        }
        MemoryCommand::Sessions { page, .. } => {
            output.value(&memory.store().sessions(memory.scope(), page.page()).await?);
        }
        MemoryCommand::Inspect { session, page, .. } => {
            let key = memory.key(&chosen(&memory, session)?);
            output.value(&memory.store().inspect(&key, page.page()).await?);
        }
        MemoryCommand::Test { .. } => output.value(&connected.health.await?),
    }
    Ok(ExitCode::SUCCESS)
}

/// Lets the host that has the data directory open call the memory.
pub(super) async fn run_remotely(
    command: &MemoryCommand,
    node: &FlowNode,
    remote: &Remote,
    output: Output,
) -> Result<ExitCode, Failure> {
    let memory = json!({"type": node.node_type, "inputs": node.inputs, "credential": node.credential});
    let (path, request) = match command {
        MemoryCommand::Load { session, .. } => ("memory/load", Request::of(session, node)?),
        MemoryCommand::Append { session, after, .. } => {
            let turn: RawJson = parse_json("turn", &read_stdin("turn")?)?;
            let _: TurnArgument = parse_json("turn", turn.as_str())?;
            let request = Request { turn: Some(turn), after: after.clone(), ..Request::of(session, node)? };
            ("memory/append", request)
        }
        MemoryCommand::Clear { session, .. } => ("memory/clear", Request::of(session, node)?),
        MemoryCommand::Sessions { page, .. } => ("memory/sessions", Request::default().with(page)),
        MemoryCommand::Inspect { session, page, .. } => {
            ("memory/inspect", Request::of(session, node)?.with(page))
        }
        MemoryCommand::Test { .. } => {
            output.value(&remote.post("nodes/health", &json!({"node": memory})).await?);
            return Ok(ExitCode::SUCCESS);
        }
    };
    output.value(&remote.post(path, &Request { memory, ..request }).await?);
    Ok(ExitCode::SUCCESS)
}

/// A call of a memory, as the API takes it.
#[derive(Debug, Default, Serialize)]
struct Request {
    memory: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<SessionId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    turn: Option<RawJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    page: Option<String>,
}

impl Request {
    /// A call about the session of the command line, else the node's.
    fn of(args: &SessionArgs, node: &FlowNode) -> Result<Self> {
        let of_node = session_of(node).filter(|id| !id.is_empty());
        let id = args.session.as_deref().or(of_node).ok_or_else(no_session)?;
        Ok(Self { session: Some(SessionId::new(id)?), ..Self::default() })
    }

    fn with(self, args: &PageArgs) -> Self {
        Self { limit: Some(args.limit.get()), page: args.page.clone(), ..self }
    }
}

/// The session that the node's inputs name, in the input that its form takes sessions in with.
fn session_of(node: &FlowNode) -> Option<&str> {
    let registry = Registry::collect();
    let inputs = registry.node_schema(&node.node_type)?.get("properties")?.as_object()?;
    let is_session = |field: &Value| field.pointer("/x-ui/widget").is_some_and(|widget| widget == "session");
    let (name, _) = inputs.iter().find(|(_, field)| is_session(field))?;
    node.inputs.get(name)?.as_str()
}

fn chosen(memory: &ChatMemory, args: &SessionArgs) -> Result<SessionId> {
    match (&args.session, &memory.options().session) {
        (Some(id), _) => SessionId::new(id.clone()),
        (None, Some(id)) => Ok(id.clone()),
        (None, None) => Err(no_session()),
    }
}

fn no_session() -> Error {
    Error::invalid_input("session", "is needed; give --session ID, or the node's own session in --inputs")
}

/// A turn as it is read from standard input.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TurnArgument {
    id: Option<TurnId>,
    messages: Vec<Message>,
    tokens: Option<TokenCount>,
}

impl TurnArgument {
    fn append(self, after: Option<&str>) -> Append {
        let brought = self.id.is_some();
        let turn =
            Turn { id: self.id.unwrap_or_else(TurnId::mint), messages: self.messages, tokens: self.tokens };
        let append = match after {
            Some(position) => Append::new(turn).after(After::Exactly(Some(Position::new(position)))),
            None => Append::new(turn),
        };
        if brought { append.exact() } else { append }
    }
}

impl PageArgs {
    fn page(&self) -> Page {
        Page { limit: self.limit, token: self.page.clone().map(PageToken) }
    }
}
