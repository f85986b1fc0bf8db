//! Clearing: a barrier at the next place, then removal of what is below it.

use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{Delete, ReturnConsumedCapacity, TransactWriteItem};

use super::codec::{Body, IdRow, Row, What, attr, n, s};
use super::end::End;
use super::keys::{BARRIER_POINTER, IDS, Kind, MAX_SEQ, chunks_below, listing_partition, partition};
use super::langchain::OldestPart;
use super::payload;
use super::requests::{Condition, Range, Write, pause, unbuilt};
use super::{DAY_SECS, TurnsStore};
use crate::dynamodb::error::of_cancellation;
use crate::dynamodb::size::Item;
use crate::error::{Error, ErrorKind, Result};
use crate::session::{SessionKey, TurnId};
use crate::store::Cleared;
use crate::usage::Usage;

/// How often the end is looked for before the session counts as too busy.
const MAX_LOOKS: u32 = 100;

/// How long the places of cleared turns stay taken. A writer goes by a position for a day without looking, so that
/// within twice that it meets a barrier wherever it tries.
pub(super) const BARRIER_SECS: u64 = 2 * DAY_SECS;

/// How many notes go in one transaction with the barrier.
const MAX_NOTES: usize = 90;

pub(super) async fn clear(store: &TurnsStore, key: &SessionKey) -> Result<Cleared> {
    let mut clearing = Clearing {
        store,
        partition: partition(key)?,
        id: TurnId::mint(),
        now: store.now(),
        turns: 0,
        messages: 0,
        usage: Usage::default(),
    };
    match clearing.run(key).await {
        Ok(()) => {
            let Clearing { turns, messages, usage, .. } = clearing;
            Ok(Cleared { turns, messages, usage })
        }
        Err(error) => Err(error.with_usage(clearing.usage)),
    }
}

struct Clearing<'a> {
    store: &'a TurnsStore,
    partition: String,
    /// Tells our barrier from another's when the answer to putting it was lost.
    id: TurnId,
    now: u64,
    turns: u64,
    messages: u64,
    usage: Usage,
}

/// The barrier that makes a session cleared.
struct Barrier {
    seq: u64,
    /// Whether it is of this call, so that what is below was visible before.
    ours: bool,
    /// The hour in which the session was listed.
    listed_hour: Option<u64>,
}

