//! The few kinds of requests that this layout makes, each with what it cost.

use std::time::Duration;

use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    AttributeValue, Delete, Put, ReturnConsumedCapacity, ReturnValuesOnConditionCheckFailure,
    TransactWriteItem,
};

use super::Mem0HistoryStore;
use crate::dynamodb::error::of_cancellation;
use crate::dynamodb::size::{Item, item_bytes, write_units};
use crate::error::{Error, ErrorKind, Result};
use crate::usage::Usage;

/// What must hold of the row that is there, for a write to happen.
#[derive(Clone, Debug)]
pub(super) struct Condition {
    expression: &'static str,
    /// What `#name` and `:value` in the expression stand for.
    compared: Option<(&'static str, AttributeValue)>,
}

impl Condition {
    pub(super) const ABSENT: Self = Self { expression: "attribute_not_exists(pk)", compared: None };
    pub(super) const THERE: Self = Self { expression: "attribute_exists(pk)", compared: None };

    pub(super) fn equal(name: &'static str, value: AttributeValue) -> Self {
        Self { expression: "#name = :value", compared: Some((name, value)) }
    }

    pub(super) fn absent_or_equal(name: &'static str, value: AttributeValue) -> Self {
        Self { expression: "attribute_not_exists(pk) OR #name = :value", compared: Some((name, value)) }
    }
}

/// A write of a transaction.
#[derive(Clone, Debug)]
pub(super) enum Write {
    Put(Item, Option<Condition>),
    Delete(Item, Option<Condition>),
}

/// How a transaction ended.
#[derive(Debug)]
pub(super) enum Transacted {
    Done,
    /// For each write, what its condition met where it does not hold; empty where the engine does not tell.
    Refused(Vec<Option<Item>>),
    /// Another transaction is at it.
    Busy,
}

/// A page of a partition.
#[derive(Debug)]
pub(super) struct Rows {
    pub(super) items: Vec<Item>,
    /// Whether there are more.
    pub(super) more: bool,
}

/// Which rows of a partition.
#[derive(Clone, Copy, Debug)]
pub(super) enum Sort<'a> {
    All,
    After(&'a str),
    Prefix(&'a str),
}

impl Mem0HistoryStore {
    pub(super) async fn get(&self, key: Item, usage: &mut Usage) -> Result<Option<Item>> {
        let request = self.client.sdk().get_item().table_name(&self.config.table).set_key(Some(key));
        let request = request.consistent_read(true).return_consumed_capacity(ReturnConsumedCapacity::Total);
        let call = self.client.call(|meter| request.customize().interceptor(meter).send());
        let (output, cost) = call.await.map_err(|error| self.failed(error))?;
        *usage += cost;
        Ok(output.item)
    }

    pub(super) async fn query(
        &self,
        partition: &str,
        sort: Sort<'_>,
        descending: bool,
        limit: u32,
        usage: &mut Usage,
    ) -> Result<Rows> {
        let mut request = self
            .client
            .sdk()
            .query()
            .table_name(&self.config.table)
            .consistent_read(true)
            .scan_index_forward(!descending)
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .expression_attribute_values(":pk", AttributeValue::S(partition.to_owned()));
        request = match sort {
            Sort::All => request.key_condition_expression("pk = :pk"),
            Sort::After(after) => request
                .key_condition_expression("pk = :pk AND sk > :sk")
                .expression_attribute_values(":sk", AttributeValue::S(after.to_owned())),
            Sort::Prefix(prefix) => request
                .key_condition_expression("pk = :pk AND begins_with(sk, :sk)")
                .expression_attribute_values(":sk", AttributeValue::S(prefix.to_owned())),
        };
        let call = self.client.call(|meter| request.customize().interceptor(meter).send());
        let (output, cost) = call.await.map_err(|error| self.failed(error))?;
        *usage += cost;
        let more = output.last_evaluated_key.is_some_and(|key| !key.is_empty());
        Ok(Rows { items: output.items.unwrap_or_default(), more })
    }

    /// Puts a row where `condition` holds; says whether it does.
    pub(super) async fn put_if(&self, item: Item, condition: Condition, usage: &mut Usage) -> Result<bool> {
        let charge = write_units(item_bytes(&item));
        let mut request = self
            .client
            .sdk()
            .put_item()
            .table_name(&self.config.table)
            .set_item(Some(item))
            .condition_expression(condition.expression)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        if let Some((name, value)) = condition.compared {
            request = request
                .expression_attribute_names("#name", name)
                .expression_attribute_values(":value", value);
        }
        match self.client.call(|meter| request.customize().interceptor(meter).send()).await {
            Ok((_, cost)) => {
                *usage += cost;
                Ok(true)
            }
            Err(error)
                if error.service().is_some_and(PutItemError::is_conditional_check_failed_exception) =>
            {
                *usage += error.usage();
                // DynamoDB charges a refused write and does not say how much.
                usage.write_units += charge as f64;
                Ok(false)
            }
            Err(error) if error.service().is_some_and(PutItemError::is_transaction_conflict_exception) => {
                *usage += error.usage();
                Ok(false)
            }
            Err(error) => Err(self.failed(error)),
        }
    }

    /// Makes all writes or none.
    pub(super) async fn transact(&self, writes: Vec<Write>, usage: &mut Usage) -> Result<Transacted> {
        let charge: u64 = writes.iter().map(Write::units).sum();
        let items = writes.into_iter().map(|write| write.build(&self.config.table));
        let items: Vec<_> = items.collect::<Result<_, _>>().map_err(unbuilt)?;
        let request = self
            .client
            .sdk()
            .transact_write_items()
            .set_transact_items(Some(items))
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let error = match self.client.call(|meter| request.customize().interceptor(meter).send()).await {
            Ok((_, cost)) => {
                *usage += cost;
                return Ok(Transacted::Done);
            }
            Err(error) => error,
        };
        let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) = error.service() else {
            return Err(self.failed(error));
        };
        let reasons = cancelled.cancellation_reasons();
        let has = |code| reasons.iter().any(|reason| reason.code() == Some(code));
        if has("TransactionConflict") {
            *usage += error.usage();
            return Ok(Transacted::Busy);
        }
        if let Some(reason) = of_cancellation(reasons) {
            return Err(self.located(reason).with_usage(error.usage()));
        }
        if !has("ConditionalCheckFailed") {
            return Err(self.failed(error));
        }
        *usage += error.usage();
        usage.write_units += charge as f64;
        let met = reasons.iter().map(|reason| {
            let refused = reason.code() == Some("ConditionalCheckFailed");
            refused.then(|| reason.item().cloned().unwrap_or_default())
        });
        Ok(Transacted::Refused(met.collect()))
    }
}

impl Write {
    /// What the write is charged in a transaction, as far as it is known before.
    fn units(&self) -> u64 {
        2 * match self {
            Self::Put(item, _) => write_units(item_bytes(item)),
            Self::Delete(..) => 1,
        }
    }

