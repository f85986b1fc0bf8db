//! Acknowledged means durable. A lost reply is `UnknownWrite`, and the same call made again has the effect of one.

use std::collections::BTreeSet;

use super::suite::{Suite, Verdict, add, all_edges, all_nodes, ensure, ensure_discreet, fail, id, link, put};
use crate::conformance::{Fault, Requests};
use crate::error::{ErrorKind, Result};
use crate::graph::{Change, EdgesOf, GraphStore, Link, NewNode, NodeChange, NodeId};
use crate::session::Scope;

const FAULTS: [Fault; 8] = [
    Fault::LoseReply,
    Fault::LoseRequest,
    Fault::TwiceSecondAnswer,
    Fault::Throttle,
    Fault::ServerError,
    Fault::ServerErrorAfterCommit,
    Fault::CancelTransaction,
    Fault::Truncate,
];

/// Of these, that all requests meet them from one on is another case.
const LASTING: [Fault; 2] = [Fault::LoseReply, Fault::LoseRequest];

pub(super) async fn check(suite: &Suite<'_>) {
    suite.check(1, "another connection sees it at once", seen_at_once(suite)).await;
    suite.check(1, "a restart keeps what was acknowledged", kept_by_restart(suite)).await;
    for (name, write) in [
        ("faults while nodes are put", Write::Put),
        ("faults while a node is changed", Write::Update),
        ("faults while nodes are linked", Write::Link),
        ("faults while nodes are linked once", Write::LinkOnce),
        ("faults while nodes are unlinked", Write::Unlink),
        ("faults while a node is deleted", Write::Delete),
    ] {
        suite.check(1, name, faults(suite, write)).await;
    }
}

async fn seen_at_once(suite: &Suite<'_>) -> Verdict {
    let scope = suite.scope()?;
    put(&*suite.store().await, &scope, &["a", "b"]).await?;
    for number in 0..5 {
        let edge = add(&*suite.store().await, &scope, &link("a", "KNOWS", "b")?).await?;
        let edges = all_edges(&*suite.store().await, &scope, &id("b")?, EdgesOf::default(), 50).await?;
        ensure(edges.len() == number + 1 && edges.contains(&edge), || format!("{} edges", edges.len()))?;
    }
    Ok(())
}

