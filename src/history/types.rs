//! What goes into a history store and what comes out. The fields bear Mem0's names.

use jiff::Timestamp;
use jiff::civil::DateTime;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::store::{PageToken, Unreadable};
use crate::usage::Usage;

/// How many of the newest messages of a session scope are kept, as Mem0 does.
pub const KEPT_MESSAGES: u32 = 10;

/// The most bytes of the id of a memory or a session scope.
pub const MAX_KEY_BYTES: usize = 1_024;
/// The most bytes of a user's name.
pub const MAX_USER_BYTES: usize = 200;
/// The most bytes of the id of a record or a message.
pub const MAX_ID_BYTES: usize = 100;

/// What happened to a memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum HistoryEvent {
    /// It was made.
    Add,
    /// Its text was changed.
    Update,
    /// It was removed.
    Delete,
}

/// A record to add. What is left out, the store fills in; an id that it makes up is lost with a lost answer, so bring one to
/// be able to repeat the call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewHistoryRecord")]
pub struct NewRecord {
    /// What makes adding it repeatable; a new one when left out.
    #[serde(default)]
    pub id: Option<String>,
    /// Whose memory it is; the scope's own name when left out.
    #[serde(default)]
    pub user: Option<String>,
    /// Which memory.
    pub memory_id: String,
    /// The text until then.
    #[serde(default)]
    pub old_memory: Option<String>,
    /// The text since.
    #[serde(default)]
    pub new_memory: Option<String>,
    /// What happened.
    pub event: HistoryEvent,
    /// When the memory was made, in ISO 8601; now when left out.
    #[serde(default)]
    pub created_at: Option<String>,
    /// When it was changed, in ISO 8601.
    #[serde(default)]
    pub updated_at: Option<String>,
    /// Whether the memory is gone since.
    #[serde(default)]
    pub is_deleted: bool,
    /// Who said what it was made of.
    #[serde(default)]
    pub actor_id: Option<String>,
    /// The role of who said it.
    #[serde(default)]
    pub role: Option<String>,
}

impl NewRecord {
    fn of(memory_id: impl Into<String>, event: HistoryEvent) -> Self {
        Self {
            id: Some(mint_id()),
            user: None,
            memory_id: memory_id.into(),
            old_memory: None,
            new_memory: None,
            event,
            created_at: None,
            updated_at: None,
            is_deleted: event == HistoryEvent::Delete,
            actor_id: None,
            role: None,
        }
    }

    /// A memory that was made; the record has a new id.
    #[must_use]
    pub fn added(memory_id: impl Into<String>, text: impl Into<String>) -> Self {
        Self { new_memory: Some(text.into()), ..Self::of(memory_id, HistoryEvent::Add) }
    }

    /// A memory whose text was changed; the record has a new id.
    #[must_use]
    pub fn updated(memory_id: impl Into<String>, old: impl Into<String>, new: impl Into<String>) -> Self {
        Self {
            old_memory: Some(old.into()),
            new_memory: Some(new.into()),
            ..Self::of(memory_id, HistoryEvent::Update)
        }
    }

    /// A memory that was removed; the record has a new id.
    #[must_use]
    pub fn deleted(memory_id: impl Into<String>, text: impl Into<String>) -> Self {
        Self { old_memory: Some(text.into()), ..Self::of(memory_id, HistoryEvent::Delete) }
    }

    /// Checks what no store takes.
    ///
    /// # Errors
    /// `InvalidInput` for an id that is empty or too long, and for a time that is none.
    pub fn check(&self) -> Result<()> {
        check_text("memory_id", &self.memory_id, MAX_KEY_BYTES)?;
        check_optional("id", self.id.as_deref(), MAX_ID_BYTES)?;
        check_optional("user", self.user.as_deref(), MAX_USER_BYTES)?;
        check_time("created_at", self.created_at.as_deref())?;
        check_time("updated_at", self.updated_at.as_deref())
    }
}

/// A record, as Mem0 has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HistoryRecord {
    /// The record's own id.
    pub id: String,
    /// Which memory.
    pub memory_id: String,
    /// The text until then.
    pub old_memory: Option<String>,
    /// The text since.
    pub new_memory: Option<String>,
    /// What happened.
    pub event: HistoryEvent,
    /// When the memory was made, in ISO 8601.
    pub created_at: String,
    /// When it was changed, in ISO 8601.
    pub updated_at: Option<String>,
    /// Whether the memory is gone since.
    pub is_deleted: bool,
    /// Who said what it was made of.
    pub actor_id: Option<String>,
    /// The role of who said it.
    pub role: Option<String>,
}

/// A record as a store has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct StoredRecord {
    /// Its place in the memory's history; higher for each record that the store took later.
    pub sequence: u64,
    /// Whose memory it is.
    pub user: String,
    /// What happened.
    #[serde(flatten)]
    pub record: HistoryRecord,
}

/// What became of a record.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "AddedRecord")]
pub struct Added {
    /// The record's id.
    pub id: String,
    /// Its place in the memory's history.
    pub sequence: u64,
    /// Whether an earlier call had stored it; then this one changed nothing.
    pub duplicate: bool,
    /// What the call cost; of a batch, see [`AddedBatch::usage`].
    pub usage: Usage,
}

/// What became of a batch of records.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "AddedRecords")]
pub struct AddedBatch {
    /// A row a record, in the order of the call.
    pub added: Vec<Added>,
    /// What the call cost.
    pub usage: Usage,
}

