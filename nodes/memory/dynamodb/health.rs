//! Whether the memory can do its work: table, keys, layout, rights, expiry.

use std::sync::Arc;

use super::Inputs;
use super::table::FoundTable;
use crate::declare::{ClientKey, Clients, Health};
use crate::dynamodb::{DynamoClient, health, probe};
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
    let definition = table.definition(&inputs);
    health.usage += probe::rights(&client, &definition, table.layout.needs())
        .await
        .map_err(|error| error.with_usage(health.usage))?;
    health.ok("rights", "the credential may load, append and clear");
    match health::tell_expiry(&mut health, &client, &definition).await {
        Ok(()) => Ok(health),
        Err(error) => Err(error.with_usage(health.usage)),
    }
}

fn tell_table(health: &mut Health, client: &DynamoClient, inputs: &Inputs, table: &FoundTable) {
    let (name, region) = (&inputs.table_name, client.region());
    let keys = match &table.sort_key {
        Some(sort_key) => format!("the keys `{}` and `{sort_key}`", table.partition_key),
        None => format!("the key `{}`", table.partition_key),
    };
    match table {
        FoundTable { described: false, .. } => health::tell_undescribed(health),
        FoundTable { ready: false, .. } => {
            health.warn("table", format!("`{name}` in {region} is still being made; wait a moment"));
        }
        _ => health.ok("table", format!("`{name}` is there in {region}, with {keys}")),
    }
    health.ok("layout", table.layout.summary());
}
