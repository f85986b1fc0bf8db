//! A real Redis or Valkey behind the REST endpoint.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, Cmd, ErrorKind, Pipeline, RedisError, ServerError, ServerErrorKind, Value};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::OnceCell;

use super::backend::{Backend, BackendError, DISCARDED};
use super::builtin::sha1_hex;
use super::reply::Reply;
use super::request::Command;
use super::shebang;
use crate::engine::EngineError;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(30);
const RECONNECT_ATTEMPTS: usize = 3;
/// More scripts than that are sent whole each time.
const MAX_TRANSLATED_SCRIPTS: usize = 500;

/// Every request shares one connection, so what would block it, or change what it answers to others, is refused.
/// Sorted.
const NOT_SHARED: [&str; 42] = [
    "acl",
    "asking",
    "auth",
    "bgrewriteaof",
    "bgsave",
    "blmove",
    "blmpop",
    "blpop",
    "brpop",
    "brpoplpush",
    "bzmpop",
    "bzpopmax",
    "bzpopmin",
    "client",
    "cluster",
    "config",
    "debug",
    "discard",
    "exec",
    "failover",
    "hello",
    "migrate",
    "module",
    "monitor",
    "multi",
    "psubscribe",
    "psync",
    "punsubscribe",
    "quit",
    "replicaof",
    "reset",
    "save",
    "select",
    "shutdown",
    "slaveof",
    "ssubscribe",
    "subscribe",
    "swapdb",
    "sync",
    "unsubscribe",
    "unwatch",
    "watch",
];
/// These block only when they say so.
const BLOCKING_IF_ASKED: [&str; 3] = ["wait", "xread", "xreadgroup"];

/// A real Redis or Valkey.
pub(super) struct Redis {
    client: Client,
    connection: OnceCell<ConnectionManager>,
    /// Which script Redis knows for the one that a client knows, where a flag had to be taken out.
    scripts: Mutex<HashMap<String, String>>,
}

impl Redis {
    /// Connects once, so that a wrong address or password is known at the start.
    pub(super) fn start(url: &SecretString) -> Result<Self, EngineError> {
        let redis_error = |error: RedisError| EngineError::Redis { reason: describe(&error) };
        let client = Client::open(url.expose_secret()).map_err(redis_error)?;
        let mut connection = client.get_connection_with_timeout(CONNECT_TIMEOUT).map_err(redis_error)?;
        redis::cmd("PING").query::<Value>(&mut connection).map_err(redis_error)?;
        Ok(Self { client, connection: OnceCell::new(), scripts: Mutex::default() })
    }

    async fn connection(&self) -> Result<ConnectionManager, BackendError> {
        let connect = || {
            let config = ConnectionManagerConfig::new()
                .set_connection_timeout(Some(CONNECT_TIMEOUT))
                .set_response_timeout(Some(RESPONSE_TIMEOUT))
                .set_number_of_retries(RECONNECT_ATTEMPTS);
            ConnectionManager::new_with_config(self.client.clone(), config)
        };
        self.connection.get_or_try_init(connect).await.cloned().map_err(|error| {
            BackendError::Failed(format!(
                "ERR could not connect to Redis, nothing was changed: {}",
                describe(&error)
            ))
        })
    }

    /// Makes a script readable for Redis, and an `EVALSHA` of it findable.
    fn translate(&self, mut command: Command) -> Command {
        let loads = command.name() == "script"
            && command.args().first().is_some_and(|arg| arg.eq_ignore_ascii_case(b"load"));
        let evals = matches!(command.name(), "eval" | "eval_ro");
        let by_sha = matches!(command.name(), "evalsha" | "evalsha_ro");
        let at = usize::from(loads);
        if let Some(script) = command.args_mut().get_mut(at) {
            let mut scripts = self.scripts.lock().unwrap_or_else(PoisonError::into_inner);
            if evals || loads {
                let known_to_redis = shebang::without_key_locking(script).into_owned();
                if known_to_redis != *script && scripts.len() < MAX_TRANSLATED_SCRIPTS {
                    scripts.insert(sha1_hex(script), sha1_hex(&known_to_redis));
                }
                *script = known_to_redis;
            } else if by_sha {
                let sha = String::from_utf8_lossy(script).to_ascii_lowercase();
                if let Some(known_to_redis) = scripts.get(&sha) {
                    *script = known_to_redis.clone().into_bytes();
                }
            }
        }
        command
    }
}

