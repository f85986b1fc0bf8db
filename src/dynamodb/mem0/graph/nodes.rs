//! Putting and reading nodes, and their words.

use std::collections::{BTreeSet, HashMap, HashSet};

use aws_sdk_dynamodb::types::AttributeValue;

use super::Mem0GraphStore;
use super::codec::{self, attr, is_being_deleted, text};
use super::delete;
use super::keys::{Keys, META, fits_word_row};
use super::requests::{MAX_WRITES, Transacted, too_large};
use super::writes::{Expression, Write};
use crate::dynamodb::size::{Item, MAX_ITEM_BYTES, item_bytes};
use crate::error::{Error, ErrorKind, Result};
use crate::graph::node::object;
use crate::graph::{NewNode, Node, NodeId, NodesPut, NodesRead, Put, words};
use crate::session::Scope;
use crate::usage::Usage;

/// How much goes into one transaction, of the 4 MB that DynamoDB takes.
const MAX_TRANSACTION_BYTES: u64 = 3_500_000;

/// How often a change is tried against other writers, and a put against deletions.
pub(super) const MAX_TRIES: u32 = 20;

/// A node on its way into the table.
struct Pending {
    /// Its place among those that were given.
    at: usize,
    node: Node,
    partition: String,
    row: Item,
    words: BTreeSet<String>,
}

pub(super) async fn put(store: &Mem0GraphStore, scope: &Scope, nodes: Vec<NewNode>) -> Result<NodesPut> {
    let keys = Keys::of(scope);
    let mut usage = Usage::default();
    let mut pending = prepare(store, &keys, nodes)?;
    let mut outcomes: Vec<Option<Put>> = pending.iter().map(|_| None).collect();
    for _ in 0..MAX_TRIES {
        let mut again = Vec::new();
        for group in groups(pending) {
            let refused = put_group(store, &keys, group, &mut outcomes, &mut usage)
                .await
                .map_err(|error| error.with_usage(usage))?;
            again.extend(refused);
        }
        if again.is_empty() {
            let outcomes = outcomes.into_iter().flatten().collect();
            return Ok(NodesPut { outcomes, usage });
        }
        pending = again;
    }
    Err(too_busy().with_usage(usage))
}

fn prepare(store: &Mem0GraphStore, keys: &Keys, nodes: Vec<NewNode>) -> Result<Vec<Pending>> {
    let now = store.now();
    let mut seen = HashSet::new();
    let mut pending = Vec::with_capacity(nodes.len());
    for (at, NewNode { id, content, metadata }) in nodes.into_iter().enumerate() {
        if !seen.insert(id.clone()) {
            return Err(Error::invalid_input("nodes", "holds one node twice; give each once"));
        }
        let metadata = object("metadata", metadata)?;
        let partition = keys.node(&id)?;
        let node =
            Node { id, content, metadata, created_at_epoch_secs: Some(now), updated_at_epoch_secs: None };
        let words = store.words(&node);
        let mut row = codec::node_row(&partition, &node);
        if !words.is_empty() {
            row.insert(attr::WORDS.to_owned(), AttributeValue::Ss(words.iter().cloned().collect()));
        }
        if item_bytes(&row) > MAX_ITEM_BYTES {
            return Err(too_large(item_bytes(&row)));
        }
        pending.push(Pending { at, node, partition, row, words });
    }
    Ok(pending)
}

/// As many nodes as go into one transaction each.
fn groups(pending: Vec<Pending>) -> Vec<Vec<Pending>> {
    let mut groups: Vec<Vec<Pending>> = Vec::new();
    let (mut writes, mut bytes) = (0, 0);
    for node in pending {
        let (more_writes, more_bytes) = (1 + node.words.len(), item_bytes(&node.row));
        let fits = writes + more_writes <= MAX_WRITES && bytes + more_bytes <= MAX_TRANSACTION_BYTES;
        match groups.last_mut().filter(|_| fits) {
            Some(group) => group.push(node),
            None => {
                groups.push(vec![node]);
                (writes, bytes) = (0, 0);
            }
        }
        writes += more_writes;
        bytes += more_bytes;
    }
    groups
}

