//! Keys: what every command does first and last.

use rusqlite::{Connection, OptionalExtension, Row};

use super::super::reply::Reply;

/// Why a command has no answer of its own.
#[derive(Debug)]
pub(super) enum CommandError {
    /// Redis's own error text. Nothing was changed.
    Refused(String),
    /// SQLite failed. What the command changed has to be rolled back.
    Storage(rusqlite::Error),
}

/// What a step of a command comes to.
pub(super) type Checked<T> = Result<T, CommandError>;

/// What a command comes to.
pub(super) type CommandResult = Checked<Reply>;

impl From<rusqlite::Error> for CommandError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Storage(error)
    }
}

/// Shorthand for an error text.
pub(super) fn refused<T>(text: impl Into<String>) -> Checked<T> {
    Err(CommandError::Refused(text.into()))
}

pub(super) const WRONG_TYPE: &str = "WRONGTYPE Operation against a key holding the wrong kind of value";

/// What a key holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    String = 1,
    List = 2,
    Hash = 3,
}

impl Kind {
    fn from_stored(number: i64) -> rusqlite::Result<Self> {
        match number {
            1 => Ok(Self::String),
            2 => Ok(Self::List),
            3 => Ok(Self::Hash),
            other => Err(rusqlite::Error::IntegralValueOutOfRange(0, other)),
        }
    }

    /// The name that `TYPE` answers.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::List => "list",
            Self::Hash => "hash",
        }
    }

    pub(super) fn stored(self) -> i64 {
        self as i64
    }
}

/// A key that has not expired.
#[derive(Debug, Clone)]
pub(super) struct Key {
    pub(super) id: i64,
    pub(super) kind: Kind,
    pub(super) expires_at_ms: Option<i64>,
    /// The position of a list's first element.
    pub(super) head: i64,
    /// The position after a list's last element.
    pub(super) tail: i64,
}

impl Key {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            kind: Kind::from_stored(row.get(1)?)?,
            expires_at_ms: row.get(2)?,
            head: row.get(3)?,
            tail: row.get(4)?,
        })
    }

    fn is_expired(&self, now_ms: i64) -> bool {
        self.expires_at_ms.is_some_and(|at_ms| at_ms <= now_ms)
    }
}

/// The database during one command. Time stands still meanwhile, as in Redis.
pub(super) struct Db<'c> {
    pub(super) connection: &'c Connection,
    pub(super) now_ms: i64,
}

impl Db<'_> {
    fn row(&self, name: &[u8]) -> Checked<Option<Key>> {
        let mut select = self
            .connection
            .prepare_cached("SELECT id, kind, expires_at_ms, head, tail FROM keys WHERE name = ?1")?;
        Ok(select.query_row([name], Key::from_row).optional()?)
    }

    /// The key, unless it is missing or expired.
    pub(super) fn find(&self, name: &[u8]) -> Checked<Option<Key>> {
        Ok(self.row(name)?.filter(|key| !key.is_expired(self.now_ms)))
    }

    /// The key of this kind, unless it is missing or expired; another kind is refused.
    pub(super) fn find_kind(&self, name: &[u8], kind: Kind) -> Checked<Option<Key>> {
        match self.find(name)? {
            Some(key) if key.kind != kind => refused(WRONG_TYPE),
            found => Ok(found),
        }
    }

    /// The key of this kind, made empty when it is missing or expired; another kind is refused.
    pub(super) fn find_or_create(&self, name: &[u8], kind: Kind) -> Checked<Key> {
        match self.find_kind(name, kind)? {
            Some(key) => Ok(key),
            None => self.create(name, kind),
        }
    }

    /// A new, empty key in place of whatever had the name.
    pub(super) fn create(&self, name: &[u8], kind: Kind) -> Checked<Key> {
        if let Some(old) = self.row(name)? {
            self.remove(&old)?;
        }
        self.connection
            .prepare_cached("INSERT INTO keys (name, kind) VALUES (?1, ?2)")?
            .execute((name, kind.stored()))?;
        Ok(Key { id: self.connection.last_insert_rowid(), kind, expires_at_ms: None, head: 0, tail: 0 })
    }

    pub(super) fn remove(&self, key: &Key) -> Checked<()> {
        let elements = match key.kind {
            Kind::String => None,
            Kind::List => Some("DELETE FROM list_items WHERE key_id = ?1"),
            Kind::Hash => Some("DELETE FROM hash_fields WHERE key_id = ?1"),
        };
        if let Some(delete) = elements {
            self.connection.prepare_cached(delete)?.execute([key.id])?;
        }
        self.connection.prepare_cached("DELETE FROM keys WHERE id = ?1")?.execute([key.id])?;
        Ok(())
    }

    /// Sets when the key expires, or with `None` that it never does. A time that has passed removes it.
    pub(super) fn set_expiry(&self, key: &Key, at_ms: Option<i64>) -> Checked<()> {
        if at_ms.is_some_and(|at_ms| at_ms <= self.now_ms) {
            return self.remove(key);
        }
        self.connection
            .prepare_cached("UPDATE keys SET expires_at_ms = ?2 WHERE id = ?1")?
            .execute((key.id, at_ms))?;
        Ok(())
    }

    /// Removes expired keys, at most `limit` of them, and returns how many it removed.
    pub(super) fn sweep(&self, limit: usize) -> Checked<usize> {
        let expired: Vec<Key> = {
            let mut select = self.connection.prepare_cached(
                "SELECT id, kind, expires_at_ms, head, tail FROM keys WHERE expires_at_ms <= ?1 LIMIT ?2",
            )?;
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            select.query_map((self.now_ms, limit), Key::from_row)?.collect::<Result<_, _>>()?
        };
        for key in &expired {
            self.remove(key)?;
        }
        Ok(expired.len())
    }
}
