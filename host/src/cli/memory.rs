//! `canvas-memory memory`: one call of a memory node, JSON in and out.

use std::process::ExitCode;

use canvas_memory::memory::ChatMemory;
use canvas_memory::message::Message;
use canvas_memory::session::{Position, SessionId, TokenCount, Turn, TurnId};
use canvas_memory::store::{After, Append, Page, PageToken};
use canvas_memory::{Error, Result};
use serde::Deserialize;

use super::args::{MemoryCommand, PageArgs, SessionArgs};
use super::connect::{Workbench, parse_json, read_stdin};
use super::output::Output;

pub(super) async fn run(
    command: &MemoryCommand,
    workbench: &Workbench<'_>,
    output: Output,
) -> Result<ExitCode> {
    match command {
        MemoryCommand::Load { node, session } => {
            let (_, memory) = workbench.memory(node).await?;
            output.value(&memory.load(&chosen(&memory, session)?).await?);
        }
        MemoryCommand::Append { node, session, after } => {
            let (_, memory) = workbench.memory(node).await?;
            let session = chosen(&memory, session)?;
            let turn: TurnArgument = parse_json("turn", &read_stdin("turn")?)?;
            output.value(&memory.append(&session, turn.append(after.as_deref())).await?);
        }
        MemoryCommand::Clear { node, session } => {
            let (_, memory) = workbench.memory(node).await?;
            output.value(&memory.clear(&chosen(&memory, session)?).await?);
        }
        MemoryCommand::Sessions { node, page } => {
            let (_, memory) = workbench.memory(node).await?;
            output.value(&memory.store().sessions(memory.scope(), page.page()).await?);
        }
        MemoryCommand::Inspect { node, session, page } => {
            let (_, memory) = workbench.memory(node).await?;
            let key = memory.key(&chosen(&memory, session)?);
            output.value(&memory.store().inspect(&key, page.page()).await?);
        }
        MemoryCommand::Test { node } => {
            let (connected, _) = workbench.memory(node).await?;
            output.value(&connected.health.await?);
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn chosen(memory: &ChatMemory, args: &SessionArgs) -> Result<SessionId> {
    match (&args.session, &memory.options().session) {
        (Some(id), _) => SessionId::new(id.clone()),
        (None, Some(id)) => Ok(id.clone()),
        (None, None) => {
            Err(Error::invalid_input("session", "is needed; give --session ID, or `sessionId` in --inputs"))
        }
    }
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
