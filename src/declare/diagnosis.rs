//! All that is wrong with a node at once, and what its credential needs.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::connect::{ConnectArgs, Connected};
use super::health::{Finding, Health, Level};
use super::node::Node;
use crate::error::{Error, ErrorKind};
use crate::usage::Usage;

/// What a diagnosis found. Unlike a health check, which ends at the first error, it goes on as far as it can.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Diagnosis {
    /// What was looked at, in that order.
    pub findings: Vec<Finding>,
    /// The least policy that lets the node do all its work, as the service takes it, such as an IAM policy document;
    /// `None` where the service has no policies.
    pub policy: Option<Value>,
    /// What looking cost.
    pub usage: Usage,
}

impl Diagnosis {
    /// Adds something that is as it should be.
    pub fn ok(&mut self, subject: impl Into<Cow<'static, str>>, text: impl Into<String>) {
        self.findings.push(Finding::new(Level::Ok, subject, text));
    }

    /// Adds something that works and should be seen to.
    pub fn warn(&mut self, subject: impl Into<Cow<'static, str>>, text: impl Into<String>) {
        self.findings.push(Finding::new(Level::Warning, subject, text));
    }

    /// Adds something that keeps the node from working.
    pub fn error(&mut self, subject: impl Into<Cow<'static, str>>, text: impl Into<String>) {
        self.findings.push(Finding::new(Level::Error, subject, text));
    }

    /// Adds an error that was met in `step`, with what it cost: under the input or thing that it names, else under the
    /// step.
    pub fn failed(&mut self, step: &'static str, error: &Error) {
        self.usage += error.usage();
        let subject = match error.kind() {
            ErrorKind::InvalidInput { field } => field.clone().into(),
            ErrorKind::MissingCredential | ErrorKind::Undecryptable | ErrorKind::Unauthenticated => {
                "credential".into()
            }
            ErrorKind::Denied => "rights".into(),
            _ => Cow::Borrowed(step),
        };
        self.error(subject, error.to_string());
    }

    /// The worst level among the findings; `Ok` when there are none.
    #[must_use]
    pub fn level(&self) -> Level {
        self.findings.iter().map(|finding| finding.level).max().unwrap_or(Level::Ok)
    }
}

impl From<Health> for Diagnosis {
    fn from(health: Health) -> Self {
        Self { findings: health.findings, policy: None, usage: health.usage }
    }
}

/// Connects a node and runs its health check. A node whose required ports are free can't be connected: its inputs fit,
/// and what belongs on the ports is looked at by itself.
pub(super) async fn by_connecting<N: Node>(inputs: N::Inputs, args: ConnectArgs<'_>) -> Diagnosis {
    let mut diagnosis = Diagnosis::default();
    if N::INPUT_PORTS.iter().any(|port| port.required && args.ports.all(port.id).is_empty()) {
        diagnosis.ok("inputs", "they fit");
        return diagnosis;
    }
    let health = match N::connect(inputs, args).await {
        Ok(Connected { health, .. }) => health.await.map_err(|error| ("health", error)),
        Err(error) => Err(("connect", error)),
    };
    match health {
        Ok(health) if health.findings.is_empty() => diagnosis.ok("inputs", "they fit"),
        Ok(health) => return health.into(),
        Err((step, error)) => diagnosis.failed(step, &error),
    }
    diagnosis
}
