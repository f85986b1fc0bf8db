//! Nodes of unknown types are kept whole, but for secrets, ids of credentials and paths of a server.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::super::document::FlowNode;
use super::super::limits;
use super::foreign::ForeignNode;
use super::report::{ImportReport, UnknownNode};
use super::secrets;
use crate::error::{Error, Result};
use crate::json::RawJson;

pub(super) fn keep(node: &ForeignNode, report: &mut ImportReport) -> Result<FlowNode> {
    report.unknown_nodes.push(UnknownNode {
        node: node.id.clone(),
        node_type: node.node_type.clone(),
        label: node.label.clone(),
    });
    Ok(FlowNode {
        id: node.id.clone(),
        node_type: node.node_type.clone(),
        version: 1,
        name: node.label.as_ref().map(|label| label.chars().take(limits::MAX_NAME_CHARS).collect()),
        position: node.position,
        inputs: Map::new(),
        credential: None,
        foreign: Some(cleaned(node, report)?),
        other: Map::new(),
    })
}

/// The node's own text, unless something had to go.
fn cleaned(node: &ForeignNode, report: &mut ImportReport) -> Result<RawJson> {
    let unreadable = |_| Error::invalid_input("nodes", "can't be kept as JSON");
    let mut value: Value = node.raw.decode().map_err(unreadable)?;
    let mut changed = false;
    if let Some(Value::Object(data)) = value.get_mut("data") {
        for path in ["filePath", "icon"] {
            changed |= data.get(path).is_some_and(is_server_path) && data.shift_remove(path).is_some();
        }
        changed |= data.shift_remove("credential").is_some();
        if let Some(Value::Object(inputs)) = data.get_mut("inputs") {
            for name in node.passwords() {
                let holds_one =
                    inputs.get(name).is_some_and(|value| !matches!(value.as_str(), None | Some("")));
                if holds_one && inputs.shift_remove(name).is_some() {
                    report.drop_secret(&node.id, name);
                    changed = true;
                }
            }
        }
        if let Some(inputs) = data.get_mut("inputs") {
            let mut removed = BTreeSet::new();
            secrets::strip(inputs, &mut |name| {
                removed.insert(name.to_owned());
            });
            changed |= !removed.is_empty();
            removed.iter().for_each(|name| report.drop_secret(&node.id, name));
        }
    }
    if changed { RawJson::of(&value).map_err(unreadable) } else { Ok(node.raw.clone()) }
}

/// Whether a text is an absolute path of some machine.
fn is_server_path(value: &Value) -> bool {
    let path = value.as_str().unwrap_or_default();
    let has_drive = matches!(path.as_bytes(), [drive, b':', b'\\' | b'/', ..] if drive.is_ascii_alphabetic());
    path.starts_with('/') || path.starts_with("\\\\") || has_drive
}
