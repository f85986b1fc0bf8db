//! Making tables.

use std::num::NonZeroU32;

use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
};
use canvas_memory::ErrorKind;
use canvas_memory::clock::Clock;
use canvas_memory::declare::{Level, SetUp};
use canvas_memory::dynamodb::catalog::Mem0Tables;
use canvas_memory::dynamodb::tables::{Capacity, KeyAttribute, TableDefinition, describe};

use super::support::dynoxide::Dynoxide;
use super::support::moto::Moto;
use super::{anyone, tables, told};

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
    let (one, two) = (one.unwrap(), two.unwrap());
    assert!(one.is_new != two.is_new, "one of two makes it");
    assert_eq!(one.table.partition_key, two.table.partition_key);
    let found = describe(&client, "chat").await.unwrap();
    assert!(found.ready);
    assert_eq!(found.usage.requests, 1);
    assert_eq!(found.sort_key.as_ref().map(|key| key.name.as_str()), Some("sk"));
    found.check_keys(&wanted).unwrap();

    let ttl = client.sdk().describe_time_to_live().table_name("chat").send().await.unwrap();
    assert_eq!(ttl.time_to_live_description().unwrap().attribute_name(), Some("expireAt"));
}

#[tokio::test]
async fn a_table_of_each_kind_is_made_with_all_that_it_asks_for_and_again_without_a_difference() {
    let moto = Moto::start();
    let client = anyone(moto.endpoint());
    let units = |n| NonZeroU32::new(n).unwrap();
    for (kind, table) in tables() {
        let table = TableDefinition {
            capacity: Capacity::Provisioned { read_units: units(3), write_units: units(2) },
            point_in_time_recovery: true,
            kms_key: Some("alias/memory".into()),
            deletion_protection: true,
            tags: [("team".to_owned(), "memory".to_owned()), ("stage".to_owned(), "test".to_owned())].into(),
            ..table
        };
        let made = table.create(&client).await.unwrap_or_else(|error| panic!("{kind:?}: {error:?}"));
        assert!(made.is_new && made.findings.is_empty(), "{kind:?}: {made:#?}");
        assert_eq!(SetUp::from(made).made, [table.name.as_str()]);
        let again = table.create(&client).await.unwrap();
        assert!(!again.is_new && again.findings.is_empty(), "{kind:?}: {again:#?}");
        let checked = table.check(&client).await;
        assert_eq!(checked.level(), Level::Ok, "{kind:?}: {checked:#?}");
        let subjects: Vec<_> = checked.findings.iter().map(|finding| finding.subject.as_ref()).collect();
        for subject in ["table", "keys", "capacity", "encryption", "deletion", "recovery", "tags"] {
            assert!(subjects.contains(&subject), "{kind:?} {subject}: {checked:#?}");
        }
        assert_eq!(subjects.contains(&"index"), !table.indexes.is_empty(), "{kind:?}");
        assert_eq!(subjects.contains(&"expiry"), table.expiry_attribute.is_some(), "{kind:?}");
    }
}

#[tokio::test]
async fn mem0s_tables_are_those_of_its_own_utility() {
    let engine = Dynoxide::start();
    let client = engine.client(Clock::system());
    let wanted = Mem0Tables { ttl_enabled: true, ..Mem0Tables::default() };
    for (_, table) in wanted.definitions() {
        table.create(&client).await.unwrap();
    }
    let described = |name| client.sdk().describe_table().table_name(name).send();
    let conversations = described("Mem0Conversations").await.unwrap().table.unwrap();
    let keys: Vec<_> = conversations.key_schema().iter().map(|key| key.attribute_name()).collect();
    assert_eq!(keys, ["user_id", "conversation_id"]);
    let ttl = client.sdk().describe_time_to_live().table_name("Mem0Conversations").send().await.unwrap();
    assert_eq!(ttl.time_to_live_description().unwrap().attribute_name(), Some("expiration_time"));

    let graph = described("Mem0Graph").await.unwrap().table.unwrap();
    let [index] = graph.global_secondary_indexes() else { panic!("{graph:?}") };
    assert_eq!(index.index_name(), Some("RelationshipTypeIndex"));
    let keys: Vec<_> = index.key_schema().iter().map(|key| key.attribute_name()).collect();
    assert_eq!(keys, ["relationship_type", "created_at"]);
    let created_at = graph.attribute_definitions().iter().find(|def| def.attribute_name() == "created_at");
    assert_eq!(*created_at.unwrap().attribute_type(), ScalarAttributeType::N);

    let plain = Mem0Tables { gsi_enabled: false, graph_table_name: "Plain".into(), ..Mem0Tables::default() };
    let [(_, conversations), (_, graph)] = plain.definitions();
    assert_eq!((conversations.expiry_attribute, graph.indexes), (None, Vec::new()));
}

