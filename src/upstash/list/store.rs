use std::num::NonZeroU32;

use async_trait::async_trait;
use futures_util::stream::BoxStream;
use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind, Result};
use crate::session::{Position, Scope, SessionKey, StoredTurn};
use crate::store::{
    After, Append, Appended, Capabilities, ChatStore, Cleared, Consistency, Dedupe, Inspection, Note,
    NoteRead, NoteWritten, Page, Recent, SessionOrder, SessionState, Sessions, TurnPage, Unreadable, Window,
};
use crate::upstash::client::{Command, Intent};
use crate::upstash::reply::Reply;
use crate::usage::Usage;

use super::group::{Grouped, Placed, group};
use super::{Keys, UpstashListStore, check_scope, entry, scripts};

/// A note as it is stored; the scripts look at the version.
#[derive(Serialize, Deserialize)]
struct StoredNote {
    version: u64,
    text: String,
}

/// What the script of a load returns.
struct Loaded {
    length: u64,
    pttl_millis: i64,
    /// Oldest first.
    entries: Vec<Placed>,
    /// By name, as stored.
    notes: Vec<(String, Vec<u8>)>,
}

#[async_trait]
impl ChatStore for UpstashListStore {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            layout: "upstash/list",
            flat_cost: true,
            dedupe: Dedupe::Exact,
            sessions: SessionOrder::Unordered,
            expiry: self.options.session_ttl_secs.is_some(),
            scopes: false,
            notes: true,
            delete_message: false,
            edit_message: false,
            session_limit_bytes: None,
        }
    }

    async fn append(&self, key: &SessionKey, append: Append) -> Result<Appended> {
        append.check()?;
        let keys = self.keys(key)?;
        let now = self.clock.epoch_secs();
        let encoded = entry::encode(&append.turn, self.dialect(), now)?;
        let exact = self.options.exact || append.dedupe == Dedupe::Exact;
        let (demanded, tried) = match &append.after {
            After::End => ("", None),
            After::Near(position) => ("", Some(position)),
            After::Exactly(Some(position)) => (position.as_str(), Some(position)),
            After::Exactly(None) => ("0", None),
        };
        let tried_length = match &append.after {
            After::Exactly(None) => Some(0),
            _ => tried.and_then(entry::length_at),
        };
        let mut command = script(&scripts::APPEND, &[&keys.list, &keys.notes, &keys.ids])
            .arg(&encoded.start)
            .arg(append.turn.id.as_str())
            .arg(&encoded.sum)
            .arg(demanded)
            .arg(tried_length.map_or_else(String::new, |length| length.to_string()))
            .number(self.ttl_secs())
            .number(self.options.trim_messages.map_or(0, NonZeroU32::get))
            .number(u8::from(exact))
            .number(now);
        for entry in &encoded.entries {
            command = command.arg(entry);
        }
        let intent = Intent::Append { turn_id: &append.turn.id, position: tried };
        let (outcome, usage) =
            self.run(&keys, &[command], intent, |reply| Outcome::of(&only(reply)?)).await?;
        let refused =
            |kind, message: &str| Err(Error::new(kind, message).with("key", &keys.list).with_usage(usage));
        let dedupe = if exact { Dedupe::Exact } else { Dedupe::Lean };
        match outcome {
            Outcome::Stored(position) => Ok(Appended { position, duplicate: false, dedupe, usage }),
            Outcome::Duplicate(position) => Ok(Appended { position, duplicate: true, dedupe, usage }),
            Outcome::Conflict(position) => refused(
                ErrorKind::Conflict { position },
                "the session has moved on from the expected position; load it and try again",
            ),
            Outcome::Reused => refused(
                ErrorKind::TurnIdReused,
                "the turn id stands for other messages already; use a new id for a new turn",
            ),
        }
    }

    async fn recent(&self, key: &SessionKey, window: Window, _: Consistency) -> Result<Recent> {
        let keys = self.keys(key)?;
        let (name, limit) = match window {
            Window::Everything => ("all", 0),
            Window::LastTurns(limit) => ("turns", limit.get()),
            Window::LastMessages(limit) => ("messages", limit.get()),
        };
        let (loaded, usage) = self.load(&keys, name, limit).await?;
        let Loaded { length, pttl_millis, entries, notes: stored_notes } = loaded;
        let position = entries.last().map(|(ordinal, raw)| entry::position(*ordinal, raw));
        let Grouped { turns, unreadable } = group(&keys.list, &entries, self.expires_at(pttl_millis));
        let mut unreadable: Vec<_> = unreadable.into_iter().map(|(_, unreadable)| unreadable).collect();
        if let (true, Some(first)) = (turns.is_empty(), unreadable.first()) {
            let message =
                "nothing that is stored here is a message; look with `inspect`, or use another session";
            return Err(Error::new(ErrorKind::Corrupt, message)
                .with("key", &first.key)
                .with("holds", &first.reason)
                .with_usage(usage));
        }
        let mut notes = Vec::with_capacity(stored_notes.len());
        for (name, stored) in &stored_notes {
            match read_note(name, stored) {
                Ok(note) => notes.push(note),
                Err(_) => unreadable.push(unreadable_note(&keys, name)),
            }
        }
        let mut turns: Vec<_> = turns.into_iter().map(|group| group.turn).collect();
        let surplus = surplus(&turns, window);
        turns.drain(..surplus);
        let complete = surplus == 0 && u64::try_from(entries.len()) == Ok(length);
        let state = if length == 0 { SessionState::New } else { SessionState::Present };
        Ok(Recent { turns, position, state, complete, unreadable, notes, fill: None, usage })
    }

    async fn clear(&self, key: &SessionKey) -> Result<Cleared> {
        let keys = self.keys(key)?;
        let command = script(&scripts::CLEAR, &[&keys.list, &keys.notes, &keys.ids]);
        let ((turns, messages), usage) = self.run(&keys, &[command], Intent::Once, counts).await?;
        Ok(Cleared { turns, messages, usage })
    }

    async fn note(&self, key: &SessionKey, name: &str) -> Result<NoteRead> {
        check_name(name)?;
        let keys = self.keys(key)?;
        let (loaded, usage) = self.load(&keys, "notes", 0).await?;
        let stored = loaded.notes.iter().find(|(stored, _)| stored == name);
        // The source would quote what is stored.
        let note = stored.map(|(name, stored)| read_note(name, stored)).transpose().map_err(|_| {
            let Unreadable { key, reason } = unreadable_note(&keys, name);
            Error::new(ErrorKind::Corrupt, reason).with("key", key).with_usage(usage)
        })?;
        Ok(NoteRead { note, usage })
    }

    async fn set_note(
        &self,
        key: &SessionKey,
        name: &str,
        text: &str,
        if_version: u64,
    ) -> Result<NoteWritten> {
        check_name(name)?;
        let keys = self.keys(key)?;
        let note = StoredNote { version: if_version.saturating_add(1), text: text.to_owned() };
        let stored = serde_json::to_string(&note)
            .map_err(|error| Error::invalid_input("text", "has no JSON form").with_source(error))?;
        let command = script(&scripts::SET_NOTE, &[&keys.notes, &keys.list])
            .arg(name)
            .number(if_version)
            .arg(stored)
            .number(self.ttl_secs());
        let (conflict, usage) = self.run(&keys, &[command], Intent::Repeatable, note_conflict).await?;
        let Some(version) = conflict else {
            return Ok(NoteWritten { version: note.version, usage });
        };
        let message = "the note has another version; read it again";
        Err(Error::new(ErrorKind::Conflict { position: None }, message)
            .with("note", name)
            .with("version", version)
            .with_usage(usage))
    }

    async fn sessions(&self, scope: &Scope, page: Page) -> Result<Sessions> {
        check_scope(scope)?;
        self.session_page(page).await
    }

    fn turns<'a>(&'a self, key: &'a SessionKey) -> BoxStream<'a, Result<TurnPage>> {
        self.turn_pages(key)
    }

    async fn inspect(&self, key: &SessionKey, page: Page) -> Result<Inspection> {
        self.entry_page(&self.keys(key)?, page).await
    }
}

