//! What the integration tests share: the emulators, Debian's redis-server and the foreign programs of `tests/interop`.
//!
//! Everything here panics when a program is missing: a test that needs one fails, it is never skipped.
#![allow(dead_code, reason = "each test binary uses a part of this module")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy.toml exempts tests, but not the functions that they share"
)]

pub(crate) mod conversation;
pub(crate) mod dynalite;
#[cfg(feature = "dynamodb")]
pub(crate) mod dynamodb;
pub(crate) mod dynamodb_local;
#[cfg(feature = "dynamodb")]
pub(crate) mod dynoxide;
pub(crate) mod fault_proxy;
pub(crate) mod interop;
pub(crate) mod journey;
pub(crate) mod moto;
pub(crate) mod openai_stub;
pub(crate) mod process;
pub(crate) mod redis_server;
#[cfg(feature = "upstash")]
pub(crate) mod upstash_endpoint;
