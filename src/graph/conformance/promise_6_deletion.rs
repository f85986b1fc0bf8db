//! A deletion takes all edges with it, also against a writer at the same time, and what was cut off goes on.

use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::stream;
use tokio::task::JoinSet;

use super::suite::{Stop, Suite, Verdict, add, all_edges, all_nodes, ensure, fail, id, link, new_node, put};
use crate::conformance::{Fault, Requests};
use crate::error::ErrorKind;
use crate::graph::{EdgesOf, GraphStore, NodeId};
use crate::session::Scope;

/// How long a writer goes on linking to a node that is being deleted before the deletion counts as without effect.
const TOO_LONG: Duration = Duration::from_secs(60);

/// Edges of a node whose deletion is cut off.
const CUT_EDGES: u32 = 40;

pub(super) async fn check(suite: &Suite<'_>) {
    suite.check(6, "a node goes with its edges, and others stay", with_its_edges(suite)).await;
    suite.check(6, "a node with very many edges", very_many(suite)).await;
    suite.check(6, "while others link to it", while_linking(suite)).await;
    suite.check(6, "many delete the same node", many_deletions(suite)).await;
    suite.check(6, "one that is cut off goes on", cut_off(suite)).await;
    suite.check(6, "one that is cut off does not come back with a new node", put_again(suite)).await;
    suite.check(6, "deleted and put at the same time", deleted_and_put(suite)).await;
}

/// Fails if any edge leads to or from `gone`.
async fn ensure_gone(suite: &Suite<'_>, scope: &Scope, gone: &NodeId, others: &[NodeId]) -> Verdict {
    let store = suite.store().await;
    ensure(store.node(scope, gone).await?.node.is_none(), || "the node is still there".to_owned())?;
    for node in others.iter().chain([gone]) {
        let edges = all_edges(&*store, scope, node, EdgesOf::default(), 500).await?;
        let left = edges.iter().filter(|edge| edge.source == *gone || edge.target == *gone).count();
        ensure(left == 0, || format!("{left} edges are left at {node}"))?;
    }
    let left = suite.of_type(scope, "KNOWS", 0).await?;
    let left = left.iter().filter(|edge| edge.source == *gone || edge.target == *gone).count();
    ensure(left == 0, || format!("{left} edges are left under their type"))
}

async fn with_its_edges(suite: &Suite<'_>) -> Verdict {
    let (store, scope) = (suite.store().await, suite.scope()?);
    // A type that is named as the node must not go with it.
    put(&*store, &scope, &["hub", "a", "b"]).await?;
    for (source, name, target) in
        [("hub", "KNOWS", "a"), ("a", "KNOWS", "hub"), ("hub", "KNOWS", "hub"), ("hub", "KNOWS", "ghost")]
    {
        add(&*store, &scope, &link(source, name, target)?).await?;
    }
    let kept = add(&*store, &scope, &link("a", "hub", "b")?).await?;
    let deleted = store.delete_node(&scope, &id("hub")?).await?;
    ensure(deleted.existed && deleted.edges == 4, || format!("deleted {deleted:?}"))?;
    ensure_gone(suite, &scope, &id("hub")?, &[id("a")?, id("b")?, id("ghost")?]).await?;
    suite.ensure_edges(&scope, &id("a")?, &[&kept]).await?;
    let nodes = all_nodes(&*store, &scope, 10).await?.len();
    ensure(nodes == 2, || format!("{nodes} nodes are left"))?;
    let again = store.delete_node(&scope, &id("hub")?).await?;
    ensure(!again.existed && again.edges == 0, || format!("deleted again {again:?}"))?;
    put(&*store, &scope, &["hub"]).await?;
    suite.ensure_edges(&scope, &id("hub")?, &[]).await
}

