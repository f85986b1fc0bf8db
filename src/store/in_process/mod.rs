//! The reference store: everything in this process, nothing durable.

mod session;

use std::collections::HashMap;
use std::fmt;
use std::num::NonZeroU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};

use self::session::Session;
use super::*;
use crate::clock::Clock;
use crate::usage::Usage;

/// How many turns a page of [`ChatStore::turns`] has.
const TURNS_PER_PAGE: usize = 100;

/// Keeps sessions in the memory of this process: for tests, and as the plainest statement of what a store does.
///
/// Clones share their sessions. It costs nothing, so its [`Usage`] is all zeros.
#[derive(Clone, Default)]
pub struct InProcessStore {
    state: Arc<Mutex<State>>,
    clock: Clock,
    ttl_secs: Option<NonZeroU64>,
}

#[derive(Default)]
struct State {
    /// Every mark that was ever handed out is smaller or equal: a position never comes twice, a clear included.
    last_mark: u64,
    sessions: HashMap<SessionKey, Session>,
}

impl State {
    fn next_mark(&mut self) -> u64 {
        self.last_mark += 1;
        self.last_mark
    }
}

impl InProcessStore {
    /// A store without sessions, whose turns don't expire.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same sessions under another clock.
    #[must_use]
    pub fn with_clock(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }

    /// The same sessions; turns that are appended through this store expire after `ttl_secs`, each for itself.
    #[must_use]
    pub fn with_ttl_secs(self, ttl_secs: NonZeroU64) -> Self {
        Self { ttl_secs: Some(ttl_secs), ..self }
    }

    /// Replaces what is stored of the turn at place `nth`, from 0, as a fault of the medium would; says whether
    /// there was such a turn. For tests of what happens when a row can't be read.
    pub fn damage(&self, key: &SessionKey, nth: usize, text: &str) -> bool {
        let mut state = self.lock();
        let row = state.sessions.get_mut(key).and_then(|session| session.rows.get_mut(nth));
        row.is_some_and(|row| {
            text.clone_into(&mut row.messages);
            true
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // No operation leaves the state half changed, so what another thread's panic left is whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read<T>(&self, key: &SessionKey, read: impl FnOnce(&Session, u64) -> T) -> T {
        let now = self.clock.epoch_secs();
        match self.lock().sessions.get(key) {
            Some(session) => read(session, now),
            None => read(&Session::default(), now),
        }
    }

    fn expires_at(&self, now: u64) -> Option<u64> {
        self.ttl_secs.map(|ttl_secs| now.saturating_add(ttl_secs.get()))
    }
}

impl fmt::Debug for InProcessStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InProcessStore").field("ttl_secs", &self.ttl_secs).finish_non_exhaustive()
    }
}

