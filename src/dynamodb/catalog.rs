//! Every kind of table that a layout keeps its things in. `canvas-memory tables`, the files in `deploy/` and their
//! policies are made from this list, and this list from what each layout says of its own table.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::layout::Layout;
use super::mem0::graph::GraphConfig;
use super::policy::Need;
use super::tables::{KeyAttribute, TableDefinition};
use super::{griptape, item_per_session, mem0, turns};
use crate::error::{Error, Result};

mod mem0_tables;

pub use mem0_tables::Mem0Tables;

/// A kind of table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TableKind {
    /// Conversations, an item a turn.
    Turns,
    /// Conversations, an item a session, as other canvases and LangChain JS keep them.
    List,
    /// Conversations, an item a session, as LangChain Python keeps them.
    History,
    /// Conversations, an item a session, as Griptape keeps them.
    Griptape,
    /// Conversations of users, as Mem0 keeps them.
    Mem0Conversations,
    /// What became of Mem0's memories.
    Mem0History,
    /// Mem0's graph of facts.
    Mem0Graph,
}

/// What a table and its attributes are called, where that is not as usual. What a kind of table does not let its user
/// name is refused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableNames {
    /// The table's name.
    pub table: Option<String>,
    /// The partition key's name.
    pub partition_key: Option<String>,
    /// The sort key.
    pub sort_key: Option<KeyAttribute>,
    /// The attribute by which items expire; nothing expires without one.
    pub expiry_attribute: Option<String>,
    /// Whether the table has its index; it has one where it can.
    pub has_index: Option<bool>,
    /// The index's name.
    pub index: Option<String>,
}

impl TableKind {
    /// Every kind.
    pub const ALL: [Self; 7] = [
        Self::Turns,
        Self::List,
        Self::History,
        Self::Griptape,
        Self::Mem0Conversations,
        Self::Mem0History,
        Self::Mem0Graph,
    ];

