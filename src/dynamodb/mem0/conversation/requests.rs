//! The few kinds of requests that this layout makes, each with what it cost.

use std::time::Duration;

use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::get_item::GetItemError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{
    AttributeValue, ReturnConsumedCapacity, ReturnValue, ReturnValuesOnConditionCheckFailure,
};

use super::draft::{Draft, version_of};
use super::snapshot::{MESSAGES, Snapshot, VERSION};
use super::{ConversationStore, PARTITION_KEY, SORT_KEY};
use crate::dynamodb::error::CallError;
use crate::dynamodb::item_per_session::expression::Expression;
use crate::dynamodb::item_per_session::failed_condition;
use crate::dynamodb::size::Item;
use crate::error::{Error, ErrorKind, Result};
use crate::session::{Position, TurnId};
use crate::store::Consistency;
use crate::usage::Usage;

/// A write that was not made.
pub(super) enum WriteFailure {
    /// The item is not as it was read; what it is, where the engine tells.
    Refused(Option<Item>),
    Failed(Error),
}

/// Whose write it is, for the error when its reply is lost.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct OfTurn<'a>(pub(super) Option<(&'a TurnId, Option<&'a Position>)>);

/// The keys of a conversation.
pub(super) fn key(user_id: &str, conversation_id: &str) -> Item {
    Item::from([
        (PARTITION_KEY.to_owned(), AttributeValue::S(user_id.to_owned())),
        (SORT_KEY.to_owned(), AttributeValue::S(conversation_id.to_owned())),
    ])
}

impl ConversationStore {
    pub(super) async fn read_item(
        &self,
        key: &Item,
        consistency: Consistency,
        usage: &mut Usage,
    ) -> Result<Option<Item>> {
        let (output, cost) = self
            .client
            .call::<_, GetItemError, _>(|meter| {
                let request = self.client.sdk().get_item().table_name(&self.config.table);
                let request = request
                    .set_key(Some(key.clone()))
                    .consistent_read(consistency == Consistency::Strong)
                    .return_consumed_capacity(ReturnConsumedCapacity::Total);
                request.customize().interceptor(meter).send()
            })
            .await
            .map_err(|error| self.located(error.into_error()))?;
        *usage += cost;
        Ok(output.item)
    }

    /// Reads an item's parts.
    pub(super) fn snapshot(&self, item: Item) -> Result<Snapshot> {
        Snapshot::read(item, &self.config, self.now()).map_err(|error| self.located(error))
    }

    /// Puts a new conversation where nothing is, or where that still is which had expired when it was read.
    pub(super) async fn put_item(
        &self,
        item: Item,
        expired: Option<&Snapshot>,
        of: OfTurn<'_>,
        usage: &mut Usage,
    ) -> Result<(), WriteFailure> {
        let mut ex = Expression::default();
        let mut condition = format!("attribute_not_exists({})", ex.name(PARTITION_KEY));
        if let Some(expiry) = expired.and_then(|old| old.item.get(&self.config.ttl_attribute)) {
            let (attribute, expiry) = (ex.name(&self.config.ttl_attribute), ex.value(expiry.clone()));
            condition.push_str(&format!(" OR {attribute} = {expiry}"));
        }
        let Expression { names, values } = ex;
        let put = self.client.call::<_, PutItemError, _>(|meter| {
            let request = self.client.sdk().put_item().table_name(&self.config.table);
            let request = request
                .set_item(Some(item))
                .condition_expression(condition)
                .set_expression_attribute_names(Some(names))
                .set_expression_attribute_values((!values.is_empty()).then_some(values))
                .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
                .return_consumed_capacity(ReturnConsumedCapacity::Total);
            request.customize().interceptor(meter).send()
        });
        match put.await {
            Ok((_, cost)) => {
                *usage += cost;
                Ok(())
            }
            Err(error) => {
                let refusal = match error.service() {
                    Some(PutItemError::ConditionalCheckFailedException(refusal)) => {
                        Some(refusal.item().cloned())
                    }
                    _ => None,
                };
                Err(self.not_written(error, refusal, of, usage))
            }
        }
    }

