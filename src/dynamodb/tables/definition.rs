//! What a table is to be.

use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroU32;

use aws_sdk_dynamodb::types::ScalarAttributeType;

/// A table: its keys and indexes, how it is paid for, and how it is kept. A layout gives the definition of its own
/// table; what whoever runs it decides (capacity, recovery, encryption, protection, tags) is added to that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableDefinition {
    /// The table's name.
    pub name: String,
    /// The partition key.
    pub partition_key: KeyAttribute,
    /// The sort key, where the layout needs one.
    pub sort_key: Option<KeyAttribute>,
    /// Global secondary indexes. Each holds whole items.
    pub indexes: Vec<IndexDefinition>,
    /// The attribute whose epoch seconds let DynamoDB remove an item.
    pub expiry_attribute: Option<String>,
    /// How reads and writes are paid for.
    pub capacity: Capacity,
    /// Whether any state of the last 35 days can be restored.
    pub point_in_time_recovery: bool,
    /// The id, ARN or alias of the KMS key that encrypts the table, where it is not DynamoDB's own.
    pub kms_key: Option<String>,
    /// Whether the table can't be deleted before this is switched off.
    pub deletion_protection: bool,
    /// Tags, by key.
    pub tags: BTreeMap<String, String>,
}

impl TableDefinition {
    /// A table without indexes, expiry and tags, paid by request, encrypted with DynamoDB's own key.
    #[must_use]
    pub fn new(
        name: impl Into<String>,
        partition_key: KeyAttribute,
        sort_key: impl Into<Option<KeyAttribute>>,
    ) -> Self {
        Self {
            name: name.into(),
            partition_key,
            sort_key: sort_key.into(),
            indexes: Vec::new(),
            expiry_attribute: None,
            capacity: Capacity::OnDemand,
            point_in_time_recovery: false,
            kms_key: None,
            deletion_protection: false,
            tags: BTreeMap::new(),
        }
    }

    /// Partition key and sort key, in this order.
    pub fn keys(&self) -> impl Iterator<Item = &KeyAttribute> {
        std::iter::once(&self.partition_key).chain(&self.sort_key)
    }

    /// The keys, as people write them.
    pub(in crate::dynamodb) fn keys_in_words(&self) -> String {
        let keys = in_words(self.keys());
        if self.sort_key.is_some() { keys } else { format!("{keys}, and no sort key") }
    }
}

/// A global secondary index, which holds whole items.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexDefinition {
    /// The index's name.
    pub name: String,
    /// Its partition key.
    pub partition_key: KeyAttribute,
    /// Its sort key, where it has one.
    pub sort_key: Option<KeyAttribute>,
}

impl IndexDefinition {
    /// Partition key and sort key, in this order.
    pub fn keys(&self) -> impl Iterator<Item = &KeyAttribute> {
        std::iter::once(&self.partition_key).chain(&self.sort_key)
    }
}

/// Keys as people write them: "`id` (text) and `sk` (text)".
pub(super) fn in_words<'a>(keys: impl Iterator<Item = &'a KeyAttribute>) -> String {
    keys.map(ToString::to_string).collect::<Vec<_>>().join(" and ")
}

/// One of the keys of a table or an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyAttribute {
    /// The attribute's name.
    pub name: String,
    /// The type of its values.
    pub kind: KeyKind,
}

impl KeyAttribute {
    /// A key whose values are text.
    #[must_use]
    pub fn text(name: impl Into<String>) -> Self {
        Self { name: name.into(), kind: KeyKind::Text }
    }

    /// A key whose values are numbers.
    #[must_use]
    pub fn number(name: impl Into<String>) -> Self {
        Self { name: name.into(), kind: KeyKind::Number }
    }
}

/// As people write it: "`id` (text)".
impl fmt::Display for KeyAttribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            KeyKind::Text => "text",
            KeyKind::Number => "number",
            KeyKind::Bytes => "bytes",
        };
        write!(f, "`{}` ({kind})", self.name)
    }
}

/// The type of a key's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyKind {
    /// `S`.
    Text,
    /// `N`.
    Number,
    /// `B`.
    Bytes,
}

impl KeyKind {
    /// What DynamoDB calls it: `S`, `N` or `B`.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Text => "S",
            Self::Number => "N",
            Self::Bytes => "B",
        }
    }

    pub(super) fn of(code: &ScalarAttributeType) -> Option<Self> {
        [Self::Text, Self::Number, Self::Bytes].into_iter().find(|kind| kind.code() == code.as_str())
    }
}

/// How reads and writes are paid for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Capacity {
    /// By request.
    #[default]
    OnDemand,
    /// By the hour for so many units a second; beyond them, requests are refused. An index has as many of its own.
    Provisioned {
        /// Read units a second.
        read_units: NonZeroU32,
        /// Write units a second.
        write_units: NonZeroU32,
    },
}

impl fmt::Display for Capacity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OnDemand => f.write_str("paid by request"),
            Self::Provisioned { read_units, write_units } => {
                write!(f, "provisioned with {read_units} read and {write_units} write units a second")
            }
        }
    }
}