/// Links so many nodes to `hub`, many at a time.
async fn fill(store: &dyn GraphStore, scope: &Scope, edges: u32) -> Verdict {
    let links = (0..edges).map(|number| {
        let other = format!("n{}", number % 50);
        if number % 2 == 0 { link("hub", "KNOWS", &other) } else { link(&other, "KNOWS", "hub") }
    });
    let links = links.collect::<Verdict<Vec<_>>>()?;
    let mut calls = stream::iter(links.into_iter().map(|link| store.link(scope, link))).buffer_unordered(16);
    while let Some(linked) = calls.next().await {
        linked?;
    }
    Ok(())
}

async fn very_many(suite: &Suite<'_>) -> Verdict {
    let (store, scope) = (suite.store().await, suite.scope()?);
    let edges = suite.options.hub_edges;
    put(&*store, &scope, &["hub"]).await?;
    fill(&*store, &scope, edges).await?;
    let found = all_edges(&*store, &scope, &id("hub")?, EdgesOf::default(), 1_000).await?.len();
    ensure(found == edges as usize, || format!("{found} of {edges} edges are there"))?;
    let deleted = store.delete_node(&scope, &id("hub")?).await?;
    ensure(deleted.edges == u64::from(edges), || format!("{} of {edges} edges deleted", deleted.edges))?;
    ensure_gone(suite, &scope, &id("hub")?, &[id("n0")?, id("n1")?, id("n49")?]).await
}

