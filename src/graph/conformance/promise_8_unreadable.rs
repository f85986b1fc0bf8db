//! What can't be read is told by its key, hides nothing else and is never overwritten; what others wrote is continued.

use super::ForeignGraph;
use super::suite::{
    Suite, Verdict, add, all_edges, ensure, ensure_error, fail, id, link, new_node, not_proven, page, put,
};
use crate::conformance::Hook;
use crate::error::ErrorKind;
use crate::graph::{Change, EdgesOf, Link, NewNode, NodeChange, Put};
use crate::session::Scope;

pub(super) async fn check(suite: &Suite<'_>) {
    suite.check(8, "a node that can't be read", unreadable_node(suite)).await;
    suite.check(8, "an edge that can't be read", unreadable_edge(suite)).await;
    suite.check(8, "what another program wrote", foreign(suite)).await;
}

async fn unreadable_node(suite: &Suite<'_>) -> Verdict {
    let (store, scope) = (suite.store().await, suite.scope()?);
    put(&*store, &scope, &["a", "bad", "c"]).await?;
    add(&*store, &scope, &link("a", "KNOWS", "bad")?).await?;
    add(&*store, &scope, &link("a", "KNOWS", "c")?).await?;
    if suite.harness.corrupt_node(&scope, &id("bad")?).await == Hook::NotOffered {
        return not_proven("the harness can't corrupt a node");
    }
    let corrupt = |kind: &ErrorKind| *kind == ErrorKind::Corrupt;
    for _ in 0..2 {
        let read = store.nodes(&scope, &[id("a")?, id("bad")?, id("c")?]).await?;
        let told = read.unreadable.iter().any(|row| row.key.contains("bad") && !row.reason.is_empty());
        ensure(read.nodes.len() == 2 && told, || format!("read {read:?}"))?;
        let listed = store.list_nodes(&scope, page(50, None)).await?;
        ensure(listed.nodes.len() == 2 && listed.unreadable.len() == 1, || format!("listed {listed:?}"))?;
        let near = store.neighbours(&scope, &id("a")?, &EdgesOf::default()).await?;
        let told = near.neighbours.len() == 1 && near.dangling.is_empty() && near.unreadable.len() == 1;
        ensure(told, || format!("near {near:?}"))?;
        ensure_error(store.node(&scope, &id("bad")?).await, corrupt)?;
        // None of these may mend or replace what is there.
        let change =
            NodeChange { content: Change::Set("over".to_owned()), metadata: Change::Clear, if_content: None };
        ensure_error(store.update_node(&scope, &id("bad")?, change).await, corrupt)?;
        ensure_error(store.put_node(&scope, new_node("bad")?).await, corrupt)?;
        let nodes = vec![NewNode::new(id("bad")?, "over"), NewNode::new(id("a")?, "over")];
        let outcomes = store.put_nodes(&scope, nodes).await?.outcomes;
        let told = matches!(outcomes.as_slice(), [Put::Unreadable(_), Put::Existed(_)]);
        ensure(told, || format!("put {outcomes:?}"))?;
    }
    let deleted = store.delete_node(&scope, &id("bad")?).await?;
    ensure(deleted.existed && deleted.edges == 1, || format!("deleted {deleted:?}"))
}

async fn unreadable_edge(suite: &Suite<'_>) -> Verdict {
    let (store, scope) = (suite.store().await, suite.scope()?);
    put(&*store, &scope, &["a", "b"]).await?;
    let bad = link("a", "KNOWS", "b")?;
    let edge = add(&*store, &scope, &bad).await?;
    let good = add(&*store, &scope, &link("a", "KNOWS", "b")?).await?;
    if suite.harness.corrupt_edge(&scope, &edge).await == Hook::NotOffered {
        return not_proven("the harness can't corrupt an edge");
    }
    let page = store.edges(&scope, &id("a")?, &EdgesOf::default()).await?;
    ensure(page.edges == [good.clone()] && page.unreadable.len() == 1, || format!("read {page:?}"))?;
    ensure_error(store.link(&scope, bad).await, |kind| *kind == ErrorKind::Corrupt)?;
    let at_b = all_edges(&*store, &scope, &id("b")?, EdgesOf::default(), 5).await?;
    ensure(at_b.contains(&good), || "the good one is hidden".to_owned())?;
    store.unlink(&scope, &edge.key()).await?;
    suite.ensure_edges(&scope, &id("a")?, &[&good]).await
}

async fn foreign(suite: &Suite<'_>) -> Verdict {
    let Some(ForeignGraph { nodes, edges }) = suite.harness.foreign().await else {
        return not_proven("the harness knows no other program");
    };
    let (store, scope) = (suite.store().await, Scope::default());
    for node in &nodes {
        let read = store.node(&scope, &node.id).await?.node;
        ensure(read.as_ref() == Some(node), || format!("{node:?} is read as {read:?}"))?;
    }
    for edge in &edges {
        for end in [&edge.source, &edge.target] {
            let found = all_edges(&*store, &scope, end, EdgesOf::default(), 50).await?;
            ensure(found.contains(edge), || format!("{edge:?} is not at {end}"))?;
        }
        let name = edge.relationship_type.as_str();
        ensure(suite.of_type(&scope, name, 1).await?.contains(edge), || {
            format!("no edge of the type {name}")
        })?;
    }
    let (Some(first), Some(edge)) = (nodes.first(), edges.first()) else {
        return fail("the other program wrote nothing");
    };
    let change = NodeChange { content: Change::Set("continued".to_owned()), ..NodeChange::default() };
    let changed = store.update_node(&scope, &first.id, change).await?.node;
    ensure(changed.metadata == first.metadata, || "its metadata changed".to_owned())?;
    let own = id(&suite.own_name("own"))?;
    store.put_node(&scope, NewNode::new(own.clone(), "ours")).await?;
    let link = Link::new(own.clone(), edge.relationship_type.clone(), first.id.clone());
    store.link(&scope, link.between_existing()).await?;
    store.unlink(&scope, &edge.key()).await?;
    for node in nodes.iter().map(|node| &node.id).chain([&own]) {
        store.delete_node(&scope, node).await?;
    }
    let left = suite.of_type(&scope, edge.relationship_type.as_str(), 0).await?.len();
    ensure(left == 0, || format!("{left} edges are left"))
}
