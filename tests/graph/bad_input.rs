//! What can't be used, is missing or lies where it should not.

use std::num::NonZeroU32;

use canvas_memory::clock::Clock;
use canvas_memory::dynamodb::mem0::graph::Mem0GraphStore;
use canvas_memory::dynamodb::tables::{KeyAttribute, TableDefinition};
use canvas_memory::error::{Error, ErrorKind};
use canvas_memory::graph::{Change, EdgesOf, GraphStore, NewNode, NodeChange, NodeId, RelationshipType};
use canvas_memory::json::RawJson;
use canvas_memory::session::Scope;
use canvas_memory::store::Page;

use crate::figures::{id, link, store};
use crate::harness::{TABLE, config};
use crate::items::{fixture, put_items, stored, text, update};
use crate::raw_server::{Answer, serve};
use crate::support::dynoxide::{Dynoxide, client_at};
use aws_sdk_dynamodb::types::AttributeValue;

fn kind_of_type() -> RelationshipType {
    RelationshipType::new("KNOWS").unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_index_is_named_with_the_way_out() {
    let engine = Dynoxide::start();
    let (client, _) = store(&engine, config(false), Clock::default()).await;
    let store = Mem0GraphStore::new(client, config(true)).unwrap();
    store.link(&Scope::default(), link("a", "KNOWS", "b")).await.unwrap();
    let error = store.edges_of_type(&Scope::default(), &kind_of_type(), Page::default()).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::NotFound);
    let said = error.to_string();
    assert!(said.contains("index RelationshipTypeIndex") && said.contains("`enableGsi`"), "{said}");
    assert!(said.contains("table graph"), "{said}");
    assert_eq!(error.usage().requests, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_that_is_still_built_is_worth_a_wait() {
    let body = r#"{"__type":"com.amazon.coral.validate#ValidationException","message":"Cannot read from backfilling global secondary index: RelationshipTypeIndex"}"#;
    let (url, _) =
        serve(Answer::body("400 Bad Request", "application/x-amz-json-1.0", body, body.len())).await;
    let store = Mem0GraphStore::new(client_at(&url, Clock::default()), config(true)).unwrap();
    let error = store.edges_of_type(&Scope::default(), &kind_of_type(), Page::default()).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Unavailable);
    assert!(error.to_string().contains("still being built"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_with_a_number_for_a_key_is_of_another_shape() {
    let engine = Dynoxide::start();
    let client = engine.client(Clock::default());
    let keys = (KeyAttribute::number("node_id"), KeyAttribute::text("edge_id"));
    TableDefinition::new(TABLE, keys.0, keys.1).create(&client).await.unwrap();
    let store = Mem0GraphStore::new(client, config(false)).unwrap();
    let scope = Scope::default();
    let errors: [Error; 5] = [
        store.put_node(&scope, NewNode::new(id("a"), "x")).await.unwrap_err(),
        store.node(&scope, &id("a")).await.unwrap_err(),
        store.link(&scope, link("a", "KNOWS", "b")).await.unwrap_err(),
        store.edges(&scope, &id("a"), &EdgesOf::default()).await.unwrap_err(),
        store.delete_node(&scope, &id("a")).await.unwrap_err(),
    ];
    for error in errors {
        assert_eq!(*error.kind(), ErrorKind::Mismatch, "{error}");
        assert!(error.to_string().contains("table graph"), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_table_is_not_an_empty_graph() {
    let engine = Dynoxide::start();
    let store = Mem0GraphStore::new(engine.client(Clock::default()), config(true)).unwrap();
    let scope = Scope::default();
    let one = NonZeroU32::MIN;
    let errors: [Error; 5] = [
        store.node(&scope, &id("a")).await.unwrap_err(),
        store.neighbours(&scope, &id("a"), &EdgesOf::default()).await.unwrap_err(),
        store.list_nodes(&scope, Page::default()).await.unwrap_err(),
        store.search(&scope, "anything", one).await.unwrap_err(),
        store.edges_of_type(&scope, &kind_of_type(), Page::default()).await.unwrap_err(),
    ];
    for error in errors {
        assert_eq!(*error.kind(), ErrorKind::NotFound, "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_fit_is_refused_and_nothing_is_written() {
    let engine = Dynoxide::start();
    let (client, store) = store(&engine, config(true), Clock::default()).await;
    let scope = Scope::default();
    let large = "x".repeat(400 * 1024);
    let json = RawJson::parse(format!(r#"{{"large":"{large}"}}"#)).unwrap();
    let errors: [Error; 3] = [
        store.put_node(&scope, NewNode::new(id("a"), large.as_str())).await.unwrap_err(),
        store
            .put_nodes(
                &scope,
                vec![NewNode::new(id("b"), "fits"), NewNode::new(id("a"), "").with_metadata(json.clone())],
            )
            .await
            .unwrap_err(),
        store.link(&scope, link("a", "KNOWS", "b").with_properties(json)).await.unwrap_err(),
    ];
    for error in errors {
        assert_eq!(*error.kind(), ErrorKind::TooLarge, "{error}");
    }
    assert!(stored(&client).await.is_empty());

    store.put_node(&scope, NewNode::new(id("a"), "small")).await.unwrap();
    let change = NodeChange { content: Change::Set(large), ..NodeChange::default() };
    let error = store.update_node(&scope, &id("a"), change).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::TooLarge);
    assert_eq!(store.node(&scope, &id("a")).await.unwrap().node.unwrap().content, "small");
}

#[tokio::test(flavor = "multi_thread")]
async fn large_nodes_go_in_as_many_transactions_as_they_need() {
    let engine = Dynoxide::start();
    let (_, store) = store(&engine, config(true), Clock::default()).await;
    let nodes: Vec<_> =
        (0..30).map(|number| NewNode::new(id(&format!("n{number}")), "y".repeat(300_000))).collect();
    let put = store.put_nodes(&Scope::default(), nodes).await.unwrap();
    assert_eq!(put.outcomes.len(), 30);
    let ids: Vec<_> = (0..30).map(|number| id(&format!("n{number}"))).collect();
    assert_eq!(store.nodes(&Scope::default(), &ids).await.unwrap().nodes.len(), 30);
}

/// Names that are as long as can be, and one byte longer.
#[tokio::test(flavor = "multi_thread")]
async fn names_at_their_limits() {
    let engine = Dynoxide::start();
    let (_, store) = store(&engine, config(true), Clock::default()).await;
    let (local, ann) = (Scope::default(), Scope::new("ann").unwrap());
    let longest = id(&"n".repeat(2_048));
    store.put_node(&local, NewNode::new(longest.clone(), "long name")).await.unwrap();
    let edge = store.link(&local, link(longest.as_str(), &"t".repeat(2_048), "b").once()).await.unwrap().edge;
    assert_eq!(store.edges(&local, &id("b"), &EdgesOf::default()).await.unwrap().edges, [edge]);
    assert_eq!(store.delete_node(&local, &longest).await.unwrap().edges, 1);
    assert!(NodeId::new("n".repeat(2_049)).is_err() && NodeId::new("").is_err());
    let error = store.put_node(&ann, NewNode::new(longest, "x")).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::InvalidInput { field: "nodeId".to_owned() });
    let types = vec![kind_of_type(); EdgesOf::MAX_TYPES + 1];
    let error = store.edges(&ann, &id("a"), &EdgesOf { types, ..EdgesOf::default() }).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::InvalidInput { field: "types".to_owned() });
}

/// Rows that tell of an edge elsewhere, or of none, are told and left; a deletion ends all the same.
#[tokio::test(flavor = "multi_thread")]
async fn rows_that_are_no_edges_are_left_and_told() {
    let engine = Dynoxide::start();
    let (client, store) = store(&engine, config(true), Clock::default()).await;
    let scope = Scope::default();
    store.put_node(&scope, NewNode::new(id("a"), "x")).await.unwrap();
    for _ in 0..3 {
        store.link(&scope, link("a", "KNOWS", "b")).await.unwrap();
    }
    let edges = store.edges(&scope, &id("a"), &EdgesOf::default()).await.unwrap().edges;
    let sort = |at: usize| format!("OUT#{}", edges[at].id);
    update(&client, "a", &sort(0), "target_id", AttributeValue::N("7".to_owned())).await;
    update(&client, "a", &sort(1), "source_id", text("elsewhere")).await;
    let bare = r#"[{"node_id":{"S":"a"},"edge_id":{"S":"OUT#bare"}},{"node_id":{"S":"a"},"edge_id":{"S":"NOTE#1"}}]"#;
    put_items(&client, fixture(bare)).await;

    let page = store.edges(&scope, &id("a"), &EdgesOf::default()).await.unwrap();
    assert_eq!((page.edges.len(), page.unreadable.len()), (1, 3), "{page:?}");
    let deleted = store.delete_node(&scope, &id("a")).await.unwrap();
    assert_eq!((deleted.existed, deleted.edges, deleted.unreadable.len()), (true, 1, 3), "{deleted:?}");
    let left = stored(&client).await;
    let at_a: Vec<_> = left.iter().filter(|item| item["node_id"] == text("a")).collect();
    assert_eq!(at_a.len(), 4, "{at_a:?}");
}
