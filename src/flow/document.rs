//! The saved document.

use std::sync::LazyLock;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value};

use super::limits;
use crate::declare::validate::Validation;
use crate::error::{Error, ErrorKind, Result};
use crate::json::RawJson;

/// The form of documents that this program writes.
pub const FORMAT: u32 = 1;

/// A saved canvas: nodes, the edges between them, and where the eye rests.
///
/// In JSON the names are camelCase, and order is kept, so that the file reads well and changes little in git. Fields
/// that this program does not know are kept as they are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Flow {
    /// The form of the document: [`FORMAT`].
    pub format: u32,
    /// What people call it.
    #[serde(default)]
    pub name: String,
    /// The nodes, in the order they were drawn.
    #[serde(default)]
    pub nodes: Vec<FlowNode>,
    /// The edges. A port that takes many gets its instances in this order.
    #[serde(default)]
    pub edges: Vec<Edge>,
    /// The part of the canvas that is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub viewport: Option<Viewport>,
    /// Fields of other programs, or of people, kept as they are.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// A node on the canvas.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FlowNode {
    /// Names the node within its flow: printable, without spaces, unique.
    pub id: String,
    /// The type that it is declared under, such as `DynamoDBChatMemory`.
    #[serde(rename = "type")]
    pub node_type: String,
    /// The version of the declaration that `inputs` were made for.
    #[serde(default = "first_version")]
    pub version: u32,
    /// What the card shows instead of the type's title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Where the card lies.
    #[serde(default)]
    pub position: Position,
    /// The settings, as its declaration names them.
    #[serde(default)]
    pub inputs: Map<String, Value>,
    /// The id of the credential in its slot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<String>,
    /// The node as another canvas had saved it, where its type is unknown here. It is shown and never run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub foreign: Option<RawJson>,
    /// Fields of other programs, or of people, kept as they are.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

fn first_version() -> u32 {
    1
}

/// A line from an output of one node to an input of another.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Edge {
    /// The id of the node that gives.
    pub source: String,
    /// The id of its output port.
    pub source_handle: String,
    /// The id of the node that takes.
    pub target: String,
    /// The id of its input port.
    pub target_handle: String,
}

/// Where something lies on the canvas, in pixels at zoom 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Position {
    /// To the right.
    #[serde(serialize_with = "plainly")]
    pub x: f64,
    /// Downwards.
    #[serde(serialize_with = "plainly")]
    pub y: f64,
}

/// The part of the canvas that is shown.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Viewport {
    /// How far the canvas is shifted to the right, in pixels.
    #[serde(serialize_with = "plainly")]
    pub x: f64,
    /// How far the canvas is shifted down, in pixels.
    #[serde(serialize_with = "plainly")]
    pub y: f64,
    /// 1 shows it at its size.
    #[serde(serialize_with = "plainly")]
    pub zoom: f64,
}

/// Writes 100 rather than 100.0, so that a file that people wrote does not change when a program saves it.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn plainly<S: Serializer>(number: &f64, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    #[expect(clippy::cast_possible_truncation, reason = "it is a whole number within 2^53")]
    if number.fract() == 0.0 && number.abs() < EXACT {
        serializer.serialize_i64(*number as i64)
    } else {
        serializer.serialize_f64(*number)
    }
}