impl UpstashListStore {
    /// Runs commands in one request and reads what they return; errors name the key.
    pub(super) async fn run<T>(
        &self,
        keys: &Keys,
        commands: &[Command<'_>],
        intent: Intent<'_>,
        read: impl FnOnce(Vec<Reply>) -> Option<T>,
    ) -> Result<(T, Usage)> {
        let run = async {
            let (replies, usage) = self.client.run(commands, intent).await?;
            let read = read(replies).ok_or_else(|| malformed(&intent).with_usage(usage))?;
            Ok((read, usage))
        };
        run.await.map_err(|error: Error| error.with("key", &keys.list))
    }

    async fn load(&self, keys: &Keys, window: &str, limit: u32) -> Result<(Loaded, Usage)> {
        let command = script(&scripts::RECENT, &[&keys.list, &keys.notes]).arg(window).number(limit);
        self.run(keys, &[command], Intent::Read, |reply| loaded(only(reply)?)).await
    }
}

/// The reply to the only command.
pub(super) fn only(replies: Vec<Reply>) -> Option<Reply> {
    replies.into_iter().next()
}

fn counts(replies: Vec<Reply>) -> Option<(u64, u64)> {
    let [turns, messages] = <[Reply; 2]>::try_from(only(replies)?.into_array()?).ok()?;
    Some((u64::try_from(turns.integer()?).ok()?, u64::try_from(messages.integer()?).ok()?))
}

/// The version that stands in the way of a note, if one does.
fn note_conflict(replies: Vec<Reply>) -> Option<Option<String>> {
    let reply = only(replies)?.into_array()?;
    match reply.first()?.text()? {
        "stored" => Some(None),
        "conflict" => Some(Some(reply.get(1)?.text()?.to_owned())),
        _ => None,
    }
}

fn loaded(reply: Reply) -> Option<Loaded> {
    let [length, pttl, entries, notes] = <[Reply; 4]>::try_from(reply.into_array()?).ok()?;
    let length = u64::try_from(length.integer()?).ok()?;
    let entries = place(entries, length)?;
    let mut named = Vec::new();
    let mut notes = notes.into_array()?.into_iter();
    while let (Some(name), Some(Reply::Bytes(note))) = (notes.next(), notes.next()) {
        match name.text()? {
            "" => {}
            name => named.push((name.to_owned(), note)),
        }
    }
    Some(Loaded { length, pttl_millis: pttl.integer()?, entries, notes: named })
}

fn read_note(name: &str, stored: &[u8]) -> serde_json::Result<Note> {
    let StoredNote { version, text } = serde_json::from_slice(stored)?;
    Ok(Note { name: name.to_owned(), text, version })
}

fn unreadable_note(keys: &Keys, name: &str) -> Unreadable {
    let reason = "not a note; set it again, or clear the session".to_owned();
    Unreadable { key: format!("{}[{name}]", keys.notes), reason }
}

/// Entries as Redis gives them, newest first, of which the newest is the `newest`th from the tail; turned oldest first.
pub(super) fn place(entries: Reply, newest: u64) -> Option<Vec<Placed>> {
    let entries = entries.into_array()?;
    let oldest = newest.checked_sub(u64::try_from(entries.len()).ok()?)?.checked_add(1)?;
    let bytes = entries.into_iter().rev().map(|entry| match entry {
        Reply::Bytes(bytes) => Some(bytes),
        _ => None,
    });
    (oldest..).zip(bytes).map(|(ordinal, bytes)| Some((ordinal, bytes?))).collect()
}

/// How many of the oldest turns a window does not need. The script tells turns apart by the look of their entries, and
/// may return more than asked.
fn surplus(turns: &[StoredTurn], window: Window) -> usize {
    let size = |limit: NonZeroU32| usize::try_from(limit.get()).unwrap_or(usize::MAX);
    match window {
        Window::Everything => 0,
        Window::LastTurns(limit) => turns.len().saturating_sub(size(limit)),
        Window::LastMessages(limit) => {
            let mut left: usize = turns.iter().map(|turn| turn.messages.len()).sum();
            turns
                .iter()
                .take_while(|turn| {
                    left = left.saturating_sub(turn.messages.len());
                    left >= size(limit)
                })
                .count()
        }
    }
}

/// What the script of an append says.
enum Outcome {
    Stored(Position),
    Duplicate(Position),
    Conflict(Option<Position>),
    Reused,
}

impl Outcome {
    fn of(reply: &Reply) -> Option<Self> {
        let Reply::Array(reply) = reply else { return None };
        let position = || reply.get(1)?.text().map(Position::new);
        match reply.first()?.text()? {
            "stored" => Some(Self::Stored(position()?)),
            "duplicate" => Some(Self::Duplicate(position()?)),
            "conflict" => Some(Self::Conflict(position().filter(|position| position.as_str() != "0"))),
            "reused" => Some(Self::Reused),
            _ => None,
        }
    }
}

pub(super) fn script<'a>(source: &'a str, keys: &[&'a str]) -> Command<'a> {
    let command = Command::new("EVAL").arg(source).number(keys.len());
    keys.iter().fold(command, |command, key| command.arg(*key))
}

fn check_name(name: &str) -> Result<()> {
    if name.is_empty() {
        return Err(Error::invalid_input("name", "is empty; a note needs a name"));
    }
    Ok(())
}

pub(super) fn malformed(intent: &Intent<'_>) -> Error {
    intent.in_doubt(
        ErrorKind::Protocol,
        "the endpoint answered something else than the command returns; check `baseURL`",
    )
}