    /// Makes of an item what the draft says, if it is as it was read.
    pub(super) async fn update_item(
        &self,
        key: &Item,
        read: &Snapshot,
        draft: &Draft,
        of: OfTurn<'_>,
        usage: &mut Usage,
    ) -> Result<(), WriteFailure> {
        let mut ex = Expression::default();
        let mut conditions = vec![format!("attribute_exists({})", ex.name(PARTITION_KEY))];
        for attribute in [MESSAGES, VERSION] {
            let name = ex.name(attribute);
            conditions.push(match read.item.get(attribute) {
                Some(value) => format!("{name} = {}", ex.value(value.clone())),
                None => format!("attribute_not_exists({name})"),
            });
        }
        let version = AttributeValue::N(version_of(Some(read)).saturating_add(1).to_string());
        let version = (VERSION.to_owned(), version);
        let set = draft.set.clone().into_iter().chain([version]);
        let set: Vec<_> =
            set.map(|(name, value)| format!("{} = {}", ex.name(&name), ex.value(value))).collect();
        let mut expression = format!("SET {}", set.join(", "));
        let removed: Vec<_> = draft.remove.iter().map(|name| ex.name(name)).collect();
        if !removed.is_empty() {
            expression.push_str(&format!(" REMOVE {}", removed.join(", ")));
        }
        let update = self.client.call::<_, UpdateItemError, _>(|meter| {
            let request = self.client.sdk().update_item().table_name(&self.config.table);
            let request = request
                .set_key(Some(key.clone()))
                .update_expression(expression)
                .condition_expression(conditions.join(" AND "))
                .set_expression_attribute_names(Some(ex.names))
                .set_expression_attribute_values(Some(ex.values))
                .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
                .return_consumed_capacity(ReturnConsumedCapacity::Total);
            request.customize().interceptor(meter).send()
        });
        match update.await {
            Ok((_, cost)) => {
                *usage += cost;
                Ok(())
            }
            Err(error) => {
                let refusal = match error.service() {
                    Some(UpdateItemError::ConditionalCheckFailedException(refusal)) => {
                        Some(refusal.item().cloned())
                    }
                    _ => None,
                };
                Err(self.not_written(error, refusal, of, usage))
            }
        }
    }

    fn not_written<E>(
        &self,
        error: CallError<E>,
        refusal: Option<Option<Item>>,
        of: OfTurn<'_>,
        usage: &mut Usage,
    ) -> WriteFailure
    where
        E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
    {
        if let Some(met) = refusal {
            let met = met.filter(|item| !item.is_empty());
            *usage += error.usage() + failed_condition(met.as_ref().unwrap_or(&Item::new()));
            return WriteFailure::Refused(met);
        }
        let error = match of.0 {
            Some((turn_id, position)) => error.into_append_error(turn_id, position),
            None => error.into_error(),
        };
        let too_large = *error.kind() == ErrorKind::TooLarge;
        WriteFailure::Failed(if too_large { self.too_large(error) } else { self.located(error) })
    }

    /// What a refused write met: what the refusal brought, or what a read finds.
    pub(super) async fn met(
        &self,
        key: &Item,
        refused: Option<Item>,
        usage: &mut Usage,
    ) -> Result<Option<Item>> {
        match refused {
            Some(item) => Ok(Some(item)),
            None => self.read_item(key, Consistency::Strong, usage).await,
        }
    }

    /// Removes an item and gives what it was.
    pub(super) async fn take(&self, key: Item, usage: &mut Usage) -> Result<Option<Item>> {
        let (output, cost) = self
            .client
            .call::<_, DeleteItemError, _>(|meter| {
                let request = self.client.sdk().delete_item().table_name(&self.config.table);
                let request = request
                    .set_key(Some(key))
                    .return_values(ReturnValue::AllOld)
                    .return_consumed_capacity(ReturnConsumedCapacity::Total);
                request.customize().interceptor(meter).send()
            })
            .await
            .map_err(|error| self.located(error.into_error()))?;
        *usage += cost;
        Ok(output.attributes.filter(|item| !item.is_empty()))
    }
}

/// Waits a random while, longer with each attempt, so that writers who met don't meet again.
pub(super) async fn pause(attempt: u32) {
    let most_ms = 4_u64 << attempt.min(6);
    let (_, random) = uuid::Uuid::new_v4().as_u64_pair();
    tokio::time::sleep(Duration::from_millis(random % most_ms)).await;
}
