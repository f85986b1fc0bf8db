//! The one conditional update that turns, notes and changed messages are written by.

use aws_sdk_dynamodb::operation::update_item::{UpdateItemError, UpdateItemOutput};
use aws_sdk_dynamodb::types::{ReturnConsumedCapacity, ReturnValue, ReturnValuesOnConditionCheckFailure};

use super::expression::Expression;
use super::{Codec, ItemPerSession};
use crate::dynamodb::error::CallError;
use crate::dynamodb::size::Item;
use crate::usage::Usage;

/// What to do with an item, and only if what.
pub(super) struct Update {
    pub(super) expression: String,
    pub(super) conditions: Vec<String>,
    pub(super) placeholders: Expression,
    pub(super) returned: ReturnValue,
}

impl<C: Codec> ItemPerSession<C> {
    /// Changes the item of `keys`. A refusal brings the item that it met, where the engine can.
    pub(super) async fn update(
        &self,
        keys: Item,
        update: Update,
    ) -> Result<(UpdateItemOutput, Usage), CallError<UpdateItemError>> {
        let Update { expression, conditions, placeholders, returned } = update;
        self.client
            .call(|meter| {
                let request = self.client.sdk().update_item().table_name(&self.config.table);
                let request = request
                    .set_key(Some(keys))
                    .update_expression(expression)
                    .condition_expression(conditions.join(" AND "))
                    .set_expression_attribute_names(Some(placeholders.names))
                    .set_expression_attribute_values(Some(placeholders.values))
                    .return_values(returned)
                    .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
                    .return_consumed_capacity(ReturnConsumedCapacity::Total);
                request.customize().interceptor(meter).send()
            })
            .await
    }
}
