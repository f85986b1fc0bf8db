//! A node is put where none is, and only what exists is changed. Nothing makes a phantom.

use tokio::task::JoinSet;

use super::suite::{Suite, Verdict, all_nodes, ensure, ensure_error, fail, id, new_node, put};
use crate::error::ErrorKind;
use crate::graph::{Change, NewNode, Node, NodeChange, Put};
use crate::json::RawJson;

pub(super) async fn check(suite: &Suite<'_>) {
    suite.check(2, "a node comes back as it was put", as_it_was_put(suite)).await;
    suite.check(2, "a node that is there is left as it is", left_as_it_is(suite)).await;
    suite.check(2, "many nodes at once, some there already", many_at_once(suite)).await;
    suite.check(2, "many hosts put the same node", many_hosts(suite)).await;
    suite.check(2, "a change keeps what it does not name", change_keeps(suite)).await;
    suite.check(2, "content and metadata can be cleared", cleared(suite)).await;
    suite.check(2, "a change of other content than it expects is refused", outdated(suite)).await;
    suite.check(2, "changes of many hosts all have their effect", many_changes(suite)).await;
    suite.check(2, "a change of no node makes no phantom", no_phantom(suite)).await;
    suite.check(2, "what can't be put is refused", refused(suite)).await;
}

fn json(text: &str) -> Verdict<RawJson> {
    RawJson::parse(text).or_else(|error| fail(error.to_string()))
}

