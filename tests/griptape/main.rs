//! Griptape's sessions against a real engine, over the wire, and in files.
#![cfg(feature = "dynamodb")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets the unexpected fails"
)]

#[path = "../support/dynoxide.rs"]
mod dynoxide_engine;
#[path = "../support/interop.rs"]
#[allow(dead_code, reason = "each test binary uses a part of it")]
mod interop;
#[path = "../support/openai_stub.rs"]
#[allow(dead_code, reason = "each test binary uses a part of it")]
mod openai_stub;

mod bad_input;
mod bench;
mod figures;
mod files;
mod fixtures;
mod generations;
mod limits;
mod node;
mod notes;
mod package;
mod round_trip;
mod summary;
mod writers;
