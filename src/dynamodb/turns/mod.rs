//! The **turns** layout: an item a turn, on a table with partition and sort key. Its cost per turn does not grow.
//!
//! The rows of a session's partition, from the highest sort key value down, where `SK` is the sort key's *name*:
//!
//! | sort key value | row |
//! |---|---|
//! | `SK#~{name}` | a note, with its version |
//! | `SK#{place, 12 digits}` | a turn, put only where nothing is; or a *barrier*: everything below is cleared |
//! | `SK` | what LangChain JS left: the oldest part of the session, read and never rewritten |
//! | `!id#{turn id}` | a turn id that is remembered for 24 hours (exact appends) |
//! | `!chunk#{place}#{turn id}#{SHA-256}#{n}` | a piece of a turn too big for an item; written before the turn's own item |
//! | `!barrier` | where the newest barrier stands, for reading upwards |
//!
//! One descending query brings notes and newest turns, and stops at the barrier. What a clear removes it replaces by
//! small barriers for two days, so that a writer who had loaded before meets one wherever it tries to write.
//! Sessions are listed in partitions of their own, a row a session and hour.

mod append;
mod chunks;
mod clear;
mod codec;
mod end;
mod inspect;
mod keys;
mod langchain;
mod load;
mod notes;
mod payload;
mod position;
mod requests;
mod sessions;
mod stream;
mod sweep;
mod table;

use std::num::NonZeroU64;

use async_trait::async_trait;
use futures_util::stream::BoxStream;

use self::codec::attr;
use self::keys::SortKeys;
use super::client::DynamoClient;
use super::size::Item;
use crate::error::{Error, Result};
use crate::session::{Scope, SessionKey};
use crate::store::{
    Append, Appended, Capabilities, ChatStore, Cleared, Consistency, Dedupe, Inspection, NoteRead,
    NoteWritten, Page, Recent, SessionOrder, Sessions, TurnPage, Window,
};

pub use self::payload::MAX_TURN_BYTES;
pub use self::sweep::Swept;
pub use self::table::{NEEDS, table};

/// How long a turn id is remembered, how long a position is taken at its word, and how old a piece of a turn must be
/// before it counts as left behind.
const DAY_SECS: u64 = 86_400;

/// Which table, and how its rows are named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TurnsConfig {
    /// The table's name.
    pub table: String,
    /// The partition key's name; of type S.
    pub partition_key: String,
    /// The sort key's name; of type S.
    pub sort_key: String,
    /// The attribute of the messages in an item that LangChain JS left, where it is not `messages`.
    pub messages_attribute: Option<String>,
    /// The attribute with the epoch seconds at which DynamoDB may remove a row. Rows past theirs are never shown.
    pub expiry_attribute: Option<String>,
    /// How long each turn is kept, in seconds, from its own write on. Needs `expiry_attribute`.
    pub ttl_secs: Option<NonZeroU64>,
}

impl TurnsConfig {
    /// A table whose turns never expire.
    #[must_use]
    pub fn new(
        table: impl Into<String>,
        partition_key: impl Into<String>,
        sort_key: impl Into<String>,
    ) -> Self {
        Self {
            table: table.into(),
            partition_key: partition_key.into(),
            sort_key: sort_key.into(),
            messages_attribute: None,
            expiry_attribute: None,
            ttl_secs: None,
        }
    }

    /// Keeps each turn for `ttl_secs` seconds, by the epoch seconds in `attribute`.
    #[must_use]
    pub fn expiring(self, attribute: impl Into<String>, ttl_secs: NonZeroU64) -> Self {
        Self { expiry_attribute: Some(attribute.into()), ttl_secs: Some(ttl_secs), ..self }
    }

    fn check(&self) -> Result<()> {
        let expiry = self.expiry_attribute.as_deref();
        let named = [
            ("tableName", Some(self.table.as_str())),
            ("partitionKey", Some(&self.partition_key)),
            ("sortKey", Some(&self.sort_key)),
            ("expiryAttribute", expiry),
        ];
        for (field, name) in named {
            let Some(name) = name else { continue };
            if name.is_empty() {
                return Err(Error::invalid_input(field, "is empty; give its name"));
            }
            if field != "tableName" && attr::ALL.contains(&name) {
                let problem =
                    format!("is `{name}`, a name that this layout uses itself; use a table with another");
                return Err(Error::invalid_input(field, problem));
            }
        }
        if self.sort_key.starts_with('!') {
            return Err(Error::invalid_input("sortKey", "starts with `!`; use a table with another name"));
        }
        if self.partition_key == self.sort_key {
            return Err(Error::invalid_input("sortKey", "is the partition key's name; give the sort key's"));
        }
        if expiry.is_some_and(|name| name == self.partition_key || name == self.sort_key) {
            return Err(Error::invalid_input("expiryAttribute", "is a key's name; give another attribute"));
        }
        if self.ttl_secs.is_some() && expiry.is_none() {
            return Err(Error::invalid_input(
                "expiryAttribute",
                "is missing; a ttl needs the attribute's name",
            ));
        }
        Ok(())
    }
}

