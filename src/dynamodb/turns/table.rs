//! The table, and the rights on it.

use crate::dynamodb::policy::{Action, Need};
use crate::dynamodb::tables::{KeyAttribute, TableDefinition};

/// What the layout needs of its table.
pub const NEEDS: &[Need] = &[
    Need::useful(
        Action::DescribeTable,
        "the table's keys are taken as `partitionKey` and `sortKey` give them",
    ),
    Need::vital(Action::Query, "no conversation is loaded or cleared, and none is listed"),
    Need::vital(Action::GetItem, "no turn id is found again, and no summary is read"),
    Need::vital(Action::BatchGetItem, "no very large turn is loaded"),
    Need::vital(Action::PutItem, "no turn is kept"),
    Need::vital(Action::UpdateItem, "the list of conversations is not kept"),
    Need::vital(Action::DeleteItem, "no conversation is cleared"),
    Need::vital(Action::BatchWriteItem, "no conversation is cleared, and no very large turn is kept"),
];

/// The table of this layout.
#[must_use]
pub fn table(
    name: impl Into<String>,
    partition_key: impl Into<String>,
    sort_key: impl Into<String>,
) -> TableDefinition {
    TableDefinition::new(name, KeyAttribute::text(partition_key), KeyAttribute::text(sort_key))
}
