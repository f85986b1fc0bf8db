//! Names and values of an expression, each under a placeholder of its own.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

#[derive(Debug, Default)]
pub(in crate::dynamodb) struct Expression {
    pub(in crate::dynamodb) names: HashMap<String, String>,
    pub(in crate::dynamodb) values: HashMap<String, AttributeValue>,
}

impl Expression {
    /// The placeholder of an attribute's name.
    pub(in crate::dynamodb) fn name(&mut self, name: &str) -> String {
        if let Some((placeholder, _)) = self.names.iter().find(|(_, known)| *known == name) {
            return placeholder.clone();
        }
        let placeholder = format!("#n{}", self.names.len());
        self.names.insert(placeholder.clone(), name.to_owned());
        placeholder
    }

    /// The placeholder of a value.
    pub(in crate::dynamodb) fn value(&mut self, value: AttributeValue) -> String {
        let placeholder = format!(":v{}", self.values.len());
        self.values.insert(placeholder.clone(), value);
        placeholder
    }

    pub(in crate::dynamodb) fn number(&mut self, number: impl ToString) -> String {
        self.value(AttributeValue::N(number.to_string()))
    }

    /// True while the item has not expired: without the attribute, and with one that is no number, it never does.
    pub(in crate::dynamodb) fn not_expired(&mut self, attribute: &str, now_epoch_secs: u64) -> String {
        let (attribute, now) = (self.name(attribute), self.number(now_epoch_secs));
        format!("(NOT {attribute} <= {now})")
    }
}
