//! What goes into a store and what comes out.

use std::num::NonZeroU32;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::json::RawJson;
use crate::session::{Position, SessionId, StoredTurn, Turn, TurnId};
use crate::usage::Usage;

/// Where a turn goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum After {
    /// Wherever the session ends.
    #[default]
    End,
    /// Here if the session still ends here, which saves looking for the end; else at its end.
    Near(Position),
    /// Here, or `Conflict`. `None` stands for a session without turns.
    Exactly(Option<Position>),
}

/// For how long a turn id alone, without a position, is known to be taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Dedupe {
    /// While the turn is among the newest that the store reads. For turn ids that the host mints.
    #[default]
    Lean,
    /// At least 24 hours. For turn ids that the caller brings.
    Exact,
}

/// A turn to append.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Append {
    /// What to append.
    pub turn: Turn,
    /// Where.
    pub after: After,
    /// How long to remember its id. A layout that can't be exact stays lean and says so in the result.
    pub dedupe: Dedupe,
}

impl Append {
    /// Appends `turn` at the end of a session.
    #[must_use]
    pub fn new(turn: Turn) -> Self {
        Self { turn, after: After::default(), dedupe: Dedupe::default() }
    }

    /// Appends near or exactly at a position.
    #[must_use]
    pub fn after(self, after: After) -> Self {
        Self { after, ..self }
    }

    /// Remembers the turn id for 24 hours.
    #[must_use]
    pub fn exact(self) -> Self {
        Self { dedupe: Dedupe::Exact, ..self }
    }

    /// Checks what no store takes.
    ///
    /// # Errors
    /// `InvalidInput` when the turn has no messages.
    pub fn check(&self) -> Result<()> {
        if self.turn.messages.is_empty() {
            return Err(Error::invalid_input("messages", "is empty; a turn needs at least one message")
                .in_operation("append"));
        }
        Ok(())
    }
}

/// A turn that is stored.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Appended {
    /// The end of the session just after the turn.
    pub position: Position,
    /// Whether an earlier call or attempt had stored it; then this one changed nothing.
    pub duplicate: bool,
    /// For how long the turn id alone is remembered.
    pub dedupe: Dedupe,
    /// What the call cost.
    pub usage: Usage,
}

/// How much of a session to read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Window {
    /// All of it.
    #[default]
    Everything,
    /// The newest turns.
    LastTurns(NonZeroU32),
    /// The newest turns that together have at least so many messages, or all: a store never cuts a turn in two.
    LastMessages(NonZeroU32),
}

/// How fresh a read is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Consistency {
    /// Sees every acknowledged write.
    #[default]
    Strong,
    /// May miss the last second, at half the read units where the backend makes that difference.
    Eventual,
}

/// What is known of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SessionState {
    /// Nothing is stored.
    New,
    /// It was cleared, or holds no messages.
    Empty,
    /// It has expired and the backend has not removed it yet.
    Expired,
    /// There are turns.
    Present,
}

/// A stored row that can't be read, and is left as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Unreadable {
    /// The row's key, and its place in the row where it is a list.
    pub key: String,
    /// What is wrong with its shape.
    pub reason: String,
}

/// How full the one item of a session is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Fill {
    /// The item's size, by the backend's own rules.
    pub bytes: u64,
    /// The size at which the backend refuses a write.
    pub limit_bytes: u64,
}

impl Fill {
    /// Whether three quarters are used: time to move to a layout without this limit.
    #[must_use]
    pub fn is_near_limit(self) -> bool {
        self.bytes >= self.limit_bytes / 4 * 3
    }
}

/// The newest part of a session.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Recent {
    /// Oldest first.
    pub turns: Vec<StoredTurn>,
    /// The end of the session; `None` where nothing marks one yet.
    pub position: Option<Position>,
    /// What is known of the session.
    pub state: SessionState,
    /// Whether nothing older was left out.
    pub complete: bool,
    /// Rows in the window that can't be read.
    pub unreadable: Vec<Unreadable>,
    /// Notes that came with the same request.
    pub notes: Vec<Note>,
    /// How full the session's item is, in layouts that keep a session in one.
    pub fill: Option<Fill>,
    /// What the call cost.
    pub usage: Usage,
}

