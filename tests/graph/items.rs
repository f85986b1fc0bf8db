//! The table's items, past the store.

use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};
use canvas_memory::dynamodb::DynamoClient;
use canvas_memory::dynamodb::size::Item;

#[path = "../support/item.rs"]
mod item;

pub(crate) use item::{fixture, text};

use crate::harness::TABLE;

/// What Mem0 wrote.
pub(crate) const FIXTURE: &str = include_str!("../fixtures/mem0/mem0-dynamodb-graph-items.json");

pub(crate) async fn put_items(client: &DynamoClient, items: Vec<Item>) {
    for items in items.chunks(25) {
        let puts = items.iter().map(|item| {
            let put = PutRequest::builder().set_item(Some(item.clone())).build().unwrap();
            WriteRequest::builder().put_request(put).build()
        });
        let request = client.sdk().batch_write_item().request_items(TABLE, puts.collect());
        let left = request.send().await.unwrap().unprocessed_items.unwrap_or_default();
        assert!(left.is_empty());
    }
}

/// All items, in the order of their keys.
pub(crate) async fn stored(client: &DynamoClient) -> Vec<Item> {
    let (mut items, mut start) = (Vec::new(), None);
    loop {
        let request = client.sdk().scan().table_name(TABLE).consistent_read(true);
        let page = request.set_exclusive_start_key(start).send().await.unwrap();
        items.extend(page.items.unwrap_or_default());
        start = page.last_evaluated_key;
        if start.is_none() {
            break;
        }
    }
    let key = |item: &Item, name: &str| item[name].as_s().unwrap().clone();
    items.sort_by_key(|item| (key(item, "node_id"), key(item, "edge_id")));
    items
}

/// Sets one attribute of an item to a text.
pub(crate) async fn update_text(client: &DynamoClient, node: &str, edge: &str, name: &str, value: &str) {
    update(client, node, edge, name, text(value)).await;
}

/// Sets one attribute of an item that is there.
pub(crate) async fn update(client: &DynamoClient, node: &str, edge: &str, name: &str, value: AttributeValue) {
    client
        .sdk()
        .update_item()
        .table_name(TABLE)
        .key("node_id", text(node))
        .key("edge_id", text(edge))
        .update_expression("SET #name = :value")
        .condition_expression("attribute_exists(node_id)")
        .expression_attribute_names("#name", name)
        .expression_attribute_values(":value", value)
        .send()
        .await
        .unwrap();
}
