//! The node's table.

use std::sync::Arc;

use super::Inputs;
use crate::declare::{ClientKey, Clients, ConnectContext, Health};
use crate::dynamodb::mem0::graph::{self, GraphConfig};
use crate::dynamodb::tables::TableDefinition;
use crate::dynamodb::{DynamoClient, health};
use crate::error::Result;

/// What lies in the table.
pub(super) const SUMMARY: &str = "a graph as Mem0 keeps it: an item a node, three items an edge";

pub(super) fn config(inputs: &Inputs) -> GraphConfig {
    GraphConfig {
        index: inputs.enable_gsi.then(|| inputs.gsi_name.clone()),
        words: inputs.find_by_words,
        consistency: inputs.consistency,
        ..GraphConfig::new(&inputs.table_name)
    }
}

pub(super) fn definition(config: &GraphConfig) -> TableDefinition {
    graph::table(config)
}

/// A table that was found, kept beside the client.
struct Known;

/// The table of a node that connects.
pub(super) struct FoundTable {
    definition: TableDefinition,
    clients: Clients,
    key: ClientKey,
}

/// Looks for the table, once for all nodes that mean it, and makes it where `makes` says so.
pub(super) async fn find(
    client: &DynamoClient,
    config: &GraphConfig,
    key: ClientKey,
    makes: bool,
    context: &ConnectContext,
) -> Result<FoundTable> {
    let definition = definition(config);
    let key = key.within(format!("{definition:?}"));
    let look = async || definition.find(client, makes).await.map(|_| Known);
    context.clients.get(key.clone(), look).await?;
    Ok(FoundTable { definition, clients: context.clients.clone(), key })
}

impl FoundTable {
    pub(super) async fn check(self, client: Arc<DynamoClient>) -> Result<Health> {
        let checked = health::check(&client, &self.definition, SUMMARY, graph::NEEDS).await;
        checked.inspect_err(|_| {
            // A table that is gone or changed is looked at anew when the node connects again.
            self.clients.forget::<Known>(self.key.clone());
        })
    }
}
