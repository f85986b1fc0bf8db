//! Diagnosing a node of a type known by name only.

use serde_json::Value;

use super::adopt::refusal;
use super::{Registry, check_credential};
use crate::declare::{ConnectArgs, Diagnosis};
use crate::error::Result;

impl Registry {
    /// Looks for all that keeps a node from working, and tells the least policy that would do. Creates and changes
    /// nothing. Inputs and credential are checked as for connecting; what is wrong with them is a finding too. Ports
    /// may be free: what belongs on them is looked at by itself.
    ///
    /// # Errors
    /// `NotFound` for a type that nothing declares.
    pub async fn diagnose(
        &self,
        node_type: &str,
        inputs: &Value,
        args: ConnectArgs<'_>,
    ) -> Result<Diagnosis> {
        let node = self.registered(node_type).map_err(|error| error.in_operation("diagnose"))?;
        let mut diagnosis = Diagnosis::default();
        let (inputs, problems) = match node.adopt(inputs) {
            Ok(adopted) => {
                let problems = node.validation.problems(&adopted.inputs);
                (adopted.inputs, problems)
            }
            Err(problem) => (inputs.clone(), vec![problem]),
        };
        for problem in problems {
            diagnosis.failed("inputs", &refusal(problem));
        }
        if let Err(error) = check_credential(&node.entry, args.credential.as_ref()) {
            diagnosis.failed("credential", &error);
        }
        if diagnosis.findings.is_empty() {
            diagnosis = (node.entry.diagnose)(&inputs, args).await.unwrap_or_else(|error| {
                let mut diagnosis = Diagnosis::default();
                diagnosis.failed("diagnose", &error);
                diagnosis
            });
        }
        Ok(diagnosis)
    }
}