async fn kept_by_restart(suite: &Suite<'_>) -> Verdict {
    let (store, scope) = (suite.store().await, suite.scope()?);
    let nodes = put(&*store, &scope, &["a", "b"]).await?;
    let edge = add(&*store, &scope, &link("a", "KNOWS", "b")?).await?;
    let changed = NodeChange { content: Change::Set("changed".to_owned()), ..NodeChange::default() };
    let changed = store.update_node(&scope, &id("b")?, changed).await?.node;
    suite.reopen().await?;
    let read = suite.store().await.nodes(&scope, &[id("a")?, id("b")?]).await?.nodes;
    ensure(read.first() == nodes.first() && read.last() == Some(&changed), || format!("became {read:?}"))?;
    suite.ensure_edges(&scope, &id("a")?, &[&edge]).await
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Write {
    Put,
    Update,
    Link,
    LinkOnce,
    Unlink,
    Delete,
}

/// What a write is made on.
struct Ground {
    scope: Scope,
    node: NodeId,
    edge: Link,
}

impl Write {
    /// Two nodes, `a` and `b`, and what this write needs besides.
    async fn prepare(self, suite: &Suite<'_>) -> Verdict<Ground> {
        let (store, scope) = (suite.store().await, suite.scope()?);
        put(&*store, &scope, &["a", "b"]).await?;
        let edge = link("a", "KNOWS", "b")?;
        let edge = if self == Self::LinkOnce { edge.once() } else { edge };
        if self == Self::Unlink {
            add(&*store, &scope, &edge).await?;
        }
        if self == Self::Delete {
            for _ in 0..40 {
                add(&*store, &scope, &link("a", "KNOWS", "b")?).await?;
            }
        }
        Ok(Ground { scope, node: id("a")?, edge })
    }

    async fn make(self, store: &dyn GraphStore, ground: &Ground) -> Result<()> {
        let Ground { scope, node, edge } = ground;
        match self {
            Self::Put => store.put_nodes(scope, new_nodes()?).await.map(drop),
            Self::Update => store.update_node(scope, node, change()).await.map(drop),
            Self::Link | Self::LinkOnce => store.link(scope, edge.clone().between_existing()).await.map(drop),
            Self::Unlink => store.unlink(scope, &edge.key).await.map(drop),
            Self::Delete => store.delete_node(scope, node).await.map(drop),
        }
    }

    /// Fails unless the write has had its effect, once.
    async fn ensure_made(self, suite: &Suite<'_>, ground: &Ground) -> Verdict {
        let (store, Ground { scope, node, edge }) = (suite.store().await, ground);
        let names: BTreeSet<_> =
            all_nodes(&*store, scope, 50).await?.into_iter().map(|node| node.id.to_string()).collect();
        let expected: &[&str] = match self {
            Self::Put => &["a", "b", "c", "d", "e"],
            Self::Delete => &["b"],
            _ => &["a", "b"],
        };
        ensure(names.iter().eq(expected), || format!("the nodes {names:?} are there"))?;
        let edges = all_edges(&*store, scope, &id("b")?, EdgesOf::default(), 50).await?;
        let expected =
            if matches!(self, Self::Link | Self::LinkOnce) { vec![edge.key.edge_id()] } else { vec![] };
        let found: Vec<_> = edges.iter().map(|edge| edge.id.clone()).collect();
        ensure(found == expected, || format!("{} edges", found.len()))?;
        let of_type = suite.of_type(scope, "KNOWS", expected.len()).await?.len();
        ensure(of_type == expected.len(), || format!("{of_type} edges of the type"))?;
        if self == Self::Update {
            let node = store.node(scope, node).await?.node;
            ensure(node.is_some_and(|node| node.content == "changed"), || "nothing changed".to_owned())?;
        }
        Ok(())
    }
}

fn new_nodes() -> Result<Vec<NewNode>> {
    ["c", "d", "e"].into_iter().map(|name| Ok(NewNode::new(NodeId::new(name)?, "something else"))).collect()
}

fn change() -> NodeChange {
    NodeChange { content: Change::Set("changed".to_owned()), ..NodeChange::default() }
}

async fn faults(suite: &Suite<'_>, write: Write) -> Verdict {
    let mut doubts = 0;
    for fault in FAULTS {
        for number in 1..=12 {
            let mut met = false;
            let mut requests = vec![Requests::Nth(number)];
            if LASTING.contains(&fault) {
                requests.push(Requests::From(number));
            }
            for requests in requests {
                let ground = write.prepare(suite).await?;
                suite.inject(fault, requests).await?;
                let result = write.make(&*suite.store().await, &ground).await;
                met |= suite.harness.heal().await;
                let circumstances = || format!("{fault:?} at {requests:?}");
                match &result {
                    Ok(()) => {}
                    Err(error) => {
                        doubts += usize::from(*error.kind() == ErrorKind::UnknownWrite);
                        let expected = matches!(
                            error.kind(),
                            ErrorKind::UnknownWrite
                                | ErrorKind::Unavailable
                                | ErrorKind::Throttled
                                | ErrorKind::Protocol
                        );
                        ensure(expected, || format!("{}: {error}", circumstances()))?;
                        ensure_discreet(error)?;
                        if let Err(error) = write.make(&*suite.store().await, &ground).await {
                            return fail(format!("{}, made again: {error}", circumstances()));
                        }
                    }
                }
                write.ensure_made(suite, &ground).await.map_err(|stop| stop.when(circumstances))?;
            }
            if !met {
                break;
            }
        }
    }
    ensure(doubts > 0, || "no lost reply was `UnknownWrite`".to_owned())
}
