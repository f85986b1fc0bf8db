//! The HTTP API, on a real listener of loopback, with both engines. Every answer is held to the document.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy.toml exempts tests, but not the functions that they share"
)]

mod conformity;
mod credentials;
mod document;
#[path = "../../../tests/support/fault_proxy.rs"]
#[allow(dead_code, reason = "these tests use a part of this module")]
mod fault_proxy;
mod flows;
mod gated_model;
mod graph;
mod history;
#[path = "../../../tests/support/interop.rs"]
#[allow(dead_code, reason = "these tests use a part of this module")]
mod interop;
mod journey;
mod login;
#[path = "../../../tests/support/openai_stub.rs"]
#[allow(dead_code, reason = "these tests use a part of this module")]
mod openai_stub;
mod prediction;
mod runs;
mod schemathesis;
mod security;
mod support;
mod tables;
