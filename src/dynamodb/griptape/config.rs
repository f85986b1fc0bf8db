//! Where sessions are, and when they expire.

use std::num::NonZeroU64;

use aws_sdk_dynamodb::types::AttributeValue;

use crate::dynamodb::size::Item;
use crate::dynamodb::tables::KeyAttribute;
use crate::error::{Error, Result};

/// DynamoDB's own limit on an attribute's name.
const MAX_NAME_BYTES: usize = 255;

/// The value of a sort key that all sessions of a node share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SortKeyValue {
    /// Where the table's sort key is a string.
    Text(String),
    /// Where it is a number; its digits as they are written.
    Number(String),
}

/// A sort key with one value for all sessions of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FixedSortKey {
    /// The attribute's name.
    pub attribute: String,
    /// Its value.
    pub value: SortKeyValue,
}

impl FixedSortKey {
    /// The table's sort key, as its definition has it.
    #[must_use]
    pub fn key_attribute(&self) -> KeyAttribute {
        match self.value {
            SortKeyValue::Text(_) => KeyAttribute::text(&self.attribute),
            SortKeyValue::Number(_) => KeyAttribute::number(&self.attribute),
        }
    }
}

/// A table, its keys and the attributes of a session's item, as Griptape's driver has them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemSlotConfig {
    /// The table's name.
    pub table: String,
    /// The partition key attribute, of type S; it holds the session id.
    pub partition_key: String,
    /// The sort key, where the table has one.
    pub sort_key: Option<FixedSortKey>,
    /// The attribute that holds the session's JSON.
    pub value_attribute_key: String,
    /// The attribute whose epoch seconds say when a session expires.
    pub expiry_attribute: Option<String>,
    /// How long after its newest turn a session expires.
    pub ttl_secs: Option<NonZeroU64>,
}

impl ItemSlotConfig {
    /// A table with a partition key only, the value under `value`, sessions that never expire.
    #[must_use]
    pub fn new(table: impl Into<String>, partition_key: impl Into<String>) -> Self {
        Self {
            table: table.into(),
            partition_key: partition_key.into(),
            sort_key: None,
            value_attribute_key: "value".to_owned(),
            expiry_attribute: None,
            ttl_secs: None,
        }
    }

    /// With sessions that expire `ttl_secs` after their newest turn.
    #[must_use]
    pub fn expiring(self, attribute: impl Into<String>, ttl_secs: NonZeroU64) -> Self {
        Self { expiry_attribute: Some(attribute.into()), ttl_secs: Some(ttl_secs), ..self }
    }

    pub(super) fn check(&self) -> Result<()> {
        if self.table.is_empty() {
            return Err(Error::invalid_input("tableName", "is empty; name a table"));
        }
        let mut names =
            vec![("partitionKey", &self.partition_key), ("valueAttributeKey", &self.value_attribute_key)];
        names.extend(self.sort_key.iter().map(|key| ("sortKey", &key.attribute)));
        names.extend(self.expiry_attribute.iter().map(|name| ("expiryAttribute", name)));
        for (at, (field, name)) in names.iter().enumerate() {
            let problem = if name.is_empty() {
                "is empty; name an attribute".to_owned()
            } else if name.len() > MAX_NAME_BYTES {
                format!("has {} bytes; at most {MAX_NAME_BYTES} fit", name.len())
            } else if name.starts_with("cm_") {
                "begins with `cm_`, which marks our own attributes".to_owned()
            } else if names.iter().take(at).any(|(_, earlier)| earlier == name) {
                "names an attribute that another field names too".to_owned()
            } else {
                continue;
            };
            return Err(Error::invalid_input(*field, problem));
        }
        if let Some(FixedSortKey { value, .. }) = &self.sort_key {
            value.check()?;
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

    /// The expiry of what is written at `now_epoch_secs`.
    pub(super) fn new_expiry(&self, now_epoch_secs: u64) -> Option<(&str, AttributeValue)> {
        let expiry = now_epoch_secs.saturating_add(self.ttl_secs?.get());
        Some((self.expiry_attribute.as_deref()?, AttributeValue::N(expiry.to_string())))
    }
}

impl SortKeyValue {
    fn check(&self) -> Result<()> {
        match self {
            Self::Text(text) if text.is_empty() => {
                Err(Error::invalid_input("sortKeyValue", "is empty; give the value that all sessions share"))
            }
            Self::Number(digits) if digits.parse::<f64>().is_ok_and(f64::is_finite) => Ok(()),
            Self::Number(_) => {
                Err(Error::invalid_input("sortKeyValue", "is not a number; correct it, or choose text"))
            }
            Self::Text(_) => Ok(()),
        }
    }

    pub(super) fn attribute(&self) -> AttributeValue {
        match self {
            Self::Text(text) => AttributeValue::S(text.clone()),
            Self::Number(digits) => AttributeValue::N(digits.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn what_contradicts_itself_is_named() {
        let base = ItemSlotConfig::new("chat", "id");
        let field = |config: ItemSlotConfig| match config.check().unwrap_err().kind() {
            ErrorKind::InvalidInput { field } => field.clone(),
            other => panic!("{other:?}"),
        };
        let sorted = |attribute: &str, value: SortKeyValue| ItemSlotConfig {
            sort_key: Some(FixedSortKey { attribute: attribute.to_owned(), value }),
            ..base.clone()
        };
        base.check().unwrap();
        sorted("part", SortKeyValue::Number("-1.5".into())).check().unwrap();
        assert_eq!(field(ItemSlotConfig { table: String::new(), ..base.clone() }), "tableName");
        assert_eq!(field(ItemSlotConfig { partition_key: String::new(), ..base.clone() }), "partitionKey");
        assert_eq!(
            field(ItemSlotConfig { value_attribute_key: "id".into(), ..base.clone() }),
            "valueAttributeKey"
        );
        assert_eq!(field(sorted("value", SortKeyValue::Text("a".into()))), "sortKey");
        assert_eq!(field(sorted("part", SortKeyValue::Text(String::new()))), "sortKeyValue");
        for no_number in ["", "one", "inf", "NaN"] {
            assert_eq!(field(sorted("part", SortKeyValue::Number(no_number.into()))), "sortKeyValue");
        }
        assert_eq!(
            field(ItemSlotConfig { expiry_attribute: Some("cm_x".into()), ..base.clone() }),
            "expiryAttribute"
        );
        assert_eq!(field(ItemSlotConfig { ttl_secs: NonZeroU64::new(1), ..base }), "expiryAttribute");
    }
}
