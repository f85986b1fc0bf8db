//! Declarations as JSON: schemas with the annotations that hosts draw palette, forms and dialogs from.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::credential::CredentialType;
use super::node::{Category, CredentialSlot, Node};
use super::port::Port;
use super::schema::{schema_of, tag};

/// Every declaration, as one JSON document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Manifest {
    /// The form of this document.
    pub version: u32,
    /// A JSON Schema with `x-node` per node, sorted by type.
    pub nodes: Vec<Value>,
    /// A JSON Schema with `x-credential` per credential type, sorted by type.
    pub credentials: Vec<Value>,
    /// The categories of the nodes, in the order that a palette shows them.
    pub categories: Vec<String>,
}

impl Manifest {
    pub(crate) fn new(nodes: Vec<Value>, credentials: Vec<Value>) -> Self {
        let mut categories: Vec<_> = nodes
            .iter()
            .filter_map(|node| node.pointer("/x-node/category")?.as_str().map(str::to_owned))
            .collect();
        let place = |name: &String| {
            let known = Category::ORDER.iter().position(|category| category.0 == name);
            (known.unwrap_or(usize::MAX), name.clone())
        };
        categories.sort_by_key(place);
        categories.dedup();
        Self { version: 1, nodes, credentials, categories }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct XNode {
    r#type: &'static str,
    version: u32,
    category: &'static str,
    credentials: &'static [CredentialSlot],
    input_ports: &'static [Port],
    output_ports: &'static [Port],
    capabilities: &'static [super::node::Capability],
    icon: &'static str,
    docs: &'static str,
}

#[derive(Serialize)]
struct XCredential {
    r#type: &'static str,
    version: u32,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    binding: &'static [&'static str],
    docs: &'static str,
}

pub(crate) fn node_schema<N: Node>() -> Value {
    let annotation = json!(XNode {
        r#type: N::TYPE,
        version: N::VERSION,
        category: N::CATEGORY.0,
        credentials: N::CREDENTIALS,
        input_ports: N::INPUT_PORTS,
        output_ports: N::OUTPUT_PORTS,
        capabilities: N::CAPABILITIES,
        icon: N::ICON.trim(),
        docs: N::DOCS.trim(),
    });
    annotated("x-node", annotation, schema_of::<N::Inputs>())
}

pub(crate) fn credential_schema<C: CredentialType>() -> Value {
    let annotation = json!(XCredential {
        r#type: C::TYPE,
        version: C::VERSION,
        binding: C::BINDING,
        docs: C::DOCS.trim(),
    });
    let mut schema = schema_of::<C::Fields>();
    default_variant(&mut schema);
    annotated("x-credential", annotation, schema)
}

/// Where a `default` names a variant, its tag may be left out.
fn default_variant(schema: &mut Map<String, Value>) {
    let Some(default) = schema.get("default").cloned() else { return };
    let Some(Value::Array(variants)) = schema.get_mut("oneOf") else { return };
    for variant in variants.iter_mut().filter_map(Value::as_object_mut) {
        let is_default = tag(variant).is_some_and(|(name, value)| default.get(name) == Some(value));
        let name = tag(variant).map(|(name, _)| name.clone());
        if let (true, Some(name), Some(Value::Array(required))) =
            (is_default, name, variant.get_mut("required"))
        {
            required.retain(|field| *field != name.as_str());
        }
    }
}

/// What a reader wants first comes first: title, description, what it is, and then the fields.
fn annotated(name: &str, annotation: Value, mut schema: Map<String, Value>) -> Value {
    let mut ordered = Map::new();
    for keyword in ["$schema", "title", "description"] {
        if let Some(value) = schema.remove(keyword) {
            ordered.insert(keyword.to_owned(), value);
        }
    }
    ordered.insert(name.to_owned(), annotation);
    ordered.extend(schema);
    // A struct without fields has none listed.
    if ordered.get("type").is_some_and(|kind| kind == "object") {
        ordered.entry("properties").or_insert_with(|| json!({}));
    }
    Value::Object(ordered)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn categories_stand_once_in_the_order_of_the_palette_and_those_of_packs_last() {
        let node = |category: &str| json!({"x-node": {"category": category}});
        let nodes = ["Zoo", "Tools", "Agents", "Examples", "Memory", "Tools"].map(node);
        let manifest = Manifest::new(nodes.to_vec(), Vec::new());
        assert_eq!(manifest.categories, ["Memory", "Agents", "Tools", "Examples", "Zoo"]);
    }
}
