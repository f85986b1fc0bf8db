//! Mem0's conversations and history against real engines, over the wire.
#![cfg(feature = "dynamodb")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy.toml exempts tests, but not the functions that they share"
)]

mod bench;
mod conversations;
mod history;
mod interop;
mod nodes;
mod sessions;
#[path = "../support/mod.rs"]
mod support;
