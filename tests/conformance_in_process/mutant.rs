//! Stores that each break one promise, to show that the suite notices.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use canvas_memory::error::{Error, ErrorKind, Result};
use canvas_memory::json::RawJson;
use canvas_memory::message::Message;
use canvas_memory::session::{Position, Scope, SessionKey, StoredTurn, Turn, TurnId};
use canvas_memory::store::*;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;

use crate::harness::Distant;

/// What a mutant does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mutation {
    /// Acknowledges each seventh turn and does not store it.
    DropsATurn,
    /// Says of a lost reply that nothing was written.
    DeniesDoubt,
    /// Stores a turn again when it is appended again.
    StoresRepeats,
    /// Takes any content under a known id for a repetition.
    IgnoresContent,
    /// Writes the two halves of a turn one after the other.
    WritesInTwo,
    /// Sorts by the time at which a turn was stored.
    SortsByClock,
    /// Cuts a window to the message.
    CutsTurns,
    /// Gives the oldest part of a session for the newest.
    GivesOldest,
    /// Says nothing of rows that can't be read.
    HidesBadRows,
    /// Shows a new session where it had no answer.
    EmptyForError,
    /// Appends at the end whatever position was demanded.
    IgnoresExactly,
    /// Rewrites the session as it was loaded, without what came between.
    LastWriterWins,
    /// Reads numbers as floating point.
    ForgetsDigits,
    /// Does not look at expiry.
    NeverExpires,
    /// Brings expired turns back with an append.
    Revives,
    /// Leaves a turn in a cleared session.
    LeavesATurn,
    /// Counts turns for a position, so that a cleared session comes to the same positions again.
    CountsForPosition,
    /// Reads all turns for a window.
    ReadsEverything,
}

#[derive(Debug)]
pub(crate) struct Mutant {
    mutation: Mutation,
    inner: Distant,
    appends: AtomicU64,
    /// What was appended, for [`Mutation::Revives`].
    past: Mutex<HashMap<SessionKey, Vec<Turn>>>,
}

impl Mutant {
    pub(crate) fn new(mutation: Mutation, inner: Distant) -> Self {
        Self { mutation, inner, appends: AtomicU64::default(), past: Mutex::default() }
    }

    async fn everything(&self, key: &SessionKey) -> Result<Recent> {
        self.inner.recent(key, Window::Everything, Consistency::Strong).await
    }

    async fn count(&self, key: &SessionKey) -> Result<usize> {
        Ok(self.everything(key).await?.turns.len())
    }

    async fn write_in_two(&self, key: &SessionKey, append: Append) -> Result<Appended> {
        let mut first = append.turn.clone();
        let rest = first.messages.split_off(first.messages.len() / 2);
        if first.messages.is_empty() {
            return self.inner.append(key, append).await;
        }
        let first = self.inner.append(key, Append { turn: first, ..append.clone() }).await?;
        let rest = Turn::with_id(second_id(&append.turn.id), rest);
        let after = After::Near(first.position);
        let rest = self.inner.append(key, Append { turn: rest, after, ..append }).await?;
        Ok(Appended { duplicate: first.duplicate, ..rest })
    }

    async fn append_as_last_writer(&self, key: &SessionKey, append: Append) -> Result<Appended> {
        let loaded = self.everything(key).await?.position;
        tokio::task::yield_now().await;
        let now = self.everything(key).await?.position;
        match now {
            Some(position) if loaded.as_ref() != Some(&position) => Ok(made_up(position)),
            _ => self.inner.append(key, append).await,
        }
    }

    async fn append_and_revive(&self, key: &SessionKey, append: Append) -> Result<Appended> {
        let expired = self.everything(key).await?.state == SessionState::Expired;
        let past = self.past.lock().unwrap().get(key).cloned().unwrap_or_default();
        for turn in past.into_iter().filter(|_| expired) {
            self.inner.append(key, Append::new(Turn::new(turn.messages))).await?;
        }
        self.past.lock().unwrap().entry(key.clone()).or_default().push(append.turn.clone());
        self.inner.append(key, append).await
    }

    async fn append_by_count(&self, key: &SessionKey, mut append: Append) -> Result<Appended> {
        let found = self.everything(key).await?;
        let counted = Position::new(found.turns.len().to_string());
        append.after = match append.after {
            After::Exactly(Some(expected)) if expected == counted => After::Exactly(found.position),
            After::Near(_) => After::End,
            after => after,
        };
        let appended = self.inner.append(key, append).await?;
        let count = self.count(key).await?;
        Ok(Appended { position: Position::new(count.to_string()), ..appended })
    }
}

fn second_id(id: &TurnId) -> TurnId {
    TurnId::new(format!("{id}.2")).unwrap()
}

fn made_up(position: Position) -> Appended {
    Appended { position, duplicate: false, dedupe: Dedupe::Exact, usage: Default::default() }
}

fn with_floats(mut turn: Turn) -> Turn {
    for message in &mut turn.messages {
        for raw in message.extra.values_mut() {
            if let Ok(value) = serde_json::from_str::<serde_json::Value>(raw.as_str()) {
                *raw = RawJson::of(&value).unwrap();
            }
        }
    }
    turn
}

fn join_halves(turns: Vec<StoredTurn>) -> Vec<StoredTurn> {
    let mut joined: Vec<StoredTurn> = Vec::new();
    for turn in turns {
        match joined.last_mut() {
            Some(last) if last.id.as_ref().map(second_id) == turn.id => {
                last.messages.extend(turn.messages);
                last.position = turn.position;
            }
            _ => joined.push(turn),
        }
    }
    joined
}