async fn while_linking(suite: &Suite<'_>) -> Verdict {
    let scope = suite.scope()?;
    let others: Vec<_> = (0..8).map(|number| format!("n{number}")).collect();
    put(&*suite.store().await, &scope, &others.iter().map(String::as_str).collect::<Vec<_>>()).await?;
    put(&*suite.store().await, &scope, &["hub"]).await?;
    let mut writers = JoinSet::new();
    for other in &others {
        let (store, scope, other) = (suite.store().await, scope.clone(), other.clone());
        writers.spawn(async move {
            let started = Instant::now();
            for number in 0_u64.. {
                if started.elapsed() > TOO_LONG {
                    break;
                }
                tokio::task::yield_now().await;
                let link =
                    if number % 2 == 0 { link("hub", "KNOWS", &other) } else { link(&other, "KNOWS", "hub") };
                match store.link(&scope, link?.between_existing()).await {
                    Ok(_) => {}
                    Err(error) if *error.kind() == ErrorKind::NotFound => return Ok(()),
                    Err(error) => return Err(Stop::from(error)),
                }
            }
            fail("linked to a node that was deleted long ago")
        });
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
    let deleted = suite.store().await.delete_node(&scope, &id("hub")?).await?;
    ensure(deleted.existed, || "it was not there".to_owned())?;
    for writer in writers.join_all().await {
        writer?;
    }
    let others = others.iter().map(|name| id(name)).collect::<Verdict<Vec<_>>>()?;
    ensure_gone(suite, &scope, &id("hub")?, &others).await
}

async fn many_deletions(suite: &Suite<'_>) -> Verdict {
    let (store, scope) = (suite.store().await, suite.scope()?);
    put(&*store, &scope, &["hub"]).await?;
    fill(&*store, &scope, 150).await?;
    let mut deletions = JoinSet::new();
    for _ in 0..4 {
        let (store, scope, hub) = (suite.store().await, scope.clone(), id("hub")?);
        deletions.spawn(async move { store.delete_node(&scope, &hub).await });
    }
    for deleted in deletions.join_all().await {
        deleted?;
    }
    ensure_gone(suite, &scope, &id("hub")?, &[id("n0")?, id("n1")?]).await
}

/// Cuts a deletion off at each of its requests; `go_on` says what happens then.
async fn cut<F: Future<Output = Verdict>>(suite: &Suite<'_>, go_on: impl Fn(Scope, bool) -> F) -> Verdict {
    for fault in [Fault::LoseRequest, Fault::LoseReply, Fault::ServerError] {
        for number in 1..=20 {
            let (store, scope) = (suite.store().await, suite.scope()?);
            put(&*store, &scope, &["hub", "n0", "n1"]).await?;
            fill(&*store, &scope, CUT_EDGES).await?;
            suite.inject(fault, Requests::From(number)).await?;
            let result = store.delete_node(&scope, &id("hub")?).await;
            let met = suite.harness.heal().await;
            let circumstances = || format!("{fault:?} from request {number} on");
            let outcome = go_on(scope, result.is_ok()).await;
            outcome.map_err(|stop| stop.when(circumstances))?;
            if !met {
                break;
            }
        }
    }
    Ok(())
}

async fn cut_off(suite: &Suite<'_>) -> Verdict {
    cut(suite, |scope, done| async move {
        let store = suite.store().await;
        let there = store.node(&scope, &id("hub")?).await?.node.is_some();
        ensure(!(done && there), || "acknowledged, and still there".to_owned())?;
        if there {
            let edges = all_edges(&*store, &scope, &id("hub")?, EdgesOf::default(), 500).await?.len();
            ensure(edges == CUT_EDGES as usize, || format!("the node is there with {edges} edges"))?;
        } else {
            for name in ["n0", "n1"] {
                let near = store.neighbours(&scope, &id(name)?, &EdgesOf::default()).await?.neighbours;
                let led_to = near.iter().any(|near| near.node.id.as_str() == "hub");
                ensure(!led_to, || "an edge still leads to the node".to_owned())?;
            }
            let listed = all_nodes(&*store, &scope, 50).await?;
            ensure(listed.len() == 2, || format!("{} nodes are listed", listed.len()))?;
        }
        store.delete_node(&scope, &id("hub")?).await?;
        ensure_gone(suite, &scope, &id("hub")?, &[id("n0")?, id("n1")?]).await
    })
    .await
}

async fn put_again(suite: &Suite<'_>) -> Verdict {
    cut(suite, |scope, _| async move {
        let store = suite.store().await;
        let put = store.put_node(&scope, new_node("hub")?).await?;
        let edges = all_edges(&*store, &scope, &id("hub")?, EdgesOf::default(), 500).await?.len();
        let expected = if put.created { 0 } else { CUT_EDGES as usize };
        ensure(edges == expected, || format!("{edges} edges instead of {expected}"))?;
        add(&*store, &scope, &link("hub", "KNOWS", "n0")?.between_existing()).await?;
        let found = store.search(&scope, "hub", NonZeroU32::MIN).await?.hits.len();
        ensure(found == 1, || "the new node is not found".to_owned())
    })
    .await
}

/// Whoever comes last, a node that is there has only edges that were linked to it.
async fn deleted_and_put(suite: &Suite<'_>) -> Verdict {
    let (store, scope) = (suite.store().await, suite.scope()?);
    put(&*store, &scope, &["n0"]).await?;
    for _ in 0..3 {
        store.put_node(&scope, new_node("hub")?).await?;
        fill(&*store, &scope, 120).await?;
        let mut tasks = JoinSet::new();
        for task in 0..6 {
            let (store, scope) = (suite.store().await, scope.clone());
            tasks.spawn(async move {
                let hub = new_node("hub")?;
                match task % 3 {
                    0 => store.delete_node(&scope, &hub.id).await.map(drop)?,
                    1 => store.put_node(&scope, hub).await.map(drop)?,
                    _ => match store.link(&scope, link("hub", "LATE", "n0")?.between_existing()).await {
                        Err(error) if *error.kind() != ErrorKind::NotFound => return Err(Stop::from(error)),
                        _ => {}
                    },
                }
                Ok(())
            });
        }
        for task in tasks.join_all().await {
            task?;
        }
        let edges = all_edges(&*store, &scope, &id("hub")?, EdgesOf::default(), 500).await?;
        let old = edges.iter().filter(|edge| edge.relationship_type.as_str() == "KNOWS").count();
        ensure(old == 0, || format!("{old} edges of a deleted node are there"))?;
        if store.node(&scope, &id("hub")?).await?.node.is_none() {
            ensure(edges.is_empty(), || format!("{} edges lead to no node", edges.len()))?;
        }
        store.delete_node(&scope, &id("hub")?).await?;
        ensure_gone(suite, &scope, &id("hub")?, &[id("n0")?]).await?;
    }
    Ok(())
}
