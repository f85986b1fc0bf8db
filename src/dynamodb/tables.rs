//! Tables: what keys one has, and making one.

use std::time::Duration;

use aws_sdk_dynamodb::operation::create_table::CreateTableError;
use aws_sdk_dynamodb::operation::describe_table::DescribeTableError;
use aws_sdk_dynamodb::operation::list_tables::ListTablesError;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType, TableDescription,
    TimeToLiveSpecification,
};

use super::client::DynamoClient;
use crate::error::{Error, ErrorKind, Result};
use crate::usage::Usage;

mod described;

pub use described::{KeyAttribute, Table, TableFacts};

/// How long a new table may take until it can be used.
const CREATION_TIMEOUT: Duration = Duration::from_secs(120);

/// The keys of a table.
///
/// # Errors
/// `NotFound` when the table is not there.
pub async fn describe(client: &DynamoClient, table: &str) -> Result<Table> {
    let (output, usage) = client
        .call::<_, DescribeTableError, _>(|meter| {
            client.sdk().describe_table().table_name(table).customize().interceptor(meter).send()
        })
        .await
        .map_err(|error| error.into_error().with("table", table).with("region", client.region()))?;
    Table::of(&output.table.unwrap_or_else(|| TableDescription::builder().build()), usage)
}

/// A table to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableSpec {
    /// The table's name.
    pub name: String,
    /// The partition key's name; it holds session ids.
    pub partition_key: String,
    /// The sort key's name, for the layout that keeps an item a turn.
    pub sort_key: Option<String>,
    /// The attribute whose epoch seconds let DynamoDB remove an item.
    pub expiry_attribute: Option<String>,
}

/// Makes the table, paid by request, unless it is there, and waits until it can be used.
///
/// # Errors
/// `Mismatch` when it is there with other keys; `Unavailable` when it is not ready within two minutes.
pub async fn create_if_missing(client: &DynamoClient, spec: &TableSpec) -> Result<Table> {
    let mut usage = Usage::default();
    let mut created = false;
    let found = match describe(client, &spec.name).await {
        Ok(table) => {
            usage += table.usage;
            Some(table)
        }
        Err(error) if matches!(error.kind(), ErrorKind::NotFound) => {
            usage += error.usage();
            usage += create(client, spec).await?;
            created = true;
            None
        }
        Err(error) => return Err(error),
    };
    let mut table = wait_until_ready(client, spec, found, &mut usage).await?;
    table.check_keys(&spec.partition_key, spec.sort_key.as_deref())?;
    if let (true, Some(attribute)) = (created, &spec.expiry_attribute) {
        usage += enable_expiry(client, &spec.name, attribute).await?;
    }
    table.usage = usage;
    Ok(table)
}

async fn create(client: &DynamoClient, spec: &TableSpec) -> Result<Usage> {
    let keys = [(Some(&spec.partition_key), KeyType::Hash), (spec.sort_key.as_ref(), KeyType::Range)];
    let mut request =
        client.sdk().create_table().table_name(&spec.name).billing_mode(BillingMode::PayPerRequest);
    for (name, key_type) in keys {
        let Some(name) = name else { continue };
        let schema = KeySchemaElement::builder().attribute_name(name).key_type(key_type).build();
        let definition = AttributeDefinition::builder()
            .attribute_name(name)
            .attribute_type(ScalarAttributeType::S)
            .build();
        let (Ok(schema), Ok(definition)) = (schema, definition) else {
            return Err(Error::invalid_input("partitionKey", "is missing; name the table's key"));
        };
        request = request.key_schema(schema).attribute_definitions(definition);
    }
    let created =
        client.call::<_, CreateTableError, _>(|meter| request.customize().interceptor(meter).send()).await;
    match created {
        Ok((_, usage)) => Ok(usage),
        // Another process makes it at this moment.
        Err(error) if error.service().is_some_and(CreateTableError::is_resource_in_use_exception) => {
            Ok(error.usage())
        }
        Err(error) => Err(error.into_error().with("table", &spec.name)),
    }
}

async fn wait_until_ready(
    client: &DynamoClient,
    spec: &TableSpec,
    found: Option<Table>,
    usage: &mut Usage,
) -> Result<Table> {
    let ready = async {
        let mut pause = Duration::from_millis(50);
        let mut found = found;
        loop {
            match found.take() {
                Some(table) if table.ready => return Ok(table),
                Some(_) => {
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(Duration::from_secs(2));
                }
                None => {}
            }
            found = match describe(client, &spec.name).await {
                Ok(table) => {
                    *usage += table.usage;
                    Some(table)
                }
                // A new table is not seen everywhere at once.
                Err(error) if matches!(error.kind(), ErrorKind::NotFound) => {
                    *usage += error.usage();
                    tokio::time::sleep(pause).await;
                    None
                }
                Err(error) => return Err(error),
            };
        }
    };
    tokio::time::timeout(CREATION_TIMEOUT, ready).await.unwrap_or_else(|_| {
        Err(Error::new(
            ErrorKind::Unavailable,
            "the new table is not ready after two minutes; try again in a while",
        )
        .with("table", &spec.name))
    })
}

async fn enable_expiry(client: &DynamoClient, table: &str, attribute: &str) -> Result<Usage> {
    let ttl = TimeToLiveSpecification::builder().enabled(true).attribute_name(attribute).build();
    let Ok(ttl) = ttl else {
        return Err(Error::invalid_input("expiryAttribute", "is missing; name the attribute"));
    };
    let (_, usage) = client
        .call(|meter| {
            let request = client.sdk().update_time_to_live().table_name(table);
            request.time_to_live_specification(ttl).customize().interceptor(meter).send()
        })
        .await
        .map_err(|error| error.into_error().with("table", table))?;
    Ok(usage)
}

/// Names of tables, a page of them.
#[derive(Clone, Debug, PartialEq)]
pub struct TableNames {
    /// In the order of their letters.
    pub names: Vec<String>,
    /// The last name of this page when there are more.
    pub next: Option<String>,
    /// What the call cost.
    pub usage: Usage,
}

/// The names of the region's tables after `after`, at most `limit` of them, and never more than 100.
///
/// # Errors
/// `Denied` when the credential may not list tables.
pub async fn list(client: &DynamoClient, limit: u8, after: Option<String>) -> Result<TableNames> {
    let (output, usage) = client
        .call::<_, ListTablesError, _>(|meter| {
            let request = client.sdk().list_tables().limit(i32::from(limit.clamp(1, 100)));
            request.set_exclusive_start_table_name(after).customize().interceptor(meter).send()
        })
        .await
        .map_err(|error| error.into_error().with("region", client.region()))?;
    Ok(TableNames {
        names: output.table_names.unwrap_or_default(),
        next: output.last_evaluated_table_name,
        usage,
    })
}
