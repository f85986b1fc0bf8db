//! `canvas-memory chat`.

use std::io::{BufRead, IsTerminal, Write};
use std::process::ExitCode;
use std::time::Duration;

use canvas_memory::chain::{Chain, Outcome, RunEvent, RunRequest, Step, StepKind, Stored};
use canvas_memory::memory::{EffectiveSession, SessionSource};
use canvas_memory::message::Message;
use canvas_memory::session::{SessionId, Turn, TurnId};
use canvas_memory::store::{Append, Appended};
use canvas_memory::usage::Usage;
use canvas_memory::{Error, Result, Retry};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::args::ChatArgs;
use super::connect::Workbench;
use super::exit;
use super::output::Output;

/// Pauses before a turn that could not be stored is tried again.
const STORE_AGAIN_AFTER: [Duration; 3] =
    [Duration::from_millis(200), Duration::from_secs(1), Duration::from_secs(3)];

pub(super) async fn run(args: &ChatArgs, workbench: &Workbench<'_>, output: Output) -> Result<ExitCode> {
    let chat = Chat {
        chain: &*workbench.chain(args).await?,
        session: args.session.clone().map(SessionId::new).transpose()?,
        own_session: SessionId::mint(),
        output,
    };
    let turn_id = args.turn_id.clone().map(TurnId::new).transpose()?;
    match &args.message {
        Some(message) => chat.say(message, turn_id).await,
        None => chat.converse().await,
    }
}

struct Chat<'a> {
    chain: &'a dyn Chain,
    session: Option<SessionId>,
    own_session: SessionId,
    output: Output,
}

impl Chat<'_> {
    /// Says each line of standard input, until it ends.
    async fn converse(&self) -> Result<ExitCode> {
        let stdin = std::io::stdin();
        let at_terminal = stdin.is_terminal();
        let mut code = ExitCode::SUCCESS;
        loop {
            if at_terminal {
                let _ = write!(std::io::stderr(), "you> ");
            }
            let mut line = String::new();
            let read = tokio::task::block_in_place(|| stdin.lock().read_line(&mut line));
            match read {
                Ok(0) => return Ok(code),
                Ok(_) if line.trim().is_empty() => continue,
                Ok(_) => {}
                Err(error) => {
                    return Err(Error::invalid_input("message", "is not UTF-8 text").with_source(error));
                }
            }
            code = match self.say(line.trim_end_matches(['\r', '\n']), None).await {
                Ok(code) => code,
                Err(error) => {
                    self.output.error(&error);
                    exit::code(error.kind())
                }
            };
        }
    }

    async fn say(&self, text: &str, turn_id: Option<TurnId>) -> Result<ExitCode> {
        if text.is_empty() {
            return Err(Error::invalid_input("message", "is empty; say something"));
        }
        let request = RunRequest {
            message: Message::user(text),
            session: self.session.clone(),
            chat: self.own_session.clone(),
            turn_id,
            stop: CancellationToken::new(),
        };
        let mut trace = Vec::new();
        let outcome = self.chain.run(request, &mut |event| self.show(event, &mut trace)).await?;
        if !self.output.json {
            self.output.text("\n");
            self.output.note(&trace.join(" · "));
        }
        self.finish(outcome).await
    }

    fn show(&self, event: RunEvent, trace: &mut Vec<String>) {
        if self.output.json {
            return self.output.value(&event);
        }
        match event {
            RunEvent::Started { session, .. } => trace.extend(session.as_ref().map(describe_session)),
            RunEvent::Step(step) => trace.push(describe_step(&step)),
            RunEvent::Text { text } => self.output.text(&text),
        }
    }

    async fn finish(&self, outcome: Outcome) -> Result<ExitCode> {
        let Outcome { turn, session, stored, stopped: _, usage } = outcome;
        let (append, mut error) = match (stored, &session) {
            (Stored::No { error, append }, Some(_)) => (append, error),
            (Stored::Yes(appended), _) => {
                return Ok(self.done(&turn, session.as_ref(), Some(&appended), usage));
            }
            _ => return Ok(self.done(&turn, session.as_ref(), None, usage)),
        };
        let Some(session) = session else { return Err(error) };
        for pause in STORE_AGAIN_AFTER {
            if error.retry() == Retry::Never {
                break;
            }
            tokio::time::sleep(pause).await;
            match self.chain.retry(&session.id, Append::clone(&append)).await {
                Ok(appended) => return Ok(self.done(&turn, Some(&session), Some(&appended), usage)),
                Err(again) => error = again,
            }
        }
        self.not_stored(&turn, &session, &error);
        Ok(ExitCode::from(exit::NOT_STORED))
    }

    fn done(
        &self,
        turn: &Turn,
        session: Option<&EffectiveSession>,
        appended: Option<&Appended>,
        usage: Usage,
    ) -> ExitCode {
        if self.output.json {
            let done = json!({"event": "done", "turn": turn, "session": session, "stored": appended, "usage": usage});
            self.output.value(&done);
        }
        ExitCode::SUCCESS
    }

    /// The answer is there and must not be lost: whoever reads this can store it later.
    fn not_stored(&self, turn: &Turn, session: &EffectiveSession, error: &Error) {
        if self.output.json {
            self.output
                .value(&json!({"event": "not_stored", "turn": turn, "session": session, "error": error}));
            return;
        }
        self.output.error(error);
        let turn = serde_json::to_string(turn).unwrap_or_default();
        self.output.note(&format!(
            "This turn is not stored. To store it once the cause is gone, give these bytes to `canvas-memory memory \
             append` on standard input, with the same node and session:\n{turn}"
        ));
    }
}

fn describe_session(session: &EffectiveSession) -> String {
    let source = match session.source {
        SessionSource::Request => "from --session",
        SessionSource::Node => "from the node",
        SessionSource::Chat => "new",
    };
    format!("session {} ({source})", session.id)
}

fn describe_step(step: &Step) -> String {
    let what = match &step.kind {
        StepKind::Loaded { messages, unreadable: 0, .. } => {
            format!("loaded {}", count(*messages as f64, "message"))
        }
        StepKind::Loaded { messages, unreadable, .. } => {
            format!("loaded {}, {unreadable} unreadable", count(*messages as f64, "message"))
        }
        StepKind::Answered { model, tool_calls: 0, .. } => format!("answered by {model}"),
        StepKind::Answered { model, tool_calls, .. } => {
            format!("{} by {model}", count(*tool_calls as f64, "tool call"))
        }
        StepKind::ToolCalled { tool, ok: true, .. } => format!("called {tool}"),
        StepKind::ToolCalled { tool, ok: false, .. } => format!("called {tool}, which failed"),
        StepKind::Stored { duplicate: true } => "stored before".to_owned(),
        StepKind::Stored { duplicate: false } => "stored".to_owned(),
    };
    let usage = [
        (step.usage.read_units, "read unit"),
        (step.usage.write_units, "write unit"),
        (step.usage.commands as f64, "command"),
    ];
    let mut parts = vec![what];
    parts.extend(usage.iter().filter(|(units, _)| *units > 0.0).map(|(units, name)| count(*units, name)));
    parts.push(format!("{} ms", step.took.as_millis()));
    parts.join(", ")
}

fn count(number: f64, noun: &str) -> String {
    if number == 1.0 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}
