//! Where sessions are, and when they expire.

use std::num::NonZeroU64;

use aws_sdk_dynamodb::types::AttributeValue;

use crate::dynamodb::size::Item;
use crate::error::{Error, Result};

/// DynamoDB's own limit on an attribute's name.
const MAX_NAME_BYTES: usize = 255;

/// A table, its keys and the attributes of a session's item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemConfig {
    /// The table's name.
    pub table: String,
    /// The partition key attribute, of type S; it holds the session id.
    pub partition_key: String,
    /// The sort key attribute where the table has one; it holds its own name, as LangChain has it.
    pub sort_key: Option<String>,
    /// The attribute of the list, where it is not the layout's own.
    pub messages_attribute: Option<String>,
    /// The attribute whose epoch seconds say when a session expires.
    pub expiry_attribute: Option<String>,
    /// How long after its newest turn a session expires.
    pub ttl_secs: Option<NonZeroU64>,
}

impl ItemConfig {
    /// A table with a partition key only, whose sessions never expire.
    #[must_use]
    pub fn new(table: impl Into<String>, partition_key: impl Into<String>) -> Self {
        Self {
            table: table.into(),
            partition_key: partition_key.into(),
            sort_key: None,
            messages_attribute: None,
            expiry_attribute: None,
            ttl_secs: None,
        }
    }

    pub(super) fn check(&self, list: &str) -> Result<()> {
        if self.table.is_empty() {
            return Err(Error::invalid_input("tableName", "is empty; name a table"));
        }
        let mut names = vec![("partitionKey", self.partition_key.as_str()), ("messagesAttribute", list)];
        names.extend(self.sort_key.iter().map(|name| ("sortKey", name.as_str())));
        names.extend(self.expiry_attribute.iter().map(|name| ("expiryAttribute", name.as_str())));
        for (at, (field, name)) in names.iter().enumerate() {
            if name.is_empty() {
                return Err(Error::invalid_input(*field, "is empty; name an attribute"));
            }
            if name.len() > MAX_NAME_BYTES {
                let problem = format!("has {} bytes; at most {MAX_NAME_BYTES} fit", name.len());
                return Err(Error::invalid_input(*field, problem));
            }
            if name.starts_with("cm_") {
                return Err(Error::invalid_input(
                    *field,
                    "begins with `cm_`, which marks our own attributes",
                ));
            }
            if names.iter().take(at).any(|(_, earlier)| earlier == name) {
                return Err(Error::invalid_input(*field, "names an attribute that another field names too"));
            }
        }
        if self.ttl_secs.is_some() && self.expiry_attribute.is_none() {
            return Err(Error::invalid_input("expiryAttribute", "is missing; a time to live needs it"));
        }
        Ok(())
    }

    /// When the item expires. A value that is not a number never does, as DynamoDB has it.
    pub(super) fn expiry_of(&self, item: &Item) -> Option<u64> {
        let AttributeValue::N(secs) = item.get(self.expiry_attribute.as_ref()?)? else { return None };
        // Other writers may leave fractions.
        secs.parse::<f64>().ok().map(|secs| secs as u64)
    }

    pub(super) fn is_expired(&self, item: &Item, now_epoch_secs: u64) -> bool {
        self.expiry_of(item).is_some_and(|expiry| expiry <= now_epoch_secs)
    }

    /// The expiry of what is written at `now_epoch_secs`.
    pub(super) fn new_expiry(&self, now_epoch_secs: u64) -> Option<(&str, AttributeValue)> {
        let expiry = now_epoch_secs.saturating_add(self.ttl_secs?.get());
        Some((self.expiry_attribute.as_deref()?, AttributeValue::N(expiry.to_string())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn what_contradicts_itself_is_named() {
        let base = ItemConfig::new("chat", "id");
        let field = |config: ItemConfig| match config.check("messages").unwrap_err().kind() {
            ErrorKind::InvalidInput { field } => field.clone(),
            other => panic!("{other:?}"),
        };
        base.check("messages").unwrap();
        assert_eq!(field(ItemConfig { table: String::new(), ..base.clone() }), "tableName");
        assert_eq!(field(ItemConfig { partition_key: String::new(), ..base.clone() }), "partitionKey");
        assert_eq!(field(ItemConfig { sort_key: Some("id".into()), ..base.clone() }), "sortKey");
        assert_eq!(
            field(ItemConfig { partition_key: "messages".into(), ..base.clone() }),
            "messagesAttribute"
        );
        assert_eq!(
            field(ItemConfig { expiry_attribute: Some("cm_x".into()), ..base.clone() }),
            "expiryAttribute"
        );
        assert_eq!(field(ItemConfig { ttl_secs: NonZeroU64::new(1), ..base }), "expiryAttribute");
    }
}
