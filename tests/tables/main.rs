//! Tables: making, comparing and deleting them, their rights, and the files in `deploy/` that are made from them.
#![cfg(feature = "dynamodb")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy.toml exempts tests, but not the functions that they share"
)]

mod charges;
mod check;
mod create;
mod delete;
mod deploy;
mod policies;
mod set_up;
#[path = "../support/mod.rs"]
mod support;

use canvas_memory::clock::Clock;
use canvas_memory::declare::{Finding, Level};
use canvas_memory::dynamodb::catalog::TableKind;
use canvas_memory::dynamodb::tables::TableDefinition;
use canvas_memory::dynamodb::{Credentials, DynamoClient, DynamoConfig, SharedCredentialsProvider};
use support::moto::AccessKey;

/// A client with the given keys.
fn client(endpoint: &str, key: &AccessKey) -> DynamoClient {
    let keys = Credentials::new(&key.access_key_id, &key.secret_access_key, None, None, "test");
    let mut config = DynamoConfig::new("us-east-1", SharedCredentialsProvider::new(keys));
    config.endpoint_url = Some(endpoint.to_owned());
    config.clock = Clock::system();
    DynamoClient::new(config).unwrap()
}

/// A client with keys that an emulator without permissions accepts.
fn anyone(endpoint: &str) -> DynamoClient {
    let key = AccessKey { access_key_id: "AKIDTEST".into(), secret_access_key: "secret".into() };
    client(endpoint, &key)
}

/// A table of each kind, whose items expire where they can.
fn tables() -> Vec<(TableKind, TableDefinition)> {
    let expiring = |kind: TableKind| TableDefinition {
        expiry_attribute: kind.usual_expiry_attribute().map(str::to_owned),
        ..kind.usual()
    };
    TableKind::ALL.into_iter().map(|kind| (kind, expiring(kind))).collect()
}

/// The findings of one level, as `subject: text`.
fn told(findings: &[Finding], level: Level) -> Vec<String> {
    let findings = findings.iter().filter(|finding| finding.level == level);
    findings.map(|finding| format!("{}: {}", finding.subject, finding.text)).collect()
}

/// The text about one subject.
#[track_caller]
fn about<'a>(findings: &'a [Finding], subject: &str) -> &'a str {
    let found = findings.iter().find(|finding| finding.subject == subject);
    &found.unwrap_or_else(|| panic!("nothing about {subject}: {findings:#?}")).text
}
