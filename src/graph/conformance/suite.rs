use std::collections::BTreeSet;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tracing::debug;

use super::{GraphHarness, Options};
pub(super) use crate::conformance::verdict::{Stop, Verdict, ensure, fail, not_proven};
use crate::conformance::{Check, Fault, Hook, Outcome, Report, Requests};
use crate::error::{Error, ErrorKind, Result};
use crate::graph::{
    Direction, Edge, EdgeId, EdgesOf, GraphCapabilities, GraphStore, Link, NewNode, Node, NodeId, Put,
    RelationshipType,
};
use crate::session::Scope;
use crate::store::{Page, PageToken};

/// Stands in every node that the suite writes by itself, and so must stand in no error.
pub(super) const SAID: &str = "violet heron";

/// How long an index that lags is waited for.
const LAG: Duration = Duration::from_secs(10);

/// What all checks of a run share.
pub(super) struct Suite<'a> {
    pub(super) harness: &'a dyn GraphHarness,
    pub(super) options: Options,
    pub(super) capabilities: GraphCapabilities,
    run: String,
    scopes_made: AtomicU64,
    scopes: Mutex<Vec<Scope>>,
    checks: Mutex<Vec<Check>>,
}

impl<'a> Suite<'a> {
    pub(super) async fn start(harness: &'a dyn GraphHarness, options: Options) -> Self {
        Self {
            harness,
            options,
            capabilities: harness.store().await.capabilities(),
            run: uuid::Uuid::new_v4().simple().to_string(),
            scopes_made: AtomicU64::new(0),
            scopes: Mutex::default(),
            checks: Mutex::default(),
        }
    }

    /// Runs a check and notes how it ended.
    pub(super) async fn check(&self, promise: u8, name: &'static str, check: impl Future<Output = Verdict>) {
        let started = Instant::now();
        let outcome = match check.await {
            Ok(()) => Outcome::Passed,
            Err(Stop::NotProven(why)) => Outcome::NotProven(why),
            Err(Stop::Failed(what)) => match self.harness.lack(&what) {
                Some(lack) => Outcome::NotProven(lack.to_owned()),
                None => Outcome::Failed(what),
            },
        };
        debug!(promise, name, ?outcome, millis = started.elapsed().as_millis(), "checked");
        self.harness.heal().await;
        let mut checks = self.checks.lock().unwrap_or_else(PoisonError::into_inner);
        checks.push(Check { promise, name, outcome });
    }

    pub(super) async fn finish(self) -> Report {
        let store = self.store().await;
        for scope in self.scopes.into_inner().unwrap_or_else(PoisonError::into_inner) {
            // Tidying up: what the store can't remove is no news here.
            let Ok(nodes) = all_nodes(&*store, &scope, 100).await else { continue };
            for node in nodes {
                let _ = store.delete_node(&scope, &node.id).await;
            }
        }
        Report {
            layout: self.capabilities.layout,
            seed: None,
            checks: self.checks.into_inner().unwrap_or_else(PoisonError::into_inner),
        }
    }

    pub(super) async fn store(&self) -> Arc<dyn GraphStore> {
        self.harness.store().await
    }

    /// A scope of its own.
    pub(super) fn scope(&self) -> Verdict<Scope> {
        let number = self.scopes_made.fetch_add(1, Ordering::Relaxed);
        let scope = Scope::new(format!("graph-{}-{number}", self.run))?;
        self.scopes.lock().unwrap_or_else(PoisonError::into_inner).push(scope.clone());
        Ok(scope)
    }

    /// A name that nobody else has in any scope.
    pub(super) fn own_name(&self, name: &str) -> String {
        format!("{name}-{}", self.run)
    }

    pub(super) async fn inject(&self, fault: Fault, requests: Requests) -> Verdict {
        match self.harness.inject(fault, requests).await {
            Hook::Done => Ok(()),
            Hook::NotOffered => not_proven(format!("the harness can't inject {fault:?}")),
        }
    }

    pub(super) async fn reopen(&self) -> Verdict {
        match self.harness.reopen().await {
            Hook::Done => Ok(()),
            Hook::NotOffered => not_proven("the harness can't restart the backend"),
        }
    }

