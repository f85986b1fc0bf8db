//! The facts near what was said.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::num::NonZeroU32;

use futures_util::future::join_all;

use super::facts::{About, Fact, Facts};
use super::{GraphMemory, Neighbourhood, Node, NodeId, Walk, WalkLimits};
use crate::error::Result;
use crate::usage::Usage;

/// The name under which a graph knows the person who speaks, who hardly ever says it.
pub(super) const PERSON: &str = "user";

/// From how many things facts are looked for: the best matches.
const MAX_STARTS: NonZeroU32 = NonZeroU32::MIN.saturating_add(4);
/// The most requests around one thing: some dozen related things are followed, of a crowd no more.
const MAX_REQUESTS: NonZeroU32 = NonZeroU32::MIN.saturating_add(24);

impl GraphMemory {
    /// What is known near what was said, nearest first: of things that `said` names or shares words with, and of what is
    /// related to them; then of the person who speaks, the node `user`.
    ///
    /// `said` is the message, and after it what was said before. That counts only where the message names nothing that is
    /// known: *And where does she live?*
    ///
    /// # Errors
    /// As [`GraphStore::search`](super::GraphStore::search), with what the look-up had cost.
    pub async fn facts_near(&self, said: &[String]) -> Result<Facts> {
        let mut found = Found::default();
        match self.look_near(said, &mut found).await {
            Ok(()) => Ok(found.within(self)),
            Err(error) => Err(error.in_operation("find facts").with_usage(found.usage)),
        }
    }

    async fn look_near(&self, said: &[String], found: &mut Found) -> Result<()> {
        let starts = self.starts(said, found).await?;
        let depth = self.options().depth;
        let is_person_named = starts.iter().any(|node| node.id.as_str() == PERSON);
        let mut walks: Vec<_> = starts.into_iter().map(|node| (node.id, depth, 0)).collect();
        if !is_person_named {
            // What is known of the one who speaks comes after what is known of things that were named.
            walks.push((NodeId::new(PERSON)?, depth.min(1), 1));
        }
        let walked = join_all(walks.iter().map(async |(start, depth, _)| {
            let walk = Walk { limits: self.limits(*depth), ..Walk::default() };
            self.store().neighbourhood(self.scope(), start, &walk).await
        }));
        let mut failed = None;
        for (place, (near, (_, _, away))) in walked.await.into_iter().zip(&walks).enumerate() {
            match near {
                Ok(near) => found.add(near, place, *away),
                Err(error) => found.usage += failed.replace(error).map_or(Usage::default(), |it| it.usage()),
            }
        }
        failed.map_or(Ok(()), Err)
    }

    /// The things that are meant, best matches first.
    async fn starts(&self, said: &[String], found: &mut Found) -> Result<Vec<Node>> {
        let mut starts: Vec<Node> = Vec::new();
        for text in said.iter().filter(|text| !text.trim().is_empty()) {
            let hits = self.store().search(self.scope(), text, MAX_STARTS).await?;
            found.usage += hits.usage;
            found.unreadable += hits.unreadable.len() as u64;
            let is_named = hits.hits.iter().any(|hit| hit.by_name);
            for hit in hits.hits {
                if !starts.iter().any(|start| start.id == hit.node.id) {
                    starts.push(hit.node);
                }
            }
            if is_named {
                break;
            }
        }
        starts.truncate(MAX_STARTS.get() as usize);
        Ok(starts)
    }

    fn limits(&self, depth: u32) -> WalkLimits {
        // Around one thing no more is read than a prompt gets, and the thing itself.
        let most = self.options().max_facts.saturating_add(1);
        WalkLimits { depth, nodes: most, edges: most, requests: MAX_REQUESTS, ..WalkLimits::default() }
    }
}

/// What was found so far, each fact once, at the nearest place where it was met.
#[derive(Default)]
struct Found {
    facts: HashMap<About, (Order, Fact)>,
    left_out: bool,
    unreadable: u64,
    usage: Usage,
}

/// Near before far, better matches before others, newer before older, and the same each time.
type Order = (u32, usize, Reverse<u64>, String);

impl Found {
    /// Adds what is around the thing at `place` among those that were looked at, itself `away` from what was said.
    fn add(&mut self, near: Neighbourhood, place: usize, away: u32) {
        let depths: HashMap<_, _> = near.nodes.iter().map(|near| (&near.node.id, near.depth)).collect();
        let nodes = near.nodes.iter().filter_map(|near| {
            let fact = Fact::of_node(&near.node, away + near.depth)?;
            Some((fact, near.node.changed_at_epoch_secs()))
        });
        let edges = near.edges.iter().chain(&near.dangling).map(|edge| {
            let ends = [&edge.source, &edge.target].into_iter().filter_map(|end| depths.get(end));
            let hops = away + 1 + ends.min().copied().unwrap_or_default();
            (Fact::of_edge(edge, hops), edge.created_at_epoch_secs.unwrap_or_default())
        });
        for (fact, at_epoch_secs) in nodes.chain(edges) {
            let order = (fact.hops, place, Reverse(at_epoch_secs), fact.line.clone());
            let known = self.facts.get(&fact.about);
            if known.is_none_or(|(nearest, _)| order < *nearest) {
                self.facts.insert(fact.about.clone(), (order, fact));
            }
        }
        self.left_out |= near.truncated.is_some();
        self.unreadable += near.unreadable.len() as u64;
        self.usage += near.usage;
    }

    /// As many of the nearest as the settings let through.
    fn within(self, memory: &GraphMemory) -> Facts {
        let options = memory.options();
        let mut all: Vec<_> = self.facts.into_values().collect();
        all.sort_by(|(one, _), (other, _)| one.cmp(other));
        let mut facts: Vec<Fact> = Vec::new();
        let mut left_out = self.left_out;
        let mut bytes = 0;
        for (_, fact) in all {
            bytes += fact.line.len();
            if facts.len() >= options.max_facts.get() as usize || bytes > options.max_bytes.get() as usize {
                left_out = true;
                break;
            }
            facts.push(fact);
        }
        Facts { facts, left_out, unreadable: self.unreadable, usage: self.usage }
    }
}
