//! The edges of a node, and those of a type.

use super::codec::{self, OUTGOING, attr, s, text};
use super::keys::{IN, IN_END, Keys, META, OUT, OUT_END, REL, REL_END, edge_id};
use super::requests::Range;
use super::writes::Expression;
use super::{Mem0GraphStore, not_of_this_listing, page_size};
use crate::dynamodb::size::Item;
use crate::error::{Error, Result};
use crate::graph::{Direction, EdgePage, EdgesOf, NodeId, RelationshipType};
use crate::session::Scope;
use crate::store::{Page, PageToken};
use crate::usage::Usage;

pub(super) async fn of_node(
    store: &Mem0GraphStore,
    scope: &Scope,
    node: &NodeId,
    which: &EdgesOf,
) -> Result<EdgePage> {
    if which.types.len() > EdgesOf::MAX_TYPES {
        let problem =
            format!("has {} types; at most {} can be asked for", which.types.len(), EdgesOf::MAX_TYPES);
        return Err(Error::invalid_input("types", problem));
    }
    let keys = Keys::of(scope);
    let partition = keys.node(node)?;
    let (low, high) = match which.direction {
        Direction::Outgoing => (OUT, OUT_END),
        Direction::Incoming => (IN, IN_END),
        Direction::Both => (IN, OUT_END),
    };
    let filter = of_types(&keys, &which.types)?;
    let size = page_size(&which.page);
    // One more than asked for tells whether there is a next page; the node itself lies between both directions.
    let limit = filter.is_none().then_some(size + 2);
    let listing = Listing {
        range: Range {
            index: None,
            key: between(&partition, low, high),
            filter,
            limit,
            strong: store.is_strong(),
        },
        start: which.page.token.as_ref().map(|token| start_in(&partition, (low, high), token)).transpose()?,
        size,
        token: |row| text(row, attr::EDGE_ID).map(|sort| PageToken(sort.to_owned())),
    };
    listing
        .read(store, &keys, |row| {
            let sort = text(row, attr::EDGE_ID).unwrap_or_default();
            if sort == META || edge_id(sort).is_none() {
                return false;
            }
            // An edge from the node to itself comes again, as an outgoing one.
            let again = which.direction == Direction::Both
                && sort.starts_with(IN)
                && row.get(attr::SOURCE_ID) == row.get(attr::TARGET_ID);
            !again
        })
        .await
}

pub(super) async fn of_type(
    store: &Mem0GraphStore,
    scope: &Scope,
    relationship_type: &RelationshipType,
    page: Page,
) -> Result<EdgePage> {
    let keys = Keys::of(scope);
    let partition = keys.relationship_type(relationship_type)?;
    let size = page_size(&page);
    let Some(index) = store.config.index.as_deref() else {
        let listing = Listing {
            range: Range {
                index: None,
                key: between(&partition, REL, REL_END),
                filter: None,
                limit: Some(size + 1),
                strong: store.is_strong(),
            },
            start: page
                .token
                .as_ref()
                .map(|token| start_in(&partition, (REL, REL_END), token))
                .transpose()?,
            size,
            token: |row| text(row, attr::EDGE_ID).map(|sort| PageToken(sort.to_owned())),
        };
        return listing.read(store, &keys, |_| true).await;
    };
    let key = Expression::new("#r = :r", &[("r", attr::RELATIONSHIP_TYPE)]).with("r", s(partition.as_str()));
    let filter = Expression::new("#d = :out", &[("d", attr::DIRECTION)]).with("out", s(OUTGOING));
    let listing = Listing {
        // Each edge stands in the index three times.
        range: Range {
            index: Some(index),
            key,
            filter: Some(filter),
            limit: Some(3 * (size + 1)),
            strong: false,
        },
        start: page.token.as_ref().map(|token| start_in_index(&partition, token)).transpose()?,
        size,
        token: index_token,
    };
    listing.read(store, &keys, |_| true).await
}

