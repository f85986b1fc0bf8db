//! From a Rust struct to the schema that forms, validation and docs share.
//!
//! What schemars makes is brought into few forms, so that a form needs no special cases: a field has one `type`, or is
//! a choice (`oneOf` of `const` and `title`), or has variants (`oneOf` of objects that one tag tells apart). No
//! references, no null. The meta-schema in `ui-schema/meta/` spells them out and every declaration is checked against
//! it.

use schemars::generate::SchemaSettings;
use schemars::transform::{Transform, transform_subschemas};
use schemars::{JsonSchema, Schema};
use serde::Serialize;
use serde_json::{Map, Value};

/// The annotation `x-ui`: how a form shows a field.
///
/// ```
/// # use canvas_memory::declare::Ui;
/// #[derive(schemars::JsonSchema, serde::Deserialize)]
/// struct Inputs {
///     /// Time to live
///     #[schemars(extend("x-ui" = Ui::new().group("Expiry").unit("seconds").advanced()))]
///     ttl_secs: Option<u64>,
/// }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Ui {
    #[serde(skip_serializing_if = "Option::is_none")]
    placeholder: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<&'static str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    advanced: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    widget: Option<Widget>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<&'static str>,
}

/// What a form takes a field in with, where its type does not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Widget {
    /// Several lines of text.
    Multiline,
    /// The id of a session, with a button that makes a new one.
    Session,
    /// The name of a prompt variable.
    Variable,
}

impl Ui {
    /// Nothing said.
    #[must_use]
    pub const fn new() -> Self {
        Self { placeholder: None, group: None, advanced: false, widget: None, unit: None }
    }

    /// An example, shown while the field is empty.
    #[must_use]
    pub const fn placeholder(self, placeholder: &'static str) -> Self {
        Self { placeholder: Some(placeholder), ..self }
    }

    /// The heading under which the field stands.
    #[must_use]
    pub const fn group(self, group: &'static str) -> Self {
        Self { group: Some(group), ..self }
    }

    /// Shown only on demand.
    #[must_use]
    pub const fn advanced(self) -> Self {
        Self { advanced: true, ..self }
    }

    /// What takes the field in.
    #[must_use]
    pub const fn widget(self, widget: Widget) -> Self {
        Self { widget: Some(widget), ..self }
    }

    /// The unit of a number, such as `seconds`.
    #[must_use]
    pub const fn unit(self, unit: &'static str) -> Self {
        Self { unit: Some(unit), ..self }
    }
}

/// The annotation `x-options`: choices that are looked up when the form asks for them. Other values stay allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Options {
    method: &'static str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    depends_on: &'static [&'static str],
}

impl Options {
    /// Choices from [`Node::choices`](super::Node::choices) under the name `method`.
    #[must_use]
    pub const fn method(method: &'static str) -> Self {
        Self { method, depends_on: &[] }
    }

    /// Inputs whose change makes the choices stale.
    #[must_use]
    pub const fn depends_on(self, inputs: &'static [&'static str]) -> Self {
        Self { depends_on: inputs, ..self }
    }
}

/// The annotation `x-deprecated`: a field or node that is still read and no longer offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Deprecated {
    since: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    instead: Option<&'static str>,
}

impl Deprecated {
    /// Deprecated from this version of the node on.
    #[must_use]
    pub const fn since(version: u32) -> Self {
        Self { since: version, instead: None }
    }

    /// What to use.
    #[must_use]
    pub const fn instead(self, instead: &'static str) -> Self {
        Self { instead: Some(instead), ..self }
    }
}

/// The schema of `T`, in the forms that the meta-schema allows.
pub(crate) fn schema_of<T: JsonSchema>() -> Map<String, Value> {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    // The struct's Rust name is no title; the doc comment brings one.
    schema.remove("title");
    Clean.transform(&mut schema);
    match schema.to_value() {
        Value::Object(schema) => schema,
        other => Map::from_iter([("not".to_owned(), other)]),
    }
}

struct Clean;

