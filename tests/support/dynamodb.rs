//! The bare AWS SDK, to prepare tables and to look at what lies in them.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Config, Credentials, Region};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
};

/// A client of an emulator, with keys that one without permissions accepts.
pub(crate) fn client(endpoint: &str) -> Client {
    client_with_key(endpoint, "test", "test")
}

/// A client of an emulator, with the given keys.
pub(crate) fn client_with_key(endpoint: &str, access_key_id: &str, secret_access_key: &str) -> Client {
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("us-east-1"))
        .endpoint_url(endpoint)
        .credentials_provider(Credentials::new(access_key_id, secret_access_key, None, None, "test"))
        .build();
    Client::from_conf(config)
}

/// Creates a table whose keys are strings.
pub(crate) async fn create_table(client: &Client, table: &str, partition_key: &str, sort_key: Option<&str>) {
    let mut request = client.create_table().table_name(table).billing_mode(BillingMode::PayPerRequest);
    for (name, key_type) in [(Some(partition_key), KeyType::Hash), (sort_key, KeyType::Range)] {
        let Some(name) = name else { continue };
        let attribute =
            AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S);
        let key = KeySchemaElement::builder().attribute_name(name).key_type(key_type);
        request = request
            .attribute_definitions(attribute.build().expect("name and type are given"))
            .key_schema(key.build().expect("name and type are given"));
    }
    request.send().await.expect("an empty emulator creates the table");
}
