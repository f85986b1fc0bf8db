//! Whether the memory can do its work: table, keys, layout, rights, expiry.

use std::sync::Arc;

use super::Inputs;
use super::table::FoundTable;
use crate::declare::{ClientKey, Clients, Health};
use crate::dynamodb::{DynamoClient, probe};
use crate::error::{Error, ErrorKind, Result};

pub(super) async fn check(
    client: Arc<DynamoClient>,
    inputs: Inputs,
    connected: Arc<FoundTable>,
    clients: Clients,
    key: ClientKey,
) -> Result<Health> {
    let mut health = Health::default();
    let table = FoundTable::find(&client, &inputs, false).await.inspect_err(|_| {
        // A table that is gone or changed is looked at anew when the node connects again.
        clients.forget::<FoundTable>(key.clone());
    })?;
    health.usage += table.usage;
    if !table.is_same(&connected) {
        clients.forget::<FoundTable>(key);
        let message =
            "the table has other keys or another layout than when the node connected; connect it again";
        return Err(Error::new(ErrorKind::Mismatch, message)
            .with("table", &inputs.table_name)
            .with_usage(health.usage));
    }
    tell_table(&mut health, &client, &inputs, &table);
    health.usage += probe::rights(&client, table.keys(&inputs), table.layout)
        .await
        .map_err(|error| error.with_usage(health.usage))?;
    health.ok("rights", "the credential may load, append and clear");
    tell_expiry(&mut health, &client, &inputs).await?;
    Ok(health)
}

fn tell_table(health: &mut Health, client: &DynamoClient, inputs: &Inputs, table: &FoundTable) {
    let (name, region) = (&inputs.table_name, client.region());
    let keys = match &table.sort_key {
        Some(sort_key) => format!("the keys `{}` and `{sort_key}`", table.partition_key),
        None => format!("the key `{}`", table.partition_key),
    };
    match table {
        FoundTable { described: false, .. } => health.warn(
            "table",
            "the credential may not look at the table, so its keys are taken as given; allow `dynamodb:DescribeTable`",
        ),
        FoundTable { ready: false, .. } => {
            health.warn("table", format!("`{name}` in {region} is still being made; wait a moment"));
        }
        _ => health.ok("table", format!("`{name}` is there in {region}, with {keys}")),
    }
    health.ok("layout", table.layout.summary());
}

async fn tell_expiry(health: &mut Health, client: &DynamoClient, inputs: &Inputs) -> Result<()> {
    let Some(wanted) = &inputs.expiry_attribute else { return Ok(()) };
    match probe::expiry_attribute(client, &inputs.table_name).await {
        Ok((found, usage)) => {
            health.usage += usage;
            if found.as_ref() == Some(wanted) {
                health.ok("expiry", format!("the table removes items by `{wanted}`"));
            } else {
                let text = format!(
                    "the table does not remove items by `{wanted}`; turn on its time to live for that attribute, else \
                     what has expired is hidden and stays"
                );
                health.warn("expiry", text);
            }
            Ok(())
        }
        Err(error) if *error.kind() == ErrorKind::Denied => {
            health.usage += error.usage();
            let text = "the credential may not look at the table's time to live; allow `dynamodb:DescribeTimeToLive`";
            health.warn("expiry", text);
            Ok(())
        }
        Err(error) => Err(error.with_usage(health.usage)),
    }
}