/// What a clear removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct Cleared {
    /// Turns that were visible before.
    pub turns: u64,
    /// Their messages.
    pub messages: u64,
    /// What the call cost.
    pub usage: Usage,
}

/// A text beside the turns of a session, such as a summary.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Note {
    /// The note's name.
    pub name: String,
    /// Its text.
    pub text: String,
    /// Counts the writes, from 1.
    pub version: u64,
}

/// A note that was looked for.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct NoteRead {
    /// `None` where there is none.
    pub note: Option<Note>,
    /// What the call cost.
    pub usage: Usage,
}

/// A note that was written.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct NoteWritten {
    /// The version that is stored now.
    pub version: u64,
    /// What the call cost.
    pub usage: Usage,
}

/// Which page of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The most rows to return; a page may have fewer.
    pub limit: NonZeroU32,
    /// Where the page before ended; `None` for the first.
    pub token: Option<PageToken>,
}

impl Default for Page {
    fn default() -> Self {
        Self { limit: NonZeroU32::MIN.saturating_add(49), token: None }
    }
}

/// Where a page ended. Stores make it; callers only hand it back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct PageToken(pub String);

/// One session in a listing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SessionEntry {
    /// Which session.
    pub session: SessionId,
    /// When it was last written, in seconds since 1970, to the hour where the layout keeps no more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_active_epoch_secs: Option<u64>,
}

/// A page of sessions.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Sessions {
    /// In the order that [`Capabilities::sessions`] tells.
    pub sessions: Vec<SessionEntry>,
    /// The next page; `None` after the last.
    pub next: Option<PageToken>,
    /// What the call cost.
    pub usage: Usage,
}

/// A page of turns.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct TurnPage {
    /// Oldest first.
    pub turns: Vec<StoredTurn>,
    /// Rows that can't be read.
    pub unreadable: Vec<Unreadable>,
    /// What the page cost.
    pub usage: Usage,
}

/// One stored row, as the backend has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Record {
    /// The row's key.
    pub key: String,
    /// Its content, in the backend's own JSON.
    pub raw: RawJson,
    /// Its size by the backend's own rules.
    pub bytes: u64,
    /// The size at which the backend refuses a write.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit_bytes: Option<u64>,
    /// When it expires, in seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at_epoch_secs: Option<u64>,
}

/// A page of what is stored.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Inspection {
    /// Newest first where the layout has a row a turn.
    pub records: Vec<Record>,
    /// The next page; `None` after the last.
    pub next: Option<PageToken>,
    /// What the call cost.
    pub usage: Usage,
}

/// Which message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MessageRef {
    /// The position of its turn.
    pub position: Position,
    /// The id of its turn, where it has one: a guard against a turn that changed meanwhile.
    #[serde(default)]
    pub turn_id: Option<TurnId>,
    /// Its place in the turn, from 0.
    pub index: u32,
}

/// A session of which one message was changed or removed.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Mended {
    /// The end of the session now.
    pub position: Option<Position>,
    /// What the call cost.
    pub usage: Usage,
}

/// In which order a store lists sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SessionOrder {
    /// Newest first; a page reads what it returns.
    NewestFirst,
    /// As the backend has them; a page reads everything on its way.
    Unordered,
}

/// What a store can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Capabilities {
    /// The layout's name, such as `dynamodb/turns`.
    pub layout: &'static str,
    /// Whether a load reads what it returns and an append writes what it adds, at any length.
    pub flat_cost: bool,
    /// For how long a turn id alone can be remembered.
    pub dedupe: Dedupe,
    /// How sessions are listed.
    pub sessions: SessionOrder,
    /// Whether turns can expire.
    pub expiry: bool,
    /// Whether scopes other than `local` are kept apart.
    pub scopes: bool,
    /// Whether notes are kept.
    pub notes: bool,
    /// Whether one message can be removed.
    pub delete_message: bool,
    /// Whether one message can be changed.
    pub edit_message: bool,
    /// The size at which a session is full; `None` where it never is.
    pub session_limit_bytes: Option<u64>,
}
