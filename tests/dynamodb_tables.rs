//! Making and checking tables, over the wire.

#[path = "support/dynoxide.rs"]
mod dynoxide_engine;

use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
};
use canvas_memory::ErrorKind;
use canvas_memory::clock::Clock;
use canvas_memory::dynamodb::tables::{TableSpec, create_if_missing, describe};
use dynoxide_engine::Dynoxide;

fn spec(sort_key: Option<&str>) -> TableSpec {
    TableSpec {
        name: "chat".to_owned(),
        partition_key: "sessionId".to_owned(),
        sort_key: sort_key.map(str::to_owned),
        expiry_attribute: Some("expireAt".to_owned()),
    }
}

#[tokio::test]
async fn a_table_is_made_once_and_described() {
    let engine = Dynoxide::start();
    let client = engine.client(Clock::system());
    let missing = describe(&client, "chat").await.unwrap_err();
    assert_eq!(*missing.kind(), ErrorKind::NotFound);
    assert!(missing.to_string().contains("table chat"), "{missing}");

    let wanted = spec(Some("sk"));
    let (one, two) = tokio::join!(create_if_missing(&client, &wanted), create_if_missing(&client, &wanted));
    assert_eq!(one.unwrap().partition_key, two.unwrap().partition_key);
    let table = describe(&client, "chat").await.unwrap();
    assert!(table.ready);
    assert_eq!(table.usage.requests, 1);
    assert_eq!(table.sort_key.as_ref().map(|key| key.name.as_str()), Some("sk"));
    table.check_keys("sessionId", Some("sk")).unwrap();

    let ttl = client.sdk().describe_time_to_live().table_name("chat").send().await.unwrap();
    assert_eq!(ttl.time_to_live_description().unwrap().attribute_name(), Some("expireAt"));
}

#[tokio::test]
async fn keys_that_do_not_fit_are_named() {
    let engine = Dynoxide::start();
    let client = engine.client(Clock::system());
    create_if_missing(&client, &spec(None)).await.unwrap();
    let other_sort = create_if_missing(&client, &spec(Some("sk"))).await.unwrap_err();
    assert_eq!(*other_sort.kind(), ErrorKind::Mismatch);
    let table = describe(&client, "chat").await.unwrap();
    let wrong = table.check_keys("id", None).unwrap_err().to_string();
    assert!(wrong.contains("`sessionId`") && wrong.contains("`partitionKey`"), "{wrong}");

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
    let numeric = describe(&client, "numbers").await.unwrap().check_keys("id", None).unwrap_err();
    assert_eq!(*numeric.kind(), ErrorKind::Mismatch);
    assert!(numeric.to_string().contains("`id` is of type N"), "{numeric}");
}