impl Transform for Clean {
    fn transform(&mut self, schema: &mut Schema) {
        unwrap_option(schema);
        enum_to_choices(schema);
        transform_subschemas(self, schema);
        split_doc(schema);
        flatten_choices(schema);
        name_choices(schema);
        name_properties(schema);
        let Some(schema) = schema.as_object_mut() else { return };
        if schema.get("default").is_some_and(Value::is_null) {
            schema.remove("default");
        }
        if let Some(format) = schema.get("format").and_then(Value::as_str).map(str::to_owned) {
            let maximum = match format.as_str() {
                "uint32" => Some(u32::MAX.into()),
                "int32" => Some(i32::MAX.into()),
                "uint64" | "int64" | "uint" | "int" | "uint16" | "uint8" | "int16" | "int8" => None,
                _ => return,
            };
            schema.remove("format");
            if let Some(maximum) = maximum {
                schema.entry("maximum").or_insert(maximum);
            }
        }
    }
}

/// An optional field is one that may be left out: that is what `required` says, and null is not a second way.
fn unwrap_option(schema: &mut Schema) {
    let Some(schema) = schema.as_object_mut() else { return };
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|kind| kind != "null");
        if let [only] = types.as_mut_slice() {
            let only = only.take();
            schema.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(values)) = schema.get_mut("enum") {
        values.retain(|value| !value.is_null());
    }
    if let Some(Value::Array(branches)) = schema.get_mut("anyOf") {
        branches.retain(|branch| branch.get("type").is_none_or(|kind| kind != "null"));
        if let [Value::Object(only)] = branches.as_mut_slice() {
            let only = std::mem::take(only);
            schema.remove("anyOf");
            for (keyword, value) in only {
                schema.entry(keyword).or_insert(value);
            }
        }
    }
}

fn enum_to_choices(schema: &mut Schema) {
    let Some(schema) = schema.as_object_mut() else { return };
    if let Some(Value::Array(values)) = schema.remove("enum") {
        let choices = values.into_iter().map(|value| serde_json::json!({"const": value})).collect();
        schema.insert("oneOf".to_owned(), choices);
    }
    if schema.get("oneOf").and_then(Value::as_array).is_some_and(|branches| branches.iter().all(is_const)) {
        schema.remove("type");
    }
}

fn is_const(branch: &Value) -> bool {
    branch.get("const").is_some()
}

/// Choices without a doc comment come bundled in a branch of their own.
fn flatten_choices(schema: &mut Schema) {
    let Some(Value::Array(branches)) = schema.get_mut("oneOf") else { return };
    let bundled = std::mem::take(branches).into_iter().flat_map(|mut branch| {
        match branch.get_mut("oneOf").map(Value::take) {
            Some(Value::Array(inner)) => inner,
            _ => vec![branch],
        }
    });
    *branches = bundled.collect();
}

/// The first paragraph of a doc comment is the title when it does not end with a full stop; the rest describes.
fn split_doc(schema: &mut Schema) {
    let Some(schema) = schema.as_object_mut() else { return };
    let Some(Value::String(doc)) = schema.remove("description") else { return };
    let unwrapped: Vec<String> =
        doc.split("\n\n").map(|paragraph| paragraph.replace('\n', " ").trim().to_owned()).collect();
    let described = match unwrapped.as_slice() {
        [title, rest @ ..] if !title.ends_with('.') => {
            schema.insert("title".to_owned(), title.clone().into());
            rest.join("\n\n")
        }
        all => all.join("\n\n"),
    };
    if !described.is_empty() {
        schema.insert("description".to_owned(), described.into());
    }
}

/// Choices and variants without a title of their own bear their value's name.
fn name_choices(schema: &mut Schema) {
    let Some(Value::Array(branches)) = schema.get_mut("oneOf") else { return };
    for branch in branches.iter_mut().filter_map(Value::as_object_mut) {
        let Some(value) = branch.get("const").or_else(|| tag(branch).map(|(_, value)| value)) else {
            continue;
        };
        let title = value.as_str().map_or_else(|| value.to_string(), words);
        branch.entry("title").or_insert(title.into());
        if branch.contains_key("const") {
            branch.remove("type");
        } else {
            branch.insert("additionalProperties".to_owned(), false.into());
        }
    }
}

