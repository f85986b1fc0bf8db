//! Mem0's tables.

use super::TableKind;
use crate::dynamodb::policy::{Action, Need};
use crate::dynamodb::tables::{IndexDefinition, KeyAttribute, TableDefinition};

pub(super) const CONVERSATION_NEEDS: &[Need] = &[
    Need::useful(Action::DescribeTable, "the table's keys are taken to be Mem0's"),
    Need::vital(Action::Query, "no conversation is listed"),
    Need::vital(Action::GetItem, "no conversation is loaded"),
    Need::vital(Action::PutItem, "no conversation is stored"),
    Need::vital(Action::UpdateItem, "no conversation is continued"),
    Need::vital(Action::DeleteItem, "no conversation is deleted"),
];

pub(super) const HISTORY_NEEDS: &[Need] = &[
    Need::useful(Action::DescribeTable, "the table's keys are taken to be as they are made here"),
    Need::vital(Action::Query, "no history is read"),
    Need::vital(Action::PutItem, "nothing is recorded"),
    Need::vital(Action::BatchWriteItem, "no scope is reset"),
];

pub(super) const GRAPH_NEEDS: &[Need] = &[
    Need::useful(Action::DescribeTable, "the table's keys are taken to be Mem0's"),
    Need::vital(Action::Query, "no edge is found"),
    Need::vital(Action::GetItem, "no node is read"),
    Need::vital(Action::BatchGetItem, "no neighbours are read"),
    Need::vital(Action::PutItem, "no node and no edge is stored"),
    Need::vital(Action::UpdateItem, "nothing is changed"),
    Need::vital(Action::DeleteItem, "nothing is deleted"),
    Need::vital(Action::BatchWriteItem, "no node is deleted with its edges"),
    Need::vital(Action::ConditionCheckItem, "no edge is kept from a node that is not there"),
    Need::vital(Action::Query, "nothing is found by relationship type").on_index(),
];

pub(super) fn conversations(name: &str) -> TableDefinition {
    TableDefinition::new(name, KeyAttribute::text("user_id"), KeyAttribute::text("conversation_id"))
}

pub(super) fn history(name: &str) -> TableDefinition {
    TableDefinition::new(name, KeyAttribute::text("memory_id"), KeyAttribute::text("sequence"))
}

pub(super) fn graph(name: &str) -> TableDefinition {
    let index = IndexDefinition {
        name: "RelationshipTypeIndex".to_owned(),
        partition_key: KeyAttribute::text("relationship_type"),
        sort_key: Some(KeyAttribute::number("created_at")),
    };
    TableDefinition {
        indexes: vec![index],
        ..TableDefinition::new(name, KeyAttribute::text("node_id"), KeyAttribute::text("edge_id"))
    }
}

/// Mem0's two tables, by the parameters of its own utility.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mem0Tables {
    /// The name of the table of conversations.
    pub conversation_table_name: String,
    /// The name of the table of the graph.
    pub graph_table_name: String,
    /// Whether conversations expire, by `expiration_time`.
    pub ttl_enabled: bool,
    /// Whether edges are found by their type, through an index.
    pub gsi_enabled: bool,
}

impl Default for Mem0Tables {
    /// `Mem0Conversations` and `Mem0Graph`; nothing expires; with the index.
    fn default() -> Self {
        Self {
            conversation_table_name: "Mem0Conversations".to_owned(),
            graph_table_name: "Mem0Graph".to_owned(),
            ttl_enabled: false,
            gsi_enabled: true,
        }
    }
}

impl Mem0Tables {
    /// The table of conversations, and that of the graph.
    #[must_use]
    pub fn definitions(&self) -> [(TableKind, TableDefinition); 2] {
        let mut conversations = conversations(&self.conversation_table_name);
        if self.ttl_enabled {
            let attribute = TableKind::Mem0Conversations.usual_expiry_attribute();
            conversations.expiry_attribute = attribute.map(str::to_owned);
        }
        let mut graph = graph(&self.graph_table_name);
        if !self.gsi_enabled {
            graph.indexes.clear();
        }
        [(TableKind::Mem0Conversations, conversations), (TableKind::Mem0Graph, graph)]
    }
}
