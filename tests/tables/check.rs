//! Comparing tables: what a layout needs and a table lacks.

use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType,
};
use axum::http::HeaderMap;
use canvas_memory::ErrorKind;
use canvas_memory::clock::Clock;
use canvas_memory::declare::Level;
use canvas_memory::dynamodb::catalog::TableKind;
use canvas_memory::dynamodb::doctor::{self, Case, Work};
use canvas_memory::dynamodb::tables::TableDefinition;
use canvas_memory::dynamodb::{DynamoClient, health};
use serde_json::{Value, json};

use super::support::dynoxide::Dynoxide;
use super::{about, anyone, told};

fn graph() -> TableDefinition {
    TableKind::Mem0Graph.usual()
}

async fn examined(client: &DynamoClient, table: &TableDefinition) -> Vec<String> {
    let work = Work::Fixed { summary: "a graph", needs: TableKind::Mem0Graph.needs() };
    let case = Case { table, work, makes_table: false, has_policies: true };
    told(&doctor::examine(client, &case).await.diagnosis.findings, Level::Error)
}

#[tokio::test]
async fn an_index_that_is_missing_is_named_with_what_it_has_to_be() {
    let engine = Dynoxide::start();
    let client = engine.client(Clock::system());
    TableDefinition { indexes: Vec::new(), ..graph() }.create(&client).await.unwrap();
    let wanted = "index: the table has no index `RelationshipTypeIndex`; add it with the keys `relationship_type` (text) \
                  and `created_at` (number) and all attributes";
    assert_eq!(told(&graph().check(&client).await.findings, Level::Error), [wanted]);
    assert_eq!(told(&graph().create(&client).await.unwrap().findings, Level::Error), [wanted]);
    assert_eq!(examined(&client, &graph()).await, [wanted]);

    let error = health::check(&client, &graph(), "a graph", TableKind::Mem0Graph.needs()).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Mismatch);
    assert!(error.message().contains("RelationshipTypeIndex"), "{error}");
    let without = TableDefinition { indexes: Vec::new(), ..graph() };
    let healthy = health::check(&client, &without, "a graph", TableKind::Mem0Graph.needs()).await.unwrap();
    assert_eq!(told(&healthy.findings, Level::Ok).len(), 3, "{healthy:#?}");
}

#[tokio::test]
async fn an_index_with_other_keys_or_a_part_of_the_items_is_told() {
    let engine = Dynoxide::start();
    let client = engine.client(Clock::system());
    let definition = |name: &str, kind| {
        AttributeDefinition::builder().attribute_name(name).attribute_type(kind).build().unwrap()
    };
    let key =
        |name: &str, kind| KeySchemaElement::builder().attribute_name(name).key_type(kind).build().unwrap();
    for (table, projection, sorted_by_text, expected) in [
        (
            "keys",
            ProjectionType::All,
            true,
            "has the keys `relationship_type` (text) and `created_at` (text), and not",
        ),
        ("part", ProjectionType::KeysOnly, false, "does not hold whole items"),
    ] {
        let created_at = if sorted_by_text { ScalarAttributeType::S } else { ScalarAttributeType::N };
        let index = GlobalSecondaryIndex::builder()
            .index_name("RelationshipTypeIndex")
            .key_schema(key("relationship_type", KeyType::Hash))
            .key_schema(key("created_at", KeyType::Range))
            .projection(Projection::builder().projection_type(projection).build());
        client
            .sdk()
            .create_table()
            .table_name(table)
            .billing_mode(BillingMode::PayPerRequest)
            .key_schema(key("node_id", KeyType::Hash))
            .key_schema(key("edge_id", KeyType::Range))
            .attribute_definitions(definition("node_id", ScalarAttributeType::S))
            .attribute_definitions(definition("edge_id", ScalarAttributeType::S))
            .attribute_definitions(definition("relationship_type", ScalarAttributeType::S))
            .attribute_definitions(definition("created_at", created_at))
            .global_secondary_indexes(index.build().unwrap())
            .send()
            .await
            .unwrap();
        let wanted = TableDefinition { name: table.into(), ..graph() };
        let found = wanted.check(&client).await;
        let [line] = told(&found.findings, Level::Error).try_into().unwrap();
        assert!(line.starts_with("index: ") && line.contains(expected), "{line}");
    }
}

/// An endpoint that describes a table of a graph whose index is in the given state, and answers every read with nothing.
async fn describing(index: &'static str) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let answer = move |headers: HeaderMap| async move {
        let key = |name: &str, kind: &str| json!({"AttributeName": name, "KeyType": kind});
        let defined = |name: &str, kind: &str| json!({"AttributeName": name, "AttributeType": kind});
        let table = json!({
            "TableName": "Mem0Graph", "TableStatus": "ACTIVE",
            "KeySchema": [key("node_id", "HASH"), key("edge_id", "RANGE")],
            "AttributeDefinitions": [
                defined("node_id", "S"), defined("edge_id", "S"),
                defined("relationship_type", "S"), defined("created_at", "N"),
            ],
            "GlobalSecondaryIndexes": [{
                "IndexName": "RelationshipTypeIndex", "IndexStatus": index, "Backfilling": true,
                "KeySchema": [key("relationship_type", "HASH"), key("created_at", "RANGE")],
                "Projection": {"ProjectionType": "ALL"},
            }],
        });
        let body: Value = match headers["x-amz-target"].to_str().unwrap().split_once('.').unwrap().1 {
            "DescribeTable" => json!({"Table": table}),
            "DescribeTimeToLive" => json!({"TimeToLiveDescription": {"TimeToLiveStatus": "DISABLED"}}),
            other => panic!("{other} is not asked for here"),
        };
        axum::Json(body)
    };
    let app = axum::Router::new().fallback(answer);
    tokio::spawn(async move { axum::serve(listener, app).await });
    url
}

#[tokio::test]
async fn an_index_that_is_still_being_built_is_waited_for_by_who_asks() {
    let building = anyone(&describing("CREATING").await);
    let found = graph().check(&building).await;
    assert_eq!(found.level(), Level::Warning, "{found:#?}");
    assert_eq!(
        about(&found.findings, "index"),
        "the index `RelationshipTypeIndex` is still being built; wait until it is active"
    );
    let error =
        health::check(&building, &graph(), "a graph", TableKind::Mem0Graph.needs()).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Unavailable);
    assert!(error.message().contains("still being built"), "{error}");

    let built = anyone(&describing("ACTIVE").await);
    assert_eq!(graph().check(&built).await.level(), Level::Ok);
}

#[tokio::test]
async fn a_table_that_is_not_there_or_has_other_keys_is_told() {
    let engine = Dynoxide::start();
    let client = engine.client(Clock::system());
    let missing = graph().check(&client).await;
    assert_eq!(missing.level(), Level::Error);
    assert!(about(&missing.findings, "table").contains("is not there"), "{missing:#?}");

    let turns = TableDefinition { name: "Mem0Graph".into(), ..TableKind::Turns.usual() };
    turns.create(&client).await.unwrap();
    let found = told(&graph().check(&client).await.findings, Level::Error);
    assert_eq!(found.len(), 3, "{found:#?}");
    assert!(found[0].starts_with("keys: the table's partition key is `sessionId`, and `node_id` is wanted"));
    assert!(found[1].starts_with("keys: the table's sort key is `sk`, and `edge_id` is wanted"));
    assert_eq!(examined(&client, &graph()).await, found);
}