fn name_properties(schema: &mut Schema) {
    let Some(Value::Object(properties)) = schema.get_mut("properties") else { return };
    for (name, property) in properties {
        let Some(property) = property.as_object_mut() else { continue };
        if !property.contains_key("const") {
            property.entry("title").or_insert(words(name).into());
        }
    }
}

/// The property of a variant that is constant, and so tells it apart.
pub(crate) fn tag(variant: &Map<String, Value>) -> Option<(&String, &Value)> {
    let properties = variant.get("properties")?.as_object()?;
    properties.iter().find_map(|(name, property)| Some((name, property.get("const")?)))
}

/// `lastTurns` as a person writes it: `Last turns`. Abbreviations stay: `sessionTTL` is `Session TTL`.
fn words(name: &str) -> String {
    let mut words = String::with_capacity(name.len() + 4);
    let mut letters = name.chars().peekable();
    while let Some(letter) = letters.next() {
        let starts_word = letter.is_uppercase() && words.ends_with(|last: char| last.is_lowercase());
        if starts_word {
            words.push(' ');
        }
        match letter {
            _ if words.is_empty() => words.extend(letter.to_uppercase()),
            '_' | '-' => words.push(' '),
            _ if starts_word && letters.peek().is_some_and(|next| next.is_lowercase()) => {
                words.extend(letter.to_lowercase());
            }
            _ => words.push(letter),
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    /// Test Memory
    ///
    /// Keeps what
    /// is said.
    #[derive(Deserialize, JsonSchema)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    #[expect(dead_code, reason = "only its schema is looked at")]
    struct Inputs {
        /// Table name
        ///
        /// Where it
        /// lies.
        #[schemars(extend("x-ui" = Ui::new().placeholder("chat").group("Table")))]
        #[schemars(extend("x-options" = Options::method("tables").depends_on(&["region"])))]
        table_name: String,
        /// Only a description.
        ttl_secs: Option<std::num::NonZeroU32>,
        #[serde(default)]
        speed: Speed,
        slower: Option<Speed>,
        #[serde(default)]
        recall: crate::recall::Recall,
    }

    #[derive(Default, Deserialize, Serialize, JsonSchema)]
    #[serde(rename_all = "camelCase")]
    enum Speed {
        #[default]
        Fast,
        /// Slow, but steady
        ///
        /// Like a tortoise.
        VerySlow,
    }

    #[test]
    fn a_struct_becomes_a_schema_in_few_forms() {
        let speeds = json!([
            {"const": "fast", "title": "Fast"},
            {"const": "verySlow", "title": "Slow, but steady", "description": "Like a tortoise."},
        ]);
        let schema = Value::Object(schema_of::<Inputs>());
        assert_eq!(schema["title"], "Test Memory");
        assert_eq!(schema["description"], "Keeps what is said.");
        assert_eq!(schema["required"], json!(["tableName"]));
        assert_eq!(schema["additionalProperties"], json!(false));
        let properties = &schema["properties"];
        assert_eq!(
            properties["tableName"],
            json!({
                "type": "string", "title": "Table name", "description": "Where it lies.",
                "x-ui": {"placeholder": "chat", "group": "Table"},
                "x-options": {"method": "tables", "dependsOn": ["region"]},
            })
        );
        assert_eq!(
            properties["ttlSecs"],
            json!({"type": "integer", "minimum": 1, "maximum": u32::MAX, "title": "Ttl secs",
                   "description": "Only a description."})
        );
        assert_eq!(properties["speed"], json!({"oneOf": speeds, "default": "fast", "title": "Speed"}));
        assert_eq!(properties["slower"], json!({"oneOf": speeds, "title": "Slower"}));
        let recall = &properties["recall"];
        assert_eq!(recall["default"], json!({"policy": "everything"}));
        assert_eq!(recall["oneOf"][1]["title"], "Last turns");
        assert_eq!(
            recall["oneOf"][1]["properties"]["policy"],
            json!({"type": "string", "const": "lastTurns"})
        );
        assert_eq!(recall["oneOf"][1]["properties"]["turns"]["title"], "Turns");
    }

    #[test]
    fn names_become_words() {
        assert_eq!(words("lastTurns"), "Last turns");
        assert_eq!(words("sessionTTL"), "Session TTL");
        assert_eq!(words("ttl_secs"), "Ttl secs");
    }
}
