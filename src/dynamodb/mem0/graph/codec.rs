//! Rows as nodes and edges, and back.

use aws_sdk_dynamodb::types::AttributeValue;

use super::keys::{self, Keys};
use crate::dynamodb::size::Item;
use crate::error::Error;
use crate::graph::{Edge, EdgeId, Node, NodeId, RelationshipType};
use crate::json::RawJson;
use crate::store::Unreadable;

/// The names of attributes. Those that start with `cm_` are ours.
pub(super) mod attr {
    pub(crate) const NODE_ID: &str = "node_id";
    pub(crate) const EDGE_ID: &str = "edge_id";
    pub(crate) const CONTENT: &str = "content";
    pub(crate) const TYPE: &str = "type";
    pub(crate) const METADATA: &str = "metadata";
    pub(crate) const CREATED_AT: &str = "created_at";
    pub(crate) const UPDATED_AT: &str = "updated_at";
    pub(crate) const SOURCE_ID: &str = "source_id";
    pub(crate) const TARGET_ID: &str = "target_id";
    pub(crate) const RELATIONSHIP_TYPE: &str = "relationship_type";
    pub(crate) const DIRECTION: &str = "direction";
    pub(crate) const PROPERTIES: &str = "properties";
    /// SS, of a node: the words under which it is listed.
    pub(crate) const WORDS: &str = "cm_words";
    /// N, of a node: epoch seconds since when it is being deleted.
    pub(crate) const DELETING: &str = "cm_deleting";
}

/// The value of `type` in a node.
const NODE: &str = "memory_node";

/// The value of `direction` at an edge's source, and at its target.
pub(super) const OUTGOING: &str = "outgoing";
const INCOMING: &str = "incoming";

pub(super) fn s(text: impl Into<String>) -> AttributeValue {
    AttributeValue::S(text.into())
}

pub(super) fn n(number: u64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

pub(super) fn text<'a>(item: &'a Item, name: &str) -> Option<&'a str> {
    item.get(name)?.as_s().ok().map(String::as_str)
}

/// Whole seconds of a number, which other writers may give fractions.
fn epoch_secs(item: &Item, name: &str) -> Option<u64> {
    let number = item.get(name)?.as_n().ok()?;
    let (whole, _) = number.split_once('.').unwrap_or((number, ""));
    whole.parse().ok()
}

/// The words under which a node is listed.
pub(super) fn listed_words(item: &Item) -> impl Iterator<Item = &str> {
    let words = item.get(attr::WORDS).and_then(|words| words.as_ss().ok());
    words.into_iter().flatten().map(String::as_str)
}

/// Whether a node is being deleted, so that it counts as gone.
pub(super) fn is_being_deleted(item: &Item) -> bool {
    item.contains_key(attr::DELETING)
}

/// A row's key, for people.
fn shown(keys: &Keys, item: &Item) -> String {
    let partition = text(item, attr::NODE_ID).unwrap_or_default();
    let partition = keys.name(partition).unwrap_or(partition);
    format!("{partition} {}", text(item, attr::EDGE_ID).unwrap_or_default())
}

fn unreadable(keys: &Keys, item: &Item, reason: impl Into<String>) -> Unreadable {
    Unreadable { key: shown(keys, item), reason: reason.into() }
}

/// A JSON object in an attribute of type S.
fn object(item: &Item, name: &str) -> Result<Option<RawJson>, String> {
    match item.get(name) {
        None | Some(AttributeValue::Null(_)) => Ok(None),
        Some(AttributeValue::S(text)) => match RawJson::parse(text.as_str()) {
            Ok(json) if json.as_str().starts_with('{') => Ok(Some(json)),
            Ok(_) => Err(format!("its `{name}` is JSON, but not an object")),
            Err(_) => Err(format!("its `{name}`, {} bytes, is not JSON", text.len())),
        },
        Some(_) => Err(format!("its `{name}` is not of type S")),
    }
}

fn string(item: &Item, name: &str) -> Result<String, String> {
    match item.get(name) {
        Some(AttributeValue::S(text)) => Ok(text.clone()),
        Some(_) => Err(format!("its `{name}` is not of type S")),
        None => Err(format!("it has no `{name}`")),
    }
}

/// A node from its row.
pub(super) fn node(keys: &Keys, item: &Item) -> Result<Node, Unreadable> {
    let read = || {
        let id = string(item, attr::NODE_ID)?;
        let id = keys.name(&id).ok_or("it is of another scope")?;
        Ok::<_, String>(Node {
            id: NodeId::new(id).map_err(|error| error.message().to_owned())?,
            content: string(item, attr::CONTENT)?,
            metadata: object(item, attr::METADATA)?,
            created_at_epoch_secs: epoch_secs(item, attr::CREATED_AT),
            updated_at_epoch_secs: epoch_secs(item, attr::UPDATED_AT),
        })
    };
    read().map_err(|reason| unreadable(keys, item, reason))
}

