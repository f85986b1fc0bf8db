//! Where rows lie. Scopes and users are escaped, so that no name runs into what follows it.

use std::borrow::Cow;

use aws_sdk_dynamodb::types::AttributeValue;
use sha2::{Digest, Sha256};

use super::{PARTITION_KEY, SORT_KEY};
use crate::dynamodb::size::Item;
use crate::session::Scope;

/// The sort key of the row that holds the messages of a session scope.
const MESSAGES: &str = "messages";

pub(super) fn key(partition: &str, sort: impl Into<String>) -> Item {
    Item::from([
        (PARTITION_KEY.to_owned(), AttributeValue::S(partition.to_owned())),
        (SORT_KEY.to_owned(), AttributeValue::S(sort.into())),
    ])
}

/// The partition of a memory's records.
pub(super) fn memory(scope: &Scope, memory_id: &str) -> String {
    format!("{}#memory#{memory_id}", escaped(scope.as_str()))
}

/// The sort key of a record.
pub(super) fn sequence(sequence: u64) -> String {
    format!("{sequence:020}")
}

/// The place that a record's sort key stands for.
pub(super) fn parse_sequence(sort: &str) -> Option<u64> {
    sort.bytes().all(|byte| byte.is_ascii_digit()).then(|| sort.parse().ok())?
}

/// The partition of the messages of a session scope.
pub(super) fn session(scope: &Scope, session_scope: &str) -> String {
    format!("{}#session#{session_scope}", escaped(scope.as_str()))
}

/// The row of the messages in its partition.
pub(super) fn messages(partition: &str) -> Item {
    key(partition, MESSAGES)
}

/// The partition that lists what a scope holds.
pub(super) fn listing(scope: &Scope) -> String {
    format!("{}#listed", escaped(scope.as_str()))
}

/// What the sort keys of all that is a user's begin with, in the listing.
pub(super) fn listed_of(user: &str) -> String {
    format!("{}#", escaped(user))
}

/// The sort key of a record in the listing.
pub(super) fn listed_record(user: &str, id: &str) -> String {
    format!("{}record#{id}", listed_of(user))
}

/// The sort key of a session scope in the listing; its partition may be longer than a sort key.
pub(super) fn listed_session(user: &str, partition: &str) -> String {
    let digest = Sha256::digest(partition);
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{}session#{hex}", listed_of(user))
}

fn escaped(name: &str) -> Cow<'_, str> {
    if name.contains(['#', '%']) {
        Cow::Owned(name.replace('%', "%25").replace('#', "%23"))
    } else {
        Cow::Borrowed(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::{MAX_ID_BYTES, MAX_KEY_BYTES, MAX_USER_BYTES};

    #[test]
    fn no_name_runs_into_another() {
        let scope = |name: &str| Scope::new(name).unwrap();
        assert_ne!(memory(&scope("a"), "b#memory#c"), memory(&scope("a#memory#b"), "c"));
        assert!(!listed_record("ann#b", "1").starts_with(&listed_of("ann")));
        assert_ne!(listed_of("a#"), listed_of("a%23"));
    }

    #[test]
    fn the_longest_names_fit() {
        let scope = Scope::new("#".repeat(Scope::MAX_BYTES)).unwrap();
        assert!(memory(&scope, &"x".repeat(MAX_KEY_BYTES)).len() <= 2_048);
        assert!(session(&scope, &"x".repeat(MAX_KEY_BYTES)).len() <= 2_048);
        let user = "#".repeat(MAX_USER_BYTES);
        assert!(listed_record(&user, &"x".repeat(MAX_ID_BYTES)).len() <= 1_024);
        assert!(listed_session(&user, "p").len() <= 1_024);
    }

    #[test]
    fn sequences_sort_as_numbers() {
        assert!(sequence(9) < sequence(10));
        assert_eq!(parse_sequence(&sequence(u64::MAX)), Some(u64::MAX));
        for other in ["", "+1", "x", MESSAGES] {
            assert_eq!(parse_sequence(other), None, "{other}");
        }
    }
}
