//! The few kinds of requests that this layout makes, each with what it cost.

use std::collections::HashMap;
use std::error::Error as StdError;
use std::time::Duration;

use aws_sdk_dynamodb::error::{BuildError, ProvideErrorMetadata};
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{
    AttributeValue, DeleteRequest, KeysAndAttributes, PutRequest, ReturnConsumedCapacity, ReturnValue,
    ReturnValuesOnConditionCheckFailure, WriteRequest,
};

use super::TurnsStore;
use super::codec::{attr, s};
use crate::dynamodb::error::CallError;
use crate::dynamodb::size::{Item, item_bytes, write_units};
use crate::error::{Error, ErrorKind, Result};
use crate::usage::Usage;

/// The most writes in one batch.
const BATCH_WRITES: usize = 25;

/// The most items that one batch of reads asks for, so that pieces of full size stay below DynamoDB's 16 MB.
const BATCH_READS: usize = 40;

/// How often a request is made for what a batch left undone.
const BATCH_ATTEMPTS: u32 = 10;

/// Part of a partition.
#[derive(Clone, Debug)]
pub(super) struct Range<'a> {
    pub(super) partition: &'a str,
    /// The lowest and the highest sort key value; `None` for all of it.
    pub(super) between: Option<(String, String)>,
    pub(super) descending: bool,
    pub(super) strong: bool,
    /// Whether keys and the time of the write are all that is asked for. It saves no read units.
    pub(super) brief: bool,
}

/// A page of a range.
#[derive(Debug)]
pub(super) struct Rows {
    pub(super) items: Vec<Item>,
    /// Where the next page starts; `None` after the last.
    pub(super) next: Option<Item>,
}

/// What must hold of the row that is there, for a write to happen.
#[derive(Clone, Debug, Default)]
pub(super) struct Condition {
    pub(super) expression: &'static str,
    pub(super) names: HashMap<String, String>,
    pub(super) values: Item,
}

/// A conditional put that was not made.
#[derive(Debug)]
pub(super) enum PutFailure {
    /// The condition does not hold of this row.
    Refused(Item),
    Failed(CallError<PutItemError>),
}

/// A write of a batch.
#[derive(Debug)]
pub(super) enum Write {
    Put(Item),
    Delete(Item),
}

impl TurnsStore {
    /// The key of a row.
    pub(super) fn key(&self, partition: &str, sort: impl Into<String>) -> Item {
        Item::from([
            (self.config.partition_key.clone(), s(partition)),
            (self.config.sort_key.clone(), AttributeValue::S(sort.into())),
        ])
    }