/// A page of a listing of edges.
struct Listing<'a> {
    range: Range<'a>,
    start: Option<Item>,
    size: usize,
    /// What names a row as the last of a page.
    token: fn(&Item) -> Option<PageToken>,
}

impl Listing<'_> {
    async fn read(
        self,
        store: &Mem0GraphStore,
        keys: &Keys,
        counts: impl Fn(&Item) -> bool,
    ) -> Result<EdgePage> {
        let mut usage = Usage::default();
        match self.rows(store, counts, &mut usage).await {
            Ok((rows, next)) => {
                let (mut edges, mut unreadable) = (Vec::new(), Vec::new());
                for row in rows {
                    match codec::edge(keys, &row) {
                        Ok(edge) => edges.push(edge),
                        Err(row) => unreadable.push(row),
                    }
                }
                Ok(EdgePage { edges, unreadable, next, usage })
            }
            Err(error) => Err(error.with_usage(usage)),
        }
    }

    /// Reads until the page is full or nothing is left.
    async fn rows(
        self,
        store: &Mem0GraphStore,
        counts: impl Fn(&Item) -> bool,
        usage: &mut Usage,
    ) -> Result<(Vec<Item>, Option<PageToken>)> {
        let mut rows: Vec<Item> = Vec::new();
        let mut start = self.start;
        loop {
            let page = store.query(&self.range, start, usage).await?;
            for row in page.items {
                if !counts(&row) {
                    continue;
                }
                if rows.len() >= self.size {
                    let next = rows.last().and_then(self.token);
                    return Ok((rows, next));
                }
                rows.push(row);
            }
            start = page.next;
            if start.is_none() {
                return Ok((rows, None));
            }
        }
    }
}

fn between(partition: &str, low: &str, high: &str) -> Expression {
    Expression::new("#n = :n AND #e BETWEEN :low AND :high", &[("n", attr::NODE_ID), ("e", attr::EDGE_ID)])
        .with("n", s(partition))
        .with("low", s(low))
        .with("high", s(high))
}

fn of_types(keys: &Keys, types: &[RelationshipType]) -> Result<Option<Expression>> {
    if types.is_empty() {
        return Ok(None);
    }
    let aliases: Vec<_> = (0..types.len()).map(|number| format!(":t{number}")).collect();
    let text = format!("#t IN ({})", aliases.join(", "));
    let mut filter = Expression::new(text, &[("t", attr::RELATIONSHIP_TYPE)]);
    for (number, name) in types.iter().enumerate() {
        filter = filter.with(&format!("t{number}"), s(keys.relationship_type(name)?));
    }
    Ok(Some(filter))
}

fn start_in(partition: &str, (low, high): (&str, &str), PageToken(sort): &PageToken) -> Result<Item> {
    if (low..high).contains(&sort.as_str()) && edge_id(sort).is_some() {
        Ok(codec::key(partition, sort))
    } else {
        Err(not_of_this_listing())
    }
}

/// The keys of a row in the index, without the type, which the caller names again.
fn index_token(row: &Item) -> Option<PageToken> {
    let created_at = row.get(attr::CREATED_AT)?.as_n().ok()?;
    let parts = [text(row, attr::NODE_ID)?, text(row, attr::EDGE_ID)?, created_at];
    serde_json::to_string(&parts).ok().map(PageToken)
}

fn start_in_index(partition: &str, PageToken(token): &PageToken) -> Result<Item> {
    let [node, edge, created_at]: [String; 3] =
        serde_json::from_str(token).map_err(|_| not_of_this_listing())?;
    if !edge.starts_with(OUT) || created_at.parse::<f64>().is_err() {
        return Err(not_of_this_listing());
    }
    let mut key = codec::key(&node, &edge);
    key.insert(attr::RELATIONSHIP_TYPE.to_owned(), s(partition));
    key.insert(attr::CREATED_AT.to_owned(), aws_sdk_dynamodb::types::AttributeValue::N(created_at));
    Ok(key)
}