    /// All edges of a type, after the time that the store may take to show them.
    pub(super) async fn of_type(&self, scope: &Scope, name: &str, expected: usize) -> Verdict<Vec<Edge>> {
        let started = Instant::now();
        loop {
            let edges = all_of_type(&*self.store().await, scope, name, 7).await?;
            let late = self.capabilities.edges_of_type_lag && started.elapsed() < LAG;
            if edges.len() == expected || !late {
                return Ok(edges);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Fails unless a node has just these edges in either direction, and each type just its share of them.
    pub(super) async fn ensure_edges(&self, scope: &Scope, node: &NodeId, edges: &[&Edge]) -> Verdict {
        let store = self.store().await;
        let expected: BTreeSet<_> = edges.iter().map(|edge| edge.id.clone()).collect();
        let found = all_edges(&*store, scope, node, EdgesOf::default(), 50).await?;
        ensure(ids(&found) == expected, || format!("{} edges instead of {}", found.len(), expected.len()))?;
        let mut types: Vec<_> = edges.iter().map(|edge| edge.relationship_type.as_str()).collect();
        types.sort_unstable();
        types.dedup();
        for name in types {
            let of_type = |edge: &&&Edge| edge.relationship_type.as_str() == name;
            let expected: BTreeSet<_> = edges.iter().filter(of_type).map(|edge| edge.id.clone()).collect();
            let found = self.of_type(scope, name, expected.len()).await?;
            ensure(ids(&found) == expected, || {
                format!("{} edges of their type instead of {}", found.len(), expected.len())
            })?;
        }
        Ok(())
    }
}

pub(super) fn id(name: &str) -> Verdict<NodeId> {
    Ok(NodeId::new(name)?)
}

pub(super) fn kind(name: &str) -> Verdict<RelationshipType> {
    Ok(RelationshipType::new(name)?)
}

/// An edge of a new id.
pub(super) fn link(source: &str, relationship_type: &str, target: &str) -> Verdict<Link> {
    Ok(Link::new(id(source)?, kind(relationship_type)?, id(target)?))
}

/// A node as the suite writes it.
pub(super) fn new_node(name: &str) -> Verdict<NewNode> {
    Ok(NewNode::new(id(name)?, format!("{SAID} of {name}")))
}

/// Puts nodes that are not there yet.
pub(super) async fn put(store: &dyn GraphStore, scope: &Scope, names: &[&str]) -> Verdict<Vec<Node>> {
    let nodes = names.iter().map(|name| new_node(name)).collect::<Verdict<Vec<_>>>()?;
    let mut put = Vec::new();
    for nodes in nodes.chunks(100) {
        for outcome in store.put_nodes(scope, nodes.to_vec()).await?.outcomes {
            match outcome {
                Put::Created(node) => put.push(node),
                other => return fail(format!("a new node was not put: {other:?}")),
            }
        }
    }
    Ok(put)
}

/// Adds an edge that is not there yet.
pub(super) async fn add(store: &dyn GraphStore, scope: &Scope, link: &Link) -> Verdict<Edge> {
    let linked = store.link(scope, link.clone()).await?;
    ensure(!linked.duplicate, || "a new edge is called a duplicate".to_owned())?;
    Ok(linked.edge)
}

pub(super) fn outgoing() -> EdgesOf {
    EdgesOf { direction: Direction::Outgoing, ..EdgesOf::default() }
}

pub(super) fn ids(edges: &[Edge]) -> BTreeSet<EdgeId> {
    edges.iter().map(|edge| edge.id.clone()).collect()
}

/// A page of so many rows.
pub(super) fn page(limit: u32, token: Option<PageToken>) -> Page {
    Page { limit: NonZeroU32::new(limit).unwrap_or(NonZeroU32::MIN), token }
}

/// All edges of a node, read in pages of `limit`.
pub(super) async fn all_edges(
    store: &dyn GraphStore,
    scope: &Scope,
    node: &NodeId,
    which: EdgesOf,
    limit: u32,
) -> Verdict<Vec<Edge>> {
    let (mut edges, mut token) = (Vec::new(), None);
    loop {
        let which = EdgesOf { page: page(limit, token), ..which.clone() };
        let found = store.edges(scope, node, &which).await?;
        ensure_page(found.edges.len() + found.unreadable.len(), limit)?;
        edges.extend(found.edges);
        token = found.next;
        if token.is_none() {
            return each_once(edges);
        }
    }
}

/// All edges of a type, read in pages of `limit`.
pub(super) async fn all_of_type(
    store: &dyn GraphStore,
    scope: &Scope,
    name: &str,
    limit: u32,
) -> Verdict<Vec<Edge>> {
    let (mut edges, mut token) = (Vec::new(), None);
    loop {
        let found = store.edges_of_type(scope, &kind(name)?, page(limit, token)).await?;
        ensure_page(found.edges.len() + found.unreadable.len(), limit)?;
        edges.extend(found.edges);
        token = found.next;
        if token.is_none() {
            return each_once(edges);
        }
    }
}

/// All nodes of a scope, read in pages of `limit`.
pub(super) async fn all_nodes(store: &dyn GraphStore, scope: &Scope, limit: u32) -> Verdict<Vec<Node>> {
    let (mut nodes, mut token) = (Vec::<Node>::new(), None);
    loop {
        let found = store.list_nodes(scope, page(limit, token)).await?;
        ensure_page(found.nodes.len() + found.unreadable.len(), limit)?;
        nodes.extend(found.nodes);
        token = found.next;
        if token.is_none() {
            let names: BTreeSet<_> = nodes.iter().map(|node| &node.id).collect();
            ensure(names.len() == nodes.len(), || "a node is listed twice".to_owned())?;
            return Ok(nodes);
        }
    }
}

fn ensure_page(rows: usize, limit: u32) -> Verdict {
    ensure(rows <= limit as usize, || format!("a page of {limit} has {rows} rows"))
}

fn each_once(edges: Vec<Edge>) -> Verdict<Vec<Edge>> {
    ensure(ids(&edges).len() == edges.len(), || {
        format!("{} rows for {} edges", edges.len(), ids(&edges).len())
    })?;
    Ok(edges)
}

/// Fails when a call does not fail in this way, or its error shows what was written.
pub(super) fn ensure_error<T>(result: Result<T>, expected: fn(&ErrorKind) -> bool) -> Verdict {
    match result {
        Ok(_) => fail("accepted"),
        Err(error) => {
            ensure(expected(error.kind()), || format!("failed otherwise: {error}"))?;
            ensure_discreet(&error)
        }
    }
}

/// Fails when an error shows what was written.
pub(super) fn ensure_discreet(error: &Error) -> Verdict {
    let shown = format!("{error} {error:?}");
    ensure(!shown.contains(SAID), || "an error shows what a node says".to_owned())
}
