//! The table, and the rights on it.

use super::GraphConfig;
use super::codec::attr;
use crate::dynamodb::policy::{Action, Need};
use crate::dynamodb::tables::{IndexDefinition, KeyAttribute, TableDefinition};

/// What the layout needs of its table.
pub const NEEDS: &[Need] = &[
    Need::useful(
        Action::DescribeTable,
        "nobody sees whether the table has the keys and the index of a graph",
    ),
    Need::vital(Action::Query, "no edges are followed, and no node is found by its words or deleted"),
    Need::vital(Action::Query, "no edges are found by their type").on_index(),
    Need::vital(Action::BatchGetItem, "no node is read"),
    Need::useful(Action::Scan, "no nodes are listed"),
    Need::vital(Action::PutItem, "no node and no edge is kept"),
    Need::vital(Action::UpdateItem, "no node is changed or deleted"),
    Need::vital(Action::DeleteItem, "no node and no edge is removed"),
    Need::vital(
        Action::ConditionCheckItem,
        "nothing is linked between nodes that exist, and no node is deleted",
    ),
];

/// The table of this layout: paid by request, with the index that `config` names.
#[must_use]
pub fn table(config: &GraphConfig) -> TableDefinition {
    let index = config.index.as_ref().map(|name| IndexDefinition {
        name: name.clone(),
        partition_key: KeyAttribute::text(attr::RELATIONSHIP_TYPE),
        sort_key: Some(KeyAttribute::number(attr::CREATED_AT)),
    });
    let keys = (KeyAttribute::text(attr::NODE_ID), KeyAttribute::text(attr::EDGE_ID));
    let mut table = TableDefinition::new(config.table.as_str(), keys.0, keys.1);
    table.indexes.extend(index);
    table
}
