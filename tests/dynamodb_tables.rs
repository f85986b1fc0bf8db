//! Making and checking tables, over the wire.

#[path = "support/dynoxide.rs"]
mod dynoxide_engine;

use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
};
use canvas_memory::ErrorKind;
use canvas_memory::clock::Clock;
use canvas_memory::dynamodb::tables::{KeyAttribute, TableDefinition, describe};
use dynoxide_engine::Dynoxide;

fn table(sort_key: Option<&str>) -> TableDefinition {
    TableDefinition {
        expiry_attribute: Some("expireAt".into()),
        ..TableDefinition::new("chat", KeyAttribute::text("sessionId"), sort_key.map(KeyAttribute::text))
    }
}

#[tokio::test]
async fn a_table_is_made_once_and_described() {
    let engine = Dynoxide::start();
    let client = engine.client(Clock::system());
    let missing = describe(&client, "chat").await.unwrap_err();
    assert_eq!(*missing.kind(), ErrorKind::NotFound);
    assert!(missing.to_string().contains("table chat"), "{missing}");

    let wanted = table(Some("sk"));
    let (one, two) = tokio::join!(wanted.create(&client), wanted.create(&client));
    assert_eq!(one.unwrap().table.partition_key, two.unwrap().table.partition_key);
    let found = describe(&client, "chat").await.unwrap();
    assert!(found.ready);
    assert_eq!(found.usage.requests, 1);
    assert_eq!(found.sort_key.as_ref().map(|key| key.name.as_str()), Some("sk"));
    found.check_keys(&wanted).unwrap();

    let ttl = client.sdk().describe_time_to_live().table_name("chat").send().await.unwrap();
    assert_eq!(ttl.time_to_live_description().unwrap().attribute_name(), Some("expireAt"));
}

#[tokio::test]
async fn keys_that_do_not_fit_are_named() {
    let engine = Dynoxide::start();
    let client = engine.client(Clock::system());
    table(None).create(&client).await.unwrap();
    let other_sort = table(Some("sk")).create(&client).await.unwrap_err();
    assert_eq!(*other_sort.kind(), ErrorKind::Mismatch);
    let found = describe(&client, "chat").await.unwrap();
    let other = TableDefinition::new("chat", KeyAttribute::text("id"), None);
    let wrong = found.check_keys(&other).unwrap_err().to_string();
    assert!(wrong.contains("`sessionId`") && wrong.contains("`id`"), "{wrong}");

    let key = KeySchemaElement::builder().attribute_name("id").key_type(KeyType::Hash).build().unwrap();
    let number = AttributeDefinition::builder().attribute_name("id").attribute_type(ScalarAttributeType::N);
    client
        .sdk()
        .create_table()
        .table_name("numbers")
        .billing_mode(BillingMode::PayPerRequest)
        .key_schema(key)
        .attribute_definitions(number.build().unwrap())
        .send()
        .await
        .unwrap();
    let numeric = describe(&client, "numbers").await.unwrap().check_keys(&other).unwrap_err();
    assert_eq!(*numeric.kind(), ErrorKind::Mismatch);
    assert!(numeric.to_string().contains("`id` is of type N"), "{numeric}");
}
