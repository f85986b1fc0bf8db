//! Inputs that the configuration of another system spells its own way.

use serde_json::Value;

use super::spelling::as_declared;
use super::{RegisteredNode, Registry};
use crate::declare::{Connected, Problem};
use crate::error::{Error, Result};

/// Inputs that are a node's own.
#[derive(Clone, Debug, PartialEq)]
pub struct Adopted {
    /// The inputs.
    pub inputs: Value,
    /// What meant nothing to the node and was left out.
    pub left_out: Vec<Problem>,
}

impl Registry {
    /// Makes inputs of another system's configuration, such as a block of Mem0's, a node's own. Others pass as they are.
    ///
    /// # Errors
    /// `NotFound` for a type that nothing declares; `InvalidInput` for what must not be left out in silence.
    pub fn adopt(&self, node_type: &str, inputs: &Value) -> Result<Adopted> {
        self.registered(node_type)?.adopt(inputs).map_err(refusal)
    }
}

impl RegisteredNode {
    pub(super) fn adopt(&self, inputs: &Value) -> Result<Adopted, Problem> {
        let Value::Object(fields) = inputs else {
            return Ok(Adopted { inputs: inputs.clone(), left_out: Vec::new() });
        };
        let mut fields = fields.clone();
        let left_out = self.entry.adopt(&mut fields)?;
        let inputs = as_declared(&self.schema, Value::Object(fields));
        Ok(Adopted { inputs, left_out })
    }
}

pub(super) fn refusal(problem: Problem) -> Error {
    Error::invalid_input(problem.input, problem.message)
}

/// Has the health check tell what was left out.
pub(super) fn telling(connected: Connected, left_out: Vec<Problem>) -> Connected {
    if left_out.is_empty() {
        return connected;
    }
    let Connected { instance, health } = connected;
    Connected::new(instance).with_health(async move {
        let mut health = health.await?;
        for Problem { input, message } in left_out {
            health.warn("inputs", format!("`{input}` {message}"));
        }
        Ok(health)
    })
}