    /// A row with its key.
    pub(super) fn item(
        &self,
        partition: &str,
        sort: impl Into<String>,
        attributes: impl IntoIterator<Item = (&'static str, AttributeValue)>,
    ) -> Item {
        let mut item = self.key(partition, sort);
        item.extend(attributes.into_iter().map(|(name, value)| (name.to_owned(), value)));
        item
    }

    /// The sort key value of a row.
    pub(super) fn sort<'a>(&self, item: &'a Item) -> &'a str {
        super::codec::text(item, &self.config.sort_key).unwrap_or_default()
    }

    /// Our error for a call that is a read, or a write that is the same when made twice.
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
        limit: Option<u32>,
        start: Option<Item>,
        usage: &mut Usage,
    ) -> Result<Rows> {
        let mut request = self
            .client
            .sdk()
            .query()
            .table_name(&self.config.table)
            .consistent_read(range.strong)
            .scan_index_forward(!range.descending)
            .set_limit(limit.map(|limit| i32::try_from(limit).unwrap_or(i32::MAX)))
            .set_exclusive_start_key(start)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .expression_attribute_names("#p", &self.config.partition_key)
            .expression_attribute_values(":p", s(range.partition));
        request = match &range.between {
            None => request.key_condition_expression("#p = :p"),
            Some((low, high)) => request
                .key_condition_expression("#p = :p AND #s BETWEEN :low AND :high")
                .expression_attribute_names("#s", &self.config.sort_key)
                .expression_attribute_values(":low", s(low))
                .expression_attribute_values(":high", s(high)),
        };
        if range.brief {
            request = request
                .projection_expression("#p, #s, #at")
                .expression_attribute_names("#s", &self.config.sort_key)
                .expression_attribute_names("#at", attr::AT);
        }
        let (output, cost) = self
            .client
            .call(|meter| request.customize().interceptor(meter).send())
            .await
            .map_err(|error| self.failed(error))?;
        *usage += cost;
        Ok(Rows { items: output.items.unwrap_or_default(), next: output.last_evaluated_key })
    }

    /// One row, as of every acknowledged write.
    pub(super) async fn get(&self, key: Item, usage: &mut Usage) -> Result<Option<Item>> {
        let request = self
            .client
            .sdk()
            .get_item()
            .table_name(&self.config.table)
            .set_key(Some(key))
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let (output, cost) = self
            .client
            .call(|meter| request.customize().interceptor(meter).send())
            .await
            .map_err(|error| self.failed(error))?;
        *usage += cost;
        Ok(output.item)
    }

    /// Rows in any order; those that are not there are left out.
    pub(super) async fn batch_get(
        &self,
        keys: Vec<Item>,
        strong: bool,
        usage: &mut Usage,
    ) -> Result<Vec<Item>> {
        let mut found = Vec::with_capacity(keys.len());
        for keys in keys.chunks(BATCH_READS) {
            let mut left = keys.to_vec();
            for attempt in 0..BATCH_ATTEMPTS {
                if attempt > 0 {
                    pause(attempt).await;
                }
                let wanted = KeysAndAttributes::builder()
                    .set_keys(Some(std::mem::take(&mut left)))
                    .consistent_read(strong);
                let wanted = wanted.build().map_err(unbuilt)?;
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
                if left.is_empty() {
                    break;
                }
            }
            if !left.is_empty() {
                return Err(throttled().with("table", &self.config.table));
            }
        }
        Ok(found)
    }

    /// Puts a row, whatever is there.
    pub(super) async fn put(&self, item: Item, usage: &mut Usage) -> Result<()> {
        let request = self
            .client
            .sdk()
            .put_item()
            .table_name(&self.config.table)
            .set_item(Some(item))
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let (_, cost) = self
            .client
            .call(|meter| request.customize().interceptor(meter).send())
            .await
            .map_err(|error| self.failed(error))?;
        *usage += cost;
        Ok(())
    }

    /// Puts a row where `condition` holds.
    pub(super) async fn put_if(
        &self,
        item: Item,
        condition: Condition,
        usage: &mut Usage,
    ) -> std::result::Result<(), PutFailure> {
        let new_bytes = item_bytes(&item);
        let request = self
            .client
            .sdk()
            .put_item()
            .table_name(&self.config.table)
            .set_item(Some(item))
            .condition_expression(condition.expression)
            .set_expression_attribute_names(some(condition.names))
            .set_expression_attribute_values(some(condition.values))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let error = match self.client.call(|meter| request.customize().interceptor(meter).send()).await {
            Ok((_, cost)) => {
                *usage += cost;
                return Ok(());
            }
            Err(error) => error,
        };
        match error.service() {
            Some(PutItemError::ConditionalCheckFailedException(refused)) => {
                let there = refused.item().cloned().unwrap_or_default();
                *usage += error.usage();
                // DynamoDB charges a refused write and does not say how much.
                usage.write_units += write_units(new_bytes.max(item_bytes(&there))) as f64;
                Err(PutFailure::Refused(there))
            }
            _ => Err(PutFailure::Failed(error)),
        }
    }

    /// Removes a row where `condition` holds, and returns it. `None` where there is none or the condition fails.
    pub(super) async fn take(
        &self,
        key: Item,
        condition: Option<Condition>,
        usage: &mut Usage,
    ) -> Result<Option<Item>> {
        let mut request = self
            .client
            .sdk()
            .delete_item()
            .table_name(&self.config.table)
            .set_key(Some(key))
            .return_values(ReturnValue::AllOld)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        if let Some(condition) = condition {
            request = request
                .condition_expression(condition.expression)
                .set_expression_attribute_names(some(condition.names))
                .set_expression_attribute_values(some(condition.values));
        }
        match self.client.call(|meter| request.customize().interceptor(meter).send()).await {
            Ok((output, cost)) => {
                *usage += cost;
                Ok(output.attributes.filter(|item| !item.is_empty()))
            }
            Err(error) if error.service().is_some_and(|e| e.is_conditional_check_failed_exception()) => {
                *usage += error.usage();
                Ok(None)
            }
            Err(error) => Err(self.failed(error)),
        }
    }

    /// Makes writes whose order does not matter.
    pub(super) async fn batch_write(&self, writes: Vec<Write>, usage: &mut Usage) -> Result<()> {
        let requests = writes.into_iter().map(|write| {
            let request = WriteRequest::builder();
            match write {
                Write::Put(item) => PutRequest::builder()
                    .set_item(Some(item))
                    .build()
                    .map(|put| request.put_request(put).build()),
                Write::Delete(key) => DeleteRequest::builder()
                    .set_key(Some(key))
                    .build()
                    .map(|delete| request.delete_request(delete).build()),
            }
        });
        let requests: Vec<_> = requests.collect::<std::result::Result<_, _>>().map_err(unbuilt)?;
        for batch in requests.chunks(BATCH_WRITES) {
            let mut left = batch.to_vec();
            for attempt in 0..BATCH_ATTEMPTS {
                if attempt > 0 {
                    pause(attempt).await;
                }
                let request = self
                    .client
                    .sdk()
                    .batch_write_item()
                    .request_items(&self.config.table, std::mem::take(&mut left))
                    .return_consumed_capacity(ReturnConsumedCapacity::Total);
                let (output, cost) = self
                    .client
                    .call(|meter| request.customize().interceptor(meter).send())
                    .await
                    .map_err(|error| self.failed(error))?;
                *usage += cost;
                left = output.unprocessed_items.into_iter().flatten().flat_map(|(_, left)| left).collect();
                if left.is_empty() {
                    break;
                }
            }
            if !left.is_empty() {
                return Err(throttled().with("table", &self.config.table));
            }
        }
        Ok(())
    }
}

/// DynamoDB refuses empty maps of names and values.
fn some<V>(map: HashMap<String, V>) -> Option<HashMap<String, V>> {
    (!map.is_empty()).then_some(map)
}

/// A request without what the SDK demands.
pub(super) fn unbuilt(source: BuildError) -> Error {
    Error::new(ErrorKind::Unsupported, "the request can't be built").with_source(source)
}

fn throttled() -> Error {
    Error::new(ErrorKind::Throttled, "DynamoDB leaves part of a batch undone; try again in a while")
}

/// Waits a random while, longer with each attempt, so that writers who met don't meet again.
pub(super) async fn pause(attempt: u32) {
    let most_ms = 4_u64 << attempt.min(6);
    let (_, random) = uuid::Uuid::new_v4().as_u64_pair();
    tokio::time::sleep(Duration::from_millis(random % most_ms)).await;
}
