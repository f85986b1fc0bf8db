//! `canvas-memory chat`.

use std::io::{BufRead, IsTerminal, Write};
use std::process::ExitCode;
use std::time::Duration;

use canvas_memory::json::RawJson;
use canvas_memory::message::Message;
use canvas_memory::session::{SessionId, TurnId};
use canvas_memory::{Error, Result};
use serde::Serialize;

use super::args::ChatArgs;
use super::exit;
use super::failure::Failure;
use super::output::Output;
use super::runs::{Kept, Ran, Runs, Said};
use super::trace::Trace;

/// Pauses before a turn that could not be stored is tried again.
const STORE_AGAIN_AFTER: [Duration; 3] =
    [Duration::from_millis(200), Duration::from_secs(1), Duration::from_secs(3)];

/// Says the message of the command line, or each line of standard input.
pub(super) async fn run(args: &ChatArgs, runs: &impl Runs, output: Output) -> Result<ExitCode, Failure> {
    let chat = Chat {
        runs,
        session: args.session.clone().map(SessionId::new).transpose()?,
        own_session: SessionId::mint(),
        speaker: args.speaker.as_deref(),
        output,
    };
    let turn_id = args.turn_id.clone().map(TurnId::new).transpose()?;
    match &args.message {
        Some(message) => chat.say(message, turn_id.as_ref()).await,
        None => chat.converse().await,
    }
}

struct Chat<'a, R> {
    runs: &'a R,
    session: Option<SessionId>,
    own_session: SessionId,
    /// Kept with each message.
    speaker: Option<&'a str>,
    output: Output,
}

/// The last line of `--json`.
#[derive(Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum End<'a> {
    Done { turn: &'a RawJson, session: &'a RawJson, stored: &'a RawJson, usage: &'a RawJson },
    NotStored { turn: &'a RawJson, session: &'a RawJson, error: &'a Failure },
}

impl<R: Runs> Chat<'_, R> {
    /// Says each line of standard input, until it ends.
    async fn converse(&self) -> Result<ExitCode, Failure> {
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
                    return Err(Error::invalid_input("message", "is not UTF-8 text")
                        .with_source(error)
                        .into());
                }
            }
            code = match self.say(line.trim_end_matches(['\r', '\n']), None).await {
                Ok(code) => code,
                Err(failure) => {
                    self.output.error(&failure);
                    failure.exit_code()
                }
            };
        }
    }

    async fn say(&self, text: &str, turn_id: Option<&TurnId>) -> Result<ExitCode, Failure> {
        if text.is_empty() {
            return Err(Error::invalid_input("message", "is empty; say something").into());
        }
        let message = Message { name: self.speaker.map(str::to_owned), ..Message::user(text) };
        let said =
            Said { message: &message, session: self.session.as_ref(), chat: &self.own_session, turn_id };
        let mut trace = Trace::new(self.output);
        let ran = self.runs.run(said, &mut |event| trace.show(&event)).await?;
        trace.end();
        self.finish(ran).await
    }

    async fn finish(&self, ran: Ran<R::Again>) -> Result<ExitCode, Failure> {
        let Ran { turn, session, kept, usage } = ran;
        let done = |stored: &RawJson| {
            if self.output.json {
                self.output.value(&End::Done { turn: &turn, session: &session, stored, usage: &usage });
            }
            Ok(ExitCode::SUCCESS)
        };
        let (mut failure, again) = match kept {
            Kept::Yes(stored) => return done(&stored),
            Kept::No(failure, again) => (failure, again),
        };
        for pause in STORE_AGAIN_AFTER {
            if !failure.is_repeatable() {
                break;
            }
            tokio::time::sleep(pause).await;
            match self.runs.store_again(&again).await {
                Ok(stored) => return done(&stored),
                Err(repeated) => failure = repeated,
            }
        }
        self.not_stored(&turn, &session, &failure);
        Ok(ExitCode::from(exit::NOT_STORED))
    }

    /// The answer is there and must not be lost: whoever reads this can store it later.
    fn not_stored(&self, turn: &RawJson, session: &RawJson, failure: &Failure) {
        if self.output.json {
            self.output.value(&End::NotStored { turn, session, error: failure });
            return;
        }
        self.output.error(failure);
        self.output.note(&format!(
            "This turn is not stored. To store it once the cause is gone, give these bytes to `canvas-memory memory \
             append` on standard input, with the same node and session:\n{}",
            turn.as_str()
        ));
    }
}
