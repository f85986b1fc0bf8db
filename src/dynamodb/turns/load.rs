//! Loading: one descending query that stops where the window, the session or a barrier ends it.

use std::collections::VecDeque;

use super::TurnsStore;
use super::chunks::NoTurn;
use super::codec::{Body, Row, What};
use super::keys::{Kind, partition};
use super::langchain::OldestPart;
use super::requests::Range;
use crate::dynamodb::size::Item;
use crate::error::{Error, ErrorKind, Result};
use crate::session::{Position, SessionKey, StoredTurn};
use crate::store::{Consistency, Note, Recent, SessionState, Unreadable, Window};
use crate::usage::Usage;

/// Rows of a page after the first: many in the first were expired, unreadable or not ours.
const LATER_PAGE_ROWS: u32 = 100;

pub(super) async fn recent(
    store: &TurnsStore,
    key: &SessionKey,
    window: Window,
    consistency: Consistency,
) -> Result<Recent> {
    let partition = partition(key)?;
    let strong = consistency == Consistency::Strong;
    let mut load = Load::new(store, &partition, window, strong);
    let mut run = load.run().await;
    if run.is_ok() && load.saw_clear {
        // What was read before the clear is the session as it was, with holes: it is read as it is now.
        load = Load { usage: load.usage, ..Load::new(store, &partition, window, true) };
        run = load.run().await;
    }
    match run {
        Ok(()) => load.finish(),
        Err(error) => Err(error.with_usage(load.usage)),
    }
}

/// What a row of the window is, once its key is known.
#[derive(Debug)]
enum Found {
    Row(Row),
    Oldest(OldestPart),
}

struct Load<'a> {
    store: &'a TurnsStore,
    partition: &'a str,
    window: Window,
    strong: bool,
    now: u64,
    /// Newest first.
    turns: Vec<StoredTurn>,
    messages: usize,
    position: Option<Position>,
    /// Whether nothing older was left out; `None` until that is known.
    complete: Option<bool>,
    saw_barrier: bool,
    /// The session was cleared while it was read.
    saw_clear: bool,
    saw_expired: bool,
    saw_empty: bool,
    unreadable: Vec<Unreadable>,
    notes: Vec<Note>,
    usage: Usage,
}

impl<'a> Load<'a> {
    fn new(store: &'a TurnsStore, partition: &'a str, window: Window, strong: bool) -> Self {
        Self {
            store,
            partition,
            window,
            strong,
            now: store.now(),
            turns: Vec::new(),
            messages: 0,
            position: None,
            complete: None,
            saw_barrier: false,
            saw_clear: false,
            saw_expired: false,
            saw_empty: false,
            unreadable: Vec::new(),
            notes: Vec::new(),
            usage: Usage::default(),
        }
    }

    async fn run(&mut self) -> Result<()> {
        let keys = &self.store.keys;
        let range = Range {
            partition: self.partition,
            between: Some((keys.lowest().to_owned(), keys.highest())),
            descending: true,
            strong: self.strong,
            brief: false,
        };
        let mut limit = first_page_rows(self.window);
        let mut start = None;
        loop {
            let page = self.store.query(&range, limit, start, &mut self.usage).await?;
            let mut rows: VecDeque<Found> =
                page.items.into_iter().filter_map(|item| self.sort_out(item)).collect();
            while self.complete.is_none() && !rows.is_empty() {
                self.take(&mut rows).await?;
            }
            if self.complete.is_some() {
                return Ok(());
            }
            match page.next {
                None => self.complete = Some(true),
                // What follows would have to be read to be known.
                Some(_) if self.is_full(self.turns.len(), self.messages) => self.complete = Some(false),
                Some(next) => {
                    start = Some(next);
                    limit = limit.map(|_| LATER_PAGE_ROWS);
                    continue;
                }
            }
            return Ok(());
        }
    }

    /// Keeps notes, and passes on what belongs to the window.
    fn sort_out(&mut self, mut item: Item) -> Option<Found> {
        let sort = self.store.sort(&item).to_owned();
        match self.store.keys.kind(&sort) {
            Kind::Note(name) => {
                match self.store.decode_note(name, &mut item, self.now) {
                    Ok(note) => self.notes.extend(note),
                    Err(reason) => self.unreadable.push(Unreadable { key: sort, reason }),
                }
                None
            }
            Kind::Turn(seq) => Some(Found::Row(Row::decode(seq, item, self.store.expiry_attribute()))),
            Kind::LangChain => OldestPart::read(self.store, item).map(Found::Oldest),
            _ => None,
        }
    }

