//! Where conversations are, whose they are, and when they expire.

use std::num::NonZeroU64;

use aws_sdk_dynamodb::types::AttributeValue;

use super::id::check_user;
use super::{PARTITION_KEY, SORT_KEY};
use crate::dynamodb::size::Item;
use crate::error::{Error, Result};

/// DynamoDB's own limit on an attribute's name.
const MAX_NAME_BYTES: usize = 255;

/// Attributes of the layout, which no other can be.
const TAKEN: [&str; 7] = [PARTITION_KEY, SORT_KEY, "messages", "timestamp", "type", "metadata", "updated_at"];

/// A table of conversations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConversationConfig {
    /// The table's name.
    pub table: String,
    /// The user whose conversations the sessions are; the scope of a session when left out.
    pub user_id: Option<String>,
    /// The attribute whose epoch seconds say when a conversation expires. What has expired is never returned, whoever set it.
    pub ttl_attribute: String,
    /// How long after its newest message a conversation expires; never, when left out.
    pub ttl_secs: Option<NonZeroU64>,
}

impl ConversationConfig {
    /// A table with Mem0's names, whose conversations never expire.
    #[must_use]
    pub fn new(table: impl Into<String>) -> Self {
        Self {
            table: table.into(),
            user_id: None,
            ttl_attribute: "expiration_time".to_owned(),
            ttl_secs: None,
        }
    }

    pub(super) fn check(&self) -> Result<()> {
        if self.table.is_empty() {
            return Err(Error::invalid_input("tableName", "is empty; name a table"));
        }
        if let Some(user_id) = &self.user_id {
            check_user("userId", user_id)?;
        }
        let problem = match self.ttl_attribute.as_str() {
            "" => "is empty; name an attribute".to_owned(),
            name if name.len() > MAX_NAME_BYTES => {
                format!("has {} bytes; at most {MAX_NAME_BYTES} fit", name.len())
            }
            name if name.starts_with("cm_") => "begins with `cm_`, which marks our own attributes".to_owned(),
            name if TAKEN.contains(&name) => "is an attribute that the layout uses; name another".to_owned(),
            _ => return Ok(()),
        };
        Err(Error::invalid_input("ttlAttribute", problem))
    }

    /// When the item expires. A value that is not a number never does, as DynamoDB has it.
    pub(super) fn expiry_of(&self, item: &Item) -> Option<u64> {
        epoch_secs(item, &self.ttl_attribute)
    }

    pub(super) fn is_expired(&self, item: &Item, now_epoch_secs: u64) -> bool {
        self.expiry_of(item).is_some_and(|expiry| expiry <= now_epoch_secs)
    }

    /// The expiry of what is written at `now_epoch_secs`.
    pub(super) fn new_expiry(&self, now_epoch_secs: u64) -> Option<(String, AttributeValue)> {
        let expiry = now_epoch_secs.saturating_add(self.ttl_secs?.get());
        Some((self.ttl_attribute.clone(), AttributeValue::N(expiry.to_string())))
    }
}

/// A time in an item; other writers may leave fractions.
pub(super) fn epoch_secs(item: &Item, attribute: &str) -> Option<u64> {
    item.get(attribute)?.as_n().ok()?.parse::<f64>().ok().map(|secs| secs as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn what_contradicts_itself_is_named() {
        let base = ConversationConfig::new("Mem0Conversations");
        base.check().unwrap();
        let field = |config: ConversationConfig| match config.check().unwrap_err().kind() {
            ErrorKind::InvalidInput { field } => field.clone(),
            other => panic!("{other:?}"),
        };
        assert_eq!(field(ConversationConfig::new("")), "tableName");
        assert_eq!(field(ConversationConfig { user_id: Some(String::new()), ..base.clone() }), "userId");
        for name in ["", "messages", "user_id", "cm_x"] {
            let config = ConversationConfig { ttl_attribute: name.to_owned(), ..base.clone() };
            assert_eq!(field(config), "ttlAttribute", "{name}");
        }
    }
}
