//! The table, and the rights on it.

use crate::dynamodb::policy::{Action, Need};
use crate::dynamodb::tables::{KeyAttribute, TableDefinition};

/// What the layouts with one item a session need of their table.
pub const NEEDS: &[Need] = &[
    Need::useful(
        Action::DescribeTable,
        "the table's keys are taken as `partitionKey` and `sortKey` give them",
    ),
    Need::useful(Action::Scan, "`layout` has to be set, and no conversation is listed"),
    Need::vital(Action::GetItem, "no conversation is loaded"),
    Need::vital(Action::PutItem, "no turn is kept"),
    Need::vital(Action::UpdateItem, "no turn is kept"),
    Need::vital(Action::DeleteItem, "no conversation is cleared"),
];

/// The table of a layout with one item a session.
#[must_use]
pub fn table(name: impl Into<String>, partition_key: impl Into<String>) -> TableDefinition {
    TableDefinition::new(name, KeyAttribute::text(partition_key), None)
}
