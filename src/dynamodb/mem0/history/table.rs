//! The table, and the rights on it.

use super::{PARTITION_KEY, SORT_KEY};
use crate::dynamodb::policy::{Action, Need};
use crate::dynamodb::tables::{KeyAttribute, TableDefinition};

/// What the layout needs of its table. Its transactions take the actions of the writes in them.
pub const NEEDS: &[Need] = &[
    Need::useful(Action::DescribeTable, "the table's keys are taken to be those of a history"),
    Need::vital(Action::Query, "no history is read, and no record is added behind another"),
    Need::vital(Action::GetItem, "no message of a session scope is read or kept"),
    Need::vital(Action::PutItem, "no record is added and no message kept"),
    Need::vital(Action::DeleteItem, "nothing of a user is removed"),
];

/// The table of this layout.
#[must_use]
pub fn table(name: impl Into<String>) -> TableDefinition {
    TableDefinition::new(name, KeyAttribute::text(PARTITION_KEY), KeyAttribute::text(SORT_KEY))
}