impl Clearing<'_> {
    async fn run(&mut self, key: &SessionKey) -> Result<()> {
        let Some(Barrier { seq, ours, listed_hour }) = self.put_barrier().await? else { return Ok(()) };
        let listing = listing_partition(&key.scope);
        self.store.unlist(&listing, &key.session, listed_hour, Some(seq), &mut self.usage).await?;
        self.remove_turns(seq, ours).await?;
        self.remove_chunks(seq).await?;
        self.remove_ids(seq).await
    }

    /// Clears at once: takes the next place, and the notes with it. `None` where nothing is stored.
    async fn put_barrier(&mut self) -> Result<Option<Barrier>> {
        for look in 0..MAX_LOOKS {
            if look > 1 {
                pause(look).await;
            }
            let notes = self.notes().await?;
            let end = self.store.end(&self.partition, &mut self.usage).await?;
            if end.mark.is_none() && notes.is_empty() {
                return Ok(None);
            }
            if let (true, true, Some(barrier)) = (notes.is_empty(), end.rows.is_empty(), &end.barrier)
                && let What::Barrier { turn, listed_hour } = &barrier.what
            {
                // A clear before this one may have been cut off: what it left is removed now.
                let ours = turn.as_ref() == Some(&self.id);
                return Ok(Some(Barrier { seq: barrier.seq, ours, listed_hour: *listed_hour }));
            }
            let (seq, listed_hour) = (end.base().seq + 1, listed_hour(&end));
            if seq > MAX_SEQ {
                return Err(Error::new(
                    ErrorKind::TooLarge,
                    "the session has no place left; start another one",
                ));
            }
            if self.transact(seq, listed_hour, &notes).await? {
                return Ok(Some(Barrier { seq, ours: true, listed_hour }));
            }
        }
        Err(Error::new(ErrorKind::Throttled, "too many write to this session at once; try again in a while"))
    }

    async fn notes(&mut self) -> Result<Vec<Item>> {
        let (low, high) = (self.store.keys.highest_turn(), self.store.keys.highest());
        let rows = self.rows(low, high, true).await?;
        Ok(rows.into_iter().filter(|item| matches!(self.kind(item), Kind::Note(_))).collect())
    }

    /// Puts the barrier, points to it and removes the notes, all or nothing; `false` where another writer was first.
    async fn transact(&mut self, seq: u64, listed_hour: Option<u64>, notes: &[Item]) -> Result<bool> {
        let store = self.store;
        let mut attributes = vec![(attr::BARRIER, n(self.now)), (attr::TURN, s(self.id.as_str()))];
        attributes.extend(listed_hour.map(|hour| (attr::PREVIOUS_HOUR, n(hour))));
        let barrier = store.item(&self.partition, store.keys.turn(seq), attributes);
        let pointer = store.item(&self.partition, BARRIER_POINTER, [(attr::SEQ, n(seq))]);
        let mut below = store.absent();
        below.expression = "attribute_not_exists(#s) OR #pos < :seq";
        below.names.insert("#pos".to_owned(), attr::SEQ.to_owned());
        below.values.insert(":seq".to_owned(), n(seq));
        let notes: Vec<_> = notes.iter().map(|note| store.key(&self.partition, store.sort(note))).collect();
        let (notes, more_notes) = notes.split_at(notes.len().min(MAX_NOTES));
        let mut request = store
            .client
            .sdk()
            .transact_write_items()
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .transact_items(store.transact_put(barrier, store.absent())?)
            .transact_items(store.transact_put(pointer, below)?);
        for key in notes {
            let delete = Delete::builder().table_name(&store.config.table).set_key(Some(key.clone()));
            let delete = delete.build().map_err(unbuilt)?;
            request = request.transact_items(TransactWriteItem::builder().delete(delete).build());
        }
        match store.client.call(|meter| request.customize().interceptor(meter).send()).await {
            Ok((_, cost)) => self.usage += cost,
            Err(error) => match error.service() {
                Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                    self.usage += error.usage();
                    return match of_cancellation(cancelled.cancellation_reasons()) {
                        Some(reason) => Err(reason.with("table", &store.config.table)),
                        None => Ok(false),
                    };
                }
                _ => return Err(store.failed(error)),
            },
        }
        let more_notes = more_notes.iter().cloned().map(Write::Delete).collect();
        store.batch_write(more_notes, &mut self.usage).await?;
        Ok(true)
    }

    /// Counts the turns that were visible, and leaves of each no more than the barrier in its place.
    async fn remove_turns(&mut self, barrier: u64, mut visible: bool) -> Result<()> {
        let store = self.store;
        let range = Range {
            partition: &self.partition.clone(),
            between: Some((store.keys.lowest().to_owned(), store.keys.turn(barrier.saturating_sub(1)))),
            descending: true,
            strong: true,
            brief: false,
        };
        let mut start = None;
        loop {
            let page = store.query(&range, None, start, &mut self.usage).await?;
            let mut writes = Vec::new();
            for item in page.items {
                match self.kind(&item) {
                    Kind::Turn(seq) => {
                        let row = Row::decode(seq, item, store.expiry_attribute());
                        visible &= !row.is_barrier();
                        if visible && !row.has_expired(self.now) {
                            self.count(&row);
                        }
                        writes.extend(self.removal(&row));
                    }
                    Kind::LangChain => {
                        writes.push(Write::Delete(store.key(&self.partition, store.keys.lowest())));
                        if let Some(oldest) = OldestPart::read(store, item)
                            && visible
                            && !oldest.has_expired(self.now)
                        {
                            self.turns += oldest.turns.len() as u64;
                            self.messages +=
                                oldest.turns.iter().map(|turn| turn.messages.len() as u64).sum::<u64>();
                        }
                    }
                    _ => {}
                }
            }
            store.batch_write(writes, &mut self.usage).await?;
            start = page.next;
            if start.is_none() {
                return Ok(());
            }
        }
    }

    fn count(&mut self, row: &Row) {
        let What::Turn(turn) = &row.what else { return };
        let messages = match &turn.body {
            Body::Plain(json) => payload::parse(json).ok().map(|messages| messages.len()),
            Body::Deflated { messages, .. } | Body::Chunks { messages, .. } => Some(*messages),
        };
        if let Some(messages) = messages {
            self.turns += 1;
            self.messages += messages as u64;
        }
    }

    fn removal(&self, row: &Row) -> Option<Write> {
        let store = self.store;
        if row.is_barrier() {
            if row.at.saturating_add(BARRIER_SECS) <= self.now {
                return Some(Write::Delete(store.key(&self.partition, store.keys.turn(row.seq))));
            }
            if row.expires_at.is_some() || store.expiry_attribute().is_none() {
                return None;
            }
        }
        let mut attributes = vec![(attr::BARRIER, n(self.now))];
        attributes.extend(row.turn_id().map(|id| (attr::TURN, s(id.as_str()))));
        let mut item = store.item(&self.partition, store.keys.turn(row.seq), attributes);
        store.remove_at(&mut item, self.now.saturating_add(BARRIER_SECS));
        Some(Write::Put(item))
    }

    async fn remove_chunks(&mut self, barrier: u64) -> Result<()> {
        let (low, high) = chunks_below(barrier);
        let mut writes = Vec::new();
        for item in self.rows(low, high, true).await? {
            if self.kind(&item) == Kind::Chunk {
                writes.push(Write::Delete(self.store.key(&self.partition, self.store.sort(&item))));
            }
        }
        self.store.batch_write(writes, &mut self.usage).await
    }

    /// Forgets the turn ids that have their effect below the barrier.
    async fn remove_ids(&mut self, barrier: u64) -> Result<()> {
        let ids = self.rows(IDS.0.to_owned(), IDS.1.to_owned(), false).await?;
        let mut writes = Vec::new();
        for item in ids {
            if self.kind(&item) != Kind::Id {
                continue;
            }
            let row = IdRow::decode(&item);
            if row.as_ref().is_some_and(|row| row.mark.seq >= barrier) {
                continue;
            }
            let key = self.store.key(&self.partition, self.store.sort(&item));
            match row {
                // A turn of today may take its place at this moment.
                Some(row) if row.is_forgotten(self.now) => {
                    self.store.take(key, Some(Condition::written_at(row.mark.at)), &mut self.usage).await?;
                }
                _ => writes.push(Write::Delete(key)),
            }
        }
        self.store.batch_write(writes, &mut self.usage).await
    }

    /// All rows of a range.
    async fn rows(&mut self, low: String, high: String, brief: bool) -> Result<Vec<Item>> {
        let range = Range {
            partition: &self.partition.clone(),
            between: Some((low, high)),
            descending: false,
            strong: true,
            brief,
        };
        let (mut rows, mut start) = (Vec::new(), None);
        loop {
            let page = self.store.query(&range, None, start, &mut self.usage).await?;
            rows.extend(page.items);
            start = page.next;
            if start.is_none() {
                return Ok(rows);
            }
        }
    }

    fn kind<'i>(&self, item: &'i Item) -> Kind<'i> {
        self.store.keys.kind(self.store.sort(item))
    }
}

/// The hour in which a session is listed.
fn listed_hour(end: &End) -> Option<u64> {
    let of_barrier = || match end.barrier.as_ref()?.what {
        What::Barrier { listed_hour, .. } => listed_hour,
        _ => None,
    };
    end.base().hour().or_else(of_barrier)
}

impl IdRow {
    /// Whether it counts as absent.
    pub(super) fn is_forgotten(&self, now: u64) -> bool {
        self.mark.at.saturating_add(DAY_SECS) <= now
    }
}