#[tokio::test]
async fn what_is_there_is_told_and_never_changed() {
    let engine = Dynoxide::start();
    let client = engine.client(Clock::system());
    let plain = TableDefinition { expiry_attribute: None, ..table(Some("sk")) };
    plain.create(&client).await.unwrap();
    let before = client.sdk().describe_table().table_name("chat").send().await.unwrap().table;
    let units = NonZeroU32::MIN;
    let wanted = TableDefinition {
        capacity: Capacity::Provisioned { read_units: units, write_units: units },
        deletion_protection: true,
        kms_key: Some("alias/memory".into()),
        tags: [("team".to_owned(), "memory".to_owned())].into(),
        ..table(Some("sk"))
    };
    let found = wanted.create(&client).await.unwrap();
    assert!(!found.is_new);
    let lines = told(&found.findings, Level::Warning);
    assert_eq!(lines.len(), found.findings.len(), "{found:#?}");
    for line in [
        "capacity: the table is paid by request, and not provisioned with 1 read and 1 write units a second",
        "encryption: the table is encrypted with DynamoDB's own key, and not with alias/memory",
        "deletion: the table is not protected from being deleted; switch its deletion protection on",
        "tags: the table lacks `team=memory`",
    ] {
        assert!(lines.iter().any(|told| told == line), "{line}: {lines:#?}");
    }
    assert!(lines.iter().any(|line| line.starts_with("expiry: the table removes nothing by itself")));
    let after = client.sdk().describe_table().table_name("chat").send().await.unwrap().table;
    assert_eq!(before, after);
    let ttl = client.sdk().describe_time_to_live().table_name("chat").send().await.unwrap();
    assert_eq!(ttl.time_to_live_description().unwrap().attribute_name(), None);
}

#[tokio::test]
async fn what_an_endpoint_lacks_is_told_and_the_table_is_there() {
    let engine = Dynoxide::start();
    let client = engine.client(Clock::system());
    let wanted = TableDefinition { point_in_time_recovery: true, ..table(None) };
    let made = wanted.create(&client).await.unwrap();
    assert!(made.is_new, "{made:#?}");
    let [line] = told(&made.findings, Level::Error).try_into().unwrap();
    assert!(line.starts_with("recovery: it could not be switched on:"), "{line}");
    assert!(line.contains("does not have the operation"), "{line}");
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
    let numbers = TableDefinition { name: "numbers".into(), ..other };
    for error in [
        describe(&client, "numbers").await.unwrap().check_keys(&numbers).unwrap_err(),
        numbers.create(&client).await.unwrap_err(),
        numbers.find(&client, true).await.unwrap_err(),
    ] {
        assert_eq!(*error.kind(), ErrorKind::Mismatch);
        assert!(error.to_string().contains("`id` is of type N"), "{error}");
        assert!(error.to_string().contains("table numbers"), "{error}");
    }
}

#[tokio::test]
async fn a_definition_that_dynamodb_does_not_take_is_refused_with_its_reason() {
    let engine = Dynoxide::start();
    let client = engine.client(Clock::system());
    let short = TableDefinition { name: "a b".into(), ..table(None) };
    let error = short.create(&client).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::InvalidInput { .. } | ErrorKind::Mismatch), "{error:?}");
    let same = TableDefinition::new("same", KeyAttribute::text("id"), KeyAttribute::number("id"));
    let error = same.create(&client).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Mismatch, "{error:?}");
    assert!(error.message().starts_with("DynamoDB does not take this definition of a table: "), "{error}");
}
