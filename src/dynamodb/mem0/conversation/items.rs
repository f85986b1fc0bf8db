//! What Mem0's own store does, without its faults: nothing takes another's place, and what is not there is not updated.

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::{StreamExt, stream};

use super::ConversationStore;
use super::append::MAX_TRIES;
use super::codec;
use super::config::epoch_secs;
use super::draft::Draft;
use super::id::{check_id, check_user};
use super::marks::Element;
use super::requests::{OfTurn, WriteFailure, key, pause};
use super::snapshot::Snapshot;
use super::types::{
    Conversation, Deleted, Found, MetadataChange, NewConversation, Stored, StoredBatch, Updated,
};
use super::{PARTITION_KEY, SORT_KEY};
use crate::dynamodb::size::Item;
use crate::error::{Error, ErrorKind, Result};
use crate::json::RawJson;
use crate::store::Consistency;
use crate::usage::Usage;

/// How many conversations of a batch are written at a time.
const AT_A_TIME: usize = 8;

const METADATA: &str = "metadata";

impl ConversationStore {
    /// Stores a new conversation under a new id, above all that this store made before.
    ///
    /// # Errors
    /// `InvalidInput` for what is no message; `TooLarge`. Where the answer is lost, the error names the id under which the
    /// conversation may be stored.
    pub async fn store(&self, user_id: &str, new: &NewConversation) -> Result<Stored> {
        check_user("userId", user_id)?;
        let elements = elements("messages", &new.messages)?;
        let mut draft = self.fresh(self.now()).messages(&elements, &[], &[]);
        if let Some(metadata) = checked_metadata(new.metadata.as_ref())? {
            draft = draft.set(METADATA, metadata);
        }
        let mut usage = Usage::default();
        for _ in 0..MAX_TRIES {
            let conversation_id = self.next_id(user_id);
            let key = key(user_id, &conversation_id);
            let item = draft.applied(&key);
            self.check_size(&item)?;
            let met = match self.put_item(item.clone(), None, OfTurn::default(), &mut usage).await {
                Ok(()) => return Ok(Stored { conversation_id, usage }),
                Err(WriteFailure::Failed(error)) => {
                    return Err(error.with_usage(usage).with("conversation", conversation_id));
                }
                Err(WriteFailure::Refused(met)) => self.met(&key, met, &mut usage).await,
            };
            let met = met.map_err(|error| error.with_usage(usage))?;
            if met.is_some_and(|met| met == item) {
                // By an attempt whose answer was lost.
                return Ok(Stored { conversation_id, usage });
            }
        }
        Err(self.contended().with_usage(usage))
    }

