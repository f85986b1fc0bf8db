//! Adding records, and reading a memory's history.

use std::collections::HashMap;

use futures_util::future::try_join_all;

use super::record::{self, Listed, Pending};
use super::requests::{Condition, Sort, Transacted, Write, pause};
use super::{Mem0HistoryStore, keys};
use crate::dynamodb::size::{Item, MAX_ITEM_BYTES, item_bytes};
use crate::error::{Error, ErrorKind, Result};
use crate::history::{Added, AddedBatch, HistoryPage, NewRecord};
use crate::session::Scope;
use crate::store::{Page, PageToken};
use crate::usage::Usage;

/// Two rows a record; a transaction takes a hundred.
const MAX_RECORDS: usize = 50;
/// A transaction takes 4 MB.
const MAX_BYTES: u64 = 3 * 1024 * 1024;
/// How often a transaction is tried when other writers come between.
const MAX_TRIES: u32 = 10;

/// A record's place in the call, and the record.
type Numbered = (usize, Pending);

impl Mem0HistoryStore {
    pub(super) async fn add_records(&self, scope: &Scope, records: Vec<NewRecord>) -> Result<AddedBatch> {
        for record in &records {
            record.check()?;
        }
        let now = self.now();
        let mut unique: Vec<Numbered> = Vec::new();
        // Where in the call each record stands that an earlier one says too.
        let mut again = Vec::new();
        let mut ids: HashMap<(String, String), (usize, String)> = HashMap::new();
        let count = records.len();
        for (at, record) in records.into_iter().enumerate() {
            let pending = Pending::new(scope, record, &now)?;
            let bytes = item_bytes(&pending.row(0));
            if bytes > MAX_ITEM_BYTES {
                let message =
                    "a record would pass DynamoDB's limit of 400 KB for an item; shorten the memory's text";
                return Err(self.located(Error::new(ErrorKind::TooLarge, message).with("bytes", bytes)));
            }
            match ids.get(&(pending.user.clone(), pending.id.clone())) {
                Some((first, sum)) if *sum == pending.sum => again.push((at, *first)),
                Some(_) => return Err(other_record(&pending.id)),
                None => {
                    ids.insert((pending.user.clone(), pending.id.clone()), (at, pending.sum.clone()));
                    unique.push((at, pending));
                }
            }
        }
        let mut usage = Usage::default();
        let mut stored: HashMap<usize, Added> = HashMap::new();
        for chunk in chunks(unique) {
            let added = self.add_chunk(scope, chunk, &mut usage).await;
            stored.extend(added.map_err(|error| error.with_usage(usage))?);
        }
        for (at, first) in again {
            if let Some(first) = stored.get(&first).cloned() {
                stored.insert(at, Added { duplicate: true, ..first });
            }
        }
        let added = (0..count).filter_map(|at| stored.remove(&at)).collect();
        Ok(AddedBatch { added, usage })
    }

    /// Adds records in one transaction, without those that are known.
    async fn add_chunk(
        &self,
        scope: &Scope,
        mut pending: Vec<Numbered>,
        usage: &mut Usage,
    ) -> Result<Vec<(usize, Added)>> {
        let listing = keys::listing(scope);
        let mut stored = Vec::new();
        for attempt in 0..MAX_TRIES {
            if attempt > 0 {
                pause(attempt).await;
            }
            let places = self.next_places(&pending, usage).await?;
            let rows = pending.iter().zip(&places).flat_map(|((_, pending), place)| {
                [
                    Write::Put(pending.row(*place), Some(Condition::ABSENT)),
                    Write::Put(pending.listed(&listing, *place), Some(Condition::ABSENT)),
                ]
            });
            match self.transact(rows.collect(), usage).await? {
                Transacted::Busy => {}
                Transacted::Done => {
                    let added = pending
                        .into_iter()
                        .zip(places)
                        .map(|((at, pending), place)| (at, added(pending.id, place, false)));
                    stored.extend(added);
                    return Ok(stored);
                }
                Transacted::Refused(met) => {
                    let mut left = Vec::new();
                    for (nth, (at, pending)) in pending.into_iter().enumerate() {
                        match met.get(2 * nth + 1).cloned().flatten() {
                            None => left.push((at, pending)),
                            Some(row) => stored.push((at, self.known(&listing, &pending, row, usage).await?)),
                        }
                    }
                    pending = left;
                    if pending.is_empty() {
                        return Ok(stored);
                    }
                }
            }
        }
        Err(self.contended())
    }

