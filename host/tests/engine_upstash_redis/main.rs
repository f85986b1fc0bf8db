//! The endpoint in front of a real Redis, and the built-in database held against it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy.toml exempts tests, but not the functions that they share"
)]

mod clients;
mod endpoint;
#[path = "../../../tests/support/interop.rs"]
#[allow(dead_code, reason = "each test binary uses a part of this module")]
mod interop;
mod random_commands;
mod redis_server;
#[path = "../upstash/mod.rs"]
mod upstash;

use canvas_memory_host::engine::EngineStorage;
use canvas_memory_host::engine::upstash::{UpstashBackend, UpstashEngine, UpstashOptions};

fn built_in() -> UpstashEngine {
    UpstashEngine::start(UpstashOptions::new(UpstashBackend::BuiltIn(EngineStorage::Memory))).unwrap()
}
