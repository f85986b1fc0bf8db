//! The doctor: everything that keeps a node or a whole flow from working, and the least policies that would do.

mod policy;

use std::collections::{BTreeMap, BTreeSet};

use canvas_memory::Result;
use canvas_memory::declare::{ConnectArgs, ConnectContext, Credential, Diagnosis, Level};
use canvas_memory::flow::{CredentialSource, Flow, FlowNode, FlowProblem, ProblemCode, ProblemLevel};
use canvas_memory::registry::Registry;
use canvas_memory::usage::Usage;
use futures_util::future::join_all;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Looks at nodes and flows with the parts of a host. Creates and changes nothing.
#[derive(Clone, Copy, Debug)]
pub struct Doctor<'a> {
    /// All node types.
    pub registry: &'a Registry,
    /// What nodes connect with.
    pub context: &'a ConnectContext,
    /// The saved credentials.
    pub credentials: &'a dyn CredentialSource,
}

/// What the doctor found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// The worst of all that was found.
    pub level: Level,
    /// What is wrong with the flow itself. What a node's own findings tell is not told twice.
    pub problems: Vec<FlowProblem>,
    /// The nodes, in the order of the flow; those that nothing which runs stands on are left out.
    pub nodes: Vec<NodeReport>,
    /// The least policies that would do, one for each credential.
    pub policies: Vec<CredentialPolicy>,
    /// What looking cost.
    pub usage: Usage,
}

/// What was found of one node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NodeReport {
    /// The node's id, where it is one of a flow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// Its type.
    #[serde(rename = "type")]
    pub node_type: String,
    /// What was found.
    #[serde(flatten)]
    pub diagnosis: Diagnosis,
}

/// What a credential has to be allowed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CredentialPolicy {
    /// The credential's id; `None` where none is connected yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<String>,
    /// The policy, as the service takes it.
    pub policy: Value,
}

impl Doctor<'_> {
    /// Looks at one node.
    ///
    /// # Errors
    /// `NotFound` for a type that nothing declares.
    pub async fn node(&self, node_type: &str, inputs: &Value, credential: Option<&str>) -> Result<Report> {
        let named = match credential {
            Some(id) => Some(self.credentials.credential(id).await),
            None => None,
        };
        let diagnosis = self.diagnose(node_type, inputs, named.as_ref()).await?;
        let report = NodeReport { node: None, node_type: node_type.to_owned(), diagnosis };
        Ok(Report::of(Vec::new(), vec![(credential, report)]))
    }

    /// Looks at a flow: at the document, and at each node that what runs stands on.
    pub async fn flow(&self, flow: &Flow) -> Report {
        let upgraded = flow.upgraded(self.registry);
        let flow = upgraded.flow;
        let credentials = self.named_by(&flow).await;
        let types: BTreeMap<_, _> = credentials.iter().filter_map(known_type).collect();
        let mut problems = flow.problems(self.registry, &types);
        let idle: BTreeSet<_> = problems
            .iter()
            .filter(|problem| is_idle(problem))
            .filter_map(|problem| problem.node.clone())
            .collect();
        let nodes = flow.nodes.iter().filter(|node| node.foreign.is_none() && !idle.contains(&node.id));
        let looking = nodes.map(|node| self.flow_node(node, &credentials));
        let nodes: Vec<_> = join_all(looking).await.into_iter().flatten().collect();
        problems.retain(|problem| !nodes.iter().any(|(_, report)| report.tells(problem)));
        Report::of(problems, nodes)
    }

    /// The credentials that a flow names, by id.
    async fn named_by(&self, flow: &Flow) -> BTreeMap<String, Result<Credential>> {
        let ids: BTreeSet<_> = flow.nodes.iter().filter_map(|node| node.credential.clone()).collect();
        let getting = ids.into_iter().map(async |id| {
            let credential = self.credentials.credential(&id).await;
            (id, credential)
        });
        join_all(getting).await.into_iter().collect()
    }

    /// A node whose type is known.
    async fn flow_node<'n>(
        &self,
        node: &'n FlowNode,
        credentials: &BTreeMap<String, Result<Credential>>,
    ) -> Option<(Option<&'n str>, NodeReport)> {
        let credential = node.credential.as_ref().and_then(|id| credentials.get(id));
        let inputs = Value::Object(node.inputs.clone());
        // The flow's problems tell of a type that nothing declares.
        let diagnosis = self.diagnose(&node.node_type, &inputs, credential).await.ok()?;
        let report = NodeReport { node: Some(node.id.clone()), node_type: node.node_type.clone(), diagnosis };
        Some((node.credential.as_deref(), report))
    }

    async fn diagnose(
        &self,
        node_type: &str,
        inputs: &Value,
        credential: Option<&Result<Credential>>,
    ) -> Result<Diagnosis> {
        let mut args = ConnectArgs::new(self.context);
        if let Some(Ok(credential)) = credential {
            args = args.with_credential(credential.clone());
        }
        let mut diagnosis = self.registry.diagnose(node_type, inputs, args).await?;
        if let Some(Err(error)) = credential {
            // Why it can't be had says more than that there is none.
            diagnosis.findings.retain(|finding| finding.subject != "credential");
            diagnosis.failed("credential", error);
        }
        Ok(diagnosis)
    }
}

impl NodeReport {
    /// Whether the node's findings say already what the problem says.
    fn tells(&self, problem: &FlowProblem) -> bool {
        self.node.is_some()
            && self.node == problem.node
            && problem.field.as_ref().is_some_and(|field| {
                let mut errors =
                    self.diagnosis.findings.iter().filter(|finding| finding.level == Level::Error);
                errors.any(|finding| finding.subject == field.as_str())
            })
    }
}

impl Report {
    /// Of nodes, each with the id of its credential.
    fn of(problems: Vec<FlowProblem>, nodes: Vec<(Option<&str>, NodeReport)>) -> Self {
        let policies = policy::by_credential(
            nodes
                .iter()
                .filter_map(|(credential, report)| Some((*credential, report.diagnosis.policy.as_ref()?))),
        );
        let nodes: Vec<_> = nodes.into_iter().map(|(_, report)| report).collect();
        let of_nodes = nodes.iter().map(|report| report.diagnosis.level());
        let of_problems = problems.iter().map(|problem| match problem.level {
            ProblemLevel::Error => Level::Error,
            ProblemLevel::Warning => Level::Warning,
        });
        let level = of_nodes.chain(of_problems).max().unwrap_or(Level::Ok);
        let usage = nodes.iter().map(|report| report.diagnosis.usage).sum();
        Self { level, problems, nodes, policies, usage }
    }

    /// How many errors and warnings there are.
    #[must_use]
    pub fn counts(&self) -> (usize, usize) {
        let findings = self.nodes.iter().flat_map(|report| &report.diagnosis.findings);
        let problems = self.problems.iter().map(|problem| problem.level == ProblemLevel::Error);
        let of_problems: Vec<_> = problems.collect();
        let errors = of_problems.iter().filter(|is_error| **is_error).count();
        let warnings = of_problems.len() - errors;
        findings.fold((errors, warnings), |(errors, warnings), finding| match finding.level {
            Level::Error => (errors + 1, warnings),
            Level::Warning => (errors, warnings + 1),
            Level::Ok => (errors, warnings),
        })
    }
}

fn is_idle(problem: &FlowProblem) -> bool {
    problem.code == ProblemCode::NotConnected
}

fn known_type((id, credential): (&String, &Result<Credential>)) -> Option<(String, String)> {
    let credential = credential.as_ref().ok()?;
    Some((id.clone(), credential.credential_type().to_owned()))
}
