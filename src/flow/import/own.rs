//! Documents of this program.

use super::super::document::Flow;
use super::Imported;
use super::credentials::connect_again;
use super::report::{ImportReport, ImportSource, UnknownNode};
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
    let upgraded = found.without_credentials().upgraded(registry);
    report.upgraded = upgraded.nodes;
    Ok(Imported { flow: upgraded.flow, report })
}
