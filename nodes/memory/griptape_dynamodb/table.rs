//! The node's table, and the store in it.

use std::sync::Arc;

use super::Inputs;
use super::inputs::SortKeyType;
use crate::declare::ClientKey;
use crate::dynamodb::DynamoClient;
use crate::dynamodb::griptape::{self, FixedSortKey, GriptapeStore, ItemSlot, ItemSlotConfig, SortKeyValue};
use crate::dynamodb::tables::{KeyAttribute, TableDefinition};
use crate::error::{Error, Result};
use crate::griptape::GriptapeConfig;
use crate::store::{ChatStore, Metered};

/// What lies in the table.
pub(super) const SUMMARY: &str = "an item a session, as Griptape keeps it";

/// What is kept beside the client for these sessions.
pub(super) fn key(inputs: &Inputs, client: ClientKey) -> ClientKey {
    let Inputs { table_name, partition_key, value_attribute_key, sort_key, sort_key_value, .. } = inputs;
    client.within(format!("{:?}", (table_name, partition_key, value_attribute_key, sort_key, sort_key_value)))
}

/// The table that the inputs mean.
pub(super) fn definition(inputs: &Inputs) -> Result<TableDefinition> {
    let sort_key = sort_key(inputs)?.map(|key| match key.value {
        SortKeyValue::Text(_) => KeyAttribute::text(key.attribute),
        SortKeyValue::Number(_) => KeyAttribute::number(key.attribute),
    });
    let table = griptape::table(&inputs.table_name, &inputs.partition_key, sort_key);
    Ok(TableDefinition { expiry_attribute: inputs.expiry_attribute.clone(), ..table })
}

/// A store in the table, traced. Sends nothing.
pub(super) fn store(client: &DynamoClient, inputs: &Inputs) -> Result<Arc<dyn ChatStore>> {
    let slot = ItemSlotConfig {
        sort_key: sort_key(inputs)?,
        value_attribute_key: inputs.value_attribute_key.clone(),
        expiry_attribute: inputs.expiry_attribute.clone(),
        ttl_secs: inputs.ttl_secs,
        ..ItemSlotConfig::new(&inputs.table_name, &inputs.partition_key)
    };
    let config =
        GriptapeConfig { generation: inputs.generation, max_runs: inputs.max_runs, full: inputs.when_full };
    let slot = ItemSlot::new(client.clone(), slot)?;
    Ok(Arc::new(Metered(GriptapeStore::new(slot, config)?)))
}

fn sort_key(inputs: &Inputs) -> Result<Option<FixedSortKey>> {
    match (&inputs.sort_key, &inputs.sort_key_value) {
        (None, None) => Ok(None),
        (Some(attribute), Some(value)) => {
            let value = match inputs.sort_key_type {
                SortKeyType::Text => SortKeyValue::Text(value.clone()),
                SortKeyType::Number => SortKeyValue::Number(value.clone()),
            };
            Ok(Some(FixedSortKey { attribute: attribute.clone(), value }))
        }
        (Some(_), None) => {
            Err(Error::invalid_input("sortKeyValue", "is missing; a sort key needs the value that is in it"))
        }
        (None, Some(_)) => {
            Err(Error::invalid_input("sortKey", "is missing; name the sort key that has `sortKeyValue`"))
        }
    }
}
