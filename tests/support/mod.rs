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

pub(crate) mod dynalite;
pub(crate) mod dynamodb;
pub(crate) mod interop;
pub(crate) mod moto;
pub(crate) mod process;
pub(crate) mod redis_server;
