//! Finding nodes by name, and by the words under which they are listed.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;

use futures_util::future::join_all;

use super::Mem0GraphStore;
use super::codec::{attr, s, text};
use super::keys::Keys;
use super::requests::Range;
use super::writes::Expression;
use crate::error::Result;
use crate::graph::{GraphStore, Hits, NodeId, search, words};
use crate::session::Scope;
use crate::usage::Usage;

/// How many nodes with one word are looked at.
const NODES_PER_WORD: usize = 200;

/// How many nodes are read: one batch.
const MAX_READ: usize = 100;

pub(super) async fn search(
    store: &Mem0GraphStore,
    scope: &Scope,
    said: &str,
    limit: NonZeroU32,
) -> Result<Hits> {
    let keys = Keys::of(scope);
    let names = words::names_in(said).into_iter().filter_map(|name| NodeId::new(name).ok());
    let mut wanted: Vec<_> = names.filter(|name| keys.node(name).is_ok()).collect();
    let (mut usage, mut truncated) = (Usage::default(), false);
    if store.config.words {
        let listed = listed(store, &keys, &words::of_text(said), &mut usage, &mut truncated).await;
        let listed = listed.map_err(|error| error.with_usage(usage))?;
        wanted.extend(listed.into_iter().filter(|id| !wanted.contains(id)).collect::<Vec<_>>());
        truncated |= wanted.len() > MAX_READ;
        wanted.truncate(MAX_READ);
    }
    if wanted.is_empty() {
        return Ok(Hits { truncated, usage, ..Hits::default() });
    }
    let read = store.nodes(scope, &wanted).await.map_err(|error| error.with_usage(usage))?;
    usage += read.usage;
    let mut hits = search::hits(said, read.nodes);
    truncated |= hits.len() > limit.get() as usize;
    hits.truncate(limit.get() as usize);
    Ok(Hits { hits, unreadable: read.unreadable, truncated, usage })
}

/// The nodes that are listed under any of these words, those under most of them first.
async fn listed(
    store: &Mem0GraphStore,
    keys: &Keys,
    words: &BTreeSet<String>,
    usage: &mut Usage,
    truncated: &mut bool,
) -> Result<Vec<NodeId>> {
    let pages = words.iter().map(|word| async {
        let key = Expression::new("#n = :n", &[("n", attr::NODE_ID)]).with("n", s(keys.word(word)));
        let range =
            Range { index: None, key, filter: None, limit: Some(NODES_PER_WORD), strong: store.is_strong() };
        let mut usage = Usage::default();
        (store.query(&range, None, &mut usage).await, usage)
    });
    let mut counts: BTreeMap<NodeId, usize> = BTreeMap::new();
    let mut failure = None;
    for (page, cost) in join_all(pages).await {
        *usage += cost;
        match page {
            Ok(page) => {
                *truncated |= page.next.is_some();
                let ids = page.items.iter().filter_map(|row| NodeId::new(text(row, attr::EDGE_ID)?).ok());
                ids.for_each(|id| *counts.entry(id).or_default() += 1);
            }
            Err(error) => failure = failure.or(Some(error)),
        }
    }
    if let Some(failure) = failure {
        return Err(failure);
    }
    let mut ids: Vec<_> = counts.into_iter().collect();
    ids.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    Ok(ids.into_iter().map(|(id, _)| id).collect())
}