/// An edge from any of its rows.
pub(super) fn edge(keys: &Keys, item: &Item) -> Result<Edge, Unreadable> {
    let properties = object(item, attr::PROPERTIES).map_err(|reason| unreadable(keys, item, reason))?;
    Ok(Edge {
        properties,
        created_at_epoch_secs: epoch_secs(item, attr::CREATED_AT),
        ..bare_edge(keys, item)?
    })
}

/// What it takes to find the rows of an edge, whatever its properties.
pub(super) fn bare_edge(keys: &Keys, item: &Item) -> Result<Edge, Unreadable> {
    let read = || {
        let (source, target) = (string(item, attr::SOURCE_ID)?, string(item, attr::TARGET_ID)?);
        let relationship_type = string(item, attr::RELATIONSHIP_TYPE)?;
        let sort = text(item, attr::EDGE_ID).unwrap_or_default();
        let place = match sort.split_once('#') {
            Some(("OUT", _)) => &source,
            Some(("IN", _)) => &target,
            _ => &relationship_type,
        };
        if text(item, attr::NODE_ID) != Some(place) {
            return Err("it lies elsewhere than the edge that it tells of".to_owned());
        }
        let name = |value: &str| {
            keys.name(value)
                .map(str::to_owned)
                .ok_or_else(|| "it names something of another scope".to_owned())
        };
        let too_long = |error: Error| error.message().to_owned();
        let id = keys::edge_id(sort).ok_or("its `edge_id` has no id")?;
        Ok::<_, String>(Edge {
            id: EdgeId::new(id).map_err(too_long)?,
            source: NodeId::new(name(&source)?).map_err(too_long)?,
            relationship_type: RelationshipType::new(name(&relationship_type)?).map_err(too_long)?,
            target: NodeId::new(name(&target)?).map_err(too_long)?,
            properties: None,
            created_at_epoch_secs: None,
        })
    };
    read().map_err(|reason| unreadable(keys, item, reason))
}

/// A node's row, without the words under which it is listed.
pub(super) fn node_row(partition: &str, node: &Node) -> Item {
    let mut item = Item::from([
        (attr::NODE_ID.to_owned(), s(partition)),
        (attr::EDGE_ID.to_owned(), s(keys::META)),
        (attr::CONTENT.to_owned(), s(node.content.as_str())),
        (attr::TYPE.to_owned(), s(NODE)),
    ]);
    let mut number = |name: &str, at: Option<u64>| {
        at.map(|at| item.insert(name.to_owned(), n(at)));
    };
    number(attr::CREATED_AT, node.created_at_epoch_secs);
    number(attr::UPDATED_AT, node.updated_at_epoch_secs);
    if let Some(metadata) = &node.metadata {
        item.insert(attr::METADATA.to_owned(), s(metadata.as_str()));
    }
    item
}

/// What stands in the table for an edge's ends and its type.
#[derive(Debug)]
pub(super) struct Ends {
    pub(super) source: String,
    pub(super) relationship_type: String,
    pub(super) target: String,
}

impl Ends {
    pub(super) fn of(
        keys: &Keys,
        source: &NodeId,
        relationship_type: &RelationshipType,
        target: &NodeId,
    ) -> crate::error::Result<Self> {
        Ok(Self {
            source: keys.node(source)?,
            relationship_type: keys.relationship_type(relationship_type)?,
            target: keys.node(target)?,
        })
    }
}

/// The three rows of an edge: at its source, at its target, under its type.
pub(super) fn edge_rows(ends: &Ends, edge: &Edge) -> [Item; 3] {
    let [outgoing, incoming, by_type] = keys::edge_rows(&edge.id);
    let row = |partition: &str, sort: String, direction: Option<&str>| {
        let mut item = Item::from([
            (attr::NODE_ID.to_owned(), s(partition)),
            (attr::EDGE_ID.to_owned(), s(sort)),
            (attr::SOURCE_ID.to_owned(), s(ends.source.as_str())),
            (attr::TARGET_ID.to_owned(), s(ends.target.as_str())),
            (attr::RELATIONSHIP_TYPE.to_owned(), s(ends.relationship_type.as_str())),
            (attr::CREATED_AT.to_owned(), n(edge.created_at_epoch_secs.unwrap_or_default())),
        ]);
        if let Some(direction) = direction {
            item.insert(attr::DIRECTION.to_owned(), s(direction));
        }
        if let Some(properties) = &edge.properties {
            item.insert(attr::PROPERTIES.to_owned(), s(properties.as_str()));
        }
        item
    };
    [
        row(&ends.source, outgoing, Some(OUTGOING)),
        row(&ends.target, incoming, Some(INCOMING)),
        row(&ends.relationship_type, by_type, None),
    ]
}

/// The key of a row.
pub(super) fn key(partition: &str, sort: &str) -> Item {
    Item::from([(attr::NODE_ID.to_owned(), s(partition)), (attr::EDGE_ID.to_owned(), s(sort))])
}
