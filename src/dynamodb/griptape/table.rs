//! The table, and the rights on it.

use crate::dynamodb::policy::{Action, Need};
use crate::dynamodb::tables::{KeyAttribute, TableDefinition};

/// What the layout needs of its table.
pub const NEEDS: &[Need] = &[
    Need::useful(
        Action::DescribeTable,
        "the table's keys are taken as `partitionKey` and `sortKey` give them",
    ),
    Need::useful(Action::Scan, "no conversation is listed"),
    Need::vital(Action::GetItem, "no conversation is loaded"),
    Need::vital(Action::UpdateItem, "no turn is kept, and no conversation is cleared"),
    Need::useful(Action::DeleteItem, "a cleared conversation leaves an item that holds its key alone"),
];

/// The table of Griptape's sessions. It needs no sort key; where it has one, that has one value for all sessions.
#[must_use]
pub fn table(
    name: impl Into<String>,
    partition_key: impl Into<String>,
    sort_key: Option<KeyAttribute>,
) -> TableDefinition {
    TableDefinition::new(name, KeyAttribute::text(partition_key), sort_key)
}
