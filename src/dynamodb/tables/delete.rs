//! Deleting a table.

use std::time::Duration;

use aws_sdk_dynamodb::operation::delete_table::DeleteTableError;

use super::create::named;
use super::describe;
use crate::dynamodb::client::DynamoClient;
use crate::error::{Error, ErrorKind, Result};
use crate::usage::Usage;

/// How long a table may take until it is gone. Below what a host lets a request take.
const DELETION_TIMEOUT: Duration = Duration::from_secs(100);

/// Deletes the table of this name with all that is in it, and waits until it is gone. There is no way back but a backup.
///
/// # Errors
/// `Denied` when its deletion protection is on, or a policy does not allow it; `NotFound`; `Unavailable` when it is not
/// gone after 100 seconds.
pub async fn delete(client: &DynamoClient, name: &str) -> Result<Usage> {
    let mut usage = Usage::default();
    match delete_within(client, name, &mut usage).await {
        Ok(()) => Ok(usage),
        Err(error) => Err(error.with_usage(usage)),
    }
}

async fn delete_within(client: &DynamoClient, name: &str, usage: &mut Usage) -> Result<()> {
    let table = describe(client, name).await.map_err(|error| named(error, "dynamodb:DescribeTable"))?;
    *usage += table.usage;
    if table.facts.deletion_protection == Some(true) {
        let message = "the table is protected from being deleted; switch its deletion protection off first";
        return Err(Error::new(ErrorKind::Denied, message).with("table", name));
    }
    let asked = client
        .call::<_, DeleteTableError, _>(|meter| {
            client.sdk().delete_table().table_name(name).customize().interceptor(meter).send()
        })
        .await;
    match asked {
        Ok((_, cost)) => *usage += cost,
        Err(error) if error.service().is_some_and(DeleteTableError::is_resource_in_use_exception) => {
            // It is being made or changed, or another process deletes it at this moment.
            if table.ready {
                return Err(error.into_error().with("table", name));
            }
            *usage += error.usage();
        }
        Err(error) => return Err(named(error.into_error().with("table", name), "dynamodb:DeleteTable")),
    }
    let gone = async {
        let mut pause = Duration::from_millis(50);
        loop {
            match describe(client, name).await {
                Ok(table) => *usage += table.usage,
                Err(error) if *error.kind() == ErrorKind::NotFound => {
                    *usage += error.usage();
                    return Ok(());
                }
                Err(error) => return Err(error),
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(2));
        }
    };
    tokio::time::timeout(DELETION_TIMEOUT, gone).await.unwrap_or_else(|_| {
        let message = "the table is being deleted and is not gone yet; look at it again in a while";
        Err(Error::new(ErrorKind::Unavailable, message).with("table", name))
    })
}
