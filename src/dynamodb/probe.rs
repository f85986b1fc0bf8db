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
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{
    AttributeValue, DeleteRequest, KeysAndAttributes, ReturnConsumedCapacity, TimeToLiveStatus, WriteRequest,
};

use super::client::DynamoClient;
use super::clock_skew::ClockWatch;
use super::layout::Layout;
use super::policy::{self, Action};
use super::tables;
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

/// A table and the names of its keys.
#[derive(Clone, Copy, Debug)]
pub struct Keys<'a> {
    /// The table's name.
    pub table: &'a str,
    /// The partition key's name.
    pub partition_key: &'a str,
    /// The sort key's name, where the table has one.
    pub sort_key: Option<&'a str>,
}

impl Keys<'_> {
    fn probe(&self) -> HashMap<String, AttributeValue> {
        let names = [Some(self.partition_key), self.sort_key].into_iter().flatten();
        names.map(|name| (name.to_owned(), AttributeValue::S(PROBE.to_owned()))).collect()
    }
}

/// Tries what `layout` can't do without, and ends at the first refusal. Changes nothing. Costs two or three read units
/// and as many write units.
///
/// # Errors
/// `Denied` that names the action to add to the policy; whatever else keeps DynamoDB from answering.
pub async fn rights(client: &DynamoClient, keys: Keys<'_>, layout: Layout) -> Result<Usage> {
    let mut usage = Usage::default();
    for need in policy::needs(layout, false).filter(|need| need.vital) {
        match attempt(client, keys, need.action).await {
            Ok(cost) => usage += cost,
            Err(error) if *error.kind() == ErrorKind::Denied => {
                return Err(error.with("action", need.action.name()).with_usage(usage));
            }
            Err(error) => return Err(error.with_usage(usage)),
        }
    }
    Ok(usage)
}

/// Does something that needs `action`, and changes nothing: reads of a key that is not there, writes under a condition
/// that never holds, and a batch that deletes nothing. Actions that make or change a table are not tried.
///
/// # Errors
/// `Denied` when the credential may not do it; whatever else keeps DynamoDB from answering.
pub async fn attempt(client: &DynamoClient, keys: Keys<'_>, action: Action) -> Result<Usage> {
    let attempted = match action {
        Action::DescribeTable => tables::describe(client, keys.table).await.map(|table| table.usage),
        Action::DescribeTimeToLive => expiry_attribute(client, keys.table).await.map(|(_, usage)| usage),
        Action::ListTables => tables::list(client, 1, None).await.map(|names| names.usage),
        Action::Query => query(client, keys).await,
        Action::Scan => scan(client, keys).await,
        Action::GetItem => get(client, keys).await,
        Action::BatchGetItem => batch_get(client, keys).await,
        Action::PutItem => put(client, keys).await,
        Action::UpdateItem => update(client, keys).await,
        Action::DeleteItem => delete(client, keys).await,
        Action::BatchWriteItem => batch_delete(client, keys).await,
        Action::CreateTable | Action::UpdateTimeToLive => Ok(Usage::default()),
    };
    match attempted {
        Err(error) if matches!(error.kind(), ErrorKind::Conflict { .. }) => Ok(error.usage()),
        attempted => attempted,
    }
}

async fn query(client: &DynamoClient, keys: Keys<'_>) -> Result<Usage> {
    let asked = client
        .call::<_, QueryError, _>(|meter| {
            let request = client.sdk().query().table_name(keys.table).key_condition_expression("#p = :p");
            let request = request.expression_attribute_names("#p", keys.partition_key);
            let request = request.expression_attribute_values(":p", AttributeValue::S(PROBE.to_owned()));
            let request = request.return_consumed_capacity(ReturnConsumedCapacity::Total).limit(1);
            request.customize().interceptor(meter).send()
        })
        .await;
    asked.map(|(_, usage)| usage).map_err(|error| error.into_error().with("table", keys.table))
}

/// Reads a sliver of the table that most likely holds nothing, whatever an item weighs.
async fn scan(client: &DynamoClient, keys: Keys<'_>) -> Result<Usage> {
    let asked = client
        .call::<_, ScanError, _>(|meter| {
            let request = client.sdk().scan().table_name(keys.table).segment(0).total_segments(MAX_SEGMENTS);
            let request = request.return_consumed_capacity(ReturnConsumedCapacity::Total).limit(1);
            request.customize().interceptor(meter).send()
        })
        .await;
    asked.map(|(_, usage)| usage).map_err(|error| error.into_error().with("table", keys.table))
}

async fn get(client: &DynamoClient, keys: Keys<'_>) -> Result<Usage> {
    let asked = client
        .call::<_, GetItemError, _>(|meter| {
            let request = client.sdk().get_item().table_name(keys.table).set_key(Some(keys.probe()));
            let request = request.return_consumed_capacity(ReturnConsumedCapacity::Total);
            request.customize().interceptor(meter).send()
        })
        .await;
    asked.map(|(_, usage)| usage).map_err(|error| error.into_error().with("table", keys.table))
}

async fn batch_get(client: &DynamoClient, keys: Keys<'_>) -> Result<Usage> {
    let wanted = KeysAndAttributes::builder().keys(keys.probe()).build().map_err(unbuilt)?;
    let asked = client
        .call::<_, BatchGetItemError, _>(|meter| {
            let request = client.sdk().batch_get_item().request_items(keys.table, wanted);
            let request = request.return_consumed_capacity(ReturnConsumedCapacity::Total);
            request.customize().interceptor(meter).send()
        })
        .await;
    asked.map(|(_, usage)| usage).map_err(|error| error.into_error().with("table", keys.table))
}

async fn batch_delete(client: &DynamoClient, keys: Keys<'_>) -> Result<Usage> {
    let nothing = DeleteRequest::builder().set_key(Some(keys.probe())).build().map_err(unbuilt)?;
    let write = WriteRequest::builder().delete_request(nothing).build();
    let asked = client
        .call::<_, BatchWriteItemError, _>(|meter| {
            let request = client.sdk().batch_write_item().request_items(keys.table, vec![write]);
            let request = request.return_consumed_capacity(ReturnConsumedCapacity::Total);
            request.customize().interceptor(meter).send()
        })
        .await;
    asked.map(|(_, usage)| usage).map_err(|error| error.into_error().with("table", keys.table))
}

fn unbuilt(error: BuildError) -> Error {
    Error::invalid_input("partitionKey", "can't be asked for").with_source(error)
}

/// The three writes have builders of their own types and the same shape.
macro_rules! never_writes {
    ($($name:ident: $error:ty = |$client:ident, $keys:ident| $request:expr;)*) => {$(
        async fn $name($client: &DynamoClient, $keys: Keys<'_>) -> Result<Usage> {
            let asked = $client
                .call::<_, $error, _>(|meter| {
                    let request = $request.table_name($keys.table).condition_expression(NEVER);
                    let request = request.expression_attribute_names("#p", $keys.partition_key);
                    let request = request.return_consumed_capacity(ReturnConsumedCapacity::Total);
                    request.customize().interceptor(meter).send()
                })
                .await;
            asked.map(|(_, usage)| usage).map_err(|error| error.into_error().with("table", $keys.table))
        }
    )*};
}

never_writes! {
    put: PutItemError = |client, keys| client.sdk().put_item().set_item(Some(keys.probe()));
    update: UpdateItemError = |client, keys| client.sdk().update_item().set_key(Some(keys.probe()));
    delete: DeleteItemError = |client, keys| client.sdk().delete_item().set_key(Some(keys.probe()));
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