    /// The places that the records get, when nobody comes between.
    async fn next_places(&self, pending: &[Numbered], usage: &mut Usage) -> Result<Vec<u64>> {
        let mut partitions: Vec<_> = pending.iter().map(|(_, pending)| pending.partition.as_str()).collect();
        partitions.sort_unstable();
        partitions.dedup();
        let newest = partitions.into_iter().map(|partition| async move {
            let mut cost = Usage::default();
            let rows = self.query(partition, Sort::All, true, 1, &mut cost).await?;
            let newest = match rows.items.first() {
                None => 0,
                Some(row) => record::sequence_of(row).ok_or_else(|| {
                    let message = "a row under the memory's key is none of this layout, so no record can follow it; \
                                   give the history a table of its own";
                    self.located(Error::new(ErrorKind::Corrupt, message).with("key", partition))
                })?,
            };
            Ok((partition, newest, cost))
        });
        let mut next = HashMap::new();
        for (partition, newest, cost) in try_join_all(newest).await? {
            *usage += cost;
            next.insert(partition, newest);
        }
        let mut places = Vec::with_capacity(pending.len());
        for (_, pending) in pending {
            let newest = next.entry(pending.partition.as_str()).or_default();
            *newest = newest.saturating_add(1);
            places.push(*newest);
        }
        Ok(places)
    }

    /// What became of a record whose id is there already.
    async fn known(&self, listing: &str, pending: &Pending, row: Item, usage: &mut Usage) -> Result<Added> {
        let row = if row.is_empty() {
            // Some engines don't return the row that a transaction met.
            self.get(pending.listed_key(listing), usage).await?.unwrap_or_default()
        } else {
            row
        };
        if record::text(&row, "sum") != Some(pending.sum.as_str()) {
            return Err(other_record(&pending.id));
        }
        let sequence = Listed::read(&row).and_then(|listed| listed.sequence);
        Ok(added(pending.id.clone(), sequence.unwrap_or_default(), true))
    }

    pub(super) async fn read_history(
        &self,
        scope: &Scope,
        memory_id: &str,
        page: Page,
    ) -> Result<HistoryPage> {
        let after = page.token.map(|PageToken(token)| match keys::parse_sequence(&token) {
            Some(_) => Ok(token),
            None => Err(Error::invalid_input("page", "is not of this listing; begin without one")),
        });
        let after = after.transpose()?;
        let sort = after.as_deref().map_or(Sort::All, Sort::After);
        let mut usage = Usage::default();
        let partition = keys::memory(scope, memory_id);
        let rows = self.query(&partition, sort, false, page.limit.get(), &mut usage).await?;
        let last = rows.items.last().and_then(|row| record::text(row, super::SORT_KEY));
        let next = last.filter(|_| rows.more).map(|last| PageToken(last.to_owned()));
        let mut found = HistoryPage { records: Vec::new(), unreadable: Vec::new(), next, usage };
        for row in &rows.items {
            match record::decode(row) {
                Ok(record) => found.records.push(record),
                Err(unreadable) => found.unreadable.push(unreadable),
            }
        }
        Ok(found)
    }
}

fn added(id: String, sequence: u64, duplicate: bool) -> Added {
    Added { id, sequence, duplicate, usage: Usage::default() }
}

fn other_record(id: &str) -> Error {
    Error::invalid_input("id", "stands for another record of the user already; give a new record a new id")
        .with("id", id)
}

/// As many records as one transaction takes, at a time.
fn chunks(records: Vec<Numbered>) -> Vec<Vec<Numbered>> {
    let mut chunks: Vec<Vec<Numbered>> = Vec::new();
    let mut bytes = 0;
    for record in records {
        let more = item_bytes(&record.1.attributes);
        match chunks.last_mut() {
            Some(chunk) if chunk.len() < MAX_RECORDS && bytes + more <= MAX_BYTES => {
                chunk.push(record);
                bytes += more;
            }
            _ => {
                chunks.push(vec![record]);
                bytes = more;
            }
        }
    }
    chunks
}
