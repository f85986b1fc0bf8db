//! Changing a node, with the words under which it is listed.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;

use super::Mem0GraphStore;
use super::codec::{self, attr, is_being_deleted, listed_words, n, s};
use super::keys::{Keys, META};
use super::nodes::{MAX_TRIES, too_busy};
use super::requests::{Transacted, pause, too_large};
use super::writes::{Expression, Write};
use crate::dynamodb::size::{Item, MAX_ITEM_BYTES, item_bytes};
use crate::error::{Error, ErrorKind, Result};
use crate::graph::node::object;
use crate::graph::{Change, Node, NodeChange, NodeId, NodeUpdated, no_such_node};
use crate::session::Scope;
use crate::usage::Usage;

pub(super) async fn update(
    store: &Mem0GraphStore,
    scope: &Scope,
    id: &NodeId,
    change: NodeChange,
) -> Result<NodeUpdated> {
    let mut usage = Usage::default();
    match try_update(store, &Keys::of(scope), id, change, &mut usage).await {
        Ok(node) => Ok(NodeUpdated { node, usage }),
        Err(error) => Err(error.with_usage(usage)),
    }
}

async fn try_update(
    store: &Mem0GraphStore,
    keys: &Keys,
    id: &NodeId,
    change: NodeChange,
    usage: &mut Usage,
) -> Result<Node> {
    let partition = keys.node(id)?;
    if let Change::Set(metadata) = &change.metadata {
        object("metadata", Some(metadata.clone()))?;
    }
    for attempt in 0..MAX_TRIES {
        pause(attempt).await;
        let row = store.row(&partition, usage).await?;
        let row = row.filter(|row| !is_being_deleted(row)).ok_or_else(no_such_node)?;
        let old = codec::node(keys, &row).map_err(|unreadable| {
            let message =
                "the node can't be read, so nothing of it is changed; correct or delete it where it lies";
            Error::new(ErrorKind::Corrupt, message).with("reason", unreadable.reason)
        })?;
        if change == NodeChange::default() {
            return Ok(old);
        }
        let new = change.applied_to(&old, store.now())?;
        let new_row = codec::node_row(&partition, &new);
        if item_bytes(&new_row) > MAX_ITEM_BYTES {
            return Err(too_large(item_bytes(&new_row)));
        }
        let writes = changes(store, keys, &change, (&old, &row), &new);
        if let Transacted::Done = store.transact(&writes, usage).await? {
            return Ok(new);
        }
    }
    Err(too_busy())
}

/// The writes that make `new` of `old`, if nobody else changes its content meanwhile.
fn changes(
    store: &Mem0GraphStore,
    keys: &Keys,
    change: &NodeChange,
    (old, row): (&Node, &Item),
    new: &Node,
) -> Vec<Write> {
    let mut names = vec![("updated", attr::UPDATED_AT)];
    let (mut sets, mut removes) = (vec!["#updated = :updated"], Vec::new());
    let mut update = Vec::new();
    let mut condition = Expression::alive();
    let mut writes = Vec::new();
    match &new.metadata {
        _ if change.metadata == Change::Keep => {}
        Some(metadata) => {
            names.push(("metadata", attr::METADATA));
            sets.push("#metadata = :metadata");
            update.push(("metadata", s(metadata.as_str())));
        }
        None => {
            names.push(("metadata", attr::METADATA));
            removes.push("#metadata");
        }
    }
    if change.content != Change::Keep {
        names.push(("content", attr::CONTENT));
        sets.push("#content = :content");
        update.push(("content", s(new.content.as_str())));
        condition.text.push_str(" AND #content = :old");
        condition = condition.with("old", s(old.content.as_str()));
        let (listed, words) =
            (listed_words(row).map(str::to_owned).collect::<BTreeSet<_>>(), store.words(new));
        names.push(("words", attr::WORDS));
        if words.is_empty() {
            removes.push("#words");
        } else {
            sets.push("#words = :words");
            update.push(("words", AttributeValue::Ss(words.iter().cloned().collect())));
        }
        writes.extend(words.difference(&listed).map(|word| store.word_row(keys, word, &new.id)));
        writes.extend(listed.difference(&words).map(|word| store.no_word_row(keys, word, &new.id)));
    } else if change.if_content.is_some() {
        names.push(("content", attr::CONTENT));
        condition.text.push_str(" AND #content = :old");
        condition = condition.with("old", s(old.content.as_str()));
    }
    let mut text = format!("SET {}", sets.join(", "));
    if !removes.is_empty() {
        text.push_str(&format!(" REMOVE {}", removes.join(", ")));
    }
    let mut expression = Expression::new(text, &names).with("updated", n(new.changed_at_epoch_secs()));
    for (alias, value) in update {
        expression = expression.with(alias, value);
    }
    let partition = super::codec::text(row, attr::NODE_ID).unwrap_or_default();
    writes.insert(0, Write::Update(codec::key(partition, META), expression, condition));
    writes
}
