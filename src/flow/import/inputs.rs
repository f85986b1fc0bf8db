//! The inputs of a foreign node become those of ours.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::coerce::{Coercion, coerce};
use super::foreign::{ForeignNode, Opened};
use super::report::{Coerced, DropReason, Dropped, ImportReport};
use super::secrets;
use crate::registry::Registry;

/// Where Flowise keeps the id of a credential among the inputs.
pub(super) const CREDENTIAL_ID: &str = "FLOWISE_CREDENTIAL_ID";

pub(super) fn open(
    node: &ForeignNode,
    opened: &Opened<'_>,
    registry: &Registry,
    report: &mut ImportReport,
) -> Map<String, Value> {
    let node_type = opened.entry.node_type();
    let declared = registry.node_schema(node_type).and_then(|schema| schema.get("properties"));
    let mut inputs: Map<String, Value> = opened
        .alias
        .fixed_inputs()
        .iter()
        .map(|&(name, value)| (name.to_owned(), Value::from(value)))
        .collect();
    // Which of their inputs each of ours came from.
    let mut origins: HashMap<String, String> = HashMap::new();
    let mut left_out = Vec::new();
    let passwords = node.passwords();
    for (theirs, value) in in_order(node, opened) {
        let ours = opened.own_name(theirs);
        if is_link(node, opened, theirs) || theirs == CREDENTIAL_ID || holds_nothing(value, declared, ours) {
            continue;
        }
        if secrets::is_secret(theirs, value) || passwords.contains(theirs.as_str()) {
            report.drop_secret(&node.id, theirs);
            continue;
        }
        let Some(schema) = declared.and_then(|declared| declared.get(ours)) else {
            if !opened.alias.dropped_inputs().contains(&theirs.as_str()) {
                let message = format!("`{node_type}` has nothing that stands for it; the node works without");
                report.drop_input(&node.id, theirs, DropReason::UnknownInput, message);
            }
            continue;
        };
        if origins.contains_key(ours) {
            let message =
                format!("another input stands for `{ours}` already, and counts here as it does there");
            report.drop_input(&node.id, theirs, DropReason::UnknownInput, message);
            continue;
        }
        let value = match coerce(schema, value) {
            Coercion::Kept => value.clone(),
            Coercion::LeftOut { from } => {
                left_out.push((ours, from));
                continue;
            }
            Coercion::Became { value, from, to } => {
                report.coerced.push(coerced(node, ours, from, to));
                value
            }
        };
        inputs.insert(ours.to_owned(), value);
        origins.insert(ours.to_owned(), theirs.clone());
    }
    left_out.retain(|(ours, _)| !origins.contains_key(*ours));
    report.coerced.extend(left_out.into_iter().map(|(ours, from)| coerced(node, ours, from, "left out")));
    leave_out_misfits(node, node_type, &mut inputs, &origins, registry, report);
    inputs
}

/// Renamed inputs first and in the order of the alias, because that says which of several counts.
fn in_order<'a>(node: &'a ForeignNode, opened: &Opened<'_>) -> Vec<(&'a String, &'a Value)> {
    let renamed = opened.alias.renamed_inputs();
    let mut inputs: Vec<_> = node.inputs.iter().collect();
    inputs.sort_by_key(|(name, _)| {
        renamed.iter().position(|(theirs, _)| theirs == name).unwrap_or(renamed.len())
    });
    inputs
}

impl Opened<'_> {
    fn own_name<'n>(&self, theirs: &'n str) -> &'n str
    where
        Self: 'n,
    {
        let renamed = self.alias.renamed_inputs().iter().find(|(name, _)| *name == theirs);
        renamed.map_or(theirs, |(_, ours)| ours)
    }

    pub(super) fn has_port(&self, name: &str) -> bool {
        self.entry.input_ports().iter().any(|port| port.id == name)
    }
}

fn is_link(node: &ForeignNode, opened: &Opened<'_>, name: &str) -> bool {
    node.is_link(name) || opened.has_port(name)
}

/// An empty value of an input of ours is worth a report, because leaving it out may mean something else there.
fn holds_nothing(value: &Value, declared: Option<&Value>, ours: &str) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) if text.is_empty() => {
            declared.is_none_or(|declared| declared.get(ours).is_none())
        }
        Value::Bool(false) => declared.is_none_or(|declared| declared.get(ours).is_none()),
        Value::Array(values) => values.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    }
}

fn coerced(node: &ForeignNode, field: &str, from: &str, to: &str) -> Coerced {
    Coerced { node: node.id.clone(), field: field.to_owned(), from: from.to_owned(), to: to.to_owned() }
}

/// What its schema does not let pass would keep the node from connecting.
fn leave_out_misfits(
    node: &ForeignNode,
    node_type: &str,
    inputs: &mut Map<String, Value>,
    origins: &HashMap<String, String>,
    registry: &Registry,
    report: &mut ImportReport,
) {
    let problems = registry.validate(node_type, &Value::Object(inputs.clone())).unwrap_or_default();
    for problem in problems {
        let ours = problem.input.split('.').next().unwrap_or_default();
        // The order of the others stays.
        if inputs.shift_remove(ours).is_some() {
            report.coerced.retain(|coerced| coerced.node != node.id || coerced.field != ours);
            let theirs = origins.get(ours).map_or(ours, String::as_str);
            let message = format!("`{}` {}; enter it anew", problem.input, problem.message);
            report.dropped.push(Dropped {
                node: node.id.clone(),
                field: theirs.to_owned(),
                reason: DropReason::DoesNotFit,
                message,
            });
        }
    }
}
