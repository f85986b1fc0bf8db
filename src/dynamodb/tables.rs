//! Tables: what one is to be, making it, comparing what is there, deleting it by name.

use aws_sdk_dynamodb::operation::describe_table::DescribeTableError;
use aws_sdk_dynamodb::operation::list_tables::ListTablesError;
use aws_sdk_dynamodb::types::TableDescription;

use super::client::DynamoClient;
use crate::error::Result;
use crate::usage::Usage;

mod check;
mod create;
mod definition;
mod delete;
mod described;
mod find;

pub use create::Created;
pub use definition::{Capacity, IndexDefinition, KeyAttribute, KeyKind, TableDefinition};
pub use delete::delete;
pub use described::{Table, TableFacts, TableIndex};

/// The state of a table and its keys.
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
