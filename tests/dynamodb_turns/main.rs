//! The turns layout against a real engine, over the wire.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets the unexpected fails"
)]

#[path = "../support/dynoxide.rs"]
mod dynoxide_engine;

mod bench;
mod big_turns;
mod clear;
mod expiry;
mod figures;
mod foreign;
mod idempotency;
mod listing;
mod loading;
mod notes;
mod proxy;
mod writers;
