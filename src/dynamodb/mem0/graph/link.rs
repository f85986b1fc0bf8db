//! Linking and unlinking: the three rows of an edge, in one transaction.

use super::Mem0GraphStore;
use super::codec::{self, Ends, attr, edge_rows, s, text};
use super::keys::{self, Keys, META};
use super::requests::Transacted;
use super::writes::{Expression, Write};
use crate::dynamodb::size::Item;
use crate::error::{Error, ErrorKind, Result};
use crate::graph::node::object;
use crate::graph::{Edge, EdgeId, EdgeKey, Link, Linked, Unlinked, no_such_node, other_edge};
use crate::session::Scope;
use crate::usage::Usage;

pub(super) async fn link(store: &Mem0GraphStore, scope: &Scope, link: Link) -> Result<Linked> {
    let mut usage = Usage::default();
    match try_link(store, &Keys::of(scope), link, &mut usage).await {
        Ok((edge, duplicate)) => Ok(Linked { edge, duplicate, usage }),
        Err(error) => Err(error.with_usage(usage)),
    }
}

async fn try_link(
    store: &Mem0GraphStore,
    keys: &Keys,
    link: Link,
    usage: &mut Usage,
) -> Result<(Edge, bool)> {
    let id = link.key.edge_id();
    let Link { key: EdgeKey { source, relationship_type, target, .. }, properties, between_existing } = link;
    let properties = object("properties", properties)?;
    let now = store.now();
    let edge = Edge { id, source, relationship_type, target, properties, created_at_epoch_secs: Some(now) };
    let ends = Ends::of(keys, &edge.source, &edge.relationship_type, &edge.target)?;
    let [outgoing, incoming, by_type] = edge_rows(&ends, &edge);
    // The row at the source decides; what a writer without transactions left of the same edge is made whole.
    let mut writes = vec![
        Write::Put(outgoing, Some(Expression::absent())),
        Write::Put(incoming, Some(absent_or_same(&ends))),
        Write::Put(by_type, Some(absent_or_same(&ends))),
    ];
    if between_existing {
        writes.push(Write::Check(codec::key(&ends.source, META), Expression::alive()));
        if ends.source != ends.target {
            writes.push(Write::Check(codec::key(&ends.target, META), Expression::alive()));
        }
    }
    let refused = match store.transact(&writes, usage).await? {
        Transacted::Done => return Ok((edge, false)),
        Transacted::Refused(refused) => refused,
    };
    if let Some((at, _)) = refused.iter().find(|(at, _)| *at > 2) {
        return Err(no_such_node().with("end", if *at == 3 { "source" } else { "target" }));
    }
    let there = match refused.into_iter().find(|(at, _)| *at == 0) {
        None => return Err(other_edge()),
        Some((_, Some(there))) => Some(there),
        Some((_, None)) => store.source_row(&ends, &edge.id, usage).await?,
    };
    // Where it is gone by now it had been there when it was refused.
    let Some(there) = there else { return Ok((edge, true)) };
    if !ends.are_of(&there) {
        return Err(other_edge());
    }
    match codec::edge(keys, &there) {
        Ok(edge) => Ok((edge, true)),
        Err(unreadable) => {
            let message = "the edge is there and can't be read; correct or unlink it";
            Err(Error::new(ErrorKind::Corrupt, message).with("reason", unreadable.reason))
        }
    }
}

pub(super) async fn unlink(store: &Mem0GraphStore, scope: &Scope, edge: &EdgeKey) -> Result<Unlinked> {
    let mut usage = Usage::default();
    match try_unlink(store, &Keys::of(scope), edge, &mut usage).await {
        Ok(existed) => Ok(Unlinked { existed, usage }),
        Err(error) => Err(error.with_usage(usage)),
    }
}

async fn try_unlink(store: &Mem0GraphStore, keys: &Keys, edge: &EdgeKey, usage: &mut Usage) -> Result<bool> {
    let id = edge.edge_id();
    let ends = Ends::of(keys, &edge.source, &edge.relationship_type, &edge.target)?;
    let [outgoing, incoming, by_type] = keys::edge_rows(&id);
    let others = [
        Write::Delete(codec::key(&ends.target, &incoming), Some(absent_or_same(&ends))),
        Write::Delete(codec::key(&ends.relationship_type, &by_type), Some(absent_or_same(&ends))),
    ];
    let mut writes = vec![Write::Delete(codec::key(&ends.source, &outgoing), Some(same(&ends)))];
    writes.extend(others.clone());
    let refused = match store.transact(&writes, usage).await? {
        Transacted::Done => return Ok(true),
        Transacted::Refused(refused) => refused,
    };
    let there = match refused.into_iter().find(|(at, _)| *at == 0) {
        None => return Err(other_edge()),
        Some((_, Some(there))) => Some(there),
        Some((_, None)) => store.source_row(&ends, &id, usage).await?,
    };
    // One with these ends was not there when it was refused, and was linked since.
    if there.is_some_and(|there| !ends.are_of(&there)) {
        return Err(other_edge());
    }
    // What a writer without transactions left of it, unless it was linked since.
    let mut writes = vec![Write::Check(codec::key(&ends.source, &outgoing), Expression::absent())];
    writes.extend(others);
    store.transact(&writes, usage).await?;
    Ok(false)
}

/// The row is of an edge with these ends.
fn same(ends: &Ends) -> Expression {
    let names = [("s", attr::SOURCE_ID), ("t", attr::TARGET_ID), ("r", attr::RELATIONSHIP_TYPE)];
    Expression::new("#s = :s AND #t = :t AND #r = :r", &names)
        .with("s", s(ends.source.as_str()))
        .with("t", s(ends.target.as_str()))
        .with("r", s(ends.relationship_type.as_str()))
}

fn absent_or_same(ends: &Ends) -> Expression {
    let mut expression = same(ends).and(Expression::absent());
    expression.text = "attribute_not_exists(#n) OR (#s = :s AND #t = :t AND #r = :r)".to_owned();
    expression
}

impl Ends {
    /// Whether a row is of an edge between them.
    fn are_of(&self, row: &Item) -> bool {
        text(row, attr::SOURCE_ID) == Some(&self.source)
            && text(row, attr::TARGET_ID) == Some(&self.target)
            && text(row, attr::RELATIONSHIP_TYPE) == Some(&self.relationship_type)
    }
}

impl Mem0GraphStore {
    async fn source_row(&self, ends: &Ends, id: &EdgeId, usage: &mut Usage) -> Result<Option<Item>> {
        let [outgoing, ..] = keys::edge_rows(id);
        let key = codec::key(&ends.source, &outgoing);
        Ok(self.batch_get(&[key], true, usage).await?.into_iter().next())
    }
}