/// A page of a memory's history.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct HistoryPage {
    /// Oldest first.
    pub records: Vec<StoredRecord>,
    /// Rows that can't be read.
    pub unreadable: Vec<Unreadable>,
    /// The next page; `None` after the last.
    pub next: Option<PageToken>,
    /// What the call cost.
    pub usage: Usage,
}

/// A message to add to a session scope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSessionMessage {
    /// What makes adding it repeatable; a new one when left out.
    #[serde(default)]
    pub id: Option<String>,
    /// Whose message it is; the scope's own name when left out.
    #[serde(default)]
    pub user: Option<String>,
    /// Who speaks, such as `user`.
    pub role: String,
    /// What was said.
    pub content: String,
    /// The speaker's name.
    #[serde(default)]
    pub name: Option<String>,
    /// When it was said, in ISO 8601; now when left out.
    #[serde(default)]
    pub created_at: Option<String>,
}

impl NewSessionMessage {
    /// A message of which the store fills in the rest.
    #[must_use]
    pub fn new(role: impl Into<String>, content: impl Into<String>) -> Self {
        Self {
            id: None,
            user: None,
            role: role.into(),
            content: content.into(),
            name: None,
            created_at: None,
        }
    }

    /// Checks what no store takes.
    ///
    /// # Errors
    /// `InvalidInput` for an id or role that is empty or too long, and for a time that is none.
    pub fn check(&self) -> Result<()> {
        check_text("role", &self.role, MAX_ID_BYTES)?;
        check_optional("id", self.id.as_deref(), MAX_ID_BYTES)?;
        check_optional("user", self.user.as_deref(), MAX_USER_BYTES)?;
        check_time("created_at", self.created_at.as_deref())
    }
}

/// A message of a session scope, as a store has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SessionMessage {
    /// The message's own id.
    pub id: String,
    /// Its place in the session scope; higher for each message that the store took later.
    pub sequence: u64,
    /// Whose message it is.
    pub user: String,
    /// Who speaks.
    pub role: String,
    /// What was said.
    pub content: String,
    /// The speaker's name.
    pub name: Option<String>,
    /// When it was said, in ISO 8601.
    pub created_at: String,
}

/// Messages that were added.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct AddedMessages {
    /// How many are new; those of an earlier call are not counted.
    pub added: u64,
    /// The place of the newest message in the session scope.
    pub sequence: u64,
    /// What the call cost.
    pub usage: Usage,
}

/// The newest messages of a session scope.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct RecentMessages {
    /// Oldest first.
    pub messages: Vec<SessionMessage>,
    /// What the call cost.
    pub usage: Usage,
}

/// What was removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "DeletedHistory")]
pub struct Deleted {
    /// Records of memories.
    pub records: u64,
    /// Messages of session scopes.
    pub messages: u64,
    /// What the call cost.
    pub usage: Usage,
}

/// A new id, as Mem0 makes them.
#[must_use]
pub(crate) fn mint_id() -> String {
    uuid::Uuid::new_v4().to_string()
}

/// Checks a key that a caller names.
///
/// # Errors
/// `InvalidInput` when it is empty or longer than `max_bytes`.
pub(crate) fn check_text(field: &'static str, text: &str, max_bytes: usize) -> Result<()> {
    if text.is_empty() {
        return Err(Error::invalid_input(field, "is empty; give at least one character"));
    }
    if text.len() > max_bytes {
        return Err(Error::invalid_input(
            field,
            format!("has {} bytes; at most {max_bytes} fit", text.len()),
        ));
    }
    Ok(())
}

fn check_optional(field: &'static str, text: Option<&str>, max_bytes: usize) -> Result<()> {
    text.map_or(Ok(()), |text| check_text(field, text, max_bytes))
}

/// Takes a time with or without an offset: writers of such records leave both.
fn check_time(field: &'static str, text: Option<&str>) -> Result<()> {
    match text {
        Some(text) if text.parse::<Timestamp>().is_err() && text.parse::<DateTime>().is_err() => {
            Err(Error::invalid_input(field, "is not a time; give one such as `2026-08-22T10:00:00+00:00`"))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    fn refused(record: NewRecord) -> String {
        match record.check().unwrap_err().kind() {
            ErrorKind::InvalidInput { field } => field.clone(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_no_store_takes_is_named() {
        let good = NewRecord::added("m1", "Name is Alice");
        good.check().unwrap();
        for time in ["2026-08-22T10:00:00+00:00", "2026-08-22T10:00:00Z", "2026-08-22 10:00:00.5"] {
            NewRecord { created_at: Some(time.into()), ..good.clone() }.check().unwrap();
        }
        assert_eq!(refused(NewRecord { memory_id: String::new(), ..good.clone() }), "memory_id");
        assert_eq!(refused(NewRecord { id: Some("x".repeat(101)), ..good.clone() }), "id");
        assert_eq!(refused(NewRecord { user: Some(String::new()), ..good.clone() }), "user");
        assert_eq!(refused(NewRecord { created_at: Some("yesterday".into()), ..good.clone() }), "created_at");
        assert_eq!(refused(NewRecord { updated_at: Some("1795168632".into()), ..good }), "updated_at");
    }

    #[test]
    fn a_misspelt_event_or_field_is_refused() {
        let read = serde_json::from_str::<NewRecord>;
        read(r#"{"memory_id":"m","event":"ADD"}"#).unwrap();
        assert!(read(r#"{"memory_id":"m","event":"add"}"#).is_err());
        assert!(read(r#"{"memory_id":"m","event":"ADD","new":"x"}"#).is_err());
    }
}
