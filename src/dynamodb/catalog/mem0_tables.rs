//! Mem0's two tables at once.

use super::TableKind;
use crate::dynamodb::mem0::conversation;
use crate::dynamodb::mem0::graph::{self, GraphConfig};
use crate::dynamodb::tables::TableDefinition;

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
        let mut conversations = conversation::table(&self.conversation_table_name);
        if self.ttl_enabled {
            let attribute = TableKind::Mem0Conversations.usual_expiry_attribute();
            conversations.expiry_attribute = attribute.map(str::to_owned);
        }
        let mut config = GraphConfig::new(&self.graph_table_name);
        if !self.gsi_enabled {
            config.index = None;
        }
        [(TableKind::Mem0Conversations, conversations), (TableKind::Mem0Graph, graph::table(&config))]
    }
}
