//! A Redis list of messages a session, newest at the head, as LangChain and the canvas nodes keep it.
//!
//! An entry is LangChain's stored message. Ours begin with a mark that other readers pass over: the first message of a
//! turn with `"cm":{"turn","n","sum","at","rnd","tokens"?}` (turn id, number of messages, checksum of them, seconds since
//! 1970, a random text, token count), the others with `"cm":rnd`. Beside the list `K` stand two hashes: `K:cm:notes`,
//! and `K:cm:ids` with the turn ids that are remembered for 24 hours.
//!
//! An append is one script, a load another, each one command in one request. An append looks for its turn id among the
//! newest 256 entries, and among all that came after the position that it is handed.

mod entry;
mod group;
mod pages;
mod scripts;
mod store;

use std::num::NonZeroU32;

use crate::clock::Clock;
use crate::error::{Error, ErrorKind, Result};
use crate::langchain::Dialect;
use crate::session::{Scope, SessionKey};

use super::client::Client;

/// The key prefix of LangChain Python; sessions under it are written in its dialect.
pub const PYTHON_KEY_PREFIX: &str = "message_store:";

/// The commands that the scripts and the single requests of this layout use, beside `EVAL` and `SCAN`.
pub const RIGHTS: &[&str] = &[
    "DEL", "EXPIRE", "HDEL", "HEXISTS", "HGET", "HGETALL", "HLEN", "HSET", "LINDEX", "LLEN", "LPUSH",
    "LRANGE", "LTRIM", "PERSIST", "PEXPIRE", "PTTL",
];

const NOTES: &str = ":cm:notes";
const IDS: &str = ":cm:ids";

/// How an [`UpstashListStore`] keeps sessions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListOptions {
    /// What stands before the session id in the key. Empty for LangChain JS and the canvas nodes,
    /// [`PYTHON_KEY_PREFIX`] for LangChain Python.
    pub key_prefix: String,
    /// A session expires so many seconds after its newest turn; set in the write itself. `None` leaves a lifetime that
    /// the key already has as it is.
    pub session_ttl_secs: Option<NonZeroU32>,
    /// Each append removes what is older than the newest so many messages, and keeps the oldest turn of them whole.
    pub trim_messages: Option<NonZeroU32>,
    /// Remembers every turn id for 24 hours, not only those of appends that ask for it.
    pub exact: bool,
}

/// Keeps sessions in Redis lists over the Upstash REST API.
#[derive(Clone, Debug)]
pub struct UpstashListStore {
    client: Client,
    options: ListOptions,
    clock: Clock,
}

impl UpstashListStore {
    /// A store on a connected client.
    #[must_use]
    pub fn new(client: Client, options: ListOptions) -> Self {
        Self { client, options, clock: Clock::system() }
    }

    /// Tells the time by another clock. Redis expires keys by its own.
    #[must_use]
    pub fn with_clock(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }

    fn dialect(&self) -> Dialect {
        if self.options.key_prefix == PYTHON_KEY_PREFIX { Dialect::Python } else { Dialect::Js }
    }

    fn keys(&self, key: &SessionKey) -> Result<Keys> {
        check_scope(&key.scope)?;
        let list = format!("{}{}", self.options.key_prefix, key.session);
        if is_side_key(&list) {
            let problem =
                format!("ends with `{NOTES}` or `{IDS}`, which this layout keeps for itself; choose another");
            return Err(Error::invalid_input("sessionId", problem));
        }
        Ok(Keys { notes: format!("{list}{NOTES}"), ids: format!("{list}{IDS}"), list })
    }

    fn ttl_secs(&self) -> u32 {
        self.options.session_ttl_secs.map_or(0, NonZeroU32::get)
    }

    /// When a key expires that has `pttl_millis` left; Redis says a number below 0 where it never does.
    fn expires_at(&self, pttl_millis: i64) -> Option<u64> {
        let millis = u64::try_from(pttl_millis).ok()?;
        Some(self.clock.epoch_secs().saturating_add(millis.div_ceil(1_000)))
    }
}

/// The keys of a session.
struct Keys {
    list: String,
    notes: String,
    ids: String,
}

fn is_side_key(key: &str) -> bool {
    key.ends_with(NOTES) || key.ends_with(IDS)
}

fn check_scope(scope: &Scope) -> Result<()> {
    if scope.is_local() {
        return Ok(());
    }
    let message = "this layout has no place for a scope; use the scope `local`, or one key prefix a scope";
    Err(Error::new(ErrorKind::Unsupported, message).with("scope", scope.as_str()))
}
