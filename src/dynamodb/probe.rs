//! Whether a credential may do what a layout does, found out without leaving anything behind.

use std::collections::HashMap;

use aws_sdk_dynamodb::error::{BuildError, ProvideErrorMetadata};
use aws_sdk_dynamodb::operation::batch_get_item::BatchGetItemError;
use aws_sdk_dynamodb::operation::batch_write_item::BatchWriteItemError;
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::describe_time_to_live::DescribeTimeToLiveError;
use aws_sdk_dynamodb::operation::get_item::GetItemError;
use aws_sdk_dynamodb::operation::list_tables::ListTablesError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::query::QueryError;
use aws_sdk_dynamodb::operation::scan::ScanError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, DeleteRequest, KeysAndAttributes, ReturnConsumedCapacity,
    TimeToLiveStatus, TransactWriteItem, WriteRequest,
};

use super::client::DynamoClient;
use super::clock_skew::ClockWatch;
use super::error::of_cancellation;
use super::policy::{self, Action, Need};
use super::tables::{self, IndexDefinition, KeyAttribute, KeyKind, TableDefinition};
use crate::error::{Error, ErrorKind, Result};
use crate::usage::Usage;

/// The key that is looked at. No session has it: ids that begin so are escaped.
const PROBE: &str = "canvas-memory:probe";

/// A condition that no item meets, so that a write which is allowed still does nothing.
const NEVER: &str = "attribute_exists(#p) AND attribute_not_exists(#p)";

/// The most parts that a scan can be divided into.
const MAX_SEGMENTS: i32 = 1_000_000;

/// What DynamoDB thinks of a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is known and may list tables.
    MayListTables,
    /// It is known: AWS refuses by name only whom it knows.
    Known,
}

/// Asks for one table name, to learn whether a credential is known.
///
/// # Errors
/// `Unauthenticated` when it is not; `Denied` when the endpoint refuses without saying that it knows the credential.
pub async fn standing(client: &DynamoClient) -> Result<(Standing, Usage)> {
    first_contact(client, ClockWatch::default()).await
}

/// [`standing`], with a look at the server's clock.
pub(crate) async fn first_contact(client: &DynamoClient, clock: ClockWatch) -> Result<(Standing, Usage)> {
    let asked = client
        .call::<_, ListTablesError, _>(|meter| {
            let request = client.sdk().list_tables().limit(1).customize();
            request.interceptor(meter).interceptor(clock).send()
        })
        .await;
    match asked {
        Ok((_, usage)) => Ok((Standing::MayListTables, usage)),
        Err(error) => match error.service().and_then(ProvideErrorMetadata::code) {
            Some("AccessDeniedException") => Ok((Standing::Known, error.usage())),
            _ => Err(error.into_error().with("region", client.region())),
        },
    }
}

/// The key of an item that is not there.
fn probe_key(table: &TableDefinition) -> HashMap<String, AttributeValue> {
    table.keys().map(|key| (key.name.clone(), probe_value(key))).collect()
}

fn probe_value(key: &KeyAttribute) -> AttributeValue {
    match key.kind {
        KeyKind::Text => AttributeValue::S(PROBE.to_owned()),
        KeyKind::Number => AttributeValue::N("0".to_owned()),
        KeyKind::Bytes => AttributeValue::B(Blob::new(PROBE)),
    }
}

/// Tries what the work can't be done without, and ends at the first refusal. Changes nothing. Costs two or three read
/// units and as many write units.
///
/// # Errors
/// `Denied` that names the action to add to the policy; whatever else keeps DynamoDB from answering.
pub async fn rights(client: &DynamoClient, table: &TableDefinition, needs: &'static [Need]) -> Result<Usage> {
    let mut usage = Usage::default();
    for need in policy::needs(needs, table).filter(|need| need.vital) {
        match attempt(client, table, need).await {
            Ok(cost) => usage += cost,
            Err(error) if *error.kind() == ErrorKind::Denied => {
                return Err(error.with("action", need.action.name()).with_usage(usage));
            }
            Err(error) => return Err(error.with_usage(usage)),
        }
    }
    Ok(usage)
}

