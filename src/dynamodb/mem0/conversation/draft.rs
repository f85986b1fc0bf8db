//! What an item is to become.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;

use super::ConversationStore;
use super::id::OfSession;
use super::marks::{Element, TURNS, TurnMark};
use super::snapshot::{MESSAGES, Snapshot, VERSION, text_of};
use crate::dynamodb::size::{Item, MAX_ITEM_BYTES, item_bytes};
use crate::error::{Error, ErrorKind, Result};
use crate::session::SessionId;

/// The whole id of a session that is too long for a sort key.
pub(super) const SESSION: &str = "cm_session";

/// Attributes to set and to remove.
#[derive(Clone, Debug, Default)]
pub(super) struct Draft {
    pub(super) set: BTreeMap<String, AttributeValue>,
    pub(super) remove: Vec<String>,
}

impl Draft {
    pub(super) fn set(mut self, name: impl Into<String>, value: AttributeValue) -> Self {
        self.set.insert(name.into(), value);
        self
    }

    /// The messages and which turns they are.
    pub(super) fn messages(
        self,
        elements: &[Element],
        marks: &[TurnMark],
        strange: &[AttributeValue],
    ) -> Self {
        let mut draft = self.set(MESSAGES, AttributeValue::S(text_of(elements)));
        if !marks.is_empty() || !strange.is_empty() {
            let marks = marks.iter().map(TurnMark::write).chain(strange.iter().cloned()).collect();
            draft = draft.set(TURNS, AttributeValue::L(marks));
        }
        draft
    }

    /// Whether an item is what the draft makes of it.
    pub(super) fn is_made(&self, item: &Item) -> bool {
        self.set.iter().all(|(name, value)| item.get(name) == Some(value))
            && self.remove.iter().all(|name| !item.contains_key(name))
    }

    /// The item that the draft makes of `before`.
    pub(super) fn applied(&self, before: &Item) -> Item {
        let mut item = before.clone();
        for name in &self.remove {
            item.remove(name);
        }
        item.extend(self.set.iter().map(|(name, value)| (name.clone(), value.clone())));
        item
    }
}

impl ConversationStore {
    /// A draft of something said at `now_epoch_secs`: the conversation was changed then, and lives on from then.
    pub(super) fn spoken(&self, now_epoch_secs: u64) -> Draft {
        let draft = Draft::default().set("updated_at", AttributeValue::N(now_epoch_secs.to_string()));
        match self.config.new_expiry(now_epoch_secs) {
            Some((attribute, expiry)) => draft.set(attribute, expiry),
            None => draft,
        }
    }

    /// What a new conversation has beside messages.
    pub(super) fn fresh(&self, now_epoch_secs: u64) -> Draft {
        let draft = Draft::default()
            .set("timestamp", AttributeValue::N(now_epoch_secs.to_string()))
            .set("type", AttributeValue::S("conversation".to_owned()));
        match self.config.new_expiry(now_epoch_secs) {
            Some((attribute, expiry)) => draft.set(attribute, expiry),
            None => draft,
        }
    }

    /// What a new session has beside messages.
    pub(super) fn fresh_session(&self, session: &SessionId, now_epoch_secs: u64) -> Draft {
        let draft = self.fresh(now_epoch_secs);
        match OfSession::new(session).long {
            Some(id) => draft.set(SESSION, AttributeValue::S(id.to_owned())),
            None => draft,
        }
    }

    /// Refuses what DynamoDB would, before it is sent.
    pub(super) fn check_size(&self, item: &Item) -> Result<()> {
        let bytes = item_bytes(item);
        if bytes <= MAX_ITEM_BYTES {
            return Ok(());
        }
        Err(self.too_large(Error::new(ErrorKind::TooLarge, "").with("item_bytes", bytes)))
    }

    pub(super) fn too_large(&self, cause: Error) -> Error {
        let message = "the conversation would pass DynamoDB's limit of 400 KB for an item; nothing was written. Go on in \
                       a new conversation, or keep this one in a table with an item a turn (layout turns), which has no \
                       such limit";
        let usage = cause.usage();
        let error = Error::new(ErrorKind::TooLarge, message).with_usage(usage).with_source(cause);
        self.located(error.with("limit_bytes", MAX_ITEM_BYTES))
    }
}

/// How many times the item was written by us.
pub(super) fn version_of(snapshot: Option<&Snapshot>) -> u64 {
    let version = |snapshot: &Snapshot| snapshot.item.get(VERSION)?.as_n().ok()?.parse().ok();
    snapshot.and_then(version).unwrap_or_default()
}
