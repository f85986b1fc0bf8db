//! Notes: attributes `cm_note_{name}` beside the messages.

use aws_sdk_dynamodb::types::AttributeValue;

use super::ConversationStore;
use super::append::MAX_TRIES;
use super::draft::{Draft, version_of};
use super::requests::{OfTurn, WriteFailure, pause};
use super::snapshot::{MESSAGES, VERSION};
use crate::dynamodb::item_per_session::notes;
use crate::error::{Error, ErrorKind, Result};
use crate::session::SessionKey;
use crate::store::{Consistency, Note, NoteRead, NoteWritten};
use crate::usage::Usage;

impl ConversationStore {
    pub(super) async fn read_note(&self, key: &SessionKey, name: &str) -> Result<NoteRead> {
        let attribute = notes::attribute(name)?;
        let mut usage = Usage::default();
        let item = self.read_item(&self.session_key(key)?, Consistency::Strong, &mut usage).await?;
        let item = item.filter(|item| !self.config.is_expired(item, self.now()));
        let note = item.as_ref().and_then(|item| notes::read(name, item.get(&attribute)?.as_m().ok()?));
        Ok(NoteRead { note, usage })
    }

    pub(super) async fn write_note(
        &self,
        key: &SessionKey,
        name: &str,
        text: &str,
        if_version: u64,
    ) -> Result<NoteWritten> {
        let mut usage = Usage::default();
        let version = if_version.saturating_add(1);
        let note = Note { name: name.to_owned(), text: text.to_owned(), version };
        match self.try_note(key, &note, if_version, &mut usage).await {
            Ok(()) => Ok(NoteWritten { version, usage }),
            Err(error) => Err(error.with_usage(usage)),
        }
    }

    async fn try_note(
        &self,
        key: &SessionKey,
        note: &Note,
        if_version: u64,
        usage: &mut Usage,
    ) -> Result<()> {
        let attribute = notes::attribute(&note.name)?;
        let (session, key) = (&key.session, self.session_key(key)?);
        let value = notes::write(note);
        let mut item = self.read_item(&key, Consistency::Strong, usage).await?;
        for attempt in 0..MAX_TRIES {
            let read = item.map(|item| self.snapshot(item)).transpose()?;
            let live = read.as_ref().filter(|read| !read.expired);
            let there = live.and_then(|read| read.item.get(&attribute));
            if attempt > 0 && there == Some(&value) {
                // By an attempt whose answer was lost.
                return Ok(());
            }
            let there = there.and_then(|there| notes::read(&note.name, there.as_m().ok()?));
            if there.map_or(0, |there| there.version) != if_version {
                let message = "the note has another version than was expected; read it and decide anew";
                let error = Error::new(ErrorKind::Conflict { position: None }, message);
                return Err(self.located(error).with("note", &note.name));
            }
            let mut draft = Draft::default().set(&attribute, value.clone());
            // Mem0 can't read an item without messages.
            let none = AttributeValue::S("[]".to_owned());
            let written = match live {
                Some(read) => {
                    if !read.item.contains_key(MESSAGES) {
                        draft = draft.set(MESSAGES, none);
                    }
                    self.check_size(&draft.applied(&read.item))?;
                    self.update_item(&key, read, &draft, OfTurn::default(), usage).await
                }
                None => {
                    draft.set.extend(self.fresh_session(session, self.now()).set);
                    let version = version_of(read.as_ref()).saturating_add(1);
                    let version = AttributeValue::N(version.to_string());
                    let new = draft.set(MESSAGES, none).set(VERSION, version).applied(&key);
                    self.check_size(&new)?;
                    self.put_item(new, read.as_ref(), OfTurn::default(), usage).await
                }
            };
            match written {
                Ok(()) => return Ok(()),
                Err(WriteFailure::Failed(error)) => return Err(error),
                Err(WriteFailure::Refused(met)) => item = self.met(&key, met, usage).await?,
            }
            pause(attempt).await;
        }
        Err(self.contended())
    }
}
