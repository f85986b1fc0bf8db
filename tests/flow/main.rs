//! Flows: the document, what is wrong with it, which edges may be drawn, how it comes alive, and what other canvases saved.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy.toml exempts tests, but not the functions that they share"
)]

mod connecting;
mod document;
mod flowise;
mod loose;
mod nodes;
mod rules;
mod support;
mod templates;
mod upgrading;
mod validation;
