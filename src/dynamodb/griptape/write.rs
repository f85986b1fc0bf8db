//! Writing and removing, each only where the item is as expected.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::update_item::{UpdateItemError, UpdateItemOutput};
use aws_sdk_dynamodb::types::{
    AttributeValue, ReturnConsumedCapacity, ReturnValue, ReturnValuesOnConditionCheckFailure,
};

use super::{BESIDE, ItemSlot};
use crate::dynamodb::error::CallError;
use crate::dynamodb::size::{self, Item};
use crate::error::{ErrorKind, Result};
use crate::griptape::{Content, Lifetime, Seen, Slot, WriteError, Written};
use crate::session::SessionId;
use crate::store::Consistency;
use crate::usage::Usage;

/// An update of an item, and what has to be true of it.
struct Update<'a> {
    set: Vec<&'static str>,
    remove: Vec<&'static str>,
    conditions: Vec<&'static str>,
    names: Vec<(&'static str, &'a str)>,
    values: Vec<(&'static str, AttributeValue)>,
    returned: ReturnValue,
}

impl Update<'_> {
    fn expression(&self) -> String {
        let clauses = [("SET", &self.set), ("REMOVE", &self.remove)];
        let clauses = clauses.iter().filter(|(_, parts)| !parts.is_empty());
        clauses.map(|(verb, parts)| format!("{verb} {}", parts.join(", "))).collect::<Vec<_>>().join(" ")
    }
}

impl ItemSlot {
    pub(super) async fn update(
        &self,
        session: &SessionId,
        expected: Option<&Content>,
        content: &Content,
        lifetime: Lifetime,
    ) -> Result<(Written, Usage), WriteError> {
        let text = |text: &String| AttributeValue::S(text.clone());
        let mut update = Update {
            set: vec!["#value = :value"],
            remove: Vec::new(),
            conditions: Vec::new(),
            names: vec![("#value", &self.config.value_attribute_key), ("#beside", BESIDE)],
            values: vec![(":value", text(&content.value))],
            returned: ReturnValue::None,
        };
        match &content.beside {
            Some(beside) => {
                update.set.push("#beside = :beside");
                update.values.push((":beside", text(beside)));
            }
            None => update.remove.push("#beside"),
        }
        match expected {
            None => update.conditions.push("attribute_not_exists(#value)"),
            Some(expected) => {
                update.conditions.push("#value = :old_value");
                update.values.push((":old_value", text(&expected.value)));
                if let Some(beside) = &expected.beside {
                    update.conditions.push("#beside = :old_beside");
                    update.values.push((":old_beside", text(beside)));
                } else {
                    update.conditions.push("attribute_not_exists(#beside)");
                }
            }
        }
        match (self.config.new_expiry(self.now_epoch_secs()), lifetime) {
            (Some((attribute, expiry)), lifetime) => {
                update.names.push(("#expiry", attribute));
                update.values.push((":expiry", expiry));
                update.set.push(match lifetime {
                    Lifetime::Renew | Lifetime::Replace => "#expiry = :expiry",
                    Lifetime::Keep => "#expiry = if_not_exists(#expiry, :expiry)",
                });
            }
            (None, Lifetime::Replace) => {
                if let Some(attribute) = &self.config.expiry_attribute {
                    update.names.push(("#expiry", attribute));
                    update.remove.push("#expiry");
                }
            }
            (None, Lifetime::Renew | Lifetime::Keep) => {}
        }
        let error = match self.send(session, update).await {
            Ok((_, usage)) => return Ok((Written::Done, usage)),
            Err(error) => error,
        };
        let Some(UpdateItemError::ConditionalCheckFailedException(refusal)) = error.service() else {
            let in_doubt = error.in_doubt();
            let error = self.locate(error.into_error());
            // All attempts were of the same size, and one that was done would make the condition of the next fail first.
            let in_doubt = in_doubt && *error.kind() != ErrorKind::TooLarge;
            return Err(WriteError { error, in_doubt });
        };
        let met = self.met(session, refusal.item().cloned()).await;
        let (met, usage) = met
            .map_err(|met| WriteError { in_doubt: error.in_doubt(), error: met.with_usage(error.usage()) })?;
        Ok((Written::Changed(met), error.usage() + usage))
    }

