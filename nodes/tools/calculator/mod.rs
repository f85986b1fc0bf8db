#![doc = include_str!("docs.md")]

mod expression;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::declare::{Capability, Category, ConnectArgs, Connected, Instance, Node, Port};
use crate::error::{Error, Result};
use crate::json::RawJson;
use crate::model::ToolSpec;
use crate::session::Source;
use crate::tool::{self, Tool, ToolOutput};

/// Calculator
///
/// Lets an agent calculate, which models do badly by themselves.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Inputs {}

/// The node `calculator`.
#[derive(Debug)]
pub struct CalculatorNode;

impl Node for CalculatorNode {
    type Inputs = Inputs;

    const TYPE: &'static str = "calculator";
    const CATEGORY: Category = Category::TOOLS;
    const ICON: &'static str = include_str!("icon.svg");
    const DOCS: &'static str = include_str!("docs.md");
    const OUTPUT_PORTS: &'static [Port] =
        &[Port::new("tool", "Tool", &["Calculator", "Tool", "StructuredTool"])];
    const CAPABILITIES: &'static [Capability] = &[Capability::Builtin];

    async fn connect(Inputs {}: Inputs, _: ConnectArgs<'_>) -> Result<Connected> {
        Ok(Connected::new(Instance::Tool(Arc::new(Calculator))))
    }
}

crate::register_node!(CalculatorNode);

/// The tool `calculator`.
#[derive(Debug)]
pub struct Calculator;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Arguments {
    /// The expression, such as `(2 + 3) * sqrt(16) / 7`.
    input: String,
}

#[async_trait]
impl Tool for Calculator {
    fn spec(&self) -> ToolSpec {
        let description = format!(
            "Evaluates a mathematical expression and returns the number. {} Angles are in radians.",
            expression::help()
        );
        ToolSpec::of::<Arguments>("calculator", &description)
    }

    async fn call(&self, arguments: &RawJson, _: &Source) -> Result<ToolOutput> {
        let Arguments { input } = tool::arguments(arguments)?;
        let value = expression::evaluate(&input).map_err(|problem| Error::invalid_input("input", problem))?;
        Ok(expression::format(value).into())
    }
}
