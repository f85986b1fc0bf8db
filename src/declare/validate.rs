//! Checking inputs against their schema, with problems that name the field and the way out, never the value.

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{ValidationError, Validator};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use super::schema::{schema_of, tag};
use crate::error::{Error, ErrorKind, Result};

/// What is wrong with one input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The input's name; nested ones have dots: `recall.turns`.
    pub input: String,
    /// What is wrong and what to do. Continues the name.
    pub message: String,
}

/// The checks of one declaration.
#[derive(Debug)]
pub(crate) struct Validation {
    /// What a field is called in messages: "an input of `X`".
    belongs_to: String,
    schema: Value,
    validator: Validator,
}

impl Validation {
    pub(crate) fn of_node(node_type: &str, schema: &Value) -> Result<Self> {
        Self::new(format!("an input of `{node_type}`"), schema)
    }

    pub(crate) fn of_credential(credential_type: &str, schema: &Value) -> Result<Self> {
        Self::new(format!("a field of `{credential_type}`"), schema)
    }

    /// The checks of a document that people may edit by hand. `name` comes with its article.
    pub(crate) fn of_document<T: JsonSchema>(name: &str) -> Result<Self> {
        Self::new(format!("a field of {name}"), &Value::Object(schema_of::<T>()))
    }

    fn new(belongs_to: String, schema: &Value) -> Result<Self> {
        let validator = jsonschema::draft202012::options().offline().build(schema).map_err(|error| {
            let message = format!("the declaration is not a JSON Schema: {}", error.masked());
            Error::new(ErrorKind::Unsupported, message)
        })?;
        Ok(Self { belongs_to, schema: schema.clone(), validator })
    }

    /// Adds the tag of the variant that is meant when none is given.
    pub(crate) fn fill_tag(&self, fields: &mut Value) {
        let default = self.schema.get("default").and_then(Value::as_object);
        if let (Some(default), Some(fields)) = (default, fields.as_object_mut()) {
            for (tag, value) in default {
                fields.entry(tag).or_insert_with(|| value.clone());
            }
        }
    }

    /// All that is wrong.
    pub(crate) fn problems(&self, value: &Value) -> Vec<Problem> {
        let mut problems = Vec::new();
        for error in self.validator.iter_errors(value) {
            self.describe(&error, &mut problems);
        }
        whole_numbers(&self.schema, value, "", &mut problems);
        problems
    }

    /// # Errors
    /// `InvalidInput` that names the first field in question and tells everything that is wrong.
    pub(crate) fn require(&self, value: &Value) -> Result<()> {
        let problems = self.problems(value);
        let Some(first) = problems.first() else { return Ok(()) };
        let told: Vec<_> =
            problems.iter().map(|problem| format!("`{}` {}", problem.input, problem.message)).collect();
        Err(Error::new(ErrorKind::InvalidInput { field: first.input.clone() }, told.join("; ")))
    }

    fn describe(&self, error: &ValidationError<'_>, problems: &mut Vec<Problem>) {
        let path = dotted(error.instance_path().as_str());
        // The parent of the keyword that failed is the schema that the value does not fit.
        let keyword = error.schema_path().as_str();
        let parent = keyword.rsplit_once('/').map_or("", |(parent, _)| parent);
        let expected = self.schema.pointer(parent).unwrap_or(&Value::Null);
        let message = match error.kind() {
            ValidationErrorKind::AdditionalProperties { unexpected } => {
                let known = known_fields(expected);
                problems.extend(unexpected.iter().map(|name| Problem {
                    input: join(&path, &shorten(name)),
                    message: format!("is not {}; {}", self.belongs_to, suggest(name, &known)),
                }));
                return;
            }
            ValidationErrorKind::Required { property } => {
                let name = property.as_str().unwrap_or_default();
                let wanted = known_field(expected, name).map_or("a value", wanted);
                let message = format!("is missing; it takes {wanted}");
                problems.push(Problem { input: join(&path, name), message });
                return;
            }
            ValidationErrorKind::OneOfNotValid { context }
            | ValidationErrorKind::OneOfMultipleValid { context } => {
                match Choice::of(expected, error.instance()) {
                    Choice::Const(allowed) => format!("must be one of {allowed}"),
                    Choice::NoVariant { tag, allowed } => {
                        let message = format!("must be one of {allowed}");
                        problems.push(Problem { input: join(&path, &tag), message });
                        return;
                    }
                    Choice::Variant(at) => {
                        for error in context.get(at).into_iter().flatten() {
                            self.describe(error, problems);
                        }
                        return;
                    }
                    Choice::NotAnObject => {
                        format!("must be an object; found {}", found(error.instance()))
                    }
                }
            }
            ValidationErrorKind::Type { kind } => {
                let wanted = match kind {
                    TypeKind::Single(kind) => type_name(&kind.to_string()),
                    TypeKind::Multiple(_) => "another type",
                };
                let found = found(error.instance());
                let way_out = if found == "null" { "; leave it out to mean nothing" } else { "" };
                format!("must be {wanted}; found {found}{way_out}")
            }
            ValidationErrorKind::MinLength { limit: 1 } => "is empty; give at least one character".to_owned(),
            ValidationErrorKind::MinLength { limit } => format!("must have at least {limit} characters"),
            ValidationErrorKind::MaxLength { limit } => format!("must have at most {limit} characters"),
            ValidationErrorKind::Minimum { limit } => format!("must be at least {limit}"),
            ValidationErrorKind::Maximum { limit } => format!("must be at most {limit}"),
            ValidationErrorKind::ExclusiveMinimum { limit } => format!("must be above {limit}"),
            ValidationErrorKind::ExclusiveMaximum { limit } => format!("must be below {limit}"),
            ValidationErrorKind::MinItems { limit } => format!("must list at least {limit}"),
            ValidationErrorKind::MaxItems { limit } => format!("must list at most {limit}"),
            ValidationErrorKind::Pattern { pattern } => format!("must match `{pattern}`"),
            other => format!("breaks the rule `{}` of its schema", other.keyword()),
        };
        let input = if path.is_empty() { "inputs".to_owned() } else { path };
        problems.push(Problem { input, message });
    }
}