/// Puts nodes together; returns those that are to be tried again, because others of the group are there already.
async fn put_group(
    store: &Mem0GraphStore,
    keys: &Keys,
    mut group: Vec<Pending>,
    outcomes: &mut [Option<Put>],
    usage: &mut Usage,
) -> Result<Vec<Pending>> {
    let puts = group.iter().map(|node| Write::Put(node.row.clone(), Some(Expression::absent())));
    let mut writes: Vec<_> = puts.collect();
    for node in &group {
        writes.extend(node.words.iter().map(|word| store.word_row(keys, word, &node.node.id)));
    }
    let mut settle = |node: Pending, outcome| {
        if let Some(place) = outcomes.get_mut(node.at) {
            *place = Some(outcome);
        }
    };
    let refused = match store.transact(&writes, usage).await? {
        Transacted::Done => {
            for node in group {
                let put = Put::Created(node.node.clone());
                settle(node, put);
            }
            return Ok(Vec::new());
        }
        Transacted::Refused(refused) => refused,
    };
    // From the last, so that the places of the others stay what they are.
    for (at, there) in refused.into_iter().rev() {
        let Some(Pending { node, partition, .. }) = group.get(at) else { continue };
        let there = match there {
            Some(there) => there,
            None => match store.row(partition, usage).await? {
                Some(there) => there,
                None => continue,
            },
        };
        if is_being_deleted(&there) {
            delete::finish(store, keys, &node.id, usage).await?;
            continue;
        }
        let outcome = match codec::node(keys, &there) {
            Ok(node) => Put::Existed(node),
            Err(unreadable) => Put::Unreadable(unreadable),
        };
        settle(group.remove(at), outcome);
    }
    Ok(group)
}

pub(super) async fn read(store: &Mem0GraphStore, scope: &Scope, ids: &[NodeId]) -> Result<NodesRead> {
    let keys = Keys::of(scope);
    let mut read = NodesRead::default();
    let mut rows =
        rows(store, &keys, ids, &mut read.usage).await.map_err(|error| error.with_usage(read.usage))?;
    for id in ids {
        match rows.remove(&keys.node(id)?) {
            Some(row) if !is_being_deleted(&row) => match codec::node(&keys, &row) {
                Ok(node) => read.nodes.push(node),
                Err(unreadable) => read.unreadable.push(unreadable),
            },
            _ => read.missing.push(id.clone()),
        }
    }
    Ok(read)
}

/// Rows of nodes by their partition.
async fn rows(
    store: &Mem0GraphStore,
    keys: &Keys,
    ids: &[NodeId],
    usage: &mut Usage,
) -> Result<HashMap<String, Item>> {
    let partitions: BTreeSet<_> = ids.iter().map(|id| keys.node(id)).collect::<Result<_>>()?;
    let wanted: Vec<_> = partitions.iter().map(|partition| codec::key(partition, META)).collect();
    let found = store.batch_get(&wanted, store.is_strong(), usage).await?;
    let by_partition = |row: Item| Some((text(&row, attr::NODE_ID)?.to_owned(), row));
    Ok(found.into_iter().filter_map(by_partition).collect())
}

pub(super) fn too_busy() -> Error {
    Error::new(ErrorKind::Throttled, "too many write to this node at once; try again in a while")
}

impl Mem0GraphStore {
    /// The words under which a node is listed.
    pub(super) fn words(&self, node: &Node) -> BTreeSet<String> {
        if self.config.words && fits_word_row(&node.id) {
            words::of_node(node.id.as_str(), &node.content)
        } else {
            BTreeSet::new()
        }
    }

    pub(super) fn word_row(&self, keys: &Keys, word: &str, id: &NodeId) -> Write {
        Write::Put(codec::key(&keys.word(word), id.as_str()), None)
    }

    pub(super) fn no_word_row(&self, keys: &Keys, word: &str, id: &NodeId) -> Write {
        Write::Delete(codec::key(&keys.word(word), id.as_str()), None)
    }

    /// A node's row, as of every acknowledged write.
    pub(super) async fn row(&self, partition: &str, usage: &mut Usage) -> Result<Option<Item>> {
        Ok(self.batch_get(&[codec::key(partition, META)], true, usage).await?.into_iter().next())
    }
}