/// Does something that takes the action of `need`, and changes nothing: reads of a key that is not there, writes under a
/// condition that never holds, and a batch that deletes nothing. Actions that make, change or delete a table are not
/// tried.
///
/// # Errors
/// `Denied` when the credential may not do it; whatever else keeps DynamoDB from answering.
pub async fn attempt(client: &DynamoClient, table: &TableDefinition, need: Need) -> Result<Usage> {
    let index = table.indexes.first().filter(|_| need.on_index);
    let name = &table.name;
    let attempted = match need.action {
        Action::DescribeTable => tables::describe(client, name).await.map(|table| table.usage),
        Action::DescribeTimeToLive => expiry_attribute(client, name).await.map(|(_, usage)| usage),
        Action::ListTables => tables::list(client, 1, None).await.map(|names| names.usage),
        Action::Query => query(client, table, index).await,
        Action::Scan => scan(client, table, index).await,
        Action::GetItem => get(client, table).await,
        Action::BatchGetItem => batch_get(client, table).await,
        Action::PutItem => put(client, table).await,
        Action::UpdateItem => update(client, table).await,
        Action::DeleteItem => delete(client, table).await,
        Action::BatchWriteItem => batch_delete(client, table).await,
        Action::ConditionCheckItem => check_condition(client, table).await,
        Action::CreateTable
        | Action::DeleteTable
        | Action::UpdateTimeToLive
        | Action::DescribeContinuousBackups
        | Action::UpdateContinuousBackups
        | Action::ListTagsOfResource
        | Action::TagResource => Ok(Usage::default()),
    };
    match attempted {
        Err(error) if matches!(error.kind(), ErrorKind::Conflict { .. }) => Ok(error.usage()),
        attempted => attempted,
    }
}

async fn query(
    client: &DynamoClient,
    table: &TableDefinition,
    index: Option<&IndexDefinition>,
) -> Result<Usage> {
    let key = index.map_or(&table.partition_key, |index| &index.partition_key);
    let asked = client
        .call::<_, QueryError, _>(|meter| {
            let request = client.sdk().query().table_name(&table.name).key_condition_expression("#p = :p");
            let request = request.set_index_name(index.map(|index| index.name.clone()));
            let request = request.expression_attribute_names("#p", &key.name);
            let request = request.expression_attribute_values(":p", probe_value(key));
            let request = request.return_consumed_capacity(ReturnConsumedCapacity::Total).limit(1);
            request.customize().interceptor(meter).send()
        })
        .await;
    asked.map(|(_, usage)| usage).map_err(|error| error.into_error().with("table", &table.name))
}

/// Reads a sliver of the table that most likely holds nothing, whatever an item weighs.
async fn scan(
    client: &DynamoClient,
    table: &TableDefinition,
    index: Option<&IndexDefinition>,
) -> Result<Usage> {
    let asked = client
        .call::<_, ScanError, _>(|meter| {
            let request = client.sdk().scan().table_name(&table.name).segment(0).total_segments(MAX_SEGMENTS);
            let request = request.set_index_name(index.map(|index| index.name.clone()));
            let request = request.return_consumed_capacity(ReturnConsumedCapacity::Total).limit(1);
            request.customize().interceptor(meter).send()
        })
        .await;
    asked.map(|(_, usage)| usage).map_err(|error| error.into_error().with("table", &table.name))
}

async fn get(client: &DynamoClient, table: &TableDefinition) -> Result<Usage> {
    let asked = client
        .call::<_, GetItemError, _>(|meter| {
            let request = client.sdk().get_item().table_name(&table.name).set_key(Some(probe_key(table)));
            let request = request.return_consumed_capacity(ReturnConsumedCapacity::Total);
            request.customize().interceptor(meter).send()
        })
        .await;
    asked.map(|(_, usage)| usage).map_err(|error| error.into_error().with("table", &table.name))
}

async fn batch_get(client: &DynamoClient, table: &TableDefinition) -> Result<Usage> {
    let wanted = KeysAndAttributes::builder().keys(probe_key(table)).build().map_err(unbuilt)?;
    let asked = client
        .call::<_, BatchGetItemError, _>(|meter| {
            let request = client.sdk().batch_get_item().request_items(&table.name, wanted);
            let request = request.return_consumed_capacity(ReturnConsumedCapacity::Total);
            request.customize().interceptor(meter).send()
        })
        .await;
    asked.map(|(_, usage)| usage).map_err(|error| error.into_error().with("table", &table.name))
}

