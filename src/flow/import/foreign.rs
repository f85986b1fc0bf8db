//! Documents of Flowise and AnswerAI.

use std::collections::HashSet;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::super::document::{Flow, FlowNode, Position, Viewport, too_large};
use super::super::limits;
use super::credentials::connect_again;
use super::report::{Converted, ImportReport, ImportSource};
use super::{Document, Imported, inputs, links, not_a_flow, unknown, variables};
use crate::declare::{Alias, NodeEntry};
use crate::error::{Error, Result};
use crate::json::RawJson;
use crate::registry::Registry;

/// A node as another canvas saved it.
pub(super) struct ForeignNode {
    /// Its text, for a node that is kept whole.
    pub(super) raw: RawJson,
    pub(super) id: String,
    pub(super) node_type: String,
    pub(super) label: Option<String>,
    pub(super) position: Position,
    /// Its values, as loosely as they were saved.
    pub(super) inputs: Map<String, Value>,
    /// The declarations of its values.
    pub(super) params: Vec<Param>,
    /// The declarations of its input ports.
    pub(super) anchors: Vec<Anchor>,
    has_credential: bool,
}

#[derive(Deserialize)]
pub(super) struct Param {
    pub(super) name: String,
    #[serde(rename = "type", default)]
    pub(super) param_type: String,
    #[serde(default)]
    optional: Value,
}

#[derive(Deserialize)]
pub(super) struct Anchor {
    pub(super) name: String,
    #[serde(default)]
    pub(super) id: String,
}

/// A node that is opened here, and by what.
pub(super) struct Opened<'a> {
    pub(super) entry: &'a NodeEntry,
    pub(super) alias: Alias,
}

pub(super) fn import(document: Document, name: Option<String>, registry: &Registry) -> Result<Imported> {
    let nodes = document.nodes.ok_or_else(|| not_a_flow("it has no `nodes`"))?;
    let nodes = list("nodes", &nodes, limits::MAX_NODES)?;
    let nodes: Vec<_> =
        nodes.into_iter().enumerate().map(|(at, raw)| ForeignNode::read(at, raw)).collect::<Result<_>>()?;
    let inputs = nodes.iter().map(|node| node.inputs.len()).sum();
    if inputs > limits::MAX_INPUTS {
        return Err(too_large("inputs", inputs, limits::MAX_INPUTS));
    }
    let opened: Vec<_> = nodes
        .iter()
        .map(|node| registry.opener(&node.node_type).map(|(entry, alias)| Opened { entry, alias }))
        .collect();

    let mut report = ImportReport::new(ImportSource::Flowise);
    let mut flow = Flow::new(name.unwrap_or_else(|| "Imported flow".to_owned()));
    flow.viewport = document.viewport.and_then(|viewport| viewport.decode::<Viewport>().ok());
    for (node, opened) in nodes.iter().zip(&opened) {
        flow.nodes.push(match opened {
            Some(opened) => node.open(opened, registry, &mut report),
            None => unknown::keep(node, &mut report)?,
        });
    }
    let edges = match &document.edges {
        Some(edges) => list("edges", edges, limits::MAX_EDGES)?,
        None => Vec::new(),
    };
    flow.edges = links::edges(&nodes, &opened, &edges, &mut report)?;
    flow.check_counts()?;
    variables::settle(&mut flow, registry, &mut report);
    Ok(Imported { flow, report })
}

fn list(field: &'static str, raw: &RawJson, limit: usize) -> Result<Vec<RawJson>> {
    let listed: Vec<RawJson> =
        raw.decode().map_err(|_| Error::invalid_input(field, "is no list; give an export of a canvas"))?;
    if listed.len() > limit {
        return Err(too_large(field, listed.len(), limit));
    }
    Ok(listed)
}

impl ForeignNode {
    fn read(at: usize, raw: RawJson) -> Result<Self> {
        let mut node: Map<String, Value> = raw.decode().map_err(|_| {
            let problem = "is no object that can be read, or is nested deeper than 128 levels";
            Error::invalid_input(format!("nodes[{at}]"), problem)
        })?;
        let mut data = match node.remove("data") {
            Some(Value::Object(data)) => data,
            _ => Map::new(),
        };
        let text = |field: Option<&Value>| field.and_then(Value::as_str).map(str::to_owned);
        let id = text(node.get("id")).or_else(|| text(data.get("id")));
        let node_type = text(data.get("name")).or_else(|| text(node.get("type")));
        let coordinate =
            |axis: &str| node.get("position").and_then(|at| at.get(axis)).and_then(Value::as_f64);
        let inputs = match data.remove("inputs") {
            Some(Value::Object(inputs)) => inputs,
            _ => Map::new(),
        };
        let params: Vec<Param> = declared(data.remove("inputParams"));
        let names_one =
            |field: Option<&Value>| field.and_then(Value::as_str).is_some_and(|id| !id.is_empty());
        let asks_for_one = params.iter().find(|param| param.param_type == "credential");
        Ok(Self {
            id: id.unwrap_or_else(|| format!("node_{at}")),
            node_type: node_type.unwrap_or_else(|| "unknown".to_owned()),
            label: text(data.get("label")),
            position: Position {
                x: coordinate("x").unwrap_or_default(),
                y: coordinate("y").unwrap_or_default(),
            },
            // An export names no credential; what its type insists on was there.
            has_credential: names_one(data.get("credential"))
                || names_one(inputs.get("FLOWISE_CREDENTIAL_ID"))
                || asks_for_one.is_none_or(|param| param.optional == Value::Null || param.optional == false),
            inputs,
            params,
            anchors: declared(data.remove("inputAnchors")),
            raw,
        })
    }

    fn open(&self, opened: &Opened<'_>, registry: &Registry, report: &mut ImportReport) -> FlowNode {
        let entry = opened.entry;
        if entry.node_type() != self.node_type {
            report.converted.push(Converted {
                node: self.id.clone(),
                from: self.node_type.clone(),
                to: entry.node_type().to_owned(),
            });
        }
        let title = registry.node_schema(entry.node_type()).and_then(|schema| schema.get("title"));
        let label = self.label.as_deref().filter(|label| !label.is_empty());
        let renamed = label.filter(|label| title.and_then(Value::as_str) != Some(label));
        let node = FlowNode {
            id: self.id.clone(),
            node_type: entry.node_type().to_owned(),
            version: entry.version(),
            name: renamed.map(|name| name.chars().take(limits::MAX_NAME_CHARS).collect()),
            position: self.position,
            inputs: inputs::open(self, opened, registry, report),
            credential: None,
            foreign: None,
            other: Map::new(),
        };
        report.connect_again.extend(connect_again(&node, entry, self.has_credential));
        node
    }

    /// Whether the input `name` holds a link to another node rather than a value.
    pub(super) fn is_link(&self, name: &str) -> bool {
        self.anchors.iter().any(|anchor| anchor.name == name)
            && !self.params.iter().any(|param| param.name == name)
    }

    /// The names of inputs that are declared to be secret.
    pub(super) fn passwords(&self) -> HashSet<&str> {
        let passwords = self.params.iter().filter(|param| param.param_type == "password");
        passwords.map(|param| param.name.as_str()).collect()
    }
}

/// The declarations that can be read; others are as good as absent.
fn declared<T: for<'de> Deserialize<'de>>(found: Option<Value>) -> Vec<T> {
    match found {
        Some(Value::Array(declarations)) => {
            declarations.into_iter().filter_map(|one| serde_json::from_value(one).ok()).collect()
        }
        _ => Vec::new(),
    }
}
