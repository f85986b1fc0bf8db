//! Looking for the end of a session.

use super::TurnsStore;
use super::codec::{Row, attr, number};
use super::keys::{BARRIER_POINTER, Kind};
use super::langchain::OldestPart;
use super::position::Mark;
use super::requests::Range;
use crate::error::Result;
use crate::session::TurnId;
use crate::usage::Usage;

/// How many of the newest rows are read: among these a turn is known by its id alone.
const NEWEST_ROWS: u32 = 10;

/// The end of a session and what stands there.
#[derive(Debug)]
pub(super) struct End {
    /// `None` where nothing marks one yet.
    pub(super) mark: Option<Mark>,
    /// Whether no turn can be seen.
    pub(super) is_empty: bool,
    /// The newest rows above any barrier, newest first.
    pub(super) rows: Vec<Row>,
    /// The barrier below them, if it is among the newest.
    pub(super) barrier: Option<Row>,
}

impl End {
    /// The turn with this id, if it is among the newest.
    pub(super) fn find(&self, id: &TurnId) -> Option<&Row> {
        self.rows.iter().find(|row| row.turn_id() == Some(id))
    }

    /// The row at a place, if it is among the newest.
    pub(super) fn at(&self, seq: u64) -> Option<&Row> {
        self.rows.iter().find(|row| row.seq == seq)
    }

    /// The mark to append after.
    pub(super) fn base(&self) -> Mark {
        self.mark.unwrap_or_default()
    }
}

impl TurnsStore {
    /// The place of the newest barrier, below which nothing is visible.
    pub(super) async fn barrier(&self, partition: &str, usage: &mut Usage) -> Result<Option<u64>> {
        let pointer = self.get(self.key(partition, BARRIER_POINTER), usage).await?;
        Ok(pointer.and_then(|pointer| number(&pointer, attr::SEQ)))
    }

    /// The end of a session, as of every acknowledged write.
    pub(super) async fn end(&self, partition: &str, usage: &mut Usage) -> Result<End> {
        let range = Range {
            partition,
            between: Some((self.keys.lowest().to_owned(), self.keys.highest_turn())),
            descending: true,
            strong: true,
            brief: false,
        };
        let (now, mut start) = (self.now(), None);
        loop {
            let page = self.query(&range, Some(NEWEST_ROWS), start, usage).await?;
            let mut end = End { mark: None, is_empty: true, rows: Vec::new(), barrier: None };
            for item in page.items {
                let kind = self.keys.kind(self.sort(&item));
                if let Kind::Turn(seq) = kind {
                    let row = Row::decode(seq, item, self.expiry_attribute());
                    end.mark.get_or_insert_with(|| row.mark());
                    if row.is_barrier() {
                        end.barrier = Some(row);
                        return Ok(end);
                    }
                    end.is_empty &= row.has_expired(now);
                    end.rows.push(row);
                } else if kind == Kind::LangChain
                    && let Some(oldest) = OldestPart::read(self, item)
                {
                    end.mark.get_or_insert(oldest.mark);
                    end.is_empty &= oldest.has_expired(now) || oldest.is_empty();
                }
            }
            // Rows that are not ours may fill a page.
            match page.next {
                Some(next) if end.mark.is_none() => start = Some(next),
                _ => return Ok(end),
            }
        }
    }

    /// Reads one row among the turns.
    pub(super) async fn row(&self, partition: &str, seq: u64, usage: &mut Usage) -> Result<Option<Row>> {
        let item = self.get(self.key(partition, self.keys.turn(seq)), usage).await?;
        Ok(item.map(|item| Row::decode(seq, item, self.expiry_attribute())))
    }
}
