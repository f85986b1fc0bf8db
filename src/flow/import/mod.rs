//! Opening documents of this program and of others.

mod report;

pub use report::{
    Coerced, ConnectAgain, Converted, DropReason, Dropped, DroppedEdge, ImportReport, ImportSource,
    KeptVariable, UnknownNode,
};

use super::document::Flow;
use crate::error::Result;
use crate::registry::Registry;

/// A document that was opened.
#[derive(Clone, Debug, PartialEq)]
pub struct Imported {
    /// The flow.
    pub flow: Flow,
    /// What became of the document.
    pub report: ImportReport,
}

/// Opens a flow that this program, Flowise or AnswerAI has saved or exported. Ids of credentials are not taken over.
///
/// # Errors
/// `TooLarge` beyond the [`limits`](super::limits); `Unsupported` for a newer form; `InvalidInput` for what is no JSON or
/// no flow.
pub fn import(bytes: &[u8], registry: &Registry) -> Result<Imported> {
    own(bytes, registry)
}

fn own(bytes: &[u8], registry: &Registry) -> Result<Imported> {
    let upgraded = Flow::parse(bytes)?.without_credentials().upgraded(registry);
    let report = ImportReport {
        source: ImportSource::CanvasMemory,
        converted: Vec::new(),
        coerced: Vec::new(),
        dropped: Vec::new(),
        dropped_edges: Vec::new(),
        connect_again: Vec::new(),
        unknown_nodes: Vec::new(),
        variables: Vec::new(),
        upgraded: upgraded.nodes,
        problems: upgraded.problems,
    };
    Ok(Imported { flow: upgraded.flow, report })
}