#[async_trait]
impl ChatStore for Mutant {
    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    async fn append(&self, key: &SessionKey, mut append: Append) -> Result<Appended> {
        let number = self.appends.fetch_add(1, Ordering::SeqCst);
        match self.mutation {
            Mutation::DropsATurn if number % 7 == 6 => {
                let end = self.everything(key).await?.position;
                Ok(made_up(end.unwrap_or_else(|| Position::new("0"))))
            }
            Mutation::DeniesDoubt => {
                self.inner.append(key, append).await.map_err(|error| match error.kind() {
                    ErrorKind::Unknown { .. } => Error::new(ErrorKind::Unavailable, "no answer; try again"),
                    _ => error,
                })
            }
            Mutation::StoresRepeats => {
                let appended = self.inner.append(key, append.clone()).await?;
                if !appended.duplicate {
                    return Ok(appended);
                }
                append.turn.id = TurnId::mint();
                append.after = After::End;
                self.inner.append(key, append).await
            }
            Mutation::IgnoresContent => match self.inner.append(key, append).await {
                Err(error) if *error.kind() == ErrorKind::TurnIdReused => {
                    let end = self.everything(key).await?.position.unwrap();
                    Ok(Appended { duplicate: true, ..made_up(end) })
                }
                result => result,
            },
            Mutation::WritesInTwo => self.write_in_two(key, append).await,
            Mutation::IgnoresExactly => {
                append.after = After::End;
                self.inner.append(key, append).await
            }
            Mutation::LastWriterWins => self.append_as_last_writer(key, append).await,
            Mutation::ForgetsDigits => {
                append.turn = with_floats(append.turn);
                self.inner.append(key, append).await
            }
            Mutation::Revives => self.append_and_revive(key, append).await,
            Mutation::CountsForPosition => self.append_by_count(key, append).await,
            _ => self.inner.append(key, append).await,
        }
    }

    async fn recent(&self, key: &SessionKey, window: Window, consistency: Consistency) -> Result<Recent> {
        let mut found = match self.inner.recent(key, window, consistency).await {
            Err(_) if self.mutation == Mutation::EmptyForError => return self.nothing(),
            found => found?,
        };
        match (self.mutation, window) {
            (Mutation::WritesInTwo, _) => found.turns = join_halves(found.turns),
            (Mutation::SortsByClock, _) => found.turns.sort_by_key(|turn| turn.stored_at_epoch_secs),
            (Mutation::CutsTurns, Window::LastMessages(messages)) => {
                let mut spare = found.turns.iter().map(|turn| turn.messages.len()).sum::<usize>();
                spare = spare.saturating_sub(messages.get() as usize);
                if let Some(oldest) = found.turns.first_mut() {
                    oldest.messages.drain(..spare.min(oldest.messages.len()));
                }
            }
            (Mutation::GivesOldest, Window::LastTurns(turns)) => {
                found.turns = self.everything(key).await?.turns;
                found.turns.truncate(turns.get() as usize);
            }
            (Mutation::HidesBadRows, _) => found.unreadable.clear(),
            (Mutation::CountsForPosition, _) => {
                let count = self.count(key).await?;
                found.position = (count > 0).then(|| Position::new(count.to_string()));
            }
            (Mutation::ReadsEverything, _) => {
                found.usage.read_units = self.count(key).await? as f64;
            }
            _ => {}
        }
        Ok(found)
    }

    async fn clear(&self, key: &SessionKey) -> Result<Cleared> {
        let newest = self.everything(key).await?.turns.pop();
        let cleared = self.inner.clear(key).await?;
        if let (Mutation::LeavesATurn, Some(turn)) = (self.mutation, newest) {
            self.inner.append(key, Append::new(Turn::new(turn.messages))).await?;
        }
        Ok(cleared)
    }

    async fn note(&self, key: &SessionKey, name: &str) -> Result<NoteRead> {
        self.inner.note(key, name).await
    }

    async fn set_note(
        &self,
        key: &SessionKey,
        name: &str,
        text: &str,
        if_version: u64,
    ) -> Result<NoteWritten> {
        self.inner.set_note(key, name, text, if_version).await
    }

    async fn sessions(&self, scope: &Scope, page: Page) -> Result<Sessions> {
        self.inner.sessions(scope, page).await
    }

    fn turns<'a>(&'a self, key: &'a SessionKey) -> BoxStream<'a, Result<TurnPage>> {
        let joined =
            |page: Result<TurnPage>| page.map(|page| TurnPage { turns: join_halves(page.turns), ..page });
        match self.mutation {
            Mutation::WritesInTwo => self.inner.turns(key).map(joined).boxed(),
            _ => self.inner.turns(key),
        }
    }

    async fn inspect(&self, key: &SessionKey, page: Page) -> Result<Inspection> {
        self.inner.inspect(key, page).await
    }

    async fn delete_message(&self, key: &SessionKey, at: &MessageRef) -> Result<Mended> {
        self.inner.delete_message(key, at).await
    }

    async fn edit_message(&self, key: &SessionKey, at: &MessageRef, message: Message) -> Result<Mended> {
        self.inner.edit_message(key, at, message).await
    }
}

impl Mutant {
    fn nothing(&self) -> Result<Recent> {
        Ok(Recent {
            turns: Vec::new(),
            position: None,
            state: SessionState::New,
            complete: true,
            unreadable: Vec::new(),
            notes: Vec::new(),
            fill: None,
            usage: Default::default(),
        })
    }
}
