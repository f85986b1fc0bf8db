//! The nodes of a scope, as a scan meets them.

use super::codec::{self, attr, s, text};
use super::keys::{Keys, META, Mine};
use super::writes::Expression;
use super::{Mem0GraphStore, not_of_this_listing, page_size};
use crate::dynamodb::size::Item;
use crate::error::Result;
use crate::graph::NodePage;
use crate::session::Scope;
use crate::store::{Page, PageToken};
use crate::usage::Usage;

/// How many rows of the table a request looks at.
const SCANNED: usize = 1_000;

/// After so many requests a page ends as it is.
const MAX_SCANS: usize = 8;

pub(super) async fn list(store: &Mem0GraphStore, scope: &Scope, page: Page) -> Result<NodePage> {
    let keys = Keys::of(scope);
    let mut usage = Usage::default();
    let start = page.token.as_ref().map(start).transpose()?;
    match rows(store, &keys, page_size(&page), start, &mut usage).await {
        Ok((rows, next)) => {
            let mut listed = NodePage { next, usage, ..NodePage::default() };
            for row in rows {
                match codec::node(&keys, &row) {
                    Ok(node) => listed.nodes.push(node),
                    Err(unreadable) => listed.unreadable.push(unreadable),
                }
            }
            Ok(listed)
        }
        Err(error) => Err(error.with_usage(usage)),
    }
}

async fn rows(
    store: &Mem0GraphStore,
    keys: &Keys,
    size: usize,
    mut start: Option<Item>,
    usage: &mut Usage,
) -> Result<(Vec<Item>, Option<PageToken>)> {
    let mut rows: Vec<Item> = Vec::new();
    for _ in 0..MAX_SCANS {
        let page = store.scan(nodes_of(keys), SCANNED, start, usage).await?;
        for row in page.items {
            if rows.len() >= size {
                let next = rows.last().and_then(token);
                return Ok((rows, next));
            }
            rows.push(row);
        }
        start = page.next;
        if start.is_none() || rows.len() >= size {
            break;
        }
    }
    let next = start.as_ref().and_then(token);
    Ok((rows, next))
}

/// What tells this scope's nodes from all other rows.
fn nodes_of(keys: &Keys) -> Expression {
    let names = [("n", attr::NODE_ID), ("e", attr::EDGE_ID), ("deleting", attr::DELETING)];
    let nodes = |mine: &str| {
        let text = format!("#e = :meta AND attribute_not_exists(#deleting) AND {mine}");
        Expression::new(text, &names).with("meta", s(META))
    };
    match keys.mine() {
        Mine::Prefix(prefix) => nodes("begins_with(#n, :mine)").with("mine", s(prefix)),
        Mine::Raw { own, escaped } => nodes("(NOT begins_with(#n, :own) OR begins_with(#n, :mine))")
            .with("own", s(own))
            .with("mine", s(escaped)),
    }
}

fn token(key: &Item) -> Option<PageToken> {
    let parts = [text(key, attr::NODE_ID)?, text(key, attr::EDGE_ID)?];
    serde_json::to_string(&parts).ok().map(PageToken)
}

fn start(PageToken(token): &PageToken) -> Result<Item> {
    let [node, edge]: [String; 2] = serde_json::from_str(token).map_err(|_| not_of_this_listing())?;
    if node.is_empty() || edge.is_empty() {
        return Err(not_of_this_listing());
    }
    Ok(codec::key(&node, &edge))
}
