//! Notes: attributes `cm_note_{name}` beside the list.

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};

use super::expression::Expression;
use super::update::Update;
use super::{Codec, ItemPerSession, failed_condition};
use crate::dynamodb::size::Item;
use crate::error::{Error, ErrorKind, Result};
use crate::session::SessionKey;
use crate::store::{Consistency, Note, NoteRead, NoteWritten};
use crate::usage::Usage;

const PREFIX: &str = "cm_note_";
/// Leaves room for the prefix in an attribute's name.
const MAX_NAME_BYTES: usize = 200;

/// The notes of an item, in order of name.
pub(in crate::dynamodb) fn read_all(item: &Item) -> Vec<Note> {
    let mut notes: Vec<_> = item
        .iter()
        .filter_map(|(attribute, value)| read(attribute.strip_prefix(PREFIX)?, value.as_m().ok()?))
        .collect();
    notes.sort_by(|a, b| a.name.cmp(&b.name));
    notes
}

/// Reads the value of a note's attribute.
pub(in crate::dynamodb) fn read(name: &str, fields: &Item) -> Option<Note> {
    Some(Note {
        name: name.to_owned(),
        text: fields.get("text")?.as_s().ok()?.clone(),
        version: fields.get("version")?.as_n().ok()?.parse().ok()?,
    })
}

/// The value of a note's attribute.
pub(in crate::dynamodb) fn write(note: &Note) -> AttributeValue {
    AttributeValue::M(Item::from([
        ("text".to_owned(), AttributeValue::S(note.text.clone())),
        ("version".to_owned(), AttributeValue::N(note.version.to_string())),
    ]))
}

/// The attribute of a note.
pub(in crate::dynamodb) fn attribute(name: &str) -> Result<String> {
    if name.is_empty() || name.len() > MAX_NAME_BYTES {
        let problem = format!("has {} bytes; give 1 to {MAX_NAME_BYTES}", name.len());
        return Err(Error::invalid_input("name", problem));
    }
    Ok(format!("{PREFIX}{name}"))
}

impl<C: Codec> ItemPerSession<C> {
    pub(super) async fn read_note(&self, key: &SessionKey, name: &str) -> Result<NoteRead> {
        let attribute = attribute(name)?;
        let (item, usage) = self.read(key, Consistency::Strong).await?;
        let item = item.filter(|item| !self.config.is_expired(item, self.now()));
        let note = item.as_ref().and_then(|item| read(name, item.get(&attribute)?.as_m().ok()?));
        Ok(NoteRead { note, usage })
    }

    pub(super) async fn write_note(
        &self,
        key: &SessionKey,
        name: &str,
        text: &str,
        if_version: u64,
    ) -> Result<NoteWritten> {
        let attribute = attribute(name)?;
        let version = if_version.saturating_add(1);
        let note = write(&Note { name: name.to_owned(), text: text.to_owned(), version });
        let keys = self.key(key)?;
        let mut ex = Expression::default();
        let (path, list) = (ex.name(&attribute), ex.name(&self.list));
        let (value, empty) = (ex.value(note.clone()), ex.value(AttributeValue::L(Vec::new())));
        let mut conditions = vec![if if_version == 0 {
            format!("attribute_not_exists({path})")
        } else {
            let (field, wanted) = (ex.name("version"), ex.number(if_version));
            format!("{path}.{field} = {wanted}")
        }];
        if let Some(expiry) = &self.config.expiry_attribute {
            conditions.push(ex.not_expired(expiry, self.now()));
        }
        // LangChain Python can't read an item without its list.
        let mut update = format!("SET {path} = {value}, {list} = if_not_exists({list}, {empty})");
        // A note does not make a session live longer. One that comes before any turn has a lifetime all the same.
        if let Some((attribute, expiry)) = self.config.new_expiry(self.now()) {
            let (attribute, expiry) = (ex.name(attribute), ex.value(expiry));
            update.push_str(&format!(", {attribute} = if_not_exists({attribute}, {expiry})"));
        }
        let update = Update { expression: update, conditions, placeholders: ex, returned: ReturnValue::None };
        let written = self.update(keys.clone(), update).await;
        let error = match written {
            Ok((_, usage)) => return Ok(NoteWritten { version, usage }),
            Err(error) => error,
        };
        let Some(UpdateItemError::ConditionalCheckFailedException(refusal)) = error.service() else {
            let error = error.into_error();
            let too_large = *error.kind() == ErrorKind::TooLarge;
            return Err(if too_large { self.too_large(error) } else { self.located(error) });
        };
        let met = self.met(keys, refusal.item().cloned()).await;
        let (met, used) = met.map_err(|met| met.with_usage(error.usage()))?;
        let usage = error.usage() + used;
        let now = self.now();
        if met
            .as_ref()
            .is_some_and(|old| old.get(&attribute) == Some(&note) && !self.config.is_expired(old, now))
        {
            // It was written by an attempt whose answer was lost.
            return Ok(NoteWritten { version, usage });
        }
        match met.filter(|old| if_version == 0 && self.config.is_expired(old, now)) {
            Some(expired) => {
                let used = self.note_over_expired(key, &attribute, note, &expired).await;
                let used = used.map_err(|error| error.with_usage(usage))?;
                Ok(NoteWritten { version, usage: usage + used })
            }
            None => Err(self.changed_note(name).with_usage(usage)),
        }
    }

    async fn note_over_expired(
        &self,
        key: &SessionKey,
        attribute: &str,
        note: AttributeValue,
        expired: &Item,
    ) -> Result<Usage> {
        let mut item = self.key(key)?;
        item.insert(attribute.to_owned(), note);
        item.insert(self.list.clone(), AttributeValue::L(Vec::new()));
        if let Some((attribute, expiry)) = self.config.new_expiry(self.now()) {
            item.insert(attribute.to_owned(), expiry);
        }
        let old_expiry = self.config.expiry_attribute.as_ref().and_then(|name| expired.get(name)).cloned();
        self.put_over_expired(item, old_expiry).await.map_err(|error| match error.service() {
            Some(PutItemError::ConditionalCheckFailedException(_)) => {
                self.changed_note(attribute).with_usage(error.usage() + failed_condition(&Item::new()))
            }
            _ => self.located(error.into_error()),
        })
    }

    fn changed_note(&self, name: &str) -> Error {
        let message = "the note has another version than was expected; read it and decide anew";
        self.located(Error::new(ErrorKind::Conflict { position: None }, message)).with("note", name)
    }
}
