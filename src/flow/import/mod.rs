//! Opening documents of this program and of others.

mod coerce;
mod credentials;
mod foreign;
mod inputs;
mod links;
mod own;
mod report;
mod secrets;
mod unknown;
mod variables;

use serde::Deserialize;

pub use report::{
    Coerced, ConnectAgain, Converted, DropReason, Dropped, DroppedEdge, ImportReport, ImportSource,
    KeptVariable, UnknownNode,
};

use super::credentials::NoCredentials;
use super::document::{Flow, too_large, unreadable};
use super::limits;
use crate::error::{Error, Result};
use crate::json::RawJson;
use crate::registry::Registry;

/// A document that was opened.
#[derive(Clone, Debug, PartialEq)]
pub struct Imported {
    /// The flow.
    pub flow: Flow,
    /// What became of the document.
    pub report: ImportReport,
}

/// Opens a flow that this program, Flowise or AnswerAI has saved or exported.
///
/// Ids of credentials and secrets are never taken over. Nodes of types that are unknown here are kept whole.
///
/// # Errors
/// `TooLarge` beyond the [`limits`]; `Unsupported` for a newer form; `InvalidInput` for what is no JSON or no flow. No
/// error quotes the document.
pub fn import(bytes: &[u8], registry: &Registry) -> Result<Imported> {
    if bytes.len() > limits::MAX_IMPORT_BYTES {
        return Err(too_large("bytes", bytes.len(), limits::MAX_IMPORT_BYTES));
    }
    let document: Document = read(bytes)?;
    let mut imported = if document.format.is_some() {
        own::import(bytes, registry)?
    } else if let Some(flow_data) = &document.flow_data {
        let name = document.name();
        let text: String = flow_data.decode().map_err(|_| not_a_flow("`flowData` is no text"))?;
        foreign::import(read(text.as_bytes())?, name, registry)?
    } else {
        let name = document.name();
        foreign::import(document, name, registry)?
    };
    let shown = imported.flow.name.chars().map(|c| if c.is_control() { ' ' } else { c });
    imported.flow.name = shown.take(limits::MAX_NAME_CHARS).collect();
    let size = imported.flow.to_json().len();
    if size > limits::MAX_DOCUMENT_BYTES {
        return Err(too_large("bytes", size, limits::MAX_DOCUMENT_BYTES));
    }
    imported.report.problems.extend(imported.flow.problems(registry, &NoCredentials));
    Ok(imported)
}

/// The top of a document, whoever wrote it.
#[derive(Deserialize)]
struct Document {
    format: Option<RawJson>,
    name: Option<RawJson>,
    nodes: Option<RawJson>,
    edges: Option<RawJson>,
    viewport: Option<RawJson>,
    /// A flow as the API of Flowise hands it out holds its document as text.
    #[serde(rename = "flowData")]
    flow_data: Option<RawJson>,
}

impl Document {
    fn name(&self) -> Option<String> {
        self.name.as_ref()?.decode().ok()
    }
}

fn read(bytes: &[u8]) -> Result<Document> {
    serde_json::from_slice(bytes).map_err(|error| {
        if error.is_data() { not_a_flow("it is no object with `nodes`") } else { unreadable(&error) }
    })
}

fn not_a_flow(why: &str) -> Error {
    let problem =
        format!("is not one that can be opened: {why}; give an export of this program, Flowise or AnswerAI");
    Error::invalid_input("flow", problem)
}