    /// Takes rows off the front, as many as the window can still hold.
    async fn take(&mut self, rows: &mut VecDeque<Found>) -> Result<()> {
        let mut batch = Vec::new();
        let (mut turns, mut messages) = (self.turns.len(), self.messages);
        while let Some(Found::Row(row)) = rows.front() {
            self.position.get_or_insert_with(|| row.mark().position());
            if row.is_barrier() {
                self.saw_barrier = true;
                self.complete = Some(true);
                break;
            }
            if row.has_expired(self.now) {
                self.saw_expired = true;
                rows.pop_front();
                continue;
            }
            if self.is_full(turns, messages) {
                break;
            }
            let size = self.known_messages(row);
            if let Some(Found::Row(row)) = rows.pop_front() {
                batch.push(row);
            }
            match size {
                Some(size) => {
                    turns += 1;
                    messages += size;
                }
                None => break,
            }
        }
        for turn in self.store.read_turns(self.partition, batch, self.strong, &mut self.usage).await? {
            match turn {
                Ok(turn) => self.push(turn),
                Err(NoTurn::Unreadable(unreadable)) => self.unreadable.push(unreadable),
                Err(NoTurn::Cleared) => self.saw_clear = true,
            }
        }
        if self.complete.is_some() {
            return Ok(());
        }
        let full = self.is_full(self.turns.len(), self.messages);
        match rows.front() {
            Some(Found::Row(_)) if full => self.complete = Some(false),
            Some(Found::Oldest(_)) => {
                if let Some(Found::Oldest(oldest)) = rows.pop_front() {
                    self.take_oldest(oldest);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn take_oldest(&mut self, oldest: OldestPart) {
        self.position.get_or_insert_with(|| oldest.mark.position());
        if oldest.has_expired(self.now) {
            self.saw_expired = true;
            return;
        }
        self.saw_empty |= oldest.is_empty();
        self.unreadable.extend(oldest.unreadable);
        for turn in oldest.turns.into_iter().rev() {
            if self.is_full(self.turns.len(), self.messages) {
                self.complete = Some(false);
                return;
            }
            self.push(turn);
        }
    }

    fn push(&mut self, turn: StoredTurn) {
        self.messages += turn.messages.len();
        self.turns.push(turn);
    }

    fn is_full(&self, turns: usize, messages: usize) -> bool {
        match self.window {
            Window::Everything => false,
            Window::LastTurns(wanted) => turns >= wanted.get() as usize,
            Window::LastMessages(wanted) => messages >= wanted.get() as usize,
        }
    }

    /// How many messages a row adds, as far as the window asks; `None` where it has to be read to know.
    fn known_messages(&self, row: &Row) -> Option<usize> {
        match (&row.what, self.window) {
            (_, Window::Everything | Window::LastTurns(_)) => Some(0),
            (What::Turn(turn), Window::LastMessages(_)) => match &turn.body {
                Body::Plain(_) => None,
                Body::Deflated { messages, .. } | Body::Chunks { messages, .. } => Some(*messages),
            },
            (What::Barrier { .. } | What::Unreadable(_), Window::LastMessages(_)) => None,
        }
    }

    fn finish(mut self) -> Result<Recent> {
        if let (true, Some(first)) = (self.turns.is_empty(), self.unreadable.first()) {
            return Err(Error::new(
                ErrorKind::Corrupt,
                "nothing of what is stored can be read, and it is left as it is; inspect the session to see it",
            )
            .with("key", &first.key)
            .with("reason", &first.reason)
            .with("rows", self.unreadable.len())
            .with_usage(self.usage));
        }
        let state = if !self.turns.is_empty() {
            SessionState::Present
        } else if self.saw_expired {
            SessionState::Expired
        } else if self.saw_barrier || self.saw_empty || !self.notes.is_empty() {
            SessionState::Empty
        } else {
            SessionState::New
        };
        self.turns.reverse();
        Ok(Recent {
            turns: self.turns,
            position: self.position,
            state,
            complete: self.complete.unwrap_or(true),
            unreadable: self.unreadable,
            notes: self.notes,
            fill: None,
            usage: self.usage,
        })
    }
}

/// The window and one row more, which tells whether something older is left out, or is a note.
fn first_page_rows(window: Window) -> Option<u32> {
    match window {
        Window::Everything => None,
        Window::LastTurns(turns) => Some(turns.get().saturating_add(1)),
        // A turn mostly is a question and an answer.
        Window::LastMessages(messages) => Some(messages.get().div_ceil(2).saturating_add(1)),
    }
}
