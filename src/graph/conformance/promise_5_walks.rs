//! Walks meet cycles, keep to their limits, and say what ended them.

use std::collections::BTreeSet;
use std::num::NonZeroU32;

use super::suite::{Suite, Verdict, add, ensure, id, kind, link, outgoing, put};
use crate::graph::{Direction, EdgesOf, GraphStore, Limit, Neighbourhood, Path, Walk, WalkLimits};
use crate::session::Scope;

pub(super) async fn check(suite: &Suite<'_>) {
    suite.check(5, "neighbours come with their nodes", neighbours(suite)).await;
    suite.check(5, "an edge to a missing node leads nowhere", missing(suite)).await;
    suite.check(5, "a neighbourhood to a depth, in a graph of cycles", depths(suite)).await;
    suite.check(5, "a neighbourhood along directions and types", along(suite)).await;
    suite.check(5, "limits end a walk and are told", limits(suite)).await;
    suite.check(5, "paths, the shortest first, no node twice", paths(suite)).await;
    suite.check(5, "paths in a graph of many", many_paths(suite)).await;
}

fn deep(depth: u32) -> Walk {
    let direction = Direction::Outgoing;
    Walk { direction, limits: WalkLimits { depth, ..WalkLimits::default() }, ..Walk::default() }
}

/// Names of nodes with their depths.
fn names(around: &Neighbourhood) -> BTreeSet<(String, u32)> {
    around.nodes.iter().map(|near| (near.node.id.to_string(), near.depth)).collect()
}

fn expected(names: &[(&str, u32)]) -> BTreeSet<(String, u32)> {
    names.iter().map(|(name, depth)| ((*name).to_owned(), *depth)).collect()
}

async fn edges(store: &dyn GraphStore, scope: &Scope, edges: &[(&str, &str, &str)]) -> Verdict {
    for (source, name, target) in edges {
        add(store, scope, &link(source, name, target)?).await?;
    }
    Ok(())
}

/// `a` → `b` → `c` → `a`, `c` → `d` → `d`, and `e` → `a`.
async fn cycle(store: &dyn GraphStore, scope: &Scope) -> Verdict {
    put(store, scope, &["a", "b", "c", "d", "e"]).await?;
    let all = [
        ("a", "NEXT", "b"),
        ("b", "NEXT", "c"),
        ("c", "NEXT", "a"),
        ("c", "OTHER", "d"),
        ("d", "OTHER", "d"),
        ("e", "NEXT", "a"),
    ];
    edges(store, scope, &all).await
}

async fn neighbours(suite: &Suite<'_>) -> Verdict {
    let (store, scope) = (suite.store().await, suite.scope()?);
    cycle(&*store, &scope).await?;
    let found = store.neighbours(&scope, &id("a")?, &EdgesOf::default()).await?;
    let nodes: BTreeSet<_> = found.neighbours.iter().map(|near| near.node.id.as_str()).collect();
    ensure(nodes == BTreeSet::from(["b", "c", "e"]), || format!("{nodes:?}"))?;
    for near in &found.neighbours {
        let fits = *near.edge.other_end(&id("a")?) == near.node.id && !near.node.content.is_empty();
        ensure(fits, || format!("{near:?}"))?;
    }
    let itself = store.neighbours(&scope, &id("d")?, &outgoing()).await?;
    let itself = itself.neighbours.iter().all(|near| near.node.id.as_str() == "d");
    ensure(itself, || "an edge from a node to itself leads elsewhere".to_owned())
}

async fn missing(suite: &Suite<'_>) -> Verdict {
    let (store, scope) = (suite.store().await, suite.scope()?);
    put(&*store, &scope, &["a", "b"]).await?;
    edges(&*store, &scope, &[("a", "NEXT", "b"), ("a", "NEXT", "ghost"), ("ghost", "NEXT", "b")]).await?;
    let found = store.neighbours(&scope, &id("a")?, &EdgesOf::default()).await?;
    ensure(found.neighbours.len() == 1 && found.dangling.len() == 1, || format!("found {found:?}"))?;
    let around = store.neighbourhood(&scope, &id("a")?, &deep(3)).await?;
    ensure(names(&around) == expected(&[("a", 0), ("b", 1)]), || format!("{:?}", names(&around)))?;
    ensure(around.edges.len() == 1 && around.dangling.len() == 1, || format!("{:?}", around.edges))?;
    let nothing = store.neighbourhood(&scope, &id("ghost")?, &deep(3)).await?;
    ensure(nothing.nodes.is_empty() && nothing.edges.is_empty(), || "a ghost has neighbours".to_owned())?;
    let paths = store.paths(&scope, &id("a")?, &id("b")?, &deep(3)).await?.paths;
    ensure(paths.len() == 1, || format!("{} paths", paths.len()))
}

async fn depths(suite: &Suite<'_>) -> Verdict {
    let (store, scope) = (suite.store().await, suite.scope()?);
    cycle(&*store, &scope).await?;
    for (depth, nodes, edges) in [
        (0, &[("a", 0)][..], 0),
        (1, &[("a", 0), ("b", 1)], 1),
        (2, &[("a", 0), ("b", 1), ("c", 2)], 2),
        (3, &[("a", 0), ("b", 1), ("c", 2), ("d", 3)], 4),
        (9, &[("a", 0), ("b", 1), ("c", 2), ("d", 3)], 5),
    ] {
        let around = store.neighbourhood(&scope, &id("a")?, &deep(depth)).await?;
        ensure(names(&around) == expected(nodes), || format!("to {depth}: {:?}", names(&around)))?;
        ensure(around.edges.len() == edges, || format!("to {depth}: {} edges", around.edges.len()))?;
        ensure(around.truncated.is_none(), || format!("to {depth}: {:?}", around.truncated))?;
    }
    Ok(())
}

