//! A diagnosis names all that is missing at once, and its policy is enough.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy.toml exempts tests, but not the functions that they share"
)]

mod answers;
mod dynamodb;
mod policy;
#[path = "../support/mod.rs"]
mod support;
mod upstash;

use canvas_memory::declare::{ConnectArgs, ConnectContext, Credential, Diagnosis, Level};
use canvas_memory::registry::Registry;
use serde_json::Value;

async fn diagnose(
    node: &str,
    inputs: &Value,
    credential: Option<Credential>,
    context: &ConnectContext,
) -> Diagnosis {
    let mut args = ConnectArgs::new(context);
    if let Some(credential) = credential {
        args = args.with_credential(credential);
    }
    Registry::collect().diagnose(node, inputs, args).await.unwrap()
}

/// The findings of one level, as `subject: text`.
fn told(diagnosis: &Diagnosis, level: Level) -> Vec<String> {
    let findings = diagnosis.findings.iter().filter(|finding| finding.level == level);
    findings.map(|finding| format!("{}: {}", finding.subject, finding.text)).collect()
}

/// The subjects of one level.
fn subjects(diagnosis: &Diagnosis, level: Level) -> Vec<&str> {
    let findings = diagnosis.findings.iter().filter(|finding| finding.level == level);
    findings.map(|finding| finding.subject.as_ref()).collect()
}

/// The text about one subject.
#[track_caller]
fn about<'a>(diagnosis: &'a Diagnosis, subject: &str) -> &'a str {
    let found = diagnosis.findings.iter().find(|finding| finding.subject == subject);
    &found.unwrap_or_else(|| panic!("nothing about {subject}: {diagnosis:#?}")).text
}
