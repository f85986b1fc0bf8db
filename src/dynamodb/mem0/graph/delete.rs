//! Deleting a node with all its edges, in pages.

use std::collections::HashSet;

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{ReturnConsumedCapacity, ReturnValue};

use super::Mem0GraphStore;
use super::codec::{self, attr, is_being_deleted, listed_words, n, s};
use super::keys::{IN, IN_END, Keys, META, OUT, OUT_END, edge_rows};
use super::requests::{Range, Transacted};
use super::writes::{Expression, Write};
use crate::error::Result;
use crate::graph::{Edge, NodeDeleted, NodeId};
use crate::session::Scope;
use crate::store::Unreadable;
use crate::usage::Usage;

/// How many edges go in one transaction: three rows each, beside the node.
const EDGES_PER_TRANSACTION: usize = 33;

/// How many edges are read at a time: three transactions.
const PAGE: usize = 3 * EDGES_PER_TRANSACTION;

/// How often the edges are gone through, where others go on linking.
const MAX_PASSES: u32 = 10;

/// How many rows that can't be read are told.
const MAX_UNREADABLE: usize = 100;

pub(super) async fn delete(store: &Mem0GraphStore, scope: &Scope, id: &NodeId) -> Result<NodeDeleted> {
    let mut usage = Usage::default();
    match mark_and_finish(store, &Keys::of(scope), id, &mut usage).await {
        Ok((existed, Removed { edges, unreadable })) => Ok(NodeDeleted { existed, edges, unreadable, usage }),
        Err(error) => Err(error.with_usage(usage)),
    }
}

async fn mark_and_finish(
    store: &Mem0GraphStore,
    keys: &Keys,
    id: &NodeId,
    usage: &mut Usage,
) -> Result<(bool, Removed)> {
    let existed = mark(store, &keys.node(id)?, usage).await?;
    Ok((existed, finish(store, keys, id, usage).await?))
}

/// Lets a node count as gone; says whether there is one, marked before or not.
async fn mark(store: &Mem0GraphStore, partition: &str, usage: &mut Usage) -> Result<bool> {
    let request = store
        .client
        .sdk()
        .update_item()
        .table_name(&store.config.table)
        .set_key(Some(codec::key(partition, META)))
        .update_expression("SET #deleting = if_not_exists(#deleting, :now)")
        .condition_expression("attribute_exists(#n)")
        .expression_attribute_names("#n", attr::NODE_ID)
        .expression_attribute_names("#deleting", attr::DELETING)
        .expression_attribute_values(":now", n(store.now()))
        .return_values(ReturnValue::None)
        .return_consumed_capacity(ReturnConsumedCapacity::Total);
    match store.client.call(|meter| request.customize().interceptor(meter).send()).await {
        Ok((_, cost)) => {
            *usage += cost;
            Ok(true)
        }
        Err(error) if error.service().is_some_and(UpdateItemError::is_conditional_check_failed_exception) => {
            *usage += error.usage();
            Ok(false)
        }
        Err(error) => Err(error.into_write_error().with("table", &store.config.table)),
    }
}

/// What a deletion removed.
#[derive(Default)]
pub(super) struct Removed {
    edges: u64,
    unreadable: Vec<Unreadable>,
}

/// Removes the edges of a node that counts as gone, and the node last. Ends early where the node was put again meanwhile:
/// then another one has finished.
pub(super) async fn finish(
    store: &Mem0GraphStore,
    keys: &Keys,
    id: &NodeId,
    usage: &mut Usage,
) -> Result<Removed> {
    let partition = keys.node(id)?;
    let mut removed = Removed::default();
    // Who links without asking whether the node is there may do so behind the place that is read.
    for _ in 0..MAX_PASSES {
        let before = removed.edges;
        removed.unreadable.clear();
        for (low, high) in [(OUT, OUT_END), (IN, IN_END)] {
            if !remove_edges(store, keys, &partition, (low, high), &mut removed, usage).await? {
                return Ok(removed);
            }
        }
        if removed.edges == before {
            break;
        }
    }
    let row = store.row(&partition, usage).await?;
    let Some(row) = row.filter(is_being_deleted) else { return Ok(removed) };
    let mut writes = vec![Write::Delete(codec::key(&partition, META), Some(Expression::gone()))];
    writes.extend(listed_words(&row).map(|word| store.no_word_row(keys, word, id)));
    store.transact(&writes, usage).await?;
    Ok(removed)
}

/// Removes the edges in a range of the node's partition; `false` where the node does not count as gone any more.
async fn remove_edges(
    store: &Mem0GraphStore,
    keys: &Keys,
    partition: &str,
    (low, high): (&str, &str),
    removed: &mut Removed,
    usage: &mut Usage,
) -> Result<bool> {
    let key = Expression::new(
        "#n = :n AND #e BETWEEN :low AND :high",
        &[("n", attr::NODE_ID), ("e", attr::EDGE_ID)],
    );
    let key = key.with("n", s(partition)).with("low", s(low)).with("high", s(high));
    let range = Range { index: None, key, filter: None, limit: Some(PAGE), strong: true };
    let mut start = None;
    loop {
        let page = store.query(&range, start, usage).await?;
        let mut seen = HashSet::new();
        let mut edges = Vec::new();
        for item in page.items {
            match codec::bare_edge(keys, &item) {
                Ok(edge) if seen.insert(edge.id.clone()) => edges.push(edge),
                Ok(_) => {}
                Err(unreadable) if removed.unreadable.len() < MAX_UNREADABLE => {
                    removed.unreadable.push(unreadable);
                }
                Err(_) => {}
            }
        }
        for edges in edges.chunks(EDGES_PER_TRANSACTION) {
            let mut writes = vec![Write::Check(codec::key(partition, META), Expression::gone())];
            for edge in edges {
                writes.extend(removal(keys, edge)?);
            }
            match store.transact(&writes, usage).await? {
                Transacted::Done => removed.edges += edges.len() as u64,
                Transacted::Refused(_) => return Ok(false),
            }
        }
        start = page.next;
        if start.is_none() {
            return Ok(true);
        }
    }
}

/// What removes the three rows of an edge.
fn removal(keys: &Keys, edge: &Edge) -> Result<[Write; 3]> {
    let [outgoing, incoming, by_type] = edge_rows(&edge.id);
    let delete = |partition: String, sort: &str| Write::Delete(codec::key(&partition, sort), None);
    Ok([
        delete(keys.node(&edge.source)?, &outgoing),
        delete(keys.node(&edge.target)?, &incoming),
        delete(keys.relationship_type(&edge.relationship_type)?, &by_type),
    ])
}
