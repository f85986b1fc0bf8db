//! The few kinds of requests that this layout makes, each with what it cost.

use std::error::Error as StdError;
use std::time::Duration;

use aws_sdk_dynamodb::error::{BuildError, ProvideErrorMetadata};
use aws_sdk_dynamodb::operation::query::QueryError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{CancellationReason, KeysAndAttributes, ReturnConsumedCapacity};

use super::Mem0GraphStore;
use super::writes::{Expression, Write, some, some_text};
use crate::dynamodb::error::{CallError, of_cancellation};
use crate::dynamodb::size::{Item, MAX_ITEM_BYTES, item_bytes};
use crate::error::{Error, ErrorKind, Result};
use crate::usage::Usage;

/// The most writes in one transaction.
pub(super) const MAX_WRITES: usize = 100;

/// The most items that one batch of reads asks for.
const BATCH_READS: usize = 100;

/// How often a request is made for what a batch left undone, and a transaction that met another.
const MAX_ATTEMPTS: u32 = 20;

/// What became of a transaction.
pub(super) enum Transacted {
    Done,
    /// Nothing was written, because of these writes' conditions: their places, and what is there where that was told.
    Refused(Vec<(usize, Option<Item>)>),
}

/// Part of a partition, or of the index.
#[derive(Clone, Debug)]
pub(super) struct Range<'a> {
    /// The index to go by, if not the table itself.
    pub(super) index: Option<&'a str>,
    pub(super) key: Expression,
    pub(super) filter: Option<Expression>,
    pub(super) limit: Option<usize>,
    /// Whether it sees every acknowledged write; an index can't.
    pub(super) strong: bool,
}

/// A page of rows.
#[derive(Debug)]
pub(super) struct Rows {
    pub(super) items: Vec<Item>,
    /// Where the next page starts; `None` after the last.
    pub(super) next: Option<Item>,
}

impl Mem0GraphStore {
    /// Our error for a call that reads.
    pub(super) fn failed<E>(&self, error: CallError<E>) -> Error
    where
        E: StdError + ProvideErrorMetadata + Send + Sync + 'static,
    {
        error.into_error().with("table", &self.config.table)
    }

    /// One page of a range.
    pub(super) async fn query(
        &self,
        range: &Range<'_>,
        start: Option<Item>,
        usage: &mut Usage,
    ) -> Result<Rows> {
        let filter = range.filter.clone().unwrap_or_default();
        let filter_text = some_text(filter.text.clone());
        let Expression { text, names, values } = range.key.clone().and(filter);
        let limit = range.limit.map(|limit| i32::try_from(limit).unwrap_or(i32::MAX));
        let request = self
            .client
            .sdk()
            .query()
            .table_name(&self.config.table)
            .set_index_name(range.index.map(str::to_owned))
            .consistent_read(range.strong)
            .key_condition_expression(text)
            .set_filter_expression(filter_text)
            .set_expression_attribute_names(some(names))
            .set_expression_attribute_values(some(values))
            .set_limit(limit)
            .set_exclusive_start_key(start)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let answer = self.client.call(|meter| request.customize().interceptor(meter).send()).await;
        let (output, cost) =
            answer.map_err(|error| match range.index.and_then(|index| no_index(&error, index)) {
                Some(problem) => problem.with_usage(error.usage()).with("table", &self.config.table),
                None => self.failed(error),
            })?;
        *usage += cost;
        Ok(Rows { items: output.items.unwrap_or_default(), next: output.last_evaluated_key })
    }

    /// One page of the whole table.
    pub(super) async fn scan(
        &self,
        filter: Expression,
        limit: usize,
        start: Option<Item>,
        usage: &mut Usage,
    ) -> Result<Rows> {
        let Expression { text, names, values } = filter;
        let request = self
            .client
            .sdk()
            .scan()
            .table_name(&self.config.table)
            .consistent_read(self.is_strong())
            .filter_expression(text)
            .set_expression_attribute_names(some(names))
            .set_expression_attribute_values(some(values))
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .set_exclusive_start_key(start)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let (output, cost) = self
            .client
            .call(|meter| request.customize().interceptor(meter).send())
            .await
            .map_err(|error| self.failed(error))?;
        *usage += cost;
        Ok(Rows { items: output.items.unwrap_or_default(), next: output.last_evaluated_key })
    }

