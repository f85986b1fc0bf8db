//! Ids of credentials mean nothing in another vault: what must be connected again.

use super::super::document::FlowNode;
use super::report::ConnectAgain;
use crate::declare::NodeEntry;

/// The node's slot, when it must be filled or was filled where the document comes from.
pub(super) fn connect_again(node: &FlowNode, entry: &NodeEntry, was_filled: bool) -> Option<ConnectAgain> {
    let needed = entry.credentials().iter().find(|slot| slot.is_required(&node.inputs));
    let slot = needed.or_else(|| entry.credentials().first().filter(|_| was_filled))?;
    Some(ConnectAgain {
        node: node.id.clone(),
        slot: slot.title.to_owned(),
        types: slot.types.iter().map(|&name| name.to_owned()).collect(),
        required: needed.is_some(),
    })
}
