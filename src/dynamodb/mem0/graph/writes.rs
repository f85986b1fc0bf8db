//! Expressions, and the writes of a transaction.

use std::collections::HashMap;

use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, Delete, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem,
    Update,
};

use super::codec::attr;
use crate::dynamodb::size::Item;
use crate::error::Result;

/// An expression with its names and values.
#[derive(Clone, Debug, Default)]
pub(super) struct Expression {
    pub(super) text: String,
    pub(super) names: HashMap<String, String>,
    pub(super) values: Item,
}

impl Expression {
    /// `#name` stands for an attribute and `:value` for a value; both are given without their marks.
    pub(super) fn new(text: impl Into<String>, names: &[(&str, &str)]) -> Self {
        let names = names.iter().map(|(alias, name)| (format!("#{alias}"), (*name).to_owned()));
        Self { text: text.into(), names: names.collect(), values: Item::new() }
    }

    pub(super) fn with(mut self, alias: &str, value: AttributeValue) -> Self {
        self.values.insert(format!(":{alias}"), value);
        self
    }

    /// Nothing is there under the key.
    pub(super) fn absent() -> Self {
        Self::new("attribute_not_exists(#n)", &[("n", attr::NODE_ID)])
    }

    /// A node is there and is not being deleted.
    pub(super) fn alive() -> Self {
        Self::new(
            "attribute_exists(#n) AND attribute_not_exists(#deleting)",
            &[("n", attr::NODE_ID), ("deleting", attr::DELETING)],
        )
    }

    /// There is no node, or one that is being deleted.
    pub(super) fn gone() -> Self {
        Self::new(
            "attribute_not_exists(#n) OR attribute_exists(#deleting)",
            &[("n", attr::NODE_ID), ("deleting", attr::DELETING)],
        )
    }

    /// This text with the names and values of both.
    pub(super) fn and(mut self, other: Self) -> Self {
        self.names.extend(other.names);
        self.values.extend(other.values);
        self
    }
}

/// One write of a transaction.
#[derive(Clone, Debug)]
pub(super) enum Write {
    Put(Item, Option<Expression>),
    Update(Item, Expression, Expression),
    Delete(Item, Option<Expression>),
    Check(Item, Expression),
}

impl Write {
    pub(super) fn build(self, table: &str) -> Result<TransactWriteItem, BuildError> {
        let old = ReturnValuesOnConditionCheckFailure::AllOld;
        let item = TransactWriteItem::builder();
        Ok(match self {
            Self::Put(row, condition) => {
                let Expression { text, names, values } = condition.unwrap_or_default();
                let put = Put::builder().table_name(table).set_item(Some(row));
                let put = put.set_condition_expression(some_text(text));
                let put = put.set_expression_attribute_names(some(names));
                let put = put.set_expression_attribute_values(some(values));
                item.put(put.return_values_on_condition_check_failure(old).build()?)
            }
            Self::Update(key, update, condition) => {
                let condition_text = condition.text.clone();
                let Expression { text, names, values } = update.and(condition);
                let update = Update::builder().table_name(table).set_key(Some(key)).update_expression(text);
                let update = update.condition_expression(condition_text);
                let update = update.set_expression_attribute_names(some(names));
                let update = update.set_expression_attribute_values(some(values));
                item.update(update.return_values_on_condition_check_failure(old).build()?)
            }
            Self::Delete(key, condition) => {
                let Expression { text, names, values } = condition.unwrap_or_default();
                let delete = Delete::builder().table_name(table).set_key(Some(key));
                let delete = delete.set_condition_expression(some_text(text));
                let delete = delete.set_expression_attribute_names(some(names));
                let delete = delete.set_expression_attribute_values(some(values));
                item.delete(delete.return_values_on_condition_check_failure(old).build()?)
            }
            Self::Check(key, condition) => {
                let check = ConditionCheck::builder().table_name(table).set_key(Some(key));
                let check = check.condition_expression(condition.text);
                let check = check.set_expression_attribute_names(some(condition.names));
                let check = check.set_expression_attribute_values(some(condition.values));
                item.condition_check(check.return_values_on_condition_check_failure(old).build()?)
            }
        }
        .build())
    }
}

/// DynamoDB refuses empty maps of names and values.
pub(super) fn some<V>(map: HashMap<String, V>) -> Option<HashMap<String, V>> {
    (!map.is_empty()).then_some(map)
}

pub(super) fn some_text(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}