impl Flow {
    /// An empty flow.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            format: FORMAT,
            name: name.into(),
            nodes: Vec::new(),
            edges: Vec::new(),
            viewport: None,
            other: Map::new(),
        }
    }

    /// Reads a saved document. What does not keep it from being read, such as an edge to nowhere, is left to
    /// [`Flow::problems`].
    ///
    /// # Errors
    /// `TooLarge` beyond the [`limits`]; `Unsupported` for a newer form; `InvalidInput` that names the place and never
    /// quotes the text.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        #[derive(Deserialize)]
        struct Form {
            format: Option<Value>,
        }
        if bytes.len() > limits::MAX_DOCUMENT_BYTES {
            return Err(too_large("bytes", bytes.len(), limits::MAX_DOCUMENT_BYTES));
        }
        let form: Form = serde_json::from_slice(bytes).map_err(|error| unreadable(&error))?;
        match form.format.as_ref().map(Value::as_u64) {
            Some(Some(1)) => {}
            Some(Some(newer)) if newer > u64::from(FORMAT) => {
                let message = format!(
                    "the flow is of format {newer} and this program reads format {FORMAT}; open it with the newer \
                     program that wrote it"
                );
                return Err(Error::new(ErrorKind::Unsupported, message));
            }
            Some(_) => return Err(Error::invalid_input("format", "is no format of a flow; write 1")),
            None => {
                let problem = "is missing; a flow of this program says `\"format\": 1`, others are imported";
                return Err(Error::invalid_input("format", problem));
            }
        }
        let flow: Self = serde_json::from_slice(bytes).map_err(|error| misfit(bytes, &error))?;
        flow.check_counts()?;
        Ok(flow)
    }

    /// Whether the flow's name can be shown in a line.
    ///
    /// # Errors
    /// `InvalidInput` when it is longer than [`limits::MAX_NAME_CHARS`], or holds control characters.
    pub fn check_name(&self) -> Result<()> {
        if self.name.chars().nth(limits::MAX_NAME_CHARS).is_some() {
            let problem =
                format!("of the flow is longer than {} characters; shorten it", limits::MAX_NAME_CHARS);
            return Err(Error::invalid_input("name", problem));
        }
        if self.name.chars().any(char::is_control) {
            let problem = "of the flow holds line breaks or other control characters; take them out";
            return Err(Error::invalid_input("name", problem));
        }
        Ok(())
    }

    /// # Errors
    /// `TooLarge` with more nodes, edges or inputs than a flow may have.
    pub(super) fn check_counts(&self) -> Result<()> {
        if self.nodes.len() > limits::MAX_NODES {
            return Err(too_large("nodes", self.nodes.len(), limits::MAX_NODES));
        }
        if self.edges.len() > limits::MAX_EDGES {
            return Err(too_large("edges", self.edges.len(), limits::MAX_EDGES));
        }
        let inputs = self.nodes.iter().map(|node| node.inputs.len()).sum();
        if inputs > limits::MAX_INPUTS {
            return Err(too_large("inputs", inputs, limits::MAX_INPUTS));
        }
        Ok(())
    }

    /// The node with this id.
    #[must_use]
    pub fn node(&self, id: &str) -> Option<&FlowNode> {
        self.nodes.iter().find(|node| node.id == id)
    }

    /// The document as it is exported: no credential is named in it.
    #[must_use]
    pub fn without_credentials(&self) -> Self {
        let mut flow = self.clone();
        for node in &mut flow.nodes {
            node.credential = None;
        }
        flow
    }

    /// The document as it is saved: indented, and with a line's end at its end.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Its keys are text and its numbers were read from JSON, so that nothing can fail here.
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }
}

pub(super) fn too_large(what: &str, found: usize, limit: usize) -> Error {
    let message = format!("the flow has {found} {what}, and at most {limit} are allowed; split it");
    Error::new(ErrorKind::TooLarge, message)
}

/// The text of a decoding error may quote what it read, so only its place is passed on.
pub(super) fn unreadable(error: &serde_json::Error) -> Error {
    let problem =
        format!("is not JSON that can be read, at line {}, column {}", error.line(), error.column());
    Error::invalid_input("flow", problem)
}

/// Tells what of the document does not fit its schema.
fn misfit(bytes: &[u8], error: &serde_json::Error) -> Error {
    static DOCUMENT: LazyLock<Option<Validation>> =
        LazyLock::new(|| Validation::of_document::<Flow>("a flow").ok());
    let told = serde_json::from_slice(bytes).ok().zip(DOCUMENT.as_ref());
    match told.and_then(|(value, document)| document.require(&value).err()) {
        Some(told) => told,
        None => unreadable(error),
    }
}
