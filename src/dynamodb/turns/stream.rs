//! All turns of a session, upwards from the newest barrier.

use std::collections::VecDeque;

use futures_util::stream::{self, BoxStream, StreamExt};

use super::TurnsStore;
use super::chunks::NoTurn;
use super::codec::{Body, Row, What};
use super::keys::{Kind, partition};
use super::langchain::OldestPart;
use super::requests::Range;
use crate::dynamodb::size::Item;
use crate::error::Result;
use crate::session::SessionKey;
use crate::store::TurnPage;
use crate::usage::Usage;

/// How many pieces of big turns a page holds at most, unless one turn alone has more.
const MAX_PAGE_CHUNKS: usize = 10;

/// Where the stream is.
enum At {
    Start,
    /// Rows that were read, and where the next query starts.
    Page(VecDeque<Row>, Option<Item>),
    End,
}

struct Upwards<'a> {
    store: &'a TurnsStore,
    key: &'a SessionKey,
    /// The lowest sort key value to read.
    from: String,
    at: At,
}

pub(super) fn turns<'a>(store: &'a TurnsStore, key: &'a SessionKey) -> BoxStream<'a, Result<TurnPage>> {
    let upwards = Upwards { store, key, from: store.keys.lowest().to_owned(), at: At::Start };
    stream::try_unfold(upwards, |mut upwards| async move {
        let mut usage = Usage::default();
        match upwards.next(&mut usage).await {
            Ok(page) => Ok(page.map(|page| (TurnPage { usage, ..page }, upwards))),
            Err(error) => Err(error.with_usage(usage)),
        }
    })
    .boxed()
}

impl Upwards<'_> {
    async fn next(&mut self, usage: &mut Usage) -> Result<Option<TurnPage>> {
        let mut page = TurnPage { turns: Vec::new(), unreadable: Vec::new(), usage: Usage::default() };
        let partition = partition(self.key)?;
        let (mut rows, next) = match std::mem::replace(&mut self.at, At::End) {
            At::End => return Ok(None),
            At::Page(rows, next) if !rows.is_empty() => (rows, next),
            At::Page(_, None) => return Ok(None),
            At::Page(_, start) => self.read(&partition, start, &mut page, usage).await?,
            At::Start => {
                if let Some(seq) = self.store.barrier(&partition, usage).await? {
                    self.from = self.store.keys.turn(seq.saturating_add(1));
                }
                self.read(&partition, None, &mut page, usage).await?
            }
        };
        let (mut batch, mut chunks) = (Vec::new(), 0);
        while let Some(row) = rows.pop_front() {
            chunks += chunk_count(&row);
            if chunks > MAX_PAGE_CHUNKS && !batch.is_empty() {
                rows.push_front(row);
                break;
            }
            batch.push(row);
        }
        for turn in self.store.read_turns(&partition, batch, true, usage).await? {
            match turn {
                Ok(turn) => page.turns.push(turn),
                Err(NoTurn::Unreadable(unreadable)) => page.unreadable.push(unreadable),
                Err(NoTurn::Cleared) => {}
            }
        }
        self.at = if rows.is_empty() && next.is_none() { At::End } else { At::Page(rows, next) };
        Ok(Some(page))
    }

    async fn read(
        &self,
        partition: &str,
        start: Option<Item>,
        page: &mut TurnPage,
        usage: &mut Usage,
    ) -> Result<(VecDeque<Row>, Option<Item>)> {
        let store = self.store;
        let range = Range {
            partition,
            between: Some((self.from.clone(), store.keys.highest_turn())),
            descending: false,
            strong: true,
            brief: false,
        };
        let found = store.query(&range, None, start, usage).await?;
        let now = store.now();
        let mut rows = VecDeque::new();
        for item in found.items {
            match store.keys.kind(store.sort(&item)) {
                Kind::Turn(seq) => {
                    let row = Row::decode(seq, item, store.expiry_attribute());
                    if !row.is_barrier() && !row.has_expired(now) {
                        rows.push_back(row);
                    }
                }
                Kind::LangChain => {
                    if let Some(oldest) =
                        OldestPart::read(store, item).filter(|oldest| !oldest.has_expired(now))
                    {
                        page.turns.extend(oldest.turns);
                        page.unreadable.extend(oldest.unreadable);
                    }
                }
                _ => {}
            }
        }
        Ok((rows, found.next))
    }
}

/// How many pieces' worth of memory the messages of a row take.
fn chunk_count(row: &Row) -> usize {
    match &row.what {
        What::Turn(turn) => match &turn.body {
            Body::Plain(_) => 0,
            // Unpacked it may be as large as a turn can be.
            Body::Deflated { .. } => MAX_PAGE_CHUNKS,
            Body::Chunks { count, .. } => *count as usize,
        },
        What::Barrier { .. } | What::Unreadable(_) => 0,
    }
}