    /// Rows in any order; those that are not there are left out.
    pub(super) async fn batch_get(
        &self,
        keys: &[Item],
        strong: bool,
        usage: &mut Usage,
    ) -> Result<Vec<Item>> {
        let mut found = Vec::with_capacity(keys.len());
        for keys in keys.chunks(BATCH_READS) {
            let mut left = keys.to_vec();
            let mut attempt = 0;
            while !left.is_empty() {
                if attempt >= MAX_ATTEMPTS {
                    return Err(
                        self.throttled("DynamoDB leaves part of a batch undone; try again in a while")
                    );
                }
                pause(attempt).await;
                attempt += 1;
                let wanted = KeysAndAttributes::builder()
                    .set_keys(Some(std::mem::take(&mut left)))
                    .consistent_read(strong)
                    .build()
                    .map_err(unbuilt)?;
                let request = self
                    .client
                    .sdk()
                    .batch_get_item()
                    .request_items(&self.config.table, wanted)
                    .return_consumed_capacity(ReturnConsumedCapacity::Total);
                let (output, cost) = self
                    .client
                    .call(|meter| request.customize().interceptor(meter).send())
                    .await
                    .map_err(|error| self.failed(error))?;
                *usage += cost;
                found.extend(output.responses.into_iter().flatten().flat_map(|(_, items)| items));
                left =
                    output.unprocessed_keys.into_iter().flatten().flat_map(|(_, keys)| keys.keys).collect();
            }
        }
        Ok(found)
    }

    /// Makes all these writes or none. Meeting another writer is no refusal: it is tried again.
    pub(super) async fn transact(&self, writes: &[Write], usage: &mut Usage) -> Result<Transacted> {
        for write in writes {
            if let Write::Put(row, _) = write
                && item_bytes(row) > MAX_ITEM_BYTES
            {
                return Err(too_large(item_bytes(row)));
            }
        }
        for attempt in 0..MAX_ATTEMPTS {
            pause(attempt).await;
            let writes = writes.iter().map(|write| write.clone().build(&self.config.table));
            let writes: Vec<_> = writes.collect::<Result<_, _>>().map_err(unbuilt)?;
            let request = self
                .client
                .sdk()
                .transact_write_items()
                .set_transact_items(Some(writes))
                .return_consumed_capacity(ReturnConsumedCapacity::Total);
            let error = match self.client.call(|meter| request.customize().interceptor(meter).send()).await {
                Ok((_, cost)) => {
                    *usage += cost;
                    return Ok(Transacted::Done);
                }
                Err(error) => error,
            };
            match error.service() {
                Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                    *usage += error.usage();
                    if let Some(reason) = of_cancellation(cancelled.cancellation_reasons()) {
                        return Err(reason.with("table", &self.config.table));
                    }
                    let refused = refused(cancelled.cancellation_reasons());
                    if !refused.is_empty() {
                        return Ok(Transacted::Refused(refused));
                    }
                }
                Some(TransactWriteItemsError::TransactionInProgressException(_)) => *usage += error.usage(),
                _ => return Err(error.into_write_error().with("table", &self.config.table)),
            }
        }
        Err(self.throttled("too many write to these nodes at once; try again in a while"))
    }

    fn throttled(&self, message: &str) -> Error {
        Error::new(ErrorKind::Throttled, message).with("table", &self.config.table)
    }
}

fn refused(reasons: &[CancellationReason]) -> Vec<(usize, Option<Item>)> {
    let reasons = reasons.iter().enumerate();
    let refused = reasons.filter(|(_, reason)| reason.code() == Some("ConditionalCheckFailed"));
    refused.map(|(at, reason)| (at, reason.item.clone().filter(|item| !item.is_empty()))).collect()
}

pub(super) fn too_large(bytes: u64) -> Error {
    Error::new(ErrorKind::TooLarge, "a node or edge with its JSON has to fit into 400 KB; shorten it")
        .with("bytes", bytes)
        .with("limit_bytes", MAX_ITEM_BYTES)
}

/// Why an index can't be read, where that is the matter.
fn no_index(error: &CallError<QueryError>, index: &str) -> Option<Error> {
    let said = error.service()?;
    if said.code() != Some("ValidationException") {
        return None;
    }
    let message = said.message()?.to_lowercase();
    if message.contains("backfilling") {
        let problem = "the index is still being built; try again in a while, or set `enableGsi` to false";
        return Some(Error::new(ErrorKind::Unavailable, problem).with("index", index));
    }
    message.contains("index").then(|| {
        let problem =
            "the table has no such index; create it, correct `gsiName`, or set `enableGsi` to false";
        Error::new(ErrorKind::NotFound, problem).with("index", index)
    })
}

/// A request without what the SDK demands.
fn unbuilt(source: BuildError) -> Error {
    Error::new(ErrorKind::Unsupported, "the request can't be built").with_source(source)
}

/// Waits a random while before any attempt but the first, longer with each, so that writers who met don't meet again.
pub(super) async fn pause(attempt: u32) {
    if attempt > 0 {
        let most_ms = 4_u64 << attempt.min(6);
        let (_, random) = uuid::Uuid::new_v4().as_u64_pair();
        tokio::time::sleep(Duration::from_millis(random % most_ms)).await;
    }
}
