//! Whether the work of one layout can be done in its table: the health check of the nodes whose keys are given.

use super::client::DynamoClient;
use super::policy::Need;
use super::probe;
use super::tables::{self, TableDefinition};
use crate::declare::Health;
use crate::error::{ErrorKind, Result};

/// Looks at the table, its keys, indexes and expiry, and tries every right of `needs` that is vital. Changes nothing.
/// `summary` says in a line what lies in the table.
///
/// # Errors
/// `NotFound`, `Mismatch` where keys or an index are others, `Unavailable` while an index is being built, `Denied` that
/// names the action; whatever else keeps DynamoDB from answering.
pub async fn check(
    client: &DynamoClient,
    table: &TableDefinition,
    summary: &str,
    needs: &'static [Need],
) -> Result<Health> {
    let mut health = Health::default();
    let checked = check_within(&mut health, client, table, summary, needs).await;
    match checked {
        Ok(()) => Ok(health),
        Err(error) => Err(error.with_usage(health.usage)),
    }
}

async fn check_within(
    health: &mut Health,
    client: &DynamoClient,
    wanted: &TableDefinition,
    summary: &str,
    needs: &'static [Need],
) -> Result<()> {
    match tables::describe(client, &wanted.name).await {
        Ok(table) => {
            health.usage += table.usage;
            table.check_keys(wanted)?;
            table.check_indexes(&wanted.indexes)?;
            if table.ready {
                let text = format!(
                    "`{}` is there in {}, with {}",
                    wanted.name,
                    client.region(),
                    wanted.keys_in_words()
                );
                health.ok("table", text);
            } else {
                let text =
                    format!("`{}` in {} is still being made; wait a moment", wanted.name, client.region());
                health.warn("table", text);
            }
        }
        Err(error) if *error.kind() == ErrorKind::Denied => {
            health.usage += error.usage();
            tell_undescribed(health);
        }
        Err(error) => return Err(error),
    }
    health.ok("layout", summary);
    health.usage += probe::rights(client, wanted, needs).await?;
    health.ok("rights", "the credential may do all that the layout needs");
    tell_expiry(health, client, wanted).await
}

/// Warns that the table's own word on its keys is missing.
pub fn tell_undescribed(health: &mut Health) {
    health.warn(
        "table",
        "the credential may not look at the table, so its keys are taken as given; allow `dynamodb:DescribeTable`",
    );
}

/// Tells whether the table removes what expires, where something does.
///
/// # Errors
/// Whatever keeps DynamoDB from answering, but for a missing right, which is a finding.
pub async fn tell_expiry(health: &mut Health, client: &DynamoClient, table: &TableDefinition) -> Result<()> {
    if table.expiry_attribute.is_none() {
        return Ok(());
    }
    match probe::expiry_attribute(client, &table.name).await {
        Ok((found, usage)) => {
            health.usage += usage;
            health.findings.extend(table.expiry_finding(found.as_deref()));
            Ok(())
        }
        Err(error) if *error.kind() == ErrorKind::Denied => {
            health.usage += error.usage();
            let text = "the credential may not look at the table's time to live; allow `dynamodb:DescribeTimeToLive`";
            health.warn("expiry", text);
            Ok(())
        }
        Err(error) => Err(error),
    }
}
