//! What the registry asks of a declaration before it takes it.

use std::collections::HashSet;

use jsonschema::Validator;
use serde_json::Value;

use crate::declare::binding;

const ANNOTATIONS: &str = include_str!("../../ui-schema/meta/annotations.schema.json");
const NODE: &str = include_str!("../../ui-schema/meta/node.schema.json");
const CREDENTIAL: &str = include_str!("../../ui-schema/meta/credential.schema.json");

/// The meta-schemas, compiled.
pub(super) struct Checks {
    node: Validator,
    credential: Validator,
}

impl Checks {
    pub(super) fn new() -> Result<Self, String> {
        let parse = |text| serde_json::from_str::<Value>(text).map_err(|error| error.to_string());
        let shared = jsonschema::Registry::new()
            .add("urn:canvas-memory:meta:annotations", parse(ANNOTATIONS)?)
            .and_then(jsonschema::RegistryBuilder::prepare)
            .map_err(|error| error.to_string())?;
        let compile = |schema: &Value| {
            let options = jsonschema::draft202012::options().with_registry(&shared).offline();
            options.build(schema).map_err(|error| error.to_string())
        };
        Ok(Self { node: compile(&parse(NODE)?)?, credential: compile(&parse(CREDENTIAL)?)? })
    }

    pub(super) fn credential(&self, schema: &Value) -> Result<(), String> {
        conforms(&self.credential, schema)?;
        check_tags(schema)?;
        let unfit = binding::declared(schema).find(|name| !names_plain_field(schema, name));
        unfit.map_or(Ok(()), |name| {
            Err(format!("says that `{name}` binds its secrets, which is no field of it, or a secret itself"))
        })
    }

    pub(super) fn node(
        &self,
        schema: &Value,
        is_credential_type: impl Fn(&str) -> bool,
    ) -> Result<(), String> {
        conforms(&self.node, schema)?;
        check_tags(schema)?;
        let declared = schema.get("x-node").unwrap_or(&Value::Null);
        let properties = schema.get("properties").and_then(Value::as_object);
        let has_input = |name: &str| properties.is_some_and(|properties| properties.contains_key(name));

        if let Some(secret) = properties.into_iter().flatten().find(|(_, field)| holds_secret(field)) {
            return Err(format!("the input `{}` is a secret; secrets belong in a credential type", secret.0));
        }
        for (name, field) in properties.into_iter().flatten() {
            let depends_on = field.pointer("/x-options/dependsOn").and_then(Value::as_array);
            for other in depends_on.into_iter().flatten().filter_map(Value::as_str) {
                if !has_input(other) {
                    return Err(format!("the choices of `{name}` depend on `{other}`, which is no input"));
                }
            }
        }
        for slot in declared.get("credentials").and_then(Value::as_array).into_iter().flatten() {
            let types = slot.get("types").and_then(Value::as_array).into_iter().flatten();
            if let Some(unknown) = types.filter_map(Value::as_str).find(|name| !is_credential_type(name)) {
                return Err(format!("takes a credential of type `{unknown}`, which nothing declares"));
            }
            let unless = slot.pointer("/requiredUnless/input").and_then(Value::as_str);
            if let Some(unknown) = unless.filter(|name| !has_input(name)) {
                return Err(format!("needs a credential depending on `{unknown}`, which is no input"));
            }
        }
        for side in ["inputPorts", "outputPorts"] {
            let mut ids = HashSet::new();
            for port in declared.get(side).and_then(Value::as_array).into_iter().flatten() {
                let id = port.get("id").and_then(Value::as_str).unwrap_or_default();
                if !ids.insert(id) {
                    return Err(format!("has two ports with the id `{id}` on one side"));
                }
            }
        }
        Ok(())
    }
}

fn conforms(meta: &Validator, schema: &Value) -> Result<(), String> {
    match meta.iter_errors(schema).next() {
        None => Ok(()),
        Some(error) => {
            let at = error.instance_path().as_str();
            let at = if at.is_empty() { "the top" } else { at };
            Err(format!("its schema breaks the meta-schema at {at}: {}", error.masked()))
        }
    }
}

/// Variants that no constant tells apart could not be shown in a form, nor their errors told.
fn check_tags(schema: &Value) -> Result<(), String> {
    let branches = schema.get("oneOf").and_then(Value::as_array).into_iter().flatten();
    for (at, branch) in branches.enumerate() {
        let properties = branch.get("properties").and_then(Value::as_object);
        if properties.is_some_and(|fields| !fields.values().any(|field| field.get("const").is_some())) {
            return Err(format!("variant {at} has no constant tag; use `#[serde(tag = …)]`"));
        }
        check_tags(branch)?;
    }
    let properties = schema.get("properties").and_then(Value::as_object);
    properties.into_iter().flat_map(|fields| fields.values()).try_for_each(check_tags)
}

/// Whether the type, or one of its variants, has a field of this name, and nowhere as a secret.
fn names_plain_field(schema: &Value, name: &str) -> bool {
    let variants = schema.get("oneOf").and_then(Value::as_array).into_iter().flatten();
    let field = |schema: &'_ Value| schema.get("properties")?.get(name).map(holds_secret);
    let found: Vec<_> = std::iter::once(schema).chain(variants).filter_map(field).collect();
    !found.is_empty() && !found.contains(&true)
}

fn holds_secret(schema: &Value) -> bool {
    match schema {
        Value::Object(keywords) => keywords.contains_key("writeOnly") || keywords.values().any(holds_secret),
        Value::Array(values) => values.iter().any(holds_secret),
        _ => false,
    }
}
