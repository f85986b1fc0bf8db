//! What the layouts with one item a session share: everything but the form of a message.
//!
//! The item holds a list of messages. An append is one conditional `UpdateItem`, a load one `GetItem`. A set of turn ids
//! beside the list makes an append have one effect for as long as the item lives; the first message of each turn of
//! ours carries a [`Mark`]. What other programs wrote is left as it is.

mod append;
mod config;
mod edit;
pub(in crate::dynamodb) mod expression;
mod mark;
pub(in crate::dynamodb) mod notes;
pub(in crate::dynamodb) mod position;
mod sessions;
pub(in crate::dynamodb) mod snapshot;
mod table;
mod update;

pub use config::ItemConfig;
pub use mark::Mark;
pub(super) use mark::hex16;
pub use table::{NEEDS, table};

use std::fmt;
use std::marker::PhantomData;

use async_trait::async_trait;
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::get_item::GetItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity, ReturnValue};
use futures_util::stream::{self, BoxStream, StreamExt};

use super::attribute;
use super::client::DynamoClient;
use super::size::{self, Item, MAX_ITEM_BYTES};
use crate::error::{Error, ErrorKind, Result};
use crate::json::RawJson;
use crate::message::{Message, Part};
use crate::session::{Scope, SessionKey, StoredTurn};
use crate::store::{
    Append, Appended, Capabilities, ChatStore, Cleared, Consistency, Dedupe, Fill, Inspection, Mended,
    MessageRef, NoteRead, NoteWritten, Page, Recent, Record, SessionOrder, SessionState, Sessions, TurnPage,
    Unreadable, Window,
};
use crate::usage::Usage;
use snapshot::Snapshot;

/// The set of turn ids in an item.
const TURN_IDS: &str = "cm_turns";

/// How a message lies in the list.
pub trait Codec: fmt::Debug + Clone + Send + Sync + 'static {
    /// The layout's name, such as `dynamodb/list`.
    const LAYOUT: &'static str;
    /// The list attribute's name, unless the node names another.
    const ATTRIBUTE: &'static str;
    /// Where in an element the turn id of its [`Mark`] is, by attribute names.
    const TURN_PATH: &'static [&'static str];
    /// Whether other programs may put a new item in place of the old one, without the attributes they don't know.
    const OTHERS_REPLACE_THE_ITEM: bool;

    /// The element of a message, with a mark when the message is the first of its turn.
    ///
    /// # Errors
    /// `InvalidInput` when a part of the message has no JSON form.
    fn encode(message: &Message, mark: Option<&Mark>) -> Result<AttributeValue>;

    /// The message of an element.
    ///
    /// # Errors
    /// What is wrong with the element's shape, without its text.
    fn decode(element: &AttributeValue) -> Result<Message, String>;

    /// The mark of an element.
    fn mark(element: &AttributeValue) -> Option<Mark>;

    /// Puts a mark on an element, in place of one that is there.
    fn set_mark(element: &mut AttributeValue, mark: &Mark);
}

/// A store that keeps each session in one item.
#[derive(Clone)]
pub struct ItemPerSession<C> {
    client: DynamoClient,
    config: ItemConfig,
    list: String,
    codec: PhantomData<C>,
}

impl<C: Codec> ItemPerSession<C> {
    /// A store on a table. No request is sent.
    ///
    /// # Errors
    /// `InvalidInput` when the configuration contradicts itself.
    pub fn new(client: DynamoClient, config: ItemConfig) -> Result<Self> {
        let list = config.messages_attribute.clone().unwrap_or_else(|| C::ATTRIBUTE.to_owned());
        config.check(&list)?;
        Ok(Self { client, config, list, codec: PhantomData })
    }

    fn check_scope(&self, scope: &Scope) -> Result<()> {
        if scope.is_local() {
            return Ok(());
        }
        let message = "this layout keeps the session id as the whole key, so it can't hold sessions of several \
                       scopes; use a table with a sort key (layout turns)";
        Err(Error::new(ErrorKind::Unsupported, message).with("scope", scope.as_str()))
    }

    fn key(&self, key: &SessionKey) -> Result<Item> {
        self.check_scope(&key.scope)?;
        let mut item = Item::from([(
            self.config.partition_key.clone(),
            AttributeValue::S(key.session.as_str().to_owned()),
        )]);
        if let Some(sort_key) = &self.config.sort_key {
            // As LangChain does: the sort key's value is its own name.
            item.insert(sort_key.clone(), AttributeValue::S(sort_key.clone()));
        }
        Ok(item)
    }

    fn now(&self) -> u64 {
        self.client.clock().epoch_secs()
    }

