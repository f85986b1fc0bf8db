//! The node's table: its keys, its layout, and the store on it.

use std::sync::Arc;

use super::Inputs;
use crate::declare::ClientKey;
use crate::dynamodb::DynamoClient;
use crate::dynamodb::history::HistoryStore;
use crate::dynamodb::item_per_session::ItemConfig;
use crate::dynamodb::layout::{self, Layout};
use crate::dynamodb::list::ListStore;
use crate::dynamodb::probe::Keys;
use crate::dynamodb::tables::{self, TableSpec};
use crate::dynamodb::turns::{TurnsConfig, TurnsStore};
use crate::error::{Error, ErrorKind, Result};
use crate::store::{ChatStore, Metered};
use crate::usage::Usage;

/// The sort key of a table that the node makes, unless an input names one.
const NEW_SORT_KEY: &str = "sk";

/// What is known of a table, found out once and kept beside the client.
#[derive(Clone, Debug)]
pub(super) struct FoundTable {
    pub(super) partition_key: String,
    pub(super) sort_key: Option<String>,
    pub(super) layout: Layout,
    /// Whether the table said so itself; the inputs did where the credential may not look at the table.
    pub(super) described: bool,
    /// Whether the table can be used already.
    pub(super) ready: bool,
    pub(super) usage: Usage,
}

impl FoundTable {
    /// What a found table is kept under: all that finding it depends on.
    pub(super) fn key(inputs: &Inputs, client: ClientKey) -> ClientKey {
        let Inputs { table_name, partition_key, sort_key, layout, messages_attribute, .. } = inputs;
        client.within(format!("{:?}", (table_name, partition_key, sort_key, layout, messages_attribute)))
    }

    pub(super) async fn find(client: &DynamoClient, inputs: &Inputs, creates: bool) -> Result<Self> {
        let table = match tables::describe(client, &inputs.table_name).await {
            Err(error) if creates && *error.kind() == ErrorKind::NotFound => {
                tables::create_if_missing(client, &spec(inputs)).await?
            }
            Err(error) if *error.kind() == ErrorKind::Denied => {
                return Ok(Self::as_inputs_say(inputs, error.usage()));
            }
            described => described?,
        };
        let named = inputs.sort_key.as_deref();
        let sort_key = table.sort_key.as_ref().map(|key| key.name.as_str());
        table.check_keys(&inputs.partition_key, named.or(sort_key))?;
        let chosen =
            layout::choose(client, &table, inputs.layout, inputs.messages_attribute.as_deref()).await?;
        Ok(Self {
            partition_key: inputs.partition_key.clone(),
            sort_key: sort_key.map(str::to_owned),
            layout: chosen.layout,
            described: true,
            ready: table.ready,
            usage: table.usage + chosen.usage,
        })
    }

    /// A wrong guess meets an error of the database, never other data.
    fn as_inputs_say(inputs: &Inputs, usage: Usage) -> Self {
        let by_keys = if inputs.sort_key.is_some() { Layout::Turns } else { Layout::List };
        Self {
            partition_key: inputs.partition_key.clone(),
            sort_key: inputs.sort_key.clone(),
            layout: inputs.layout.unwrap_or(by_keys),
            described: false,
            ready: true,
            usage,
        }
    }

    /// Whether a store on the one is a store on the other.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        (&self.partition_key, &self.sort_key, self.layout)
            == (&other.partition_key, &other.sort_key, other.layout)
    }

    pub(super) fn keys<'a>(&'a self, inputs: &'a Inputs) -> Keys<'a> {
        Keys {
            table: &inputs.table_name,
            partition_key: &self.partition_key,
            sort_key: self.sort_key.as_deref(),
        }
    }

    /// A store on the table, traced. Sends nothing.
    pub(super) fn store(&self, client: &DynamoClient, inputs: &Inputs) -> Result<Arc<dyn ChatStore>> {
        let client = client.clone();
        Ok(match self.layout {
            Layout::List => Arc::new(Metered(ListStore::new(client, self.item(inputs))?)),
            Layout::History => Arc::new(Metered(HistoryStore::new(client, self.item(inputs))?)),
            Layout::Turns => Arc::new(Metered(TurnsStore::new(client, self.turns(inputs)?)?)),
        })
    }

    fn item(&self, inputs: &Inputs) -> ItemConfig {
        ItemConfig {
            sort_key: self.sort_key.clone(),
            messages_attribute: inputs.messages_attribute.clone(),
            expiry_attribute: inputs.expiry_attribute.clone(),
            ttl_secs: inputs.ttl_secs,
            ..ItemConfig::new(&inputs.table_name, &self.partition_key)
        }
    }

    fn turns(&self, inputs: &Inputs) -> Result<TurnsConfig> {
        let Some(sort_key) = &self.sort_key else {
            return Err(Error::invalid_input("sortKey", "is missing; an item a turn needs a table with one"));
        };
        Ok(TurnsConfig {
            messages_attribute: inputs.messages_attribute.clone(),
            expiry_attribute: inputs.expiry_attribute.clone(),
            ttl_secs: inputs.ttl_secs,
            ..TurnsConfig::new(&inputs.table_name, &self.partition_key, sort_key)
        })
    }
}

/// A table that is made has a sort key, unless the layout is one that does without.
pub(super) fn new_sort_key(inputs: &Inputs) -> Option<String> {
    let one_item = matches!(inputs.layout, Some(Layout::List | Layout::History));
    let default = (!one_item).then(|| NEW_SORT_KEY.to_owned());
    inputs.sort_key.clone().or(default)
}

fn spec(inputs: &Inputs) -> TableSpec {
    TableSpec {
        name: inputs.table_name.clone(),
        partition_key: inputs.partition_key.clone(),
        sort_key: new_sort_key(inputs),
        expiry_attribute: inputs.expiry_attribute.clone(),
    }
}