    fn build(self, table: &str) -> Result<TransactWriteItem, BuildError> {
        let all_old = ReturnValuesOnConditionCheckFailure::AllOld;
        let item = TransactWriteItem::builder();
        match self {
            Self::Put(row, condition) => {
                let mut put = Put::builder().table_name(table).set_item(Some(row));
                if let Some(Condition { expression, compared }) = condition {
                    put = put
                        .condition_expression(expression)
                        .return_values_on_condition_check_failure(all_old);
                    if let Some((name, value)) = compared {
                        put = put.expression_attribute_names("#name", name);
                        put = put.expression_attribute_values(":value", value);
                    }
                }
                put.build().map(|put| item.put(put).build())
            }
            Self::Delete(key, condition) => {
                let mut delete = Delete::builder().table_name(table).set_key(Some(key));
                if let Some(Condition { expression, compared }) = condition {
                    delete = delete.condition_expression(expression);
                    if let Some((name, value)) = compared {
                        delete = delete.expression_attribute_names("#name", name);
                        delete = delete.expression_attribute_values(":value", value);
                    }
                }
                delete.build().map(|delete| item.delete(delete).build())
            }
        }
    }
}

/// A request without what the SDK demands.
fn unbuilt(source: BuildError) -> Error {
    Error::new(ErrorKind::Unsupported, "the request can't be built").with_source(source)
}

/// Waits a random while, longer with each attempt, so that writers who met don't meet again.
pub(super) async fn pause(attempt: u32) {
    let most_ms = 4_u64 << attempt.min(6);
    let (_, random) = uuid::Uuid::new_v4().as_u64_pair();
    tokio::time::sleep(Duration::from_millis(random % most_ms)).await;
}