    fn located(&self, error: Error) -> Error {
        let error = error.with("table", &self.config.table);
        match error.kind() {
            ErrorKind::Mismatch => error.with("attribute", &self.list),
            ErrorKind::NotFound => error.with("region", self.client.region()),
            _ => error,
        }
    }

    async fn read(&self, key: &SessionKey, consistency: Consistency) -> Result<(Option<Item>, Usage)> {
        self.read_item(self.key(key)?, consistency).await
    }

    /// What a refused condition met. Where the refusal does not bring the item, it is missing, or the engine is one that
    /// can't: a read tells.
    async fn met(&self, keys: Item, refused: Option<Item>) -> Result<(Option<Item>, Usage)> {
        match refused {
            Some(item) => {
                let usage = failed_condition(&item);
                Ok((Some(item), usage))
            }
            None => {
                let (item, usage) = self.read_item(keys, Consistency::Strong).await?;
                let refusal = failed_condition(item.as_ref().unwrap_or(&Item::new()));
                Ok((item, refusal + usage))
            }
        }
    }

    async fn read_item(&self, keys: Item, consistency: Consistency) -> Result<(Option<Item>, Usage)> {
        let (output, usage) = self
            .client
            .call::<_, GetItemError, _>(|meter| {
                let request = self.client.sdk().get_item().table_name(&self.config.table);
                let request = request
                    .set_key(Some(keys))
                    .consistent_read(consistency == Consistency::Strong)
                    .return_consumed_capacity(ReturnConsumedCapacity::Total);
                request.customize().interceptor(meter).send()
            })
            .await
            .map_err(|error| self.located(error.into_error()))?;
        Ok((output.item, usage))
    }

    fn snapshot(&self, item: Item) -> Result<Snapshot<C>> {
        let expired = self.config.is_expired(&item, self.now());
        Snapshot::new(item, &self.list, expired).map_err(|error| self.located(error))
    }

    async fn load(&self, key: &SessionKey, window: Window, consistency: Consistency) -> Result<Recent> {
        let (item, usage) = self.read(key, consistency).await?;
        let mut recent = Recent {
            turns: Vec::new(),
            position: None,
            state: SessionState::New,
            complete: true,
            unreadable: Vec::new(),
            notes: Vec::new(),
            fill: None,
            usage,
        };
        let Some(item) = item else { return Ok(recent) };
        let expires_at_epoch_secs = self.config.expiry_of(&item);
        let snapshot = self.snapshot(item).map_err(|error| error.with_usage(usage))?;
        if snapshot.expired {
            recent.state = SessionState::Expired;
            return Ok(recent);
        }
        recent.notes = notes::read_all(&snapshot.item);
        recent.position = snapshot.position();
        recent.fill = Some(Fill { bytes: snapshot.bytes, limit_bytes: MAX_ITEM_BYTES });
        recent.state = if snapshot.elements.is_empty() { SessionState::Empty } else { SessionState::Present };
        let read = snapshot.turns(&self.list, expires_at_epoch_secs, window);
        if read.turns.is_empty() && !read.unreadable.is_empty() {
            let message = "no message of the session can be read; inspect it, and mend or clear it";
            return Err(self.located(Error::new(ErrorKind::Corrupt, message).with_usage(usage)));
        }
        recent.turns = read.turns;
        recent.unreadable = read.unreadable;
        recent.complete = read.complete;
        Ok(recent)
    }
}

