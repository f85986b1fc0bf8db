//! Records as rows, and back. The attributes bear Mem0's names; what is null there is left out here.

use aws_sdk_dynamodb::types::AttributeValue;
use sha2::{Digest, Sha256};

use super::{PARTITION_KEY, SORT_KEY, keys};
use crate::dynamodb::item_per_session::hex16;
use crate::dynamodb::size::Item;
use crate::error::{Error, Result};
use crate::history::{HistoryEvent, HistoryRecord, NewRecord, StoredRecord, mint_id};
use crate::session::Scope;
use crate::store::Unreadable;

/// A record on its way into the table.
#[derive(Clone, Debug)]
pub(super) struct Pending {
    pub(super) id: String,
    pub(super) user: String,
    pub(super) partition: String,
    /// What tells the record from others under the same id: 16 hexadecimal digits.
    pub(super) sum: String,
    /// Its attributes, without keys.
    pub(super) attributes: Item,
}

impl Pending {
    pub(super) fn new(scope: &Scope, mut record: NewRecord, now: &str) -> Result<Self> {
        let id = record.id.get_or_insert_with(mint_id).clone();
        let user = record.user.get_or_insert_with(|| scope.as_str().to_owned()).clone();
        // Over what the caller gave: when it is repeated, the store's clock has gone on.
        let json = serde_json::to_string(&record)
            .map_err(|source| Error::invalid_input("record", "has no JSON form").with_source(source))?;
        let sum = hex16(&Sha256::digest(json));
        let partition = keys::memory(scope, &record.memory_id);
        let event = match record.event {
            HistoryEvent::Add => "ADD",
            HistoryEvent::Update => "UPDATE",
            HistoryEvent::Delete => "DELETE",
        };
        let mut attributes = Item::from([
            ("event".to_owned(), AttributeValue::S(event.to_owned())),
            ("is_deleted".to_owned(), AttributeValue::Bool(record.is_deleted)),
        ]);
        let created_at = record.created_at.unwrap_or_else(|| now.to_owned());
        let texts = [
            ("id", Some(id.clone())),
            ("user", Some(user.clone())),
            ("memory_id", Some(record.memory_id)),
            ("created_at", Some(created_at)),
            ("old_memory", record.old_memory),
            ("new_memory", record.new_memory),
            ("updated_at", record.updated_at),
            ("actor_id", record.actor_id),
            ("role", record.role),
        ];
        for (name, text) in texts {
            if let Some(text) = text {
                attributes.insert(name.to_owned(), AttributeValue::S(text));
            }
        }
        Ok(Self { id, user, partition, sum, attributes })
    }

    /// The record's row at a place.
    pub(super) fn row(&self, sequence: u64) -> Item {
        let mut row = keys::key(&self.partition, keys::sequence(sequence));
        row.extend(self.attributes.clone());
        row
    }

    /// The key of its row in the listing of the scope.
    pub(super) fn listed_key(&self, listing: &str) -> Item {
        keys::key(listing, keys::listed_record(&self.user, &self.id))
    }

    /// Its row in the listing.
    pub(super) fn listed(&self, listing: &str, sequence: u64) -> Item {
        let mut row = self.listed_key(listing);
        row.extend(
            Listed { user: &self.user, partition: &self.partition, sequence: Some(sequence) }.attributes(),
        );
        row.insert("sum".to_owned(), AttributeValue::S(self.sum.clone()));
        row
    }
}

/// What a row of the listing says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Listed<'a> {
    pub(super) user: &'a str,
    pub(super) partition: &'a str,
    /// The place of a record; `None` for a session scope.
    pub(super) sequence: Option<u64>,
}

impl<'a> Listed<'a> {
    pub(super) fn attributes(&self) -> Item {
        let mut attributes = Item::from([
            ("user".to_owned(), AttributeValue::S(self.user.to_owned())),
            ("of".to_owned(), AttributeValue::S(self.partition.to_owned())),
        ]);
        if let Some(sequence) = self.sequence {
            attributes.insert("sequence".to_owned(), AttributeValue::N(sequence.to_string()));
        }
        attributes
    }

    pub(super) fn read(row: &'a Item) -> Option<Self> {
        let sequence = match row.get("sequence") {
            None => None,
            Some(number) => Some(number.as_n().ok()?.parse().ok()?),
        };
        Some(Self { user: text(row, "user")?, partition: text(row, "of")?, sequence })
    }
}

pub(super) fn text<'a>(row: &'a Item, name: &str) -> Option<&'a str> {
    row.get(name)?.as_s().ok().map(String::as_str)
}

/// The place of a row.
pub(super) fn sequence_of(row: &Item) -> Option<u64> {
    keys::parse_sequence(text(row, SORT_KEY)?)
}

/// Reads a record's row.
pub(super) fn decode(row: &Item) -> Result<StoredRecord, Unreadable> {
    let unreadable = |reason: String| {
        let at = |name| text(row, name).unwrap_or_default();
        Unreadable { key: format!("{} {}", at(PARTITION_KEY), at(SORT_KEY)), reason }
    };
    let optional = |name: &str| match row.get(name) {
        None | Some(AttributeValue::Null(_)) => Ok(None),
        Some(AttributeValue::S(text)) => Ok(Some(text.clone())),
        Some(_) => Err(unreadable(format!("`{name}` is not a string"))),
    };
    let required = |name: &str| optional(name)?.ok_or_else(|| unreadable(format!("`{name}` is missing")));
    let event = match required("event")?.as_str() {
        "ADD" => HistoryEvent::Add,
        "UPDATE" => HistoryEvent::Update,
        "DELETE" => HistoryEvent::Delete,
        _ => return Err(unreadable("`event` is none of `ADD`, `UPDATE` and `DELETE`".to_owned())),
    };
    let is_deleted = match row.get("is_deleted") {
        Some(AttributeValue::Bool(deleted)) => *deleted,
        _ => return Err(unreadable("`is_deleted` is not a boolean".to_owned())),
    };
    let sequence = sequence_of(row).ok_or_else(|| unreadable("its sort key is not a sequence".to_owned()))?;
    Ok(StoredRecord {
        sequence,
        user: required("user")?,
        record: HistoryRecord {
            id: required("id")?,
            memory_id: required("memory_id")?,
            old_memory: optional("old_memory")?,
            new_memory: optional("new_memory")?,
            event,
            created_at: required("created_at")?,
            updated_at: optional("updated_at")?,
            is_deleted,
            actor_id: optional("actor_id")?,
            role: optional("role")?,
        },
    })
}