async fn as_it_was_put(suite: &Suite<'_>) -> Verdict {
    let (store, scope) = (suite.store().await, suite.scope()?);
    let metadata = json(r#"{"n":12345678901234567890.10,"s":"\ud83d","nested":{"a":[1,null]}}"#)?;
    let names = ["plain", "mit Umlaut ü", "日本", "a#b:c/d", "META", "OUT#1", " space ", "\u{1f600}"];
    for name in names {
        for (suffix, content) in [("", "text \u{1f600} \u{0} end"), ("empty", "")] {
            let node = NewNode::new(id(&format!("{name}{suffix}"))?, content).with_metadata(metadata.clone());
            let put = store.put_node(&scope, node.clone()).await?;
            ensure(put.created, || format!("{name:?} is called a duplicate"))?;
            let read = suite.store().await.node(&scope, &node.id).await?.node;
            ensure(read.as_ref() == Some(&put.node), || format!("{:?} became {read:?}", put.node))?;
            let kept = put.node.content == content && put.node.metadata.as_ref() == Some(&metadata);
            ensure(kept, || format!("{name:?} became {:?}", put.node))?;
            ensure(put.node.created_at_epoch_secs.is_some(), || "nobody knows since when".to_owned())?;
        }
    }
    let listed = all_nodes(&*store, &scope, 3).await?.len();
    ensure(listed == 2 * names.len(), || format!("{listed} nodes are listed"))?;
    let read = store.nodes(&scope, &[id("nobody")?, id("plain")?]).await?;
    ensure(read.missing == [id("nobody")?] && read.nodes.len() == 1, || format!("found {read:?}"))
}

async fn left_as_it_is(suite: &Suite<'_>) -> Verdict {
    let (store, scope) = (suite.store().await, suite.scope()?);
    let first = put(&*store, &scope, &["a"]).await?;
    let again = store.put_node(&scope, NewNode::new(id("a")?, "something else")).await?;
    ensure(!again.created && first.first() == Some(&again.node), || format!("became {:?}", again.node))
}

async fn many_at_once(suite: &Suite<'_>) -> Verdict {
    let (store, scope) = (suite.store().await, suite.scope()?);
    put(&*store, &scope, &["n7", "n60"]).await?;
    let names: Vec<_> = (0..120).map(|number| format!("n{number}")).collect();
    let nodes = names.iter().map(|name| new_node(name)).collect::<Verdict<Vec<_>>>()?;
    let outcomes = store.put_nodes(&scope, nodes.clone()).await?.outcomes;
    ensure(outcomes.len() == 120, || format!("{} outcomes", outcomes.len()))?;
    for (node, outcome) in nodes.iter().zip(outcomes) {
        let there = ["n7", "n60"].contains(&node.id.as_str());
        let right = match &outcome {
            Put::Created(Node { id, .. }) => !there && *id == node.id,
            Put::Existed(Node { id, .. }) => there && *id == node.id,
            Put::Unreadable(_) => false,
        };
        ensure(right, || format!("{}: {outcome:?}", node.id))?;
    }
    let ids: Vec<_> = nodes.iter().rev().map(|node| node.id.clone()).collect();
    let read = store.nodes(&scope, &ids).await?;
    let in_order = read.nodes.iter().map(|node| &node.id).eq(&ids);
    ensure(in_order, || format!("{} of 120 nodes, or in another order", read.nodes.len()))
}

async fn many_hosts(suite: &Suite<'_>) -> Verdict {
    let scope = suite.scope()?;
    let mut writers = JoinSet::new();
    for writer in 0..suite.options.writers {
        let (store, scope, node) = (suite.store().await, scope.clone(), id("a")?);
        writers
            .spawn(async move { store.put_node(&scope, NewNode::new(node, format!("by {writer}"))).await });
    }
    let mut created = 0;
    let mut seen = Vec::new();
    for put in writers.join_all().await {
        let put = put?;
        created += u32::from(put.created);
        seen.push(put.node);
    }
    ensure(created == 1, || format!("{created} hosts have put it"))?;
    ensure(seen.windows(2).all(|pair| pair.first() == pair.last()), || "they see different nodes".to_owned())
}

async fn change_keeps(suite: &Suite<'_>) -> Verdict {
    let (store, scope) = (suite.store().await, suite.scope()?);
    let node = NewNode::new(id("a")?, "old").with_metadata(json(r#"{"long":1.10}"#)?);
    let put = store.put_node(&scope, node).await?.node;
    let change = NodeChange { content: Change::Set("new words".to_owned()), ..NodeChange::default() };
    let changed = store.update_node(&scope, &put.id, change).await?.node;
    let expected = Node {
        content: "new words".to_owned(),
        updated_at_epoch_secs: changed.updated_at_epoch_secs,
        ..put.clone()
    };
    ensure(changed == expected, || format!("became {changed:?}"))?;
    ensure(changed.updated_at_epoch_secs.is_some(), || "nobody knows when".to_owned())?;
    let change = NodeChange { metadata: Change::Set(json(r#"{"b":2}"#)?), ..NodeChange::default() };
    let changed = store.update_node(&scope, &put.id, change).await?.node;
    ensure(changed.content == "new words", || "the content changed".to_owned())?;
    let read = suite.store().await.node(&scope, &put.id).await?.node;
    ensure(read == Some(changed), || format!("stored is {read:?}"))
}

async fn cleared(suite: &Suite<'_>) -> Verdict {
    let (store, scope) = (suite.store().await, suite.scope()?);
    let node = NewNode::new(id("a")?, "old").with_metadata(json(r#"{"a":1}"#)?);
    store.put_node(&scope, node).await?;
    let change = NodeChange { content: Change::Clear, metadata: Change::Clear, if_content: None };
    store.update_node(&scope, &id("a")?, change).await?;
    let read = suite.store().await.node(&scope, &id("a")?).await?.node;
    let cleared = read.as_ref().is_some_and(|node| node.content.is_empty() && node.metadata.is_none());
    ensure(cleared, || format!("stored is {read:?}"))
}

async fn outdated(suite: &Suite<'_>) -> Verdict {
    let (store, scope) = (suite.store().await, suite.scope()?);
    let metadata = json(r#"{"a":1}"#)?;
    let put = store.put_node(&scope, NewNode::new(id("a")?, "old").with_metadata(metadata)).await?.node;
    let conflict = |kind: &ErrorKind| matches!(kind, ErrorKind::Conflict { .. });
    for (content, metadata) in [
        (Change::Set("new".to_owned()), Change::Keep),
        (Change::Keep, Change::Clear),
        (Change::Clear, Change::Set(json("{}")?)),
    ] {
        let change = NodeChange { content, metadata, if_content: Some("older".to_owned()) };
        ensure_error(store.update_node(&scope, &put.id, change).await, conflict)?;
    }
    let read = suite.store().await.node(&scope, &put.id).await?.node;
    ensure(read == Some(put.clone()), || format!("stored is {read:?}"))?;
    let change = NodeChange {
        content: Change::Set("new".to_owned()),
        if_content: Some("old".to_owned()),
        ..NodeChange::default()
    };
    let changed = store.update_node(&scope, &put.id, change).await?.node;
    ensure(changed.content == "new", || format!("became {changed:?}"))
}

async fn many_changes(suite: &Suite<'_>) -> Verdict {
    let scope = suite.scope()?;
    put(&*suite.store().await, &scope, &["a"]).await?;
    let mut writers = JoinSet::new();
    for writer in 0..suite.options.writers {
        let (store, scope, node) = (suite.store().await, scope.clone(), id("a")?);
        let change = if writer % 2 == 0 {
            NodeChange { content: Change::Set(format!("content {writer}")), ..NodeChange::default() }
        } else {
            NodeChange {
                metadata: Change::Set(json(&format!(r#"{{"by":{writer}}}"#))?),
                ..NodeChange::default()
            }
        };
        writers.spawn(async move { store.update_node(&scope, &node, change).await });
    }
    for changed in writers.join_all().await {
        changed?;
    }
    let node = suite.store().await.node(&scope, &id("a")?).await?.node;
    let both =
        node.as_ref().is_some_and(|node| node.content.starts_with("content ") && node.metadata.is_some());
    ensure(both, || format!("became {node:?}"))
}

async fn no_phantom(suite: &Suite<'_>) -> Verdict {
    let (store, scope) = (suite.store().await, suite.scope()?);
    let change = NodeChange { content: Change::Set("ghost".to_owned()), ..NodeChange::default() };
    let changed = store.update_node(&scope, &id("nobody")?, change).await;
    ensure_error(changed, |kind| *kind == ErrorKind::NotFound)?;
    let deleted = store.delete_node(&scope, &id("nobody")?).await?;
    ensure(!deleted.existed && deleted.edges == 0, || format!("deleted {deleted:?}"))?;
    let read = store.node(&scope, &id("nobody")?).await?.node;
    ensure(read.is_none() && all_nodes(&*store, &scope, 5).await?.is_empty(), || "a phantom".to_owned())
}

async fn refused(suite: &Suite<'_>) -> Verdict {
    let (store, scope) = (suite.store().await, suite.scope()?);
    let invalid = |kind: &ErrorKind| matches!(kind, ErrorKind::InvalidInput { .. });
    let node = new_node("a")?;
    ensure_error(store.put_nodes(&scope, vec![node.clone(), node.clone()]).await, invalid)?;
    for text in ["[]", "1", "\"x\"", "null"] {
        let bad = node.clone().with_metadata(json(text)?);
        ensure_error(store.put_node(&scope, bad).await, invalid)?;
    }
    ensure(all_nodes(&*store, &scope, 5).await?.is_empty(), || "something was put all the same".to_owned())?;
    ensure(store.put_nodes(&scope, Vec::new()).await?.outcomes.is_empty(), || "more than nothing".to_owned())
}