/// Sessions in the turns layout.
///
/// ```
/// use canvas_memory::dynamodb::DynamoClient;
/// use canvas_memory::dynamodb::turns::{TurnsConfig, TurnsStore};
/// use canvas_memory::message::Message;
/// use canvas_memory::session::{SessionKey, Turn};
/// use canvas_memory::store::{Append, ChatStore, Consistency, Window};
///
/// async fn remember(client: DynamoClient) -> canvas_memory::Result<()> {
///     let store = TurnsStore::new(client, TurnsConfig::new("chat", "SessionId", "SK"))?;
///     let key = SessionKey::local("user-id-123")?;
///     let turn = Turn::new([Message::user("Hello my name is Collin."), Message::assistant("Hello Collin.")]);
///     store.append(&key, Append::new(turn)).await?;
///     let recent = store.recent(&key, Window::Everything, Consistency::Strong).await?;
///     assert_eq!(recent.turns[0].messages[0].text(), "Hello my name is Collin.");
///     Ok(())
/// }
/// ```
#[derive(Clone, Debug)]
pub struct TurnsStore {
    client: DynamoClient,
    config: TurnsConfig,
    keys: SortKeys,
}

impl TurnsStore {
    /// A store on a table. No request is sent.
    ///
    /// # Errors
    /// `InvalidInput` when names are empty or collide.
    pub fn new(client: DynamoClient, config: TurnsConfig) -> Result<Self> {
        config.check()?;
        let keys = SortKeys::new(config.sort_key.as_str());
        Ok(Self { client, config, keys })
    }

    /// Which table, and how its rows are named.
    #[must_use]
    pub fn config(&self) -> &TurnsConfig {
        &self.config
    }

    fn now(&self) -> u64 {
        self.client.clock().epoch_secs()
    }

    fn expiry_attribute(&self) -> Option<&str> {
        self.config.expiry_attribute.as_deref()
    }

    fn ttl_secs(&self) -> Option<u64> {
        self.config.ttl_secs.map(NonZeroU64::get)
    }

    /// Gives a row that is written at `at` its expiry, where turns have one.
    fn expire(&self, item: &mut Item, at: u64) {
        if let (Some(name), Some(ttl)) = (self.expiry_attribute(), self.ttl_secs()) {
            item.insert(name.to_owned(), codec::n(at.saturating_add(ttl)));
        }
    }

    /// Lets DynamoDB remove a row of no more use at `at`, where the table can.
    fn remove_at(&self, item: &mut Item, at: u64) {
        if let Some(name) = self.expiry_attribute() {
            item.insert(name.to_owned(), codec::n(at));
        }
    }
}

#[async_trait]
impl ChatStore for TurnsStore {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            layout: "dynamodb/turns",
            flat_cost: true,
            dedupe: Dedupe::Exact,
            sessions: SessionOrder::NewestFirst,
            expiry: self.config.expiry_attribute.is_some(),
            scopes: true,
            notes: true,
            delete_message: false,
            edit_message: false,
            session_limit_bytes: None,
        }
    }

    async fn append(&self, key: &SessionKey, append: Append) -> Result<Appended> {
        append::append(self, key, append).await
    }

    async fn recent(&self, key: &SessionKey, window: Window, consistency: Consistency) -> Result<Recent> {
        load::recent(self, key, window, consistency).await
    }

    async fn clear(&self, key: &SessionKey) -> Result<Cleared> {
        clear::clear(self, key).await
    }

    async fn note(&self, key: &SessionKey, name: &str) -> Result<NoteRead> {
        notes::note(self, key, name).await
    }

    async fn set_note(
        &self,
        key: &SessionKey,
        name: &str,
        text: &str,
        if_version: u64,
    ) -> Result<NoteWritten> {
        notes::set_note(self, key, name, text, if_version).await
    }

    async fn sessions(&self, scope: &Scope, page: Page) -> Result<Sessions> {
        sessions::sessions(self, scope, page).await
    }

    fn turns<'a>(&'a self, key: &'a SessionKey) -> BoxStream<'a, Result<TurnPage>> {
        stream::turns(self, key)
    }

    async fn inspect(&self, key: &SessionKey, page: Page) -> Result<Inspection> {
        inspect::inspect(self, key, page).await
    }
}
