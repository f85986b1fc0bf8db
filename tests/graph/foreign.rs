//! What we write is what Mem0 writes, but for what is ours alone.

use std::collections::BTreeMap;

use canvas_memory::clock::Clock;
use canvas_memory::dynamodb::mem0::graph::GraphConfig;
use canvas_memory::dynamodb::size::Item;
use canvas_memory::graph::{GraphStore, Link, NewNode};
use canvas_memory::session::Scope;

use crate::figures::store;
use crate::harness::{TABLE, mem0_graph};
use crate::items::{FIXTURE, fixture, stored};
use crate::support::dynoxide::Dynoxide;

/// Writes with our store what the fixture holds.
async fn write(store: &dyn GraphStore, scope: &Scope) {
    let graph = mem0_graph();
    for node in graph.nodes {
        let new = NewNode { id: node.id, content: node.content, metadata: node.metadata };
        assert!(store.put_node(scope, new).await.unwrap().created);
    }
    for edge in graph.edges {
        let link = Link::new(edge.source, edge.relationship_type, edge.target).with_id(edge.id);
        let link = link.with_properties(edge.properties.unwrap()).between_existing();
        assert!(!store.link(scope, link).await.unwrap().duplicate);
    }
}

/// Items with their attributes in order, so that they can be compared.
fn sorted(items: Vec<Item>) -> BTreeMap<String, BTreeMap<String, String>> {
    let item = |item: Item| {
        let shown = |(name, value)| (name, format!("{value:?}"));
        let item: BTreeMap<_, _> = item.into_iter().map(shown).collect();
        (format!("{} {}", item["node_id"], item["edge_id"]), item)
    };
    items.into_iter().map(item).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn our_items_are_those_of_mem0() {
    let engine = Dynoxide::start();
    let config = GraphConfig { words: false, ..GraphConfig::new(TABLE) };
    let (client, store) = store(&engine, config, Clock::manual(1_795_168_632)).await;
    write(&store, &Scope::default()).await;
    assert_eq!(sorted(stored(&client).await), sorted(fixture(FIXTURE)));
}

#[tokio::test(flavor = "multi_thread")]
async fn words_lie_where_mem0_does_not_look() {
    let engine = Dynoxide::start();
    let (client, store) = store(&engine, GraphConfig::new(TABLE), Clock::manual(1_795_168_632)).await;
    write(&store, &Scope::default()).await;
    let (ours, theirs): (Vec<_>, Vec<_>) = stored(&client)
        .await
        .into_iter()
        .partition(|item| item["node_id"].as_s().unwrap().starts_with("canvas-memory:word:local:"));
    assert!(ours.iter().all(|item| item.len() == 2), "a row of a word is in the index: {ours:?}");
    let theirs = theirs.into_iter().map(|mut item| {
        item.remove("cm_words");
        item
    });
    assert_eq!(sorted(theirs.collect()), sorted(fixture(FIXTURE)));
    assert_eq!(ours.len(), 3 + 4, "{ours:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scope_stands_in_every_key() {
    let engine = Dynoxide::start();
    let (client, store) = store(&engine, GraphConfig::new(TABLE), Clock::default()).await;
    write(&store, &Scope::new("ann").unwrap()).await;
    for item in stored(&client).await {
        for name in ["node_id", "source_id", "target_id", "relationship_type"] {
            if let Some(value) = item.get(name) {
                let value = value.as_s().unwrap();
                let carried = value.starts_with("canvas-memory:scope:ann:")
                    || value.starts_with("canvas-memory:word:ann:");
                assert!(carried, "{name} is {value}");
            }
        }
    }
    for id in ["blue", "sky"] {
        let graph = mem0_graph();
        let id = graph.nodes.iter().find(|node| node.id.as_str() == id).unwrap().id.clone();
        assert!(store.delete_node(&Scope::new("ann").unwrap(), &id).await.unwrap().existed);
    }
    assert!(stored(&client).await.is_empty(), "something is left of deleted nodes");
}
