//! The host as a person starts it: the real program, killed and started again.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test that fails should say where"
)]

mod commands;
mod conversation;
mod disk;
mod flowise;
mod griptape;
mod host;
mod kill;
mod logs;
mod readme;
mod refusals;
mod start;

#[path = "../../../tests/support/interop.rs"]
#[allow(dead_code, reason = "each test binary uses a part of it")]
mod interop;
#[path = "../../../tests/support/openai_stub.rs"]
#[allow(dead_code, reason = "each test binary uses a part of it")]
mod openai_stub;
#[path = "../../../tests/support/process.rs"]
#[allow(dead_code, reason = "each test binary uses a part of it")]
mod process;
#[path = "../../../tests/support/redis_server.rs"]
mod redis_server;
#[path = "../support/mod.rs"]
mod support;
