//! The node's table: its keys, its layout, and the store on it.

use std::sync::Arc;

use super::Inputs;
use crate::declare::{ClientKey, SetUp};
use crate::dynamodb::DynamoClient;
use crate::dynamodb::history::HistoryStore;
use crate::dynamodb::item_per_session::{self, ItemConfig};
use crate::dynamodb::layout::{self, Layout};
use crate::dynamodb::list::ListStore;
use crate::dynamodb::tables::{self, KeyAttribute, Table, TableDefinition};
use crate::dynamodb::turns::{self, TurnsConfig, TurnsStore};
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
                definition(inputs).create(client).await?.table
            }
            Err(error) if *error.kind() == ErrorKind::Denied => {
                return Ok(Self::as_inputs_say(inputs, error.usage()));
            }
            described => described?,
        };
        if let Some((input, problem)) =
            table.key_problems(&definition_beside(&table, inputs)).into_iter().next()
        {
            let error = Error::new(ErrorKind::Mismatch, problem).with("table", &table.name);
            return Err(error.with("input", input));
        }
        let chosen =
            layout::choose(client, &table, inputs.layout, inputs.messages_attribute.as_deref()).await?;
        Ok(Self {
            partition_key: inputs.partition_key.clone(),
            sort_key: table.sort_key.map(|key| key.name),
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

    /// The table as it was found.
    pub(super) fn definition(&self, inputs: &Inputs) -> TableDefinition {
        TableDefinition {
            partition_key: KeyAttribute::text(&self.partition_key),
            sort_key: self.sort_key.as_ref().map(KeyAttribute::text),
            ..definition(inputs)
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

/// The table that the inputs mean where none is there. It has a sort key, unless the layout is one that does without.
pub(super) fn definition(inputs: &Inputs) -> TableDefinition {
    let one_item = matches!(inputs.layout, Some(Layout::List | Layout::History));
    let default = (!one_item).then_some(NEW_SORT_KEY);
    let table = match inputs.sort_key.as_deref().or(default) {
        Some(sort_key) => turns::table(&inputs.table_name, &inputs.partition_key, sort_key),
        None => item_per_session::table(&inputs.table_name, &inputs.partition_key),
    };
    TableDefinition { expiry_attribute: inputs.expiry_attribute.clone(), ..table }
}

/// The same where `table` is there: a sort key that no input names is what the table says.
fn definition_beside(table: &Table, inputs: &Inputs) -> TableDefinition {
    let mut definition = definition(inputs);
    if inputs.sort_key.is_none() {
        definition.sort_key.clone_from(&table.sort_key);
    }
    definition
}

/// Makes the table unless it is there.
pub(super) async fn set_up(client: &DynamoClient, inputs: &Inputs) -> Result<SetUp> {
    let (definition, looked) = match tables::describe(client, &inputs.table_name).await {
        Ok(table) => (definition_beside(&table, inputs), table.usage),
        Err(error) if *error.kind() == ErrorKind::NotFound => (definition(inputs), error.usage()),
        Err(error) => return Err(error),
    };
    let mut set_up = SetUp::from(definition.create(client).await?);
    set_up.usage += looked;
    Ok(set_up)
}