async fn along(suite: &Suite<'_>) -> Verdict {
    let (store, scope) = (suite.store().await, suite.scope()?);
    cycle(&*store, &scope).await?;
    let walk = Walk { direction: Direction::Incoming, ..deep(1) };
    let around = store.neighbourhood(&scope, &id("a")?, &walk).await?;
    ensure(names(&around) == expected(&[("a", 0), ("c", 1), ("e", 1)]), || format!("{:?}", names(&around)))?;
    let walk = Walk { types: vec![kind("OTHER")?], ..deep(5) };
    let around = store.neighbourhood(&scope, &id("c")?, &walk).await?;
    ensure(names(&around) == expected(&[("c", 0), ("d", 1)]), || format!("{:?}", names(&around)))?;
    let walk = Walk { direction: Direction::Both, ..deep(9) };
    let around = store.neighbourhood(&scope, &id("d")?, &walk).await?;
    ensure(around.nodes.len() == 5 && around.edges.len() == 6, || format!("{:?}", names(&around)))
}

async fn limits(suite: &Suite<'_>) -> Verdict {
    let (store, scope) = (suite.store().await, suite.scope()?);
    let spokes: Vec<_> = (0..20).map(|number| format!("n{number}")).collect();
    put(&*store, &scope, &["hub"]).await?;
    put(&*store, &scope, &spokes.iter().map(String::as_str).collect::<Vec<_>>()).await?;
    for spoke in &spokes {
        edges(&*store, &scope, &[("hub", "NEXT", spoke), (spoke, "NEXT", "hub")]).await?;
    }
    let some = |number| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
    let limits = WalkLimits { depth: 4, ..WalkLimits::default() };
    for (limits, told) in [
        (WalkLimits { nodes: some(5), ..limits }, Limit::Nodes),
        (WalkLimits { edges: some(5), ..limits }, Limit::Edges),
    ] {
        let walk = Walk { limits, ..Walk::default() };
        let around = store.neighbourhood(&scope, &id("hub")?, &walk).await?;
        ensure(around.truncated == Some(told), || format!("{told:?}: {:?}", around.truncated))?;
        let within = around.nodes.len() <= limits.nodes.get() as usize
            && around.edges.len() <= limits.edges.get() as usize;
        ensure(within && !around.nodes.is_empty(), || format!("{told:?}: {} nodes", around.nodes.len()))?;
    }
    let walk = Walk { limits: WalkLimits { requests: some(2), ..limits }, ..Walk::default() };
    let around = store.neighbourhood(&scope, &id("hub")?, &walk).await?;
    if around.usage.requests > 0 {
        ensure(around.truncated == Some(Limit::Requests), || format!("{:?}", around.truncated))?;
        ensure(around.usage.requests <= 3, || format!("{} requests", around.usage.requests))?;
    }
    Ok(())
}

/// Names on a path.
fn stations(path: &Path) -> Vec<&str> {
    path.nodes.iter().map(|node| node.as_str()).collect()
}

async fn paths(suite: &Suite<'_>) -> Verdict {
    let (store, scope) = (suite.store().await, suite.scope()?);
    cycle(&*store, &scope).await?;
    edges(&*store, &scope, &[("a", "OTHER", "c")]).await?;
    let found = store.paths(&scope, &id("a")?, &id("d")?, &deep(5)).await?;
    let ways: Vec<_> = found.paths.iter().map(stations).collect();
    ensure(ways == [vec!["a", "c", "d"], vec!["a", "b", "c", "d"]], || format!("{ways:?}"))?;
    for path in &found.paths {
        let joined = path
            .edges
            .iter()
            .zip(path.nodes.windows(2))
            .all(|(edge, ends)| Some(&edge.source) == ends.first() && Some(&edge.target) == ends.last());
        ensure(joined && path.edges.len() + 1 == path.nodes.len(), || format!("{path:?}"))?;
    }
    ensure(found.nodes.len() == 4 && found.truncated.is_none(), || format!("{} nodes", found.nodes.len()))?;
    for (from, to, depth, ways) in
        [("d", "a", 5, 0), ("a", "d", 1, 0), ("a", "nobody", 5, 0), ("nobody", "a", 5, 0), ("a", "a", 5, 1)]
    {
        let found = store.paths(&scope, &id(from)?, &id(to)?, &deep(depth)).await?.paths;
        ensure(found.len() == ways, || format!("{from} to {to}: {} paths", found.len()))?;
    }
    let back = Walk { direction: Direction::Incoming, ..deep(5) };
    let found = store.paths(&scope, &id("d")?, &id("a")?, &back).await?.paths;
    ensure(found.len() == 2, || format!("{} paths back", found.len()))
}

/// Layers that are fully joined: more ways than anybody can go.
async fn many_paths(suite: &Suite<'_>) -> Verdict {
    let (store, scope) = (suite.store().await, suite.scope()?);
    let name = |layer: usize, node: usize| format!("l{layer}n{node}");
    let nodes: Vec<_> = (0..5).flat_map(|layer| (0..4).map(move |node| name(layer, node))).collect();
    put(&*store, &scope, &nodes.iter().map(String::as_str).collect::<Vec<_>>()).await?;
    for layer in 0..4 {
        for source in 0..4 {
            for target in 0..4 {
                edges(&*store, &scope, &[(&name(layer, source), "NEXT", &name(layer + 1, target))]).await?;
            }
        }
    }
    let found = store.paths(&scope, &id(&name(0, 0))?, &id(&name(4, 0))?, &deep(6)).await?;
    ensure(found.paths.len() == 20 && found.truncated == Some(Limit::Paths), || {
        format!("{} paths, {:?}", found.paths.len(), found.truncated)
    })
}
