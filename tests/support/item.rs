//! Items as DynamoDB's own JSON has them.
#![allow(dead_code, reason = "each test file uses its part of this one")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use canvas_memory::dynamodb::DynamoClient;
use canvas_memory::dynamodb::size::Item;
use serde_json::Value;

pub(crate) fn text(text: impl Into<String>) -> AttributeValue {
    AttributeValue::S(text.into())
}

/// An item from `{"name": {"S": …}}`.
pub(crate) fn item(json: &Value) -> Item {
    json.as_object().unwrap().iter().map(|(name, value)| (name.clone(), attribute(value))).collect()
}

pub(crate) fn attribute(json: &Value) -> AttributeValue {
    let (kind, value) = json.as_object().unwrap().iter().next().unwrap();
    match kind.as_str() {
        "S" => text(value.as_str().unwrap()),
        "N" => AttributeValue::N(value.as_str().unwrap().to_owned()),
        "BOOL" => AttributeValue::Bool(value.as_bool().unwrap()),
        "NULL" => AttributeValue::Null(true),
        "SS" => AttributeValue::Ss(
            value.as_array().unwrap().iter().map(|v| v.as_str().unwrap().to_owned()).collect(),
        ),
        "L" => AttributeValue::L(value.as_array().unwrap().iter().map(attribute).collect()),
        "M" => AttributeValue::M(item(value)),
        other => panic!("no {other} in fixtures"),
    }
}

/// The items of a fixture.
pub(crate) fn fixture(json: &str) -> Vec<Item> {
    serde_json::from_str::<Vec<Value>>(json).unwrap().iter().map(item).collect()
}

pub(crate) async fn put(client: &DynamoClient, table: &str, item: Item) {
    client.sdk().put_item().table_name(table).set_item(Some(item)).send().await.unwrap();
}

/// The item under string keys, as it is stored.
pub(crate) async fn get(client: &DynamoClient, table: &str, keys: &[(&str, &str)]) -> Option<Item> {
    let keys: HashMap<_, _> = keys.iter().map(|(name, value)| ((*name).to_owned(), text(*value))).collect();
    let request = client.sdk().get_item().table_name(table).set_key(Some(keys)).consistent_read(true);
    request.send().await.unwrap().item
}

/// What another program does: adds an element to the list.
pub(crate) async fn push(
    client: &DynamoClient,
    table: &str,
    key: (&str, &str),
    list: &str,
    element: AttributeValue,
) {
    let request = client.sdk().update_item().table_name(table).key(key.0, text(key.1));
    request
        .update_expression("SET #m = list_append(if_not_exists(#m, :e), :n)")
        .expression_attribute_names("#m", list)
        .expression_attribute_values(":e", AttributeValue::L(Vec::new()))
        .expression_attribute_values(":n", AttributeValue::L(vec![element]))
        .send()
        .await
        .unwrap();
}