/// How a value misses a `oneOf`.
enum Choice {
    Const(String),
    NoVariant { tag: String, allowed: String },
    Variant(usize),
    NotAnObject,
}

impl Choice {
    fn of(schema: &Value, value: &Value) -> Self {
        let branches = schema.get("oneOf").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let tags: Vec<_> = branches.iter().filter_map(|branch| tag(branch.as_object()?)).collect();
        let Some((name, _)) = tags.first() else {
            return Self::Const(list(branches.iter().filter_map(|branch| branch.get("const")?.as_str())));
        };
        let Some(fields) = value.as_object() else { return Self::NotAnObject };
        match tags.iter().position(|(name, constant)| fields.get(*name) == Some(constant)) {
            Some(at) => Self::Variant(at),
            None => Self::NoVariant {
                tag: (*name).clone(),
                allowed: list(tags.iter().filter_map(|(_, constant)| constant.as_str())),
            },
        }
    }
}

/// JSON Schema lets 12.0 pass for a whole number, and so would a number beyond 64 bits.
fn whole_numbers(schema: &Value, value: &Value, path: &str, problems: &mut Vec<Problem>) {
    if schema.get("type").is_some_and(|kind| kind == "integer")
        && value.as_f64().is_some_and(|number| number.fract() == 0.0)
        && value.is_f64()
    {
        let message = "must be a whole number below 2^64, written without a decimal point".to_owned();
        problems.push(Problem { input: path.to_owned(), message });
    }
    let Some(fields) = value.as_object() else { return };
    for (name, value) in fields {
        if let Some(field) = known_field(schema, name) {
            whole_numbers(field, value, &join(path, name), problems);
        }
    }
    if let Choice::Variant(at) = Choice::of(schema, value)
        && let Some(variant) = schema.get("oneOf").and_then(|variants| variants.get(at))
    {
        whole_numbers(variant, value, path, problems);
    }
}

fn known_fields(schema: &Value) -> Vec<&str> {
    let properties = schema.get("properties").and_then(Value::as_object);
    properties.into_iter().flat_map(Map::keys).map(String::as_str).collect()
}

fn known_field<'a>(schema: &'a Value, name: &str) -> Option<&'a Value> {
    schema.get("properties")?.get(name)
}

/// The nearest known name, or all of them where none is near.
fn suggest(name: &str, known: &[&str]) -> String {
    let lower = name.to_lowercase();
    let nearest = known
        .iter()
        .map(|known| (strsim::damerau_levenshtein(&lower, &known.to_lowercase()), known))
        .min_by_key(|(distance, _)| *distance);
    match nearest {
        Some((distance, known)) if distance <= 1 + name.chars().count().min(64) / 4 => {
            format!("did you mean `{known}`?")
        }
        Some(_) => format!("there are {}", list(known.iter().copied())),
        None => "there are none; leave it out".to_owned(),
    }
}

/// What a field takes, for who left it out.
fn wanted(schema: &Value) -> &'static str {
    match schema.get("type").and_then(Value::as_str) {
        Some(kind) => type_name(kind),
        None => "one of its choices",
    }
}

pub(crate) fn type_name(kind: &str) -> &'static str {
    match kind {
        "string" => "text",
        "integer" => "a whole number",
        "number" => "a number",
        "boolean" => "true or false",
        "array" => "a list",
        "object" => "an object",
        _ => "nothing",
    }
}

/// What a value is, in words that do not tell the value.
pub(crate) fn found(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(number) if number.is_f64() => "a number with a decimal point",
        Value::Number(_) => "a number",
        Value::String(text) if text.is_empty() => "empty text",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn dotted(pointer: &str) -> String {
    let names = pointer.split('/').skip(1).map(|name| name.replace("~1", "/").replace("~0", "~"));
    names.collect::<Vec<_>>().join(".")
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

/// Unknown names are the caller's own text and may be of any length.
fn shorten(name: &str) -> String {
    match name.char_indices().nth(64) {
        Some((at, _)) => format!("{}…", name.split_at(at).0),
        None => name.to_owned(),
    }
}
