use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use bytes::Bytes;
use serde::Serialize;
use tokio::time::Instant;

use crate::error::{Error, ErrorKind, Result};
use crate::session::{Position, TurnId};
use crate::usage::Usage;

use super::config::ClientConfig;
use super::failure::{self, Failure};
use super::reply::{self, Answer, Reply};
use super::transport::{HttpTransport, Request, Response, Transport};

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// A Redis command with its arguments.
#[derive(Clone, Serialize)]
#[serde(transparent)]
pub struct Command<'a>(Vec<Cow<'a, str>>);

impl<'a> Command<'a> {
    /// The command `name`, still without arguments.
    #[must_use]
    pub fn new(name: &'a str) -> Self {
        Self(vec![name.into()])
    }

    /// Adds a string.
    #[must_use]
    pub fn arg(mut self, argument: impl Into<Cow<'a, str>>) -> Self {
        self.0.push(argument.into());
        self
    }

    /// Adds a number.
    #[must_use]
    pub fn number(self, argument: impl fmt::Display) -> Self {
        self.arg(argument.to_string())
    }
}

impl fmt::Debug for Command<'_> {
    /// Its name and shape: arguments are conversation.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, arguments) = self.0.split_first().unzip();
        let arguments = arguments.unwrap_or_default();
        f.debug_struct("Command")
            .field("name", &name.map(Cow::as_ref).unwrap_or_default())
            .field("arguments", &arguments.len())
            .field("bytes", &arguments.iter().map(|argument| argument.len()).sum::<usize>())
            .finish()
    }
}

/// What commands are for: it decides what may be repeated, and what a lost answer means.
#[derive(Clone, Copy, Debug)]
pub enum Intent<'a> {
    /// They change nothing.
    Read,
    /// They append a turn, which is stored once however often they are sent.
    Append {
        /// The turn.
        turn_id: &'a TurnId,
        /// Where it was tried.
        position: Option<&'a Position>,
    },
    /// They change something, and have the same result however often they are sent.
    Repeatable,
    /// They change something, and a second time they would have another result.
    Once,
}

impl Intent<'_> {
    pub(super) fn is_repeatable(&self) -> bool {
        !matches!(self, Self::Once)
    }

    /// The error for commands that may have been carried out.
    pub(super) fn in_doubt(&self, kind: ErrorKind, problem: &str) -> Error {
        match *self {
            Self::Read => Error::new(kind, problem),
            Self::Append { turn_id, position } => {
                let kind = ErrorKind::Unknown { turn_id: turn_id.clone(), position: position.cloned() };
                let message =
                    format!("{problem}; the turn may be stored, and appending it again under its id is safe");
                Error::new(kind, message)
            }
            Self::Repeatable | Self::Once => {
                Error::new(kind, format!("{problem}; the change may be made, and making it again is safe"))
            }
        }
    }
}

/// A client of one database over its REST API. Clones share connections.
#[derive(Clone)]
pub struct Client {
    transport: Arc<dyn Transport>,
    /// What the last answer said of the state it saw, so that the next request sees no older one.
    sync_token: Arc<Mutex<String>>,
    total_timeout: Duration,
    max_retries: u32,
}

impl Client {
    /// A client over HTTP; it connects with the first call.
    ///
    /// # Errors
    /// As [`HttpTransport::new`].
    pub fn new(config: &ClientConfig) -> Result<Self> {
        Ok(Self::with_transport(Arc::new(HttpTransport::new(config)?), config))
    }

    /// A client over another transport, with the limits of `config`.
    #[must_use]
    pub fn with_transport(transport: Arc<dyn Transport>, config: &ClientConfig) -> Self {
        Self {
            transport,
            sync_token: Arc::default(),
            total_timeout: config.timeouts.total,
            max_retries: config.max_retries,
        }
    }

    /// Runs commands in one request, and gives what each returned. They are not one transaction.
    ///
    /// # Errors
    /// When one of them fails, or the call as a whole; the error carries the usage.
    pub async fn run(&self, commands: &[Command<'_>], intent: Intent<'_>) -> Result<(Vec<Reply>, Usage)> {
        let (path, body) = match commands {
            [command] => ("", serde_json::to_vec(command)),
            commands => ("/pipeline", serde_json::to_vec(commands)),
        };
        let body = Bytes::from(body.map_err(|error| {
            Error::new(ErrorKind::Protocol, "the command has no JSON form").with_source(error)
        })?);
        let deadline = Instant::now() + self.total_timeout;
        let mut usage = Usage::default();
        let mut pauses = ExponentialBuilder::new()
            .with_min_delay(FIRST_PAUSE)
            .with_max_delay(LONGEST_PAUSE)
            .with_max_times(usize::try_from(self.max_retries).unwrap_or(usize::MAX))
            .with_jitter()
            .build();
        let mut doubt = false;
        loop {
            let sync_token = self.sync_token.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let request = Request { path, sync_token, body: body.clone() };
            let failure = match self.attempt(request, commands.len(), deadline, &mut usage).await {
                Ok(replies) => return Ok((replies, usage)),
                Err(failure) => failure,
            };
            doubt |= failure.leaves_doubt();
            let pause = if failure.is_worth_repeating(&intent) { pauses.next() } else { None };
            match pause {
                Some(pause) if Instant::now() + pause < deadline => tokio::time::sleep(pause).await,
                _ => {
                    let error = failure.into_error(&intent, self.transport.endpoint(), doubt);
                    return Err(error.with_usage(usage));
                }
            }
        }
    }

    async fn attempt(
        &self,
        request: Request,
        commands: usize,
        deadline: Instant,
        usage: &mut Usage,
    ) -> Result<Vec<Reply>, Failure> {
        let bytes = request.body.len();
        let sent = match tokio::time::timeout_at(deadline, self.transport.send(request)).await {
            Ok(sent) => sent.map_err(Failure::from),
            Err(_) => Err(Failure::Lost { timed_out: true, source: None }),
        };
        if sent.as_ref().err().is_none_or(Failure::was_sent) {
            usage.requests += 1;
            usage.commands += count(commands);
            usage.bytes_sent += count(bytes);
        }
        let response = sent?;
        usage.bytes_received += count(response.body.len());
        if let Some(token) = &response.sync_token {
            token.clone_into(&mut self.sync_token.lock().unwrap_or_else(PoisonError::into_inner));
        }
        replies(&response, commands)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("transport", &self.transport).finish_non_exhaustive()
    }
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

fn replies(response: &Response, commands: usize) -> Result<Vec<Reply>, Failure> {
    let one = || serde_json::from_slice::<Answer>(&response.body);
    let answers = if commands == 1 {
        one().map(|answer| vec![answer])
    } else {
        serde_json::from_slice::<Vec<Answer>>(&response.body).or_else(|_| one().map(|answer| vec![answer]))
    };
    let Ok(answers) = answers else { return Err(failure::by_status(response.status)) };
    let mut replies = Vec::with_capacity(commands);
    for answer in answers {
        match answer {
            Answer::Result(reply) => replies.push(reply),
            Answer::Error(text) => return Err(failure::by_text(response.status, &text)),
        }
    }
    if replies.len() == commands && response.status == 200 {
        Ok(reply::decode(replies))
    } else {
        Err(failure::by_status(response.status))
    }
}
