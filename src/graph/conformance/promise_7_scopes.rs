//! Scopes see nothing of each other.

use super::suite::{Suite, Verdict, add, all_edges, all_nodes, ensure, id, ids, link, put};
use crate::graph::{EdgesOf, NewNode};
use crate::session::Scope;

pub(super) async fn check(suite: &Suite<'_>) {
    suite.check(7, "the same names in two scopes are two graphs", apart(suite)).await;
    suite.check(7, "names that look like another scope's", look_alike(suite)).await;
}

async fn apart(suite: &Suite<'_>) -> Verdict {
    let store = suite.store().await;
    let (ann, bob) = (suite.scope()?, suite.scope()?);
    put(&*store, &ann, &["a", "b"]).await?;
    let of_ann = add(&*store, &ann, &link("a", "KNOWS", "b")?.once()).await?;
    put(&*store, &bob, &["a", "b"]).await?;
    let of_bob = add(&*store, &bob, &link("a", "KNOWS", "b")?.once()).await?;
    add(&*store, &bob, &link("a", "KNOWS", "b")?).await?;
    let edges = all_edges(&*store, &ann, &id("a")?, EdgesOf::default(), 50).await?;
    ensure(ids(&edges) == ids(std::slice::from_ref(&of_ann)), || format!("{} edges", edges.len()))?;
    let typed = suite.of_type(&bob, "KNOWS", 2).await?.len();
    ensure(typed == 2, || format!("{typed} edges of the type"))?;
    store.unlink(&bob, &of_bob.key()).await?;
    store.delete_node(&bob, &id("a")?).await?;
    suite.ensure_edges(&ann, &id("a")?, &[&of_ann]).await?;
    let nodes = (all_nodes(&*store, &ann, 10).await?.len(), all_nodes(&*store, &bob, 10).await?.len());
    ensure(nodes == (2, 1), || format!("{nodes:?} nodes"))
}

async fn look_alike(suite: &Suite<'_>) -> Verdict {
    let store = suite.store().await;
    let (secret, local) = (suite.scope()?, Scope::default());
    store.put_node(&secret, NewNode::new(id("safe")?, "mnemosyne heron code")).await?;
    let guesses = ["canvas-memory:scope:", "scope:", "", "canvas-memory:word:"];
    for guess in guesses {
        let name = id(&format!("{guess}{}:safe", secret.as_str()))?;
        let read = store.node(&local, &name).await?.node;
        ensure(read.is_none(), || format!("{name} is another scope's node"))?;
        let put = store.put_node(&local, NewNode::new(name.clone(), "mine")).await?;
        ensure(put.created, || format!("{name} was there"))?;
        let listed = all_nodes(&*store, &local, 100).await?.into_iter().any(|node| node.id == name);
        ensure(listed, || format!("{name} is not listed"))?;
        store.delete_node(&local, &name).await?;
    }
    let found = store.search(&local, "mnemosyne heron code", std::num::NonZeroU32::MIN).await?;
    ensure(found.hits.is_empty(), || "another scope's node is found".to_owned())?;
    let kept = store.node(&secret, &id("safe")?).await?.node;
    ensure(kept.is_some_and(|node| node.content.ends_with("code")), || {
        "the other scope's node changed".to_owned()
    })
}
