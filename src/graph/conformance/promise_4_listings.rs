//! Listings give each row once, on pages without gaps or repeats, and pick out types before they count to a limit.

use std::collections::BTreeSet;

use super::suite::{
    Suite, Verdict, add, all_edges, all_nodes, all_of_type, ensure, ensure_error, id, ids, kind, link, page,
    put,
};
use crate::error::ErrorKind;
use crate::graph::{Direction, Edge, EdgesOf};
use crate::session::Scope;
use crate::store::PageToken;

/// More than most pages below have, unless the suite is to try less.
const EDGES: u32 = 130;

pub(super) async fn check(suite: &Suite<'_>) {
    suite.check(4, "edges of a node, on pages of any size", edges(suite)).await;
    suite.check(4, "types are picked out before the limit", types(suite)).await;
    suite.check(4, "edges of a type, on pages of any size", of_type(suite)).await;
    suite.check(4, "nodes, on pages of any size", nodes(suite)).await;
    suite.check(4, "a page that is exactly full is the last", exactly_full(suite)).await;
    suite.check(4, "a token of another listing is refused", tokens(suite)).await;
}

/// A node `hub` with edges in both directions, and to itself, of which each seventh is rare.
async fn hub(suite: &Suite<'_>, scope: &Scope) -> Verdict<Vec<Edge>> {
    let store = suite.store().await;
    let mut edges = Vec::new();
    for number in 0..suite.options.hub_edges.min(EDGES) {
        let other = format!("n{number}");
        let (source, target) = match number % 3 {
            0 => (other.as_str(), "hub"),
            _ if number == 1 => ("hub", "hub"),
            _ => ("hub", other.as_str()),
        };
        let name = if number % 7 == 0 { "RARE" } else { "OFTEN" };
        edges.push(add(&*store, scope, &link(source, name, target)?).await?);
    }
    Ok(edges)
}

fn expected(edges: &[Edge], direction: Direction, names: &[&str]) -> Verdict<Vec<Edge>> {
    let hub = id("hub")?;
    let wanted = |edge: &&Edge| {
        let of_direction = match direction {
            Direction::Outgoing => edge.source == hub,
            Direction::Incoming => edge.target == hub,
            Direction::Both => true,
        };
        of_direction && (names.is_empty() || names.contains(&edge.relationship_type.as_str()))
    };
    Ok(edges.iter().filter(wanted).cloned().collect())
}

async fn edges(suite: &Suite<'_>) -> Verdict {
    let scope = suite.scope()?;
    let all = hub(suite, &scope).await?;
    let store = suite.store().await;
    for direction in [Direction::Outgoing, Direction::Incoming, Direction::Both] {
        for names in [&[][..], &["RARE"], &["RARE", "OFTEN"], &["NEVER"]] {
            let types = names.iter().map(|name| kind(name)).collect::<Verdict<Vec<_>>>()?;
            let expected = expected(&all, direction, names)?;
            for limit in [1, 2, 7, 100, 1_000] {
                let which = EdgesOf { direction, types: types.clone(), ..EdgesOf::default() };
                let found = all_edges(&*store, &scope, &id("hub")?, which, limit).await?;
                ensure(ids(&found) == ids(&expected), || {
                    let (found, expected) = (found.len(), expected.len());
                    format!("{direction:?} {names:?} on pages of {limit}: {found} of {expected} edges")
                })?;
            }
        }
    }
    Ok(())
}

async fn types(suite: &Suite<'_>) -> Verdict {
    let scope = suite.scope()?;
    let all = hub(suite, &scope).await?;
    let rare = expected(&all, Direction::Both, &["RARE"])?.len();
    let which = EdgesOf {
        types: vec![kind("RARE")?],
        page: page(u32::try_from(rare).unwrap_or(u32::MAX), None),
        ..EdgesOf::default()
    };
    let found = suite.store().await.edges(&scope, &id("hub")?, &which).await?;
    ensure(found.edges.len() == rare, || format!("{} of {rare} edges on one page", found.edges.len()))
}

async fn of_type(suite: &Suite<'_>) -> Verdict {
    let scope = suite.scope()?;
    let all = hub(suite, &scope).await?;
    for name in ["RARE", "OFTEN"] {
        let expected = expected(&all, Direction::Both, &[name])?;
        suite.of_type(&scope, name, expected.len()).await?;
        for limit in [1, 5, 100, 1_000] {
            let found = all_of_type(&*suite.store().await, &scope, name, limit).await?;
            ensure(ids(&found) == ids(&expected), || {
                format!("on pages of {limit}: {} of {} edges", found.len(), expected.len())
            })?;
            let by_age = found.is_sorted_by_key(|edge| edge.created_at_epoch_secs);
            ensure(by_age || !suite.capabilities.edges_by_age, || "not the oldest first".to_owned())?;
        }
    }
    ensure(all_of_type(&*suite.store().await, &scope, "NEVER", 5).await?.is_empty(), || {
        "a type without edges has some".to_owned()
    })
}

async fn nodes(suite: &Suite<'_>) -> Verdict {
    let (store, scope) = (suite.store().await, suite.scope()?);
    let names: Vec<_> = (0..57).map(|number| format!("n{number}")).collect();
    put(&*store, &scope, &names.iter().map(String::as_str).collect::<Vec<_>>()).await?;
    // Edges and their ends are no nodes.
    add(&*store, &scope, &link("n1", "KNOWS", "nobody")?).await?;
    for limit in [1, 10, 57, 500] {
        let found = all_nodes(&*store, &scope, limit).await?;
        let found: BTreeSet<_> = found.iter().map(|node| node.id.as_str()).collect();
        ensure(found == names.iter().map(String::as_str).collect(), || {
            format!("on pages of {limit}: {} of {} nodes", found.len(), names.len())
        })?;
    }
    Ok(())
}

async fn exactly_full(suite: &Suite<'_>) -> Verdict {
    let (store, scope) = (suite.store().await, suite.scope()?);
    for number in 0..4 {
        add(&*store, &scope, &link("hub", "KNOWS", &format!("n{number}"))?).await?;
    }
    let which = EdgesOf { page: page(4, None), ..EdgesOf::default() };
    let found = store.edges(&scope, &id("hub")?, &which).await?;
    ensure(found.edges.len() == 4 && found.next.is_none(), || {
        format!("{} edges, and more", found.edges.len())
    })
}

async fn tokens(suite: &Suite<'_>) -> Verdict {
    let (store, scope) = (suite.store().await, suite.scope()?);
    let invalid = |kind: &ErrorKind| matches!(kind, ErrorKind::InvalidInput { .. });
    put(&*store, &scope, &["a"]).await?;
    for text in ["", "nonsense", "[]", "{\"a\":1}", "[1,2,3]", "META", "REL", "\u{1f600}"] {
        let token = || Some(PageToken(text.to_owned()));
        let which = EdgesOf { page: page(5, token()), ..EdgesOf::default() };
        ensure_error(store.edges(&scope, &id("a")?, &which).await, invalid)?;
        ensure_error(store.edges_of_type(&scope, &kind("KNOWS")?, page(5, token())).await, invalid)?;
        ensure_error(store.list_nodes(&scope, page(5, token())).await, invalid)?;
    }
    Ok(())
}
