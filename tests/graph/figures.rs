//! What calls cost, exactly.

use canvas_memory::clock::Clock;
use canvas_memory::dynamodb::DynamoClient;
use canvas_memory::dynamodb::mem0::graph::{GraphConfig, Mem0GraphStore, table};
use canvas_memory::graph::{
    Change, EdgesOf, GraphStore, Link, NewNode, NodeChange, NodeId, RelationshipType,
};
use canvas_memory::session::Scope;
use canvas_memory::store::Page;

use crate::harness::{TABLE, config};
use crate::support::dynoxide::Dynoxide;

pub(crate) fn id(name: &str) -> NodeId {
    NodeId::new(name).unwrap()
}

pub(crate) fn link(source: &str, name: &str, target: &str) -> Link {
    Link::new(id(source), RelationshipType::new(name).unwrap(), id(target))
}

/// A client and a store on a new table.
pub(crate) async fn store(
    engine: &Dynoxide,
    config: GraphConfig,
    clock: Clock,
) -> (DynamoClient, Mem0GraphStore) {
    let client = engine.client(clock);
    table(&config).create(&client).await.unwrap();
    (client.clone(), Mem0GraphStore::new(client, config).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn neighbours_of_a_node_with_100_edges_take_two_requests() {
    let engine = Dynoxide::start();
    let (_, store) = store(&engine, config(true), Clock::default()).await;
    let scope = Scope::default();
    let nodes = (0..100).map(|number| NewNode::new(id(&format!("n{number}")), "something")).collect();
    store.put_nodes(&scope, nodes).await.unwrap();
    store.put_node(&scope, NewNode::new(id("hub"), "the middle")).await.unwrap();
    for number in 0..100 {
        let other = format!("n{number}");
        let edge = if number % 2 == 0 { link("hub", "KNOWS", &other) } else { link(&other, "KNOWS", "hub") };
        let linked = store.link(&scope, edge.between_existing()).await.unwrap();
        assert_eq!(linked.usage.requests, 1);
    }
    let all = EdgesOf { page: Page { limit: 100.try_into().unwrap(), token: None }, ..EdgesOf::default() };
    let near = store.neighbours(&scope, &id("hub"), &all).await.unwrap();
    assert_eq!((near.neighbours.len(), near.next.as_ref()), (100, None));
    assert_eq!(near.usage.requests, 2);
    let of_type = EdgesOf { types: vec![RelationshipType::new("KNOWS").unwrap()], ..all };
    let near = store.neighbours(&scope, &id("hub"), &of_type).await.unwrap();
    assert_eq!((near.neighbours.len(), near.usage.requests), (100, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_takes_one_request_and_a_change_two() {
    let engine = Dynoxide::start();
    let (_, store) = store(&engine, config(true), Clock::default()).await;
    let scope = Scope::default();
    let put = store.put_node(&scope, NewNode::new(id("tea"), "Anna drinks green tea")).await.unwrap();
    // The node and its four words, at 2 units each in a transaction.
    assert_eq!((put.usage.requests, put.usage.write_units), (1, 10.0));
    store.put_node(&scope, NewNode::new(id("anna"), "")).await.unwrap();

    let linked = store.link(&scope, link("anna", "DRINKS", "tea")).await.unwrap();
    // Three rows at 2 units each in a transaction, and each once more in the index.
    assert_eq!((linked.usage.requests, linked.usage.write_units), (1, 9.0));
    let once = link("anna", "DRINKS", "tea").once().between_existing();
    let linked = store.link(&scope, once.clone()).await.unwrap();
    assert_eq!(linked.usage.requests, 1);
    // Who checks nothing pays for nothing but the rows; each node that is checked costs 2 units more.
    assert_eq!(linked.usage.write_units, 13.0);
    let again = store.link(&scope, once).await.unwrap();
    assert!(again.duplicate);
    assert_eq!(again.usage.requests, 1);
    let unlinked = store.unlink(&scope, &linked.edge.key()).await.unwrap();
    assert_eq!((unlinked.usage.requests, unlinked.usage.write_units), (1, 9.0));

    let change =
        NodeChange { content: Change::Set("Anna drinks black tea".to_owned()), ..NodeChange::default() };
    let changed = store.update_node(&scope, &id("tea"), change).await.unwrap();
    assert_eq!(changed.usage.requests, 2);
    // The node, one word more and one fewer.
    assert_eq!(changed.usage.write_units, 6.0);
    let found = store.search(&scope, "tea", 5.try_into().unwrap()).await.unwrap();
    assert_eq!((found.hits.len(), found.usage.requests), (1, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_words_a_node_costs_what_it_weighs() {
    let engine = Dynoxide::start();
    let config = GraphConfig { words: false, ..GraphConfig::new(TABLE) };
    let (_, store) = store(&engine, config, Clock::default()).await;
    let put =
        store.put_node(&Scope::default(), NewNode::new(id("tea"), "Anna drinks green tea")).await.unwrap();
    assert_eq!((put.usage.requests, put.usage.write_units), (1, 2.0));
    let found = store.search(&Scope::default(), "green", 5.try_into().unwrap()).await.unwrap();
    assert!(found.hits.is_empty());
    let found = store.search(&Scope::default(), "Is tea there?", 5.try_into().unwrap()).await.unwrap();
    assert_eq!((found.hits.len(), found.usage.requests), (1, 1));
}