async fn batch_delete(client: &DynamoClient, table: &TableDefinition) -> Result<Usage> {
    let nothing = DeleteRequest::builder().set_key(Some(probe_key(table))).build().map_err(unbuilt)?;
    let write = WriteRequest::builder().delete_request(nothing).build();
    let asked = client
        .call::<_, BatchWriteItemError, _>(|meter| {
            let request = client.sdk().batch_write_item().request_items(&table.name, vec![write]);
            let request = request.return_consumed_capacity(ReturnConsumedCapacity::Total);
            request.customize().interceptor(meter).send()
        })
        .await;
    asked.map(|(_, usage)| usage).map_err(|error| error.into_error().with("table", &table.name))
}

fn unbuilt(error: BuildError) -> Error {
    Error::invalid_input("partitionKey", "can't be asked for").with_source(error)
}

async fn check_condition(client: &DynamoClient, table: &TableDefinition) -> Result<Usage> {
    let check = ConditionCheck::builder()
        .table_name(&table.name)
        .set_key(Some(probe_key(table)))
        .condition_expression(NEVER)
        .expression_attribute_names("#p", &table.partition_key.name)
        .build()
        .map_err(unbuilt)?;
    let asked = client
        .call::<_, TransactWriteItemsError, _>(|meter| {
            let write = TransactWriteItem::builder().condition_check(check).build();
            let request = client.sdk().transact_write_items().transact_items(write);
            let request = request.return_consumed_capacity(ReturnConsumedCapacity::Total);
            request.customize().interceptor(meter).send()
        })
        .await;
    match asked {
        Ok((_, usage)) => Ok(usage),
        Err(error) => {
            let cancelled = match error.service() {
                Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                    of_cancellation(cancelled.cancellation_reasons())
                }
                _ => None,
            };
            let usage = error.usage();
            let error = cancelled.map_or_else(|| error.into_error(), |error| error.with_usage(usage));
            Err(error.with("table", &table.name))
        }
    }
}

/// The three writes have builders of their own types and the same shape.
macro_rules! never_writes {
    ($($name:ident: $error:ty = |$client:ident, $table:ident| $request:expr;)*) => {$(
        async fn $name($client: &DynamoClient, $table: &TableDefinition) -> Result<Usage> {
            let asked = $client
                .call::<_, $error, _>(|meter| {
                    let request = $request.table_name(&$table.name).condition_expression(NEVER);
                    let request = request.expression_attribute_names("#p", &$table.partition_key.name);
                    let request = request.return_consumed_capacity(ReturnConsumedCapacity::Total);
                    request.customize().interceptor(meter).send()
                })
                .await;
            asked.map(|(_, usage)| usage).map_err(|error| error.into_error().with("table", &$table.name))
        }
    )*};
}

never_writes! {
    put: PutItemError = |client, table| client.sdk().put_item().set_item(Some(probe_key(table)));
    update: UpdateItemError = |client, table| client.sdk().update_item().set_key(Some(probe_key(table)));
    delete: DeleteItemError = |client, table| client.sdk().delete_item().set_key(Some(probe_key(table)));
}

/// The attribute by which the table removes expired items, or `None` where it removes none.
///
/// # Errors
/// `Denied` when the credential may not look.
pub async fn expiry_attribute(client: &DynamoClient, table: &str) -> Result<(Option<String>, Usage)> {
    let (output, usage) = client
        .call::<_, DescribeTimeToLiveError, _>(|meter| {
            client.sdk().describe_time_to_live().table_name(table).customize().interceptor(meter).send()
        })
        .await
        .map_err(|error| error.into_error().with("table", table))?;
    let Some(described) = output.time_to_live_description else {
        let message = "the endpoint does not tell how the table expires items";
        return Err(Error::new(ErrorKind::Protocol, message).with("table", table));
    };
    let on =
        matches!(described.time_to_live_status, Some(TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling));
    Ok((described.attribute_name.filter(|_| on), usage))
}
