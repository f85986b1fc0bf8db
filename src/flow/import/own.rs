//! Documents of this program.

use serde_json::{Map, Value};

use super::super::document::{Flow, FlowNode};
use super::credentials::connect_again;
use super::report::{DropReason, ImportReport, ImportSource, UnknownNode};
use super::{Imported, secrets};
use crate::declare::Problem;
use crate::error::Result;
use crate::registry::Registry;

pub(super) fn import(bytes: &[u8], registry: &Registry) -> Result<Imported> {
    let found = Flow::parse(bytes)?;
    let mut report = ImportReport::new(ImportSource::CanvasMemory);
    for node in &found.nodes {
        match registry.node(&node.node_type).filter(|_| node.foreign.is_none()) {
            Some(entry) => report.connect_again.extend(connect_again(node, entry, node.credential.is_some())),
            None => report.unknown_nodes.push(UnknownNode {
                node: node.id.clone(),
                node_type: node.node_type.clone(),
                label: node.name.clone(),
            }),
        }
    }
    let mut upgraded = found.without_credentials().upgraded(registry);
    report.upgraded = upgraded.nodes;
    for node in upgraded.flow.nodes.iter_mut().filter(|node| node.foreign.is_none()) {
        adopt(node, registry, &mut report);
    }
    Ok(Imported { flow: upgraded.flow, report })
}

/// Makes inputs that somebody copied from another system's configuration the node's own.
fn adopt(node: &mut FlowNode, registry: &Registry, report: &mut ImportReport) {
    let Some(entry) = registry.node(&node.node_type) else { return };
    let mut inputs = node.inputs.clone();
    if entry.adopt(&mut inputs).is_err() {
        inputs = node.inputs.clone();
        let block = inputs.get_mut("config").and_then(Value::as_object_mut);
        if let Some(block) = block {
            drop_secrets(&node.id, block, report);
        }
        drop_secrets(&node.id, &mut inputs, report);
        node.inputs = inputs.clone();
    }
    // What still is in the way is among the problems of the flow.
    let Ok(left_out) = entry.adopt(&mut inputs) else { return };
    for Problem { input, message } in left_out {
        let message = format!("`{input}` {message}");
        report.drop_input(&node.id, &input, DropReason::UnknownInput, message);
    }
    node.inputs = inputs;
}

fn drop_secrets(node: &str, inputs: &mut Map<String, Value>, report: &mut ImportReport) {
    inputs.retain(|name, value| {
        let is_secret = secrets::is_secret(name, value);
        if is_secret {
            report.drop_secret(node, name);
        }
        !is_secret
    });
}