    /// Stores new conversations, several at a time.
    ///
    /// # Errors
    /// As [`ConversationStore::store`]: what is no conversation is refused before anything is written; later errors say how
    /// many are stored.
    pub async fn store_batch(&self, user_id: &str, new: &[NewConversation]) -> Result<StoredBatch> {
        check_user("userId", user_id)?;
        for new in new {
            elements("messages", &new.messages)?;
            checked_metadata(new.metadata.as_ref())?;
        }
        let storing = stream::iter(new).map(|new| self.store(user_id, new)).buffered(AT_A_TIME);
        let results: Vec<_> = storing.collect().await;
        let mut batch = StoredBatch { conversation_ids: Vec::new(), usage: Usage::default() };
        let mut failed = None;
        for result in results {
            match result {
                Ok(Stored { conversation_id, usage }) => {
                    batch.usage += usage;
                    batch.conversation_ids.push(conversation_id);
                }
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        match failed {
            None => Ok(batch),
            Some(error) => Err(error.with("stored", batch.conversation_ids.len()).with_usage(batch.usage)),
        }
    }

    /// Reads a conversation.
    ///
    /// # Errors
    /// `Corrupt` when its messages or metadata are no JSON.
    pub async fn get(&self, user_id: &str, conversation_id: &str) -> Result<Found> {
        let key = checked_key(user_id, conversation_id)?;
        let mut usage = Usage::default();
        let item = self.read_item(&key, Consistency::Strong, &mut usage).await?;
        let item = item.filter(|item| !self.config.is_expired(item, self.now()));
        let conversation = item.map(|item| self.conversation(item)).transpose();
        Ok(Found { conversation: conversation.map_err(|error| error.with_usage(usage))?, usage })
    }

    /// Puts other messages in place of those that are there, and lets the conversation live on from now.
    ///
    /// # Errors
    /// `NotFound` when it is not there, or has expired; `InvalidInput`, `TooLarge`.
    pub async fn update(
        &self,
        user_id: &str,
        conversation_id: &str,
        messages: &[RawJson],
        metadata: MetadataChange,
    ) -> Result<Updated> {
        let elements = elements("messages", messages)?;
        let set = match &metadata {
            MetadataChange::Set(metadata) => checked_metadata(Some(metadata))?,
            MetadataChange::Keep | MetadataChange::Clear => None,
        };
        let rewrite = |read: &Snapshot, draft: Draft| {
            let mut draft = draft.messages(&elements, &read.marks, &read.strange);
            match &set {
                Some(metadata) => draft = draft.set(METADATA, metadata.clone()),
                None if metadata == MetadataChange::Keep => {}
                None => draft.remove.push(METADATA.to_owned()),
            }
            (draft, elements.len())
        };
        self.rewrite(checked_key(user_id, conversation_id)?, rewrite).await
    }

    /// Adds messages behind those that are there, and lets the conversation live on from now. Two that add at a time both
    /// survive. It has no id, so that an append whose answer is lost may be stored; [`ChatStore`](crate::store::ChatStore)
    /// appends turns once.
    ///
    /// # Errors
    /// `NotFound` when it is not there, or has expired; `InvalidInput`, `TooLarge`.
    pub async fn append_messages(
        &self,
        user_id: &str,
        conversation_id: &str,
        messages: &[RawJson],
    ) -> Result<Updated> {
        let new = elements("messages", messages)?;
        let rewrite = |read: &Snapshot, draft: Draft| {
            let elements = [read.elements.as_slice(), new.as_slice()].concat();
            (draft.messages(&elements, &read.marks, &read.strange), elements.len())
        };
        self.rewrite(checked_key(user_id, conversation_id)?, rewrite).await
    }

    /// Removes a conversation.
    ///
    /// # Errors
    /// `Unavailable` and the like; then it may be removed already, and repeating is safe.
    pub async fn delete(&self, user_id: &str, conversation_id: &str) -> Result<Deleted> {
        let mut usage = Usage::default();
        let item = self.take(checked_key(user_id, conversation_id)?, &mut usage).await?;
        let existed = item.is_some_and(|item| !self.config.is_expired(&item, self.now()));
        Ok(Deleted { existed, usage })
    }

    /// Writes a conversation that is there, again when others come between.
    async fn rewrite(
        &self,
        key: Item,
        rewrite: impl Fn(&Snapshot, Draft) -> (Draft, usize),
    ) -> Result<Updated> {
        let mut usage = Usage::default();
        match self.try_rewrite(&key, rewrite, &mut usage).await {
            Ok(messages) => Ok(Updated { messages, usage }),
            Err(error) => Err(error.with_usage(usage)),
        }
    }

    async fn try_rewrite(
        &self,
        key: &Item,
        rewrite: impl Fn(&Snapshot, Draft) -> (Draft, usize),
        usage: &mut Usage,
    ) -> Result<usize> {
        let mut item = self.read_item(key, Consistency::Strong, usage).await?;
        for attempt in 0..MAX_TRIES {
            let read = item.map(|item| self.snapshot(item)).transpose()?;
            let Some(read) = read.filter(|read| !read.expired) else {
                let message = "the conversation is not there, or has expired; store a new one";
                return Err(self.located(Error::new(ErrorKind::NotFound, message)));
            };
            let (draft, messages) = rewrite(&read, self.spoken(self.now()));
            self.check_size(&draft.applied(&read.item))?;
            match self.update_item(key, &read, &draft, OfTurn::default(), usage).await {
                Ok(()) => return Ok(messages),
                Err(WriteFailure::Failed(error)) => return Err(error),
                Err(WriteFailure::Refused(met)) => item = self.met(key, met, usage).await?,
            }
            if item.as_ref().is_some_and(|met| draft.is_made(met)) {
                // By an attempt whose answer was lost.
                return Ok(messages);
            }
            pause(attempt).await;
        }
        Err(self.contended())
    }

    /// Reads an item as Mem0 has it.
    pub(super) fn conversation(&self, item: Item) -> Result<Conversation> {
        let text = |name: &str| item.get(name).and_then(|value| value.as_s().ok()).cloned();
        let metadata = match item.get(METADATA) {
            None => None,
            Some(AttributeValue::S(text)) => Some(RawJson::parse(text.as_str()).map_err(|_| {
                let message = "the metadata is no JSON, and it is left as it is; inspect the conversation";
                self.located(Error::new(ErrorKind::Corrupt, message).with("attribute", METADATA))
            })?),
            Some(_) => {
                let message = "the metadata is not text, and it is left as it is; inspect the conversation";
                return Err(self.located(Error::new(ErrorKind::Corrupt, message).with("attribute", METADATA)));
            }
        };
        let found = Conversation {
            user_id: text(PARTITION_KEY).unwrap_or_default(),
            conversation_id: text(SORT_KEY).unwrap_or_default(),
            messages: Vec::new(),
            metadata: metadata.filter(|metadata| !metadata.is_blank()),
            timestamp_epoch_secs: epoch_secs(&item, "timestamp"),
            updated_at_epoch_secs: epoch_secs(&item, "updated_at"),
            expires_at_epoch_secs: self.config.expiry_of(&item),
        };
        let elements = self.snapshot(item)?.elements;
        Ok(Conversation { messages: elements.into_iter().map(|element| element.raw).collect(), ..found })
    }
}

fn checked_key(user_id: &str, conversation_id: &str) -> Result<Item> {
    check_user("userId", user_id)?;
    check_id("conversationId", conversation_id)?;
    Ok(key(user_id, conversation_id))
}

fn elements(field: &str, messages: &[RawJson]) -> Result<Vec<Element>> {
    for (at, raw) in messages.iter().enumerate() {
        codec::decode(raw).map_err(|reason| {
            Error::invalid_input(format!("{field}[{at}]"), format!("{reason}; give `role` and `content`"))
        })?;
    }
    Ok(messages.iter().cloned().map(Element::of).collect())
}

/// Metadata as it is stored; `None` where it says nothing.
fn checked_metadata(metadata: Option<&RawJson>) -> Result<Option<AttributeValue>> {
    match metadata.filter(|metadata| !metadata.is_blank()) {
        None => Ok(None),
        Some(metadata) if metadata.as_str().starts_with('{') => {
            Ok(Some(AttributeValue::S(metadata.as_str().to_owned())))
        }
        Some(_) => Err(Error::invalid_input(
            "metadata",
            "is not an object; give one such as `{\"topic\": \"colors\"}`",
        )),
    }
}