    /// Its name, such as `mem0-graph`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Turns => "turns",
            Self::List => "list",
            Self::History => "history",
            Self::Griptape => "griptape",
            Self::Mem0Conversations => "mem0-conversations",
            Self::Mem0History => "mem0-history",
            Self::Mem0Graph => "mem0-graph",
        }
    }

    /// What lies in such a table, in a line.
    #[must_use]
    pub fn summary(self) -> &'static str {
        match self {
            Self::Turns => Layout::Turns.summary(),
            Self::List => Layout::List.summary(),
            Self::History => Layout::History.summary(),
            Self::Griptape => "one item a session, as Griptape keeps it; it holds at most 400 KB",
            Self::Mem0Conversations => "an item a conversation, as Mem0 keeps it",
            Self::Mem0History => "an item a change of a memory",
            Self::Mem0Graph => "nodes and edges, as Mem0 keeps them",
        }
    }

    /// What its layout needs.
    #[must_use]
    pub fn needs(self) -> &'static [Need] {
        match self {
            Self::Turns => Layout::Turns.needs(),
            Self::List => Layout::List.needs(),
            Self::History => Layout::History.needs(),
            Self::Griptape => griptape::NEEDS,
            Self::Mem0Conversations => mem0::conversation::NEEDS,
            Self::Mem0History => mem0::history::NEEDS,
            Self::Mem0Graph => mem0::graph::NEEDS,
        }
    }

    /// Such a table with the names that are usual for it. One whose name its user chooses is called after its kind.
    #[must_use]
    pub fn usual(self) -> TableDefinition {
        match self {
            Self::Turns => turns::table("chat-memory", "sessionId", "sk"),
            Self::List => item_per_session::table("chat-memory-list", "sessionId"),
            Self::History => item_per_session::table("chat-memory-history", "SessionId"),
            Self::Griptape => griptape::table("griptape", "id", None),
            Self::Mem0Conversations => mem0::conversation::table("Mem0Conversations"),
            Self::Mem0History => mem0::history::table("Mem0History"),
            Self::Mem0Graph => mem0::graph::table(&GraphConfig::new("Mem0Graph")),
        }
    }

    /// The attribute by which items of such a table usually expire; `None` where they never do.
    #[must_use]
    pub fn usual_expiry_attribute(self) -> Option<&'static str> {
        match self {
            Self::Turns | Self::List | Self::History | Self::Griptape => Some("expireAt"),
            Self::Mem0Conversations => Some("expiration_time"),
            Self::Mem0History | Self::Mem0Graph => None,
        }
    }

    /// Whether its user chooses what the keys are called.
    #[must_use]
    pub fn has_chosen_keys(self) -> bool {
        !matches!(self, Self::Mem0Conversations | Self::Mem0History | Self::Mem0Graph)
    }

    /// Such a table with these names.
    ///
    /// # Errors
    /// `InvalidInput` for a name that is missing, or that this kind of table does not let its user choose.
    pub fn define(self, names: &TableNames) -> Result<TableDefinition> {
        let mut table = self.usual();
        match &names.table {
            Some(name) => table.name.clone_from(name),
            None if !self.has_chosen_keys() => {}
            None => return Err(Error::invalid_input("table_name", "is missing; name the table")),
        }
        if let Some(name) = &names.partition_key {
            self.allow("partition_key", self.has_chosen_keys())?;
            table.partition_key = KeyAttribute::text(name);
        }
        if let Some(key) = &names.sort_key {
            self.allow("sort_key", matches!(self, Self::Turns | Self::Griptape))?;
            table.sort_key = Some(key.clone());
        }
        if let Some(name) = &names.expiry_attribute {
            self.allow("expiry_attribute", self.usual_expiry_attribute().is_some())?;
            table.expiry_attribute = Some(name.clone());
        }
        if let Some(name) = &names.index {
            self.allow("gsi_name", !table.indexes.is_empty())?;
            table.indexes.iter_mut().for_each(|index| index.name.clone_from(name));
        }
        if let Some(has_index) = names.has_index {
            self.allow("gsi_enabled", !table.indexes.is_empty())?;
            if !has_index {
                table.indexes.clear();
            }
        }
        Ok(table)
    }

    fn allow(self, field: &str, is_allowed: bool) -> Result<()> {
        if is_allowed {
            return Ok(());
        }
        Err(Error::invalid_input(
            field,
            format!("is nothing that a `{}` table has; leave it out", self.name()),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    fn field(kind: TableKind, names: TableNames) -> String {
        match kind.define(&names).unwrap_err().kind() {
            ErrorKind::InvalidInput { field } => field.clone(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_name_that_a_kind_does_not_have_is_refused() {
        let some = || Some("x".to_owned());
        let named = || TableNames { table: some(), ..TableNames::default() };
        for kind in TableKind::ALL {
            let table = kind.define(&named()).unwrap();
            assert_eq!(table, TableDefinition { name: "x".into(), ..kind.usual() }, "{kind:?}");
        }
        assert_eq!(field(TableKind::Turns, TableNames::default()), "table_name");
        let key = || Some(KeyAttribute::text("x"));
        assert_eq!(field(TableKind::List, TableNames { sort_key: key(), ..named() }), "sort_key");
        assert_eq!(
            field(TableKind::Mem0Graph, TableNames { partition_key: some(), ..named() }),
            "partition_key"
        );
        let expiring = TableNames { expiry_attribute: some(), ..named() };
        assert_eq!(field(TableKind::Mem0History, expiring), "expiry_attribute");
        assert_eq!(field(TableKind::Turns, TableNames { has_index: Some(true), ..named() }), "gsi_enabled");
        let unnamed = TableNames { has_index: Some(false), ..TableNames::default() };
        assert_eq!(TableKind::Mem0Graph.define(&unnamed).unwrap().indexes, []);
    }
}