#[async_trait]
impl<C: Codec> ChatStore for ItemPerSession<C> {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            layout: C::LAYOUT,
            flat_cost: false,
            dedupe: Dedupe::Exact,
            sessions: SessionOrder::Unordered,
            expiry: self.config.expiry_attribute.is_some(),
            scopes: false,
            notes: true,
            delete_message: true,
            edit_message: true,
            session_limit_bytes: Some(MAX_ITEM_BYTES),
        }
    }

    async fn append(&self, key: &SessionKey, append: Append) -> Result<Appended> {
        self.append_turn(key, append).await
    }

    async fn recent(&self, key: &SessionKey, window: Window, consistency: Consistency) -> Result<Recent> {
        self.load(key, window, consistency).await
    }

    async fn clear(&self, key: &SessionKey) -> Result<Cleared> {
        let keys = self.key(key)?;
        let (output, usage) = self
            .client
            .call::<_, DeleteItemError, _>(|meter| {
                let request = self.client.sdk().delete_item().table_name(&self.config.table);
                let request = request
                    .set_key(Some(keys))
                    .return_values(ReturnValue::AllOld)
                    .return_consumed_capacity(ReturnConsumedCapacity::Total);
                request.customize().interceptor(meter).send()
            })
            .await
            .map_err(|error| self.located(error.into_error()))?;
        let mut cleared = Cleared { usage, ..Cleared::default() };
        // A list that can't be read is gone as well; it had no turn that was visible.
        let snapshot = output.attributes.and_then(|item| self.snapshot(item).ok());
        if let Some(snapshot) = snapshot.filter(|snapshot| !snapshot.expired) {
            let turns = snapshot.turns(&self.list, None, Window::Everything).turns;
            cleared.turns = turns.len() as u64;
            cleared.messages = turns.iter().map(|turn| turn.messages.len() as u64).sum();
        }
        Ok(cleared)
    }

    async fn note(&self, key: &SessionKey, name: &str) -> Result<NoteRead> {
        self.read_note(key, name).await
    }

    async fn set_note(
        &self,
        key: &SessionKey,
        name: &str,
        text: &str,
        if_version: u64,
    ) -> Result<NoteWritten> {
        self.write_note(key, name, text, if_version).await
    }

    async fn sessions(&self, scope: &Scope, page: Page) -> Result<Sessions> {
        self.scan_sessions(scope, page).await
    }

    fn turns<'a>(&'a self, key: &'a SessionKey) -> BoxStream<'a, Result<TurnPage>> {
        let page = async move {
            let recent = self.load(key, Window::Everything, Consistency::Strong).await?;
            Ok(TurnPage { turns: recent.turns, unreadable: recent.unreadable, usage: recent.usage })
        };
        stream::once(page).boxed()
    }

    async fn inspect(&self, key: &SessionKey, page: Page) -> Result<Inspection> {
        if page.token.is_some() {
            return Err(Error::invalid_input("page", "is not of this store: a session here is one row"));
        }
        let (item, usage) = self.read(key, Consistency::Strong).await?;
        let records = item.map(|item| Record {
            key: key.session.to_string(),
            raw: attribute::item_to_dynamodb_json(&item),
            bytes: size::item_bytes(&item),
            limit_bytes: Some(MAX_ITEM_BYTES),
            expires_at_epoch_secs: self.config.expiry_of(&item),
        });
        Ok(Inspection { records: records.into_iter().collect(), next: None, usage })
    }

    async fn delete_message(&self, key: &SessionKey, at: &MessageRef) -> Result<Mended> {
        self.change_message(key, at, None).await
    }

    async fn edit_message(&self, key: &SessionKey, at: &MessageRef, message: Message) -> Result<Mended> {
        self.change_message(key, at, Some(message)).await
    }
}

impl<C: Codec> fmt::Debug for ItemPerSession<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct(C::LAYOUT).field("client", &self.client).field("config", &self.config).finish()
    }
}

/// What DynamoDB charges for a write that its condition refused, and does not report.
pub(super) fn failed_condition(met: &Item) -> Usage {
    Usage { write_units: size::write_units(size::item_bytes(met)) as f64, ..Usage::default() }
}

/// The message as JSON, to stand beside a form that can't hold all of it: its content is left out where it is the text
/// that is there already, so that a long result is not kept twice.
pub(super) fn full_beside(message: &Message, text: &str) -> Result<AttributeValue> {
    let is_there = matches!(message.parts.as_slice(), [Part::Text(content)] if content == text);
    let without = is_there.then(|| Message { parts: Vec::new(), ..message.clone() });
    let json = RawJson::of(without.as_ref().unwrap_or(message)).map_err(no_json)?;
    Ok(AttributeValue::S(json.as_str().to_owned()))
}

/// Reads what [`full_beside`] made; `None` where it can't be read.
pub(super) fn read_beside(full: Option<&AttributeValue>, text: &str) -> Option<Message> {
    let mut message: Message = serde_json::from_str(full?.as_s().ok()?).ok()?;
    if message.parts.is_empty() && !text.is_empty() {
        message.parts.push(Part::Text(text.to_owned()));
    }
    Some(message)
}

/// An item that is read without a store.
pub(super) struct ReadItem {
    pub(super) turns: Vec<StoredTurn>,
    pub(super) unreadable: Vec<Unreadable>,
    /// How many elements its list has, readable or not.
    pub(super) elements: usize,
}

/// The turns of an item whose list is the attribute `list`.
///
/// # Errors
/// `Corrupt` when the attribute is not a list.
pub(super) fn read_item<C: Codec>(item: Item, list: &str, expires_at: Option<u64>) -> Result<ReadItem> {
    let snapshot = Snapshot::<C>::new(item, list, false)?;
    let elements = snapshot.elements.len();
    let snapshot::Turns { turns, unreadable, .. } = snapshot.turns(list, expires_at, Window::Everything);
    Ok(ReadItem { turns, unreadable, elements })
}

/// The error of a message that can't be written as JSON.
fn no_json(source: serde_json::Error) -> Error {
    Error::invalid_input("messages", "holds a message that has no JSON form").with_source(source)
}
