//! Notes: a row each, above the turns.

use std::collections::HashMap;

use super::TurnsStore;
use super::codec::{attr, n, number, s};
use super::keys::partition;
use super::payload::MAX_INLINE_BYTES;
use super::requests::{Condition, PutFailure};
use crate::dynamodb::size::Item;
use crate::error::{Error, ErrorKind, Result};
use crate::session::SessionKey;
use crate::store::{Note, NoteRead, NoteWritten};
use crate::usage::Usage;

use aws_sdk_dynamodb::types::AttributeValue;

pub(super) async fn note(store: &TurnsStore, key: &SessionKey, name: &str) -> Result<NoteRead> {
    let mut usage = Usage::default();
    let sort = store.keys.note(name)?;
    let item = store.get(store.key(&partition(key)?, sort.as_str()), &mut usage).await?;
    let note = match item {
        None => None,
        Some(mut item) => store.decode_note(name, &mut item, store.now()).map_err(|reason| {
            Error::new(
                ErrorKind::Corrupt,
                "the note can't be read, and it is left as it is; inspect the session",
            )
            .with("key", sort)
            .with("reason", reason)
            .with_usage(usage)
        })?,
    };
    Ok(NoteRead { note, usage })
}

pub(super) async fn set_note(
    store: &TurnsStore,
    key: &SessionKey,
    name: &str,
    text: &str,
    if_version: u64,
) -> Result<NoteWritten> {
    let mut usage = Usage::default();
    let sort = store.keys.note(name)?;
    if text.len() > MAX_INLINE_BYTES {
        return Err(Error::new(ErrorKind::TooLarge, "the note is too large; shorten it")
            .with("bytes", text.len())
            .with("limit_bytes", MAX_INLINE_BYTES));
    }
    let (now, version) = (store.now(), if_version.saturating_add(1));
    let mut item =
        store.item(&partition(key)?, sort.as_str(), [(attr::NOTE, s(text)), (attr::VERSION, n(version))]);
    store.expire(&mut item, now);
    match store.put_if(item, store.note_condition(if_version, now), &mut usage).await {
        Ok(()) => Ok(NoteWritten { version, usage }),
        Err(PutFailure::Refused(mut there)) => match store.decode_note(name, &mut there, now) {
            // The answer of an earlier attempt was lost.
            Ok(Some(note)) if note.version == version && note.text == text => {
                Ok(NoteWritten { version, usage })
            }
            _ => Err(Error::new(
                ErrorKind::Conflict { position: None },
                "the note has another version by now; read it and decide again",
            )
            .with("note", name)
            .with_usage(usage)),
        },
        Err(PutFailure::Failed(error)) => Err(store.failed(error)),
    }
}

impl TurnsStore {
    /// A note; `None` once it has expired.
    pub(super) fn decode_note(&self, name: &str, item: &mut Item, now: u64) -> Result<Option<Note>, String> {
        if self.has_expired(item, now) {
            return Ok(None);
        }
        let version = number(item, attr::VERSION).ok_or("it has no version `ver` of type N")?;
        let Some(AttributeValue::S(text)) = item.remove(attr::NOTE) else {
            return Err("it has no text `note` of type S".to_owned());
        };
        Ok(Some(Note { name: name.to_owned(), text, version }))
    }

    /// The note has this version; 0 stands for none, or one that has expired.
    fn note_condition(&self, if_version: u64, now: u64) -> Condition {
        let name = |alias: &str, name: &str| (alias.to_owned(), name.to_owned());
        match (if_version, self.expiry_attribute()) {
            (0, None) => self.absent(),
            (0, Some(expiry)) => Condition {
                expression: "attribute_not_exists(#s) OR #expiry <= :now",
                names: HashMap::from([name("#s", &self.config.sort_key), name("#expiry", expiry)]),
                values: Item::from([(":now".to_owned(), n(now))]),
            },
            (version, None) => Condition {
                expression: "#ver = :ver",
                names: HashMap::from([name("#ver", attr::VERSION)]),
                values: Item::from([(":ver".to_owned(), n(version))]),
            },
            (version, Some(expiry)) => Condition {
                expression: "#ver = :ver AND (attribute_not_exists(#expiry) OR #expiry > :now)",
                names: HashMap::from([name("#ver", attr::VERSION), name("#expiry", expiry)]),
                values: Item::from([(":ver".to_owned(), n(version)), (":now".to_owned(), n(now))]),
            },
        }
    }
}
