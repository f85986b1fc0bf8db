//! The tools of an agent, by name, with a check of what the model hands them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use jsonschema::Validator;
use serde_json::Value;

use crate::error::{Error, Result};
use crate::json::RawJson;
use crate::message::ToolCall;
use crate::model::ToolSpec;
use crate::session::Source;
use crate::tool::{Tool, ToolOutput};

/// The most problems of one call's arguments that a model is told.
const MAX_PROBLEMS: usize = 5;
/// What model APIs take as a tool's name.
const MAX_NAME_BYTES: usize = 64;

/// The tools of an agent.
pub struct Toolbox(BTreeMap<String, Entry>);

struct Entry {
    tool: Arc<dyn Tool>,
    spec: ToolSpec,
    arguments: Validator,
}

impl Toolbox {
    /// Takes in tools.
    ///
    /// # Errors
    /// `InvalidInput` for `tools` when two have the same name, or one has a name or schema that models don't take.
    pub fn new(tools: Vec<Arc<dyn Tool>>) -> Result<Self> {
        let mut by_name = BTreeMap::new();
        for tool in tools {
            let spec = tool.spec();
            let name = spec.name.clone();
            let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
            if name.is_empty() || name.len() > MAX_NAME_BYTES || !name.bytes().all(is_name) {
                return refuse(format!(
                    "hold one named `{name}`, which models don't take; name it with up to {MAX_NAME_BYTES} letters, \
                     digits, `_` and `-`"
                ));
            }
            let Some(arguments) = validator(&spec.parameters) else {
                return refuse(format!("hold `{name}`, whose parameters are no JSON Schema; mend the tool"));
            };
            if by_name.insert(name.clone(), Entry { tool, spec, arguments }).is_some() {
                return refuse(format!("hold two named `{name}`; disconnect or rename one"));
            }
        }
        Ok(Self(by_name))
    }

    /// What the model is told of them, sorted by name.
    #[must_use]
    pub fn specs(&self) -> Vec<ToolSpec> {
        self.0.values().map(|entry| entry.spec.clone()).collect()
    }

    /// Carries out one call that was asked for at `source`.
    ///
    /// # Errors
    /// What went wrong, in words for the model, and what it had cost.
    pub async fn call(&self, call: &ToolCall, source: &Source) -> Result<ToolOutput, ToolOutput> {
        let Some(entry) = self.0.get(&call.name) else {
            let names = self.0.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
            return Err(format!("there is no tool `{}`; there are: {names}.", call.name).into());
        };
        entry.check(&call.arguments)?;
        let called = entry.tool.call(&call.arguments, source).await;
        called.map_err(|error| ToolOutput { text: error.message().to_owned(), usage: error.usage() })
    }
}

impl Entry {
    fn check(&self, arguments: &RawJson) -> Result<(), String> {
        let value: Value = arguments.decode().map_err(|error| malformed(&error))?;
        // What a provider could not read as JSON comes as text.
        if let Value::String(text) = &value {
            return Err(match serde_json::from_str::<Value>(text) {
                Ok(_) => "the arguments are a string; they must be a JSON object.".to_owned(),
                Err(error) => malformed(&error),
            });
        }
        let problems: Vec<_> = self
            .arguments
            .iter_errors(&value)
            .take(MAX_PROBLEMS)
            .map(|error| match error.instance_path().as_str() {
                "" => error.masked().to_string(),
                path => format!("{path}: {}", error.masked()),
            })
            .collect();
        if problems.is_empty() {
            return Ok(());
        }
        Err(format!("the arguments do not fit the tool's schema: {}.", problems.join("; ")))
    }
}

fn malformed(error: &serde_json::Error) -> String {
    format!("the arguments are not well-formed JSON ({error}); send one JSON object.")
}

fn validator(parameters: &RawJson) -> Option<Validator> {
    let schema: Value = parameters.decode().ok()?;
    jsonschema::draft202012::options().offline().build(&schema).ok()
}

fn refuse<T>(problem: impl Into<Cow<'static, str>>) -> Result<T> {
    Err(Error::invalid_input("tools", problem.into()))
}

impl fmt::Debug for Toolbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
