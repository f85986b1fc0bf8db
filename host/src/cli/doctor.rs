//! `canvas-memory doctor`: what keeps a node or a flow from working, for a person or a script.

use std::fmt::Write as _;
use std::process::ExitCode;

use canvas_memory::declare::{Finding, Level};
use canvas_memory::flow::{FlowNode, FlowProblem, ProblemLevel};
use canvas_memory::registry::Registry;
use canvas_memory::{Error, ErrorKind, Result};
use serde_json::{Value, json};

use super::args::DoctorArgs;
use super::credentials::Credentials;
use super::document::{self, FlowChoice};
use super::exit;
use super::failure::Failure;
use super::output::Output;
use super::remote::Remote;
use super::workbench::Workbench;
use crate::doctor::{NodeReport, Report};

/// What is looked at.
#[derive(Debug)]
pub(super) enum Patient {
    Flow(FlowChoice),
    Node(Box<FlowNode>),
}

impl Patient {
    pub(super) fn of(
        args: &DoctorArgs,
        credentials: &mut Credentials<'_>,
        registry: &Registry,
        output: Output,
    ) -> Result<Self> {
        match &args.flow {
            Some(flow) => FlowChoice::named(flow, registry, output).map(Self::Flow),
            None => {
                let node = document::memory_node(&args.node, credentials, registry)?;
                Ok(Self::Node(Box::new(node)))
            }
        }
    }

    /// Looks in this process.
    pub(super) async fn examine(self, workbench: &Workbench<'_>) -> Result<Report> {
        match self {
            Self::Flow(choice) => {
                let flow = workbench.document(choice).await?;
                Ok(workbench.doctor().flow(&flow).await)
            }
            Self::Node(node) => {
                let inputs = Value::Object(node.inputs);
                workbench.doctor().node(&node.node_type, &inputs, node.credential.as_deref()).await
            }
        }
    }

    /// Lets the host that has the data directory open look.
    pub(super) async fn examine_remotely(self, remote: &Remote) -> Result<Report, Failure> {
        let request = match self {
            Self::Flow(FlowChoice::Saved(id)) => json!({"flow": id}),
            Self::Flow(FlowChoice::Document(flow)) => json!({"flow": flow}),
            Self::Node(node) => {
                json!({"node": {"type": node.node_type, "inputs": node.inputs, "credential": node.credential}})
            }
        };
        let report = remote.post("doctor", &request).await?.decode();
        report.map_err(|_| {
            let message = "the running host answered something else than a report; is it of another version?";
            Error::new(ErrorKind::Protocol, message).into()
        })
    }
}

/// Prints the report, or only its policy, and gives the exit code.
pub(super) fn tell(report: &Report, only_policy: bool, output: Output) -> ExitCode {
    if only_policy {
        tell_policies(report, output);
    } else if output.json {
        output.value(report);
    } else {
        output.text(&in_words(report));
    }
    match report.level {
        Level::Error => ExitCode::from(exit::NOT_WORKING),
        Level::Ok | Level::Warning => ExitCode::SUCCESS,
    }
}

/// One policy as the service takes it; several with the credentials that they are for.
fn tell_policies(report: &Report, output: Output) {
    match report.policies.as_slice() {
        [] => output.note("Nothing here has a policy."),
        [only] => output.value(&only.policy),
        several => output.value(&several),
    }
}

fn in_words(report: &Report) -> String {
    let mut text = String::new();
    for problem in &report.problems {
        let FlowProblem { node, field, level, message, .. } = problem;
        let word = match level {
            ProblemLevel::Error => "error",
            ProblemLevel::Warning => "warning",
        };
        let place: Vec<_> = [node.as_deref(), field.as_deref()].into_iter().flatten().collect();
        let place = if place.is_empty() { "flow".to_owned() } else { place.join(" ") };
        line(&mut text, word, &place, message);
    }
    for NodeReport { node, node_type, diagnosis } in &report.nodes {
        if !text.is_empty() {
            text.push('\n');
        }
        let id = node.as_ref().map(|id| format!("{id}: ")).unwrap_or_default();
        let _ = writeln!(text, "{id}{node_type}");
        for found in &diagnosis.findings {
            finding(&mut text, found);
        }
    }
    for policy in &report.policies {
        // One that was typed has no id that anybody knows.
        let saved = policy.credential.as_ref().filter(|id| !id.starts_with("--"));
        let of = saved.map(|id| format!(" for the credential `{id}`")).unwrap_or_default();
        let json = serde_json::to_string_pretty(&policy.policy).unwrap_or_default();
        let _ = writeln!(text, "\nThe least policy that would do{of}:\n{json}");
    }
    let (errors, warnings) = report.counts();
    let summary = match (errors, warnings) {
        (0, 0) => "Nothing is wrong.".to_owned(),
        (0, _) => format!("It works; warnings: {warnings}."),
        _ => format!("It does not work; errors: {errors}, warnings: {warnings}."),
    };
    let _ = writeln!(text, "\n{summary}");
    text
}

/// Adds a finding as a line.
pub(super) fn finding(text: &mut String, finding: &Finding) {
    let word = match finding.level {
        Level::Ok => "ok",
        Level::Warning => "warning",
        Level::Error => "error",
    };
    line(text, word, &finding.subject, &finding.text);
}

fn line(text: &mut String, word: &str, subject: &str, told: &str) {
    let _ = writeln!(text, "  {word:<8} {subject:<12} {told}");
}
