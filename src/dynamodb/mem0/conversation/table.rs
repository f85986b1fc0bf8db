//! The table, and the rights on it.

use super::{PARTITION_KEY, SORT_KEY};
use crate::dynamodb::policy::{Action, Need};
use crate::dynamodb::tables::{KeyAttribute, TableDefinition};

/// What the layout needs of its table.
pub const NEEDS: &[Need] = &[
    Need::useful(Action::DescribeTable, "the table's keys are taken to be Mem0's"),
    Need::vital(Action::GetItem, "no conversation is loaded or continued"),
    Need::vital(Action::PutItem, "no new conversation is kept"),
    Need::vital(Action::UpdateItem, "no conversation is continued"),
    Need::vital(Action::DeleteItem, "no conversation is cleared"),
    Need::useful(Action::Query, "the conversations of a user are not listed"),
];

/// The table of this layout, with Mem0's keys. Its expiry attribute is the caller's to set.
#[must_use]
pub fn table(name: impl Into<String>) -> TableDefinition {
    TableDefinition::new(name, KeyAttribute::text(PARTITION_KEY), KeyAttribute::text(SORT_KEY))
}