#[async_trait]
impl ChatStore for InProcessStore {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            layout: "in-process",
            flat_cost: true,
            dedupe: Dedupe::Exact,
            sessions: SessionOrder::NewestFirst,
            expiry: true,
            scopes: true,
            notes: true,
            delete_message: true,
            edit_message: true,
            session_limit_bytes: None,
        }
    }

    async fn append(&self, key: &SessionKey, append: Append) -> Result<Appended> {
        append.check()?;
        let now = self.clock.epoch_secs();
        let expires_at = self.expires_at(now);
        let mut state = self.lock();
        let mark = state.next_mark();
        let session = state.sessions.entry(key.clone()).or_default();
        let (position, duplicate) = session.append(append, mark, now, expires_at)?;
        Ok(Appended { position, duplicate, dedupe: Dedupe::Exact, usage: Usage::default() })
    }

    async fn recent(&self, key: &SessionKey, window: Window, _: Consistency) -> Result<Recent> {
        self.read(key, |session, now| session.recent(window, now))
    }

    async fn clear(&self, key: &SessionKey) -> Result<Cleared> {
        let now = self.clock.epoch_secs();
        let mut state = self.lock();
        let mark = state.next_mark();
        let Some(session) = state.sessions.get_mut(key) else { return Ok(Cleared::default()) };
        Ok(std::mem::replace(session, Session::cleared_at(mark)).removed(now))
    }

    async fn note(&self, key: &SessionKey, name: &str) -> Result<NoteRead> {
        let note = self.read(key, |session, now| session.notes(now).find(|note| note.name == name).cloned());
        Ok(NoteRead { note, usage: Usage::default() })
    }

    async fn set_note(
        &self,
        key: &SessionKey,
        name: &str,
        text: &str,
        if_version: u64,
    ) -> Result<NoteWritten> {
        let now = self.clock.epoch_secs();
        let mut state = self.lock();
        let session = state.sessions.entry(key.clone()).or_default();
        let version = session.set_note(name, text, if_version, now, self.expires_at(now))?;
        Ok(NoteWritten { version, usage: Usage::default() })
    }

    async fn sessions(&self, scope: &Scope, page: Page) -> Result<Sessions> {
        let before = page.token.as_ref().map_or(Ok(u64::MAX), number_of)?;
        let now = self.clock.epoch_secs();
        let state = self.lock();
        let mut found: Vec<_> = state
            .sessions
            .iter()
            .filter(|(key, _)| key.scope == *scope)
            .filter_map(|(key, session)| session.newest(now).map(|(mark, stored_at)| (mark, stored_at, key)))
            .filter(|(mark, ..)| *mark < before)
            .collect();
        found.sort_unstable_by_key(|(mark, ..)| std::cmp::Reverse(*mark));
        let limit = page.limit.get() as usize;
        let more = found.len() > limit;
        found.truncate(limit);
        let next = found.last().filter(|_| more).map(|(mark, ..)| PageToken(mark.to_string()));
        let entry = |(_, stored_at, key): (u64, u64, &SessionKey)| SessionEntry {
            session: key.session.clone(),
            last_active_epoch_secs: Some(stored_at),
        };
        Ok(Sessions { sessions: found.into_iter().map(entry).collect(), next, usage: Usage::default() })
    }

    fn turns<'a>(&'a self, key: &'a SessionKey) -> BoxStream<'a, Result<TurnPage>> {
        stream::unfold(0, move |after| async move {
            let (page, last) =
                self.read(key, |session, now| session.turns_after(after, TURNS_PER_PAGE, now))?;
            Some((Ok(page), last))
        })
        .boxed()
    }

    async fn inspect(&self, key: &SessionKey, page: Page) -> Result<Inspection> {
        let skip = page.token.as_ref().map_or(Ok(0), number_of)?;
        let mut records = self.read(key, |session, _| session.records());
        records.drain(..records.len().min(skip as usize));
        let limit = page.limit.get();
        let more = records.len() > limit as usize;
        records.truncate(limit as usize);
        let next = more.then(|| PageToken(skip.saturating_add(limit.into()).to_string()));
        Ok(Inspection { records, next, usage: Usage::default() })
    }

    async fn delete_message(&self, key: &SessionKey, at: &MessageRef) -> Result<Mended> {
        self.mend(key, at, None)
    }

    async fn edit_message(&self, key: &SessionKey, at: &MessageRef, message: Message) -> Result<Mended> {
        self.mend(key, at, Some(message))
    }
}

impl InProcessStore {
    fn mend(&self, key: &SessionKey, at: &MessageRef, message: Option<Message>) -> Result<Mended> {
        let now = self.clock.epoch_secs();
        let mut state = self.lock();
        let session = state
            .sessions
            .get_mut(key)
            .ok_or_else(|| Error::new(ErrorKind::NotFound, "the session has no turns"))?;
        session.mend(at, message, now)?;
        Ok(Mended { position: session.position(), usage: Usage::default() })
    }
}

fn number_of(token: &PageToken) -> Result<u64> {
    token.0.parse().map_err(|_| {
        Error::invalid_input("page", "is not of this store; hand back what the page before returned")
    })
}