#[async_trait]
impl Backend for Redis {
    async fn pipeline(&self, commands: Vec<Command>) -> Result<Vec<Reply>, BackendError> {
        let mut pipeline = redis::pipe();
        let mut refusals = Vec::with_capacity(commands.len());
        for command in commands {
            let refusal = refuse(&command);
            if refusal.is_none() {
                pipeline.add_command(encode(&self.translate(command)));
            }
            refusals.push(refusal);
        }
        let mut answered = self.send(&pipeline).await?.into_iter();
        let replies = refusals.into_iter().map(|refusal| match refusal {
            Some(refusal) => Some(Reply::Error(refusal)),
            None => answered.next(),
        });
        replies.collect::<Option<_>>().ok_or_else(unexpected)
    }

    async fn transaction(&self, commands: Vec<Command>) -> Result<Vec<Reply>, BackendError> {
        if let Some(refusal) = commands.iter().find_map(refuse) {
            return Err(BackendError::Refused(format!("{DISCARDED} {refusal}")));
        }
        let mut pipeline = redis::pipe();
        pipeline.atomic();
        for command in commands {
            pipeline.add_command(encode(&self.translate(command)));
        }
        self.send(&pipeline).await
    }
}

impl Redis {
    async fn send(&self, pipeline: &Pipeline) -> Result<Vec<Reply>, BackendError> {
        if pipeline.is_empty() {
            return Ok(Vec::new());
        }
        let mut connection = self.connection().await?;
        let mut pipeline = pipeline.clone();
        match pipeline.ignore_errors().query_async::<Value>(&mut connection).await {
            Ok(Value::Array(values)) => Ok(values.into_iter().map(reply).collect()),
            Ok(_) => Err(unexpected()),
            Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::ExecAbort) => {
                let reasons = error.into_server_errors();
                let reason = reasons.as_deref().and_then(|reasons| reasons.first());
                Err(BackendError::Refused(match reason {
                    Some((_, reason)) => format!("{DISCARDED} {}", server_error(reason)),
                    None => DISCARDED.to_owned(),
                }))
            }
            Err(error) => Err(BackendError::Failed(format!(
                "ERR Redis did not answer, and whether the command took effect is unknown: {}",
                describe(&error)
            ))),
        }
    }
}

fn refuse(command: &Command) -> Option<String> {
    let blocks = BLOCKING_IF_ASKED.contains(&command.name())
        && (command.name() == "wait" || command.args().iter().any(|arg| arg.eq_ignore_ascii_case(b"block")));
    (blocks || NOT_SHARED.binary_search(&command.name()).is_ok())
        .then(|| format!("ERR Command is not available: '{}'", command.name()))
}

fn encode(command: &Command) -> Cmd {
    let mut encoded = redis::cmd(command.name());
    for arg in command.args() {
        encoded.arg(arg.as_slice());
    }
    encoded
}

fn unexpected() -> BackendError {
    BackendError::Failed("ERR Redis gave an answer of an unexpected shape".to_owned())
}

/// The error in Redis's words, or in the connection's. The address, which may hold a password, is in neither.
fn describe(error: &RedisError) -> String {
    match (error.code(), error.detail()) {
        (Some(code), Some(detail)) => format!("{code} {detail}"),
        (None, Some(detail)) => format!("{}: {detail}", error.category()),
        _ => error.to_string(),
    }
}

/// An answer in the shapes of RESP2, whichever protocol it came by.
fn reply(value: Value) -> Reply {
    match value {
        Value::Nil => Reply::Nil,
        Value::Int(number) => Reply::Int(number),
        Value::BulkString(bytes) => Reply::Bulk(bytes),
        Value::SimpleString(text) => Reply::Status(text),
        Value::Okay => Reply::ok(),
        Value::Array(items) | Value::Set(items) => Reply::Array(items.into_iter().map(reply).collect()),
        Value::Map(pairs) => {
            Reply::Array(pairs.into_iter().flat_map(|(name, value)| [reply(name), reply(value)]).collect())
        }
        Value::Double(number) => Reply::text(number),
        Value::Boolean(value) => Reply::flag(value),
        Value::VerbatimString { text, .. } => Reply::text(text),
        Value::Attribute { data, .. } => reply(*data),
        Value::ServerError(error) => Reply::Error(server_error(&error)),
        other => Reply::Error(format!("ERR Redis gave an answer that REST cannot hold: {}", shape(&other))),
    }
}

/// The error in Redis's words, except for the arguments that it quotes: they may be conversation text.
fn server_error(error: &ServerError) -> String {
    let text = match error.details() {
        Some(details) => format!("{} {details}", error.code()),
        None => error.code().to_owned(),
    };
    match text.split_once(", with args beginning with: ") {
        Some((before, _)) => before.to_owned(),
        None => text,
    }
}

fn shape(value: &Value) -> &'static str {
    match value {
        Value::Push { .. } => "a push message",
        _ => "an unknown type",
    }
}
