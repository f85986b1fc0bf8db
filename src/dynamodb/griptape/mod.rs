//! Griptape's sessions in a table: one item a session, as its `AmazonDynamoDbConversationMemoryDriver` keeps them.
//!
//! The item holds the session's JSON in one attribute; all other attributes survive. An append is one `GetItem` and one
//! `UpdateItem` that holds only if the attribute still is what was read: *read* ⌈item KB / 4⌉ units, *written* ⌈item KB⌉.

mod config;
mod sessions;
mod table;
mod write;

pub use config::{FixedSortKey, ItemSlotConfig, SortKeyValue};
pub use table::{NEEDS, table};

use async_trait::async_trait;
use aws_sdk_dynamodb::operation::get_item::GetItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity};

use super::attribute;
use super::client::DynamoClient;
use super::size::{self, Item, MAX_ITEM_BYTES};
use crate::error::{Error, ErrorKind, Result};
use crate::griptape::{self, Content, Lifetime, NoText, Seen, Slot, WriteError, Written};
use crate::session::SessionId;
use crate::store::{Consistency, Page, Record, Sessions};
use crate::usage::Usage;

/// What has no place in the JSON of an older generation.
const BESIDE: &str = "cm_beside";

/// The most that DynamoDB adds to names and values where it holds an update to the limit of an item: 3 bytes, 19 for each
/// attribute that is set, 1 and the name for one that is removed, 54 for an expiry that is set where none is.
const UPDATE_BYTES: u64 = 3 + 3 * 19 + (1 + BESIDE.len() as u64) + 54;

/// A store of Griptape's sessions in a table.
pub type GriptapeStore = griptape::GriptapeStore<ItemSlot>;

/// One attribute of one item a session.
#[derive(Clone, Debug)]
pub struct ItemSlot {
    client: DynamoClient,
    config: ItemSlotConfig,
}

impl ItemSlot {
    /// A slot in the items of a table. No request is sent.
    ///
    /// # Errors
    /// `InvalidInput` when the configuration contradicts itself.
    pub fn new(client: DynamoClient, config: ItemSlotConfig) -> Result<Self> {
        config.check()?;
        Ok(Self { client, config })
    }

    fn key(&self, session: &SessionId) -> Item {
        let id = AttributeValue::S(session.as_str().to_owned());
        let mut key = Item::from([(self.config.partition_key.clone(), id)]);
        if let Some(FixedSortKey { attribute, value }) = &self.config.sort_key {
            key.insert(attribute.clone(), value.attribute());
        }
        key
    }

    async fn read_item(&self, key: Item, consistency: Consistency) -> Result<(Option<Item>, Usage)> {
        let (output, usage) = self
            .client
            .call::<_, GetItemError, _>(|meter| {
                let request = self.client.sdk().get_item().table_name(&self.config.table);
                let request = request
                    .set_key(Some(key))
                    .consistent_read(consistency == Consistency::Strong)
                    .return_consumed_capacity(ReturnConsumedCapacity::Total);
                request.customize().interceptor(meter).send()
            })
            .await
            .map_err(|error| self.locate(error.into_error()))?;
        Ok((output.item, usage))
    }

    fn seen(&self, item: &Item) -> Seen {
        let bytes = size::item_bytes(item);
        let ours = [self.config.value_attribute_key.as_str(), BESIDE];
        let ours =
            ours.iter().filter_map(|name| Some(name.len() as u64 + size::value_bytes(item.get(*name)?)));
        let beside = item.get(BESIDE).and_then(|beside| beside.as_s().ok()).cloned();
        let content = item.get(&self.config.value_attribute_key).map(|value| match value {
            AttributeValue::S(value) => Ok(Content { value: value.clone(), beside }),
            other => Err(NoText { shape: shape(other) }),
        });
        Seen {
            content,
            bytes,
            other_bytes: bytes.saturating_sub(ours.sum()),
            expires_at_epoch_secs: self.config.expiry_of(item),
        }
    }
}

fn shape(value: &AttributeValue) -> &'static str {
    match value {
        AttributeValue::N(_) => "a number",
        AttributeValue::B(_) => "bytes",
        AttributeValue::Bool(_) => "true or false",
        AttributeValue::Null(_) => "null",
        AttributeValue::M(_) => "a map",
        AttributeValue::L(_) => "a list",
        _ => "a set",
    }
}

#[async_trait]
impl Slot for ItemSlot {
    fn layout(&self) -> &'static str {
        "dynamodb/griptape"
    }

    fn limit_bytes(&self) -> Option<u64> {
        Some(MAX_ITEM_BYTES)
    }

    fn bytes_with(&self, session: &SessionId, seen: Option<&Seen>, content: &Content) -> u64 {
        let others = seen.map_or_else(|| size::item_bytes(&self.key(session)), |seen| seen.other_bytes);
        let value = (self.config.value_attribute_key.len() + content.value.len()) as u64;
        let beside = content.beside.as_ref().map_or(0, |beside| (BESIDE.len() + beside.len()) as u64);
        let (name, expiry) = self
            .config
            .new_expiry(self.now_epoch_secs())
            .map_or((0, 0), |(name, secs)| (name.len() as u64, size::value_bytes(&secs)));
        let has_expiry = seen.is_some_and(|seen| seen.expires_at_epoch_secs.is_some());
        let item = others + value + beside + if has_expiry { 0 } else { name + expiry };
        item.max(value + beside + 2 * name + expiry + UPDATE_BYTES)
    }

    fn expires(&self) -> bool {
        self.config.expiry_attribute.is_some()
    }

    fn keeps_beside(&self) -> bool {
        true
    }

    fn now_epoch_secs(&self) -> u64 {
        self.client.clock().epoch_secs()
    }

    fn locate(&self, error: Error) -> Error {
        let error = error.with("table", &self.config.table);
        match error.kind() {
            ErrorKind::Mismatch | ErrorKind::Corrupt => {
                error.with("attribute", &self.config.value_attribute_key)
            }
            ErrorKind::NotFound => error.with("region", self.client.region()),
            _ => error,
        }
    }

    async fn read(&self, session: &SessionId, consistency: Consistency) -> Result<(Option<Seen>, Usage)> {
        let (item, usage) = self.read_item(self.key(session), consistency).await?;
        Ok((item.map(|item| self.seen(&item)), usage))
    }

    async fn write(
        &self,
        session: &SessionId,
        expected: Option<&Content>,
        content: &Content,
        lifetime: Lifetime,
    ) -> Result<(Written, Usage), WriteError> {
        self.update(session, expected, content, lifetime).await
    }

    async fn clear(&self, session: &SessionId) -> Result<(Option<Seen>, Usage)> {
        self.remove(session).await
    }

    async fn sessions(&self, page: Page) -> Result<Sessions> {
        self.scan(page).await
    }

    async fn inspect(&self, session: &SessionId) -> Result<(Option<Record>, Usage)> {
        let (item, usage) = self.read_item(self.key(session), Consistency::Strong).await?;
        let record = item.map(|item| Record {
            key: session.to_string(),
            raw: attribute::item_to_dynamodb_json(&item),
            bytes: size::item_bytes(&item),
            limit_bytes: Some(MAX_ITEM_BYTES),
            expires_at_epoch_secs: self.config.expiry_of(&item),
        });
        Ok((record, usage))
    }
}
