//! An edge is there whole or not at all, once per id or triple, and between nodes that exist, if asked.

use tokio::task::JoinSet;

use super::suite::{
    Suite, Verdict, add, all_edges, ensure, ensure_error, fail, id, kind, link, outgoing, put,
};
use crate::error::ErrorKind;
use crate::graph::{EdgesOf, Identity};
use crate::json::RawJson;

pub(super) async fn check(suite: &Suite<'_>) {
    suite.check(3, "an edge comes back at both nodes and under its type", as_it_was_linked(suite)).await;
    suite.check(3, "the same edge again is a duplicate", again(suite)).await;
    suite.check(3, "an id is not given to another edge", other_edge(suite)).await;
    suite.check(3, "once per source, type and target", once(suite)).await;
    suite.check(3, "hosts that link the same edge make one", two_hosts(suite)).await;
    suite.check(3, "only between nodes that exist", between_existing(suite)).await;
    suite.check(3, "unlinked is gone everywhere, and can be linked again", unlinked(suite)).await;
    suite.check(3, "linked and unlinked at the same time is whole or gone", at_the_same_time(suite)).await;
}

fn json(text: &str) -> Verdict<RawJson> {
    RawJson::parse(text).or_else(|error| fail(error.to_string()))
}

async fn as_it_was_linked(suite: &Suite<'_>) -> Verdict {
    let (store, scope) = (suite.store().await, suite.scope()?);
    put(&*store, &scope, &["a", "b", "LIKES"]).await?;
    let properties = json(r#"{"n":1.10,"s":"\ud83d"}"#)?;
    // A type may be named as a node is.
    let to_b = add(&*store, &scope, &link("a", "LIKES", "b")?.with_properties(properties.clone())).await?;
    let to_type = add(&*store, &scope, &link("a", "LIKES", "LIKES")?).await?;
    let to_itself = add(&*store, &scope, &link("b", "ist \u{1f600}", "b")?).await?;
    ensure(to_b.properties.as_ref() == Some(&properties), || format!("became {to_b:?}"))?;
    ensure(to_b.created_at_epoch_secs.is_some(), || "nobody knows since when".to_owned())?;
    for name in ["a", "b"] {
        let found = all_edges(&*store, &scope, &id(name)?, EdgesOf::default(), 50).await?;
        ensure(found.contains(&to_b), || format!("at {name}: {found:?}"))?;
    }
    suite.ensure_edges(&scope, &id("a")?, &[&to_b, &to_type]).await?;
    let at_b = all_edges(&*store, &scope, &id("b")?, EdgesOf::default(), 50).await?;
    ensure(at_b.len() == 2 && at_b.contains(&to_itself), || format!("at b: {at_b:?}"))?;
    let of_type = suite.of_type(&scope, "LIKES", 2).await?;
    ensure(of_type.contains(&to_b) && of_type.contains(&to_type), || format!("of the type: {of_type:?}"))
}

async fn again(suite: &Suite<'_>) -> Verdict {
    let (store, scope) = (suite.store().await, suite.scope()?);
    let link = link("a", "KNOWS", "b")?.with_properties(json(r#"{"a":1}"#)?);
    let edge = add(&*store, &scope, &link).await?;
    let other = link.clone().with_properties(json(r#"{"b":2}"#)?);
    for link in [link, other] {
        let again = suite.store().await.link(&scope, link).await?;
        ensure(again.duplicate && again.edge == edge, || format!("the second time: {again:?}"))?;
    }
    suite.ensure_edges(&scope, &edge.source, &[&edge]).await
}

async fn other_edge(suite: &Suite<'_>) -> Verdict {
    let (store, scope) = (suite.store().await, suite.scope()?);
    let edge = add(&*store, &scope, &link("a", "KNOWS", "b")?).await?;
    let conflict = |kind: &ErrorKind| matches!(kind, ErrorKind::Conflict { .. });
    for (name, target) in [("KNOWS", "c"), ("LIKES", "b")] {
        let other = link("a", name, target)?.with_id(edge.id.clone());
        ensure_error(store.link(&scope, other.clone()).await, conflict)?;
        ensure_error(store.unlink(&scope, &other.key).await, conflict)?;
    }
    ensure(all_edges(&*store, &scope, &id("c")?, EdgesOf::default(), 5).await?.is_empty(), || {
        "half an edge is left at a node".to_owned()
    })?;
    suite.ensure_edges(&scope, &edge.source, &[&edge]).await
}

async fn once(suite: &Suite<'_>) -> Verdict {
    let (store, scope) = (suite.store().await, suite.scope()?);
    let triple = link("a", "KNOWS", "b")?.once();
    let edge = add(&*store, &scope, &triple).await?;
    let again = suite.store().await.link(&scope, link("a", "KNOWS", "b")?.once()).await?;
    ensure(again.duplicate && again.edge == edge, || format!("the second time: {again:?}"))?;
    let mut edges = vec![edge];
    for (source, name, target) in
        [("b", "KNOWS", "a"), ("a", "LIKES", "b"), ("a", "KNOWS", "c"), ("a", "KNOWS", "a")]
    {
        edges.push(add(&*store, &scope, &link(source, name, target)?.once()).await?);
    }
    edges.push(add(&*store, &scope, &link("a", "KNOWS", "b")?).await?);
    let found = all_edges(&*store, &scope, &id("a")?, EdgesOf::default(), 50).await?;
    ensure(found.len() == edges.len(), || format!("{} of {} edges", found.len(), edges.len()))?;
    let gone = store.unlink(&scope, &triple.key).await?;
    ensure(gone.existed && triple.key.identity == Identity::OncePerTriple, || "not found again".to_owned())?;
    add(&*store, &scope, &triple).await.map(drop)
}

async fn two_hosts(suite: &Suite<'_>) -> Verdict {
    for between_existing in [false, true] {
        let scope = suite.scope()?;
        put(&*suite.store().await, &scope, &["a", "b"]).await?;
        let mut writers = JoinSet::new();
        for _ in 0..suite.options.writers {
            let (store, scope) = (suite.store().await, scope.clone());
            let link = link("a", "KNOWS", "b")?.once();
            let link = if between_existing { link.between_existing() } else { link };
            writers.spawn(async move { store.link(&scope, link).await });
        }
        let mut linked = 0;
        let mut edge = None;
        for result in writers.join_all().await {
            let result = result?;
            linked += u32::from(!result.duplicate);
            edge = Some(result.edge);
        }
        ensure(linked == 1, || format!("{linked} hosts have linked it"))?;
        let edges: Vec<_> = edge.iter().collect();
        suite.ensure_edges(&scope, &id("a")?, &edges).await?;
        suite.ensure_edges(&scope, &id("b")?, &edges).await?;
    }
    Ok(())
}

async fn between_existing(suite: &Suite<'_>) -> Verdict {
    let (store, scope) = (suite.store().await, suite.scope()?);
    put(&*store, &scope, &["a", "b"]).await?;
    let missing = |kind: &ErrorKind| *kind == ErrorKind::NotFound;
    for (source, target) in [("a", "nobody"), ("nobody", "b"), ("nobody", "nobody"), ("nobody", "none")] {
        for link in [link(source, "KNOWS", target)?, link(source, "KNOWS", target)?.once()] {
            ensure_error(store.link(&scope, link.between_existing()).await, missing)?;
        }
    }
    for name in ["a", "b", "nobody"] {
        let edges = all_edges(&*store, &scope, &id(name)?, EdgesOf::default(), 5).await?;
        ensure(edges.is_empty(), || format!("{name} has {} edges", edges.len()))?;
    }
    let edge = add(&*store, &scope, &link("a", "KNOWS", "b")?.between_existing()).await?;
    let to_itself = add(&*store, &scope, &link("a", "KNOWS", "a")?.between_existing()).await?;
    suite.ensure_edges(&scope, &id("a")?, &[&edge, &to_itself]).await?;
    let loose = add(&*store, &scope, &link("nobody", "MISSES", "b")?).await?;
    suite.ensure_edges(&scope, &id("nobody")?, &[&loose]).await
}

async fn unlinked(suite: &Suite<'_>) -> Verdict {
    let (store, scope) = (suite.store().await, suite.scope()?);
    let (first, second) = (link("a", "KNOWS", "b")?, link("a", "KNOWS", "b")?);
    let edge = add(&*store, &scope, &first).await?;
    let kept = add(&*store, &scope, &second).await?;
    let gone = suite.store().await.unlink(&scope, &edge.key()).await?;
    ensure(gone.existed, || "it was not there".to_owned())?;
    suite.ensure_edges(&scope, &id("a")?, &[&kept]).await?;
    suite.ensure_edges(&scope, &id("b")?, &[&kept]).await?;
    let again = store.unlink(&scope, &edge.key()).await?;
    ensure(!again.existed, || "it is there again".to_owned())?;
    let edge = add(&*store, &scope, &first).await?;
    suite.ensure_edges(&scope, &id("b")?, &[&kept, &edge]).await
}

async fn at_the_same_time(suite: &Suite<'_>) -> Verdict {
    for _ in 0..4 {
        let scope = suite.scope()?;
        let mut writers = JoinSet::new();
        for writer in 0..8 {
            let (store, scope, link) = (suite.store().await, scope.clone(), link("a", "KNOWS", "b")?.once());
            writers.spawn(async move {
                match writer % 2 {
                    0 => store.link(&scope, link).await.map(drop),
                    _ => store.unlink(&scope, &link.key).await.map(drop),
                }
            });
        }
        for result in writers.join_all().await {
            result?;
        }
        let store = suite.store().await;
        let at_source = all_edges(&*store, &scope, &id("a")?, outgoing(), 5).await?;
        let edges: Vec<_> = at_source.iter().collect();
        suite.ensure_edges(&scope, &id("b")?, &edges).await?;
        let of_type = suite.of_type(&scope, kind("KNOWS")?.as_str(), edges.len()).await?;
        ensure(of_type.len() == edges.len(), || {
            format!("{} of the type, {} at the source", of_type.len(), edges.len())
        })?;
    }
    Ok(())
}
