//! The credentials of one command: saved ones, and those that were typed with it.

use std::collections::BTreeMap;

use async_trait::async_trait;
use canvas_memory::declare::Credential;
use canvas_memory::flow::CredentialSource;
use canvas_memory::registry::Registry;
use canvas_memory::{Error, Result};
use secrecy::ExposeSecret;
use serde_json::{Map, Value};

use super::read::secret_argument;
use super::setting::Setting;
use crate::vault::CredentialMaterial;

/// Saved credentials, and those that were typed. What was typed stays in this process.
#[derive(Debug)]
pub(super) struct Credentials<'a> {
    setting: &'a Setting,
    typed: BTreeMap<String, Credential>,
}

/// Whether the argument stands for a credential itself, and not for the id of a saved one.
fn is_typed(argument: &str) -> bool {
    argument == "-" || argument.starts_with('@')
}

impl<'a> Credentials<'a> {
    pub(super) fn new(setting: &'a Setting) -> Self {
        Self { setting, typed: BTreeMap::new() }
    }

    /// Whether any was typed.
    pub(super) fn any_typed(&self) -> bool {
        !self.typed.is_empty()
    }

    /// The id under which a flow names the credential that `argument` of `option` stands for, on a node of this type.
    pub(super) fn id(
        &mut self,
        registry: &Registry,
        node: &str,
        option: &'static str,
        argument: &str,
    ) -> Result<String> {
        if !is_typed(argument) {
            return Ok(argument.to_owned());
        }
        // No saved credential has such an id.
        let id = format!("--{option}");
        self.typed.insert(id.clone(), typed(registry, node, option, argument)?);
        Ok(id)
    }
}

#[async_trait]
impl CredentialSource for Credentials<'_> {
    async fn credential(&self, id: &str) -> Result<Credential> {
        if let Some(typed) = self.typed.get(id) {
            return Ok(typed.clone());
        }
        let CredentialMaterial { info, fields } = self.setting.vault()?.get(id)?;
        Ok(Credential::new(info.id, info.credential_type, info.revision, fields))
    }
}

fn typed(registry: &Registry, node: &str, option: &'static str, argument: &str) -> Result<Credential> {
    let text = secret_argument(option, argument)?;
    let mut fields: Map<String, Value> = serde_json::from_str(text.expose_secret())
        .map_err(|_| Error::invalid_input(option, "is not a JSON object; give its fields as one"))?;
    let credential_type = match fields.remove("type") {
        Some(Value::String(credential_type)) => credential_type,
        Some(_) => return Err(Error::invalid_input(option, "has a `type` that is not text")),
        None => only_type(registry, node, option)?,
    };
    let fields = Value::Object(fields).to_string();
    Ok(Credential::new("command-line", credential_type, 1, fields))
}

/// The credential type that a node takes, where it takes but one.
fn only_type(registry: &Registry, node: &str, option: &'static str) -> Result<String> {
    let x_node = registry.node_schema(node).and_then(|schema| schema.get("x-node"));
    let slots = x_node.and_then(|x_node| x_node.get("credentials")).and_then(Value::as_array);
    let types = slots.into_iter().flatten().filter_map(|slot| slot.get("types")?.as_array()).flatten();
    match types.filter_map(Value::as_str).collect::<Vec<_>>().as_slice() {
        [only] => Ok((*only).to_owned()),
        [] => Err(Error::invalid_input(option, "is given, and this node takes none")),
        several => {
            let problem = format!("fits several types; add \"type\": one of {}", several.join(", "));
            Err(Error::invalid_input(option, problem))
        }
    }
}