    /// What a refused condition met. Where the refusal does not bring the item, it is missing, or the engine is one that
    /// can't: a read tells.
    async fn met(&self, session: &SessionId, refused: Option<Item>) -> Result<(Option<Seen>, Usage)> {
        let (item, read) = match refused {
            Some(item) => (Some(item), Usage::default()),
            None => self.read_item(self.key(session), Consistency::Strong).await?,
        };
        let seen = item.map(|item| self.seen(&item));
        Ok((seen.clone(), read + failed_condition(seen.as_ref())))
    }

    /// Removes the session's attributes, and the item when nothing else is in it.
    pub(super) async fn remove(&self, session: &SessionId) -> Result<(Option<Seen>, Usage)> {
        let mut update = Update {
            set: Vec::new(),
            remove: vec!["#value", "#beside"],
            // An update of an item that is missing would make an empty one.
            conditions: vec!["attribute_exists(#value)"],
            names: vec![("#value", &self.config.value_attribute_key), ("#beside", BESIDE)],
            values: Vec::new(),
            returned: ReturnValue::AllOld,
        };
        if let (Some(attribute), Some(_)) = (&self.config.expiry_attribute, self.config.ttl_secs) {
            update.names.push(("#expiry", attribute));
            update.remove.push("#expiry");
        }
        let removed: Vec<_> = update.names.iter().map(|(_, name)| (*name).to_owned()).collect();
        let (output, mut usage) = match self.send(session, update).await {
            Ok(done) => done,
            Err(error)
                if matches!(error.service(), Some(UpdateItemError::ConditionalCheckFailedException(_))) =>
            {
                return Ok((None, error.usage() + failed_condition(None)));
            }
            Err(error) => return Err(self.locate(error.into_error())),
        };
        let old = output.attributes.unwrap_or_default();
        let key = self.key(session);
        if old.keys().all(|name| key.contains_key(name) || removed.contains(name)) {
            usage += self.remove_empty(key).await;
        }
        Ok((Some(self.seen(&old)), usage))
    }

    /// Removes an item without a session. That it stays is no harm, so nothing depends on it.
    async fn remove_empty(&self, key: Item) -> Usage {
        let removed = self.client.call::<_, DeleteItemError, _>(|meter| {
            let request = self.client.sdk().delete_item().table_name(&self.config.table);
            let request = request
                .set_key(Some(key))
                .condition_expression("attribute_not_exists(#value)")
                .expression_attribute_names("#value", &self.config.value_attribute_key)
                .return_consumed_capacity(ReturnConsumedCapacity::Total);
            request.customize().interceptor(meter).send()
        });
        match removed.await {
            Ok((_, usage)) => usage,
            Err(error) => error.usage(),
        }
    }

    async fn send(
        &self,
        session: &SessionId,
        update: Update<'_>,
    ) -> Result<(UpdateItemOutput, Usage), CallError<UpdateItemError>> {
        let expression = update.expression();
        let Update { conditions, names, values, returned, .. } = update;
        let names = names.into_iter().map(|(placeholder, name)| (placeholder.to_owned(), name.to_owned()));
        let values: HashMap<_, _> =
            values.into_iter().map(|(placeholder, value)| (placeholder.to_owned(), value)).collect();
        self.client
            .call(|meter| {
                let request = self.client.sdk().update_item().table_name(&self.config.table);
                let request = request
                    .set_key(Some(self.key(session)))
                    .update_expression(expression)
                    .condition_expression(conditions.join(" AND "))
                    .set_expression_attribute_names(Some(names.collect()))
                    .set_expression_attribute_values((!values.is_empty()).then_some(values))
                    .return_values(returned)
                    .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
                    .return_consumed_capacity(ReturnConsumedCapacity::Total);
                request.customize().interceptor(meter).send()
            })
            .await
    }
}

/// What DynamoDB charges for a write that its condition refused, and does not report.
fn failed_condition(met: Option<&Seen>) -> Usage {
    let units = size::write_units(met.map_or(0, |seen| seen.bytes));
    Usage { write_units: units as f64, ..Usage::default() }
}
