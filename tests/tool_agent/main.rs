//! The Tool Agent with its tools, over an OpenAI-compatible server, with real memories of every layout.
#![cfg(all(feature = "models", feature = "dynamodb", feature = "upstash"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets the unexpected fails"
)]

#[path = "../support/mod.rs"]
mod support;

mod calls;
mod canvas;
mod facts;
mod keeping_facts;
mod memory;
mod stop;
mod variables;
