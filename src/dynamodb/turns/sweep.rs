//! Sweeping: what appends and clears that were cut off have left behind, and what has served its time.

use std::collections::{HashMap, HashSet};

use serde::Serialize;

use super::clear::BARRIER_SECS;
use super::codec::{Body, Row, What, attr, n, number};
use super::keys::{self, BARRIER_POINTER, BELOW_TURNS, Kind, partition};
use super::requests::{Condition, Range, Write};
use super::{DAY_SECS, TurnsStore};
use crate::dynamodb::size::Item;
use crate::error::{Error, Result};
use crate::session::SessionKey;
use crate::store::{Page, PageToken};
use crate::usage::Usage;

/// The most barriers that one sweep looks at.
const MAX_BARRIERS: u32 = 1_000;

/// What a sweep removed.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Swept {
    /// Pieces of turns that were never stored.
    pub chunks: u64,
    /// Turn ids that were remembered for their 24 hours.
    pub ids: u64,
    /// Barriers that no writer can meet any more. The newest one stays.
    pub barriers: u64,
    /// Where to go on; `None` when everything was looked at.
    pub next: Option<PageToken>,
    /// What the call cost.
    pub usage: Usage,
}

impl TurnsStore {
    /// Removes what is of no more use in a session: pieces that a writer left a day ago or more without a turn to
    /// them, remembered turn ids past their day, and barriers past theirs below the newest. Looks at a page of rows.
    ///
    /// # Errors
    /// `InvalidInput` for a page token of another store; `Unavailable` and the like, and sweeping again is safe.
    pub async fn sweep(&self, key: &SessionKey, page: Page) -> Result<Swept> {
        let partition = partition(key)?;
        let mut sweep =
            Sweep { store: self, partition: &partition, now: self.now(), swept: Swept::default() };
        match sweep.run(page).await {
            Ok(()) => Ok(sweep.swept),
            Err(error) => Err(error.with_usage(sweep.swept.usage)),
        }
    }
}

struct Sweep<'a> {
    store: &'a TurnsStore,
    partition: &'a str,
    now: u64,
    swept: Swept,
}

impl Sweep<'_> {
    async fn run(&mut self, page: Page) -> Result<()> {
        let (low, high) = BELOW_TURNS;
        let start = match page.token {
            None => None,
            Some(PageToken(sort)) if (low..high).contains(&sort.as_str()) => {
                Some(self.store.key(self.partition, sort))
            }
            Some(_) => {
                return Err(Error::invalid_input("page", "is not one of a sweep; start with the first page"));
            }
        };
        let range = Range {
            partition: self.partition,
            between: Some((low.to_owned(), high.to_owned())),
            descending: false,
            strong: true,
            brief: true,
        };
        let rows = self.store.query(&range, Some(page.limit.get()), start, &mut self.swept.usage).await?;
        self.swept.next = rows.next.as_ref().map(|next| PageToken(self.store.sort(next).to_owned()));
        let mut chunks = Vec::new();
        for item in rows.items {
            let sort = self.store.sort(&item).to_owned();
            // What is young may still be needed: the turn of a piece may yet come.
            let Some(at) = number(&item, attr::AT).filter(|at| at.saturating_add(DAY_SECS) <= self.now)
            else {
                continue;
            };
            match self.store.keys.kind(&sort) {
                Kind::Id => self.swept.ids += u64::from(self.remove(sort, at).await?),
                Kind::Chunk => chunks.push((sort, at)),
                _ => {}
            }
        }
        self.chunks(chunks).await?;
        if self.swept.next.is_none() { self.barriers().await } else { Ok(()) }
    }

    async fn chunks(&mut self, chunks: Vec<(String, u64)>) -> Result<()> {
        let places: HashSet<u64> = chunks.iter().filter_map(|(sort, _)| keys::chunk_seq(sort)).collect();
        let turns = places.iter().map(|seq| self.store.key(self.partition, self.store.keys.turn(*seq)));
        let turns = self.store.batch_get(turns.collect(), true, &mut self.swept.usage).await?;
        let used: HashSet<String> = turns.into_iter().flat_map(|item| self.pieces_of(item)).collect();
        for (sort, at) in chunks {
            if !used.contains(&sort) {
                self.swept.chunks += u64::from(self.remove(sort, at).await?);
            }
        }
        Ok(())
    }

    fn pieces_of(&self, item: Item) -> Vec<String> {
        let Kind::Turn(seq) = self.store.keys.kind(self.store.sort(&item)) else { return Vec::new() };
        match Row::decode(seq, item, self.store.expiry_attribute()).what {
            What::Turn(turn) => match turn.body {
                Body::Chunks { count, sum, .. } => {
                    (0..count).map(|index| keys::chunk(seq, &turn.id, &sum, index)).collect()
                }
                Body::Plain(_) | Body::Deflated { .. } => Vec::new(),
            },
            What::Barrier { .. } | What::Unreadable(_) => Vec::new(),
        }
    }

    /// Removes a row unless a writer that tries again has written it anew.
    async fn remove(&mut self, sort: String, at: u64) -> Result<bool> {
        let unchanged = Condition::written_at(at);
        let key = self.store.key(self.partition, sort);
        Ok(self.store.take(key, Some(unchanged), &mut self.swept.usage).await?.is_some())
    }

    async fn barriers(&mut self) -> Result<()> {
        let pointer = self.store.key(self.partition, BARRIER_POINTER);
        let pointer = self.store.get(pointer, &mut self.swept.usage).await?;
        let Some(newest) = pointer.and_then(|pointer| number(&pointer, attr::SEQ)) else { return Ok(()) };
        let keys = &self.store.keys;
        let range = Range {
            partition: self.partition,
            between: Some((keys.turn(0), keys.turn(newest.saturating_sub(1)))),
            descending: false,
            strong: true,
            brief: false,
        };
        let rows = self.store.query(&range, Some(MAX_BARRIERS), None, &mut self.swept.usage).await?;
        let mut writes = Vec::new();
        for item in rows.items {
            if let Kind::Turn(seq) = keys.kind(self.store.sort(&item)) {
                let row = Row::decode(seq, item, self.store.expiry_attribute());
                if row.is_barrier() && row.at.saturating_add(BARRIER_SECS) <= self.now {
                    writes.push(Write::Delete(self.store.key(self.partition, keys.turn(seq))));
                }
            }
        }
        self.swept.barriers += writes.len() as u64;
        self.store.batch_write(writes, &mut self.swept.usage).await
    }
}

impl Condition {
    /// The row still is the one that was written at `at`.
    pub(super) fn written_at(at: u64) -> Self {
        Self {
            expression: "#at = :at",
            names: HashMap::from([("#at".to_owned(), attr::AT.to_owned())]),
            values: Item::from([(":at".to_owned(), n(at))]),
        }
    }
}
