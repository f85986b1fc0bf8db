//! `{{…}}` in the texts of foreign nodes.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::super::document::{Flow, FlowNode};
use super::super::limits::MAX_NAME_CHARS;
use super::report::{DropReason, ImportReport, KeptVariable};
use crate::declare::NodeEntry;
use crate::prompt;
use crate::registry::Registry;

/// What a chain fills in when it runs, besides the variable of its memory.
const FILLED: [&str; 3] = ["question", "$flow.sessionId", "$flow.chatId"];
/// What other canvases call the conversation, whatever the memory calls it.
const HISTORY: &str = "chat_history";

const NOT_FILLED: &str =
    "it holds a variable, and those are filled in prompts only; enter it anew, or leave a session id out";

/// Renames variables that a chain here knows by another name, and reports those that nothing fills.
pub(super) fn settle(flow: &mut Flow, registry: &Registry, report: &mut ImportReport) {
    let memory_keys: HashMap<String, String> =
        flow.nodes.iter().filter_map(|node| Some((node.id.clone(), memory_key(node, registry)?))).collect();
    let own_key: HashMap<String, String> = flow
        .edges
        .iter()
        .filter_map(|edge| Some((edge.target.clone(), memory_keys.get(&edge.source)?.clone())))
        .collect();
    for node in flow.nodes.iter_mut().filter(|node| node.foreign.is_none()) {
        let Some(schema) = registry.node_schema(&node.node_type) else { continue };
        let names: Vec<String> = node.inputs.keys().cloned().collect();
        for field in names {
            let Some(Value::String(text)) = node.inputs.get(&field).filter(|value| holds_variable(value))
            else {
                continue;
            };
            let widget = schema.pointer(&format!("/properties/{field}/x-ui/widget"));
            if widget.is_none_or(|widget| widget != "multiline") {
                node.inputs.shift_remove(&field);
                report.drop_input(&node.id, &field, DropReason::Variable, NOT_FILLED.to_owned());
                continue;
            }
            let texts = Texts {
                node: &node.id,
                field: &field,
                memory_keys: &memory_keys,
                own_key: own_key.get(&node.id),
            };
            let settled = texts.settle(text, report);
            node.inputs.insert(field, Value::String(settled));
        }
    }
}

fn holds_variable(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.contains("{{") && text.contains("}}"))
}

/// The variable under which a chain finds the conversation of this node, where it is a memory.
fn memory_key(node: &FlowNode, registry: &Registry) -> Option<String> {
    let entry = registry.node(&node.node_type).filter(|_| node.foreign.is_none())?;
    let schema = registry.node_schema(&node.node_type)?.pointer("/properties/memoryKey")?;
    let key = node.inputs.get("memoryKey").or_else(|| schema.get("default"))?;
    key.as_str().filter(|_| is_memory(entry)).map(str::to_owned)
}

fn is_memory(entry: &NodeEntry) -> bool {
    entry.output_ports().iter().any(|port| port.types.contains(&"BaseMemory"))
}

/// A prompt of a node.
struct Texts<'a> {
    node: &'a str,
    field: &'a str,
    memory_keys: &'a HashMap<String, String>,
    /// The variable of the memory that is connected to the node.
    own_key: Option<&'a String>,
}

/// What becomes of a variable.
enum Fate {
    /// The chain fills it.
    Filled,
    /// The chain fills it under this name.
    Renamed(String),
    /// Nothing fills it, and what to do.
    Unfilled(&'static str),
}

impl Texts<'_> {
    fn settle(&self, text: &str, report: &mut ImportReport) -> String {
        let found = RefCell::new(Vec::new());
        let settled = prompt::render(text, |variable| {
            let (now, message) = match self.fate(variable) {
                Fate::Filled => return None,
                Fate::Renamed(key) => (Some(key), "the memory's conversation is known by this name here"),
                Fate::Unfilled(message) => (None, message),
            };
            found.borrow_mut().push(KeptVariable {
                node: self.node.to_owned(),
                field: self.field.to_owned(),
                variable: variable.chars().take(MAX_NAME_CHARS).collect(),
                now: now.clone(),
                message: message.to_owned(),
            });
            now.map(|key| Cow::Owned(format!("{{{{{key}}}}}")))
        });
        // A text may hold millions, so that nobody looks for each among all.
        let mut told = HashSet::new();
        report
            .variables
            .extend(found.into_inner().into_iter().filter(|kept| told.insert(kept.variable.clone())));
        settled
    }

    fn fate(&self, variable: &str) -> Fate {
        if FILLED.contains(&variable) || self.own_key.is_some_and(|key| key == variable) {
            return Fate::Filled;
        }
        let memory = variable.strip_suffix(".data.instance").map(|id| self.memory_keys.get(id));
        match (memory, self.own_key) {
            (Some(Some(key)), Some(own)) if key == own => Fate::Renamed(own.clone()),
            (Some(_), _) => {
                Fate::Unfilled("only the memory that is connected to this node fills a prompt; remove it")
            }
            (None, Some(own)) if variable == HISTORY => Fate::Renamed(own.clone()),
            (None, None) if variable == HISTORY => {
                Fate::Unfilled("no memory is connected to this node; connect one, or remove it")
            }
            (None, _) if variable.starts_with("$vars.") => {
                Fate::Unfilled("the other canvas keeps its value; write the value in its place")
            }
            (None, _) => {
                Fate::Unfilled("nothing fills it here and the model would read it as it stands; remove it")
            }
        }
    }
}
