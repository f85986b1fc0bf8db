//! The host around the memory nodes: what the `canvas-memory` program is made of, as a library, so that a binary
//! with more node packs needs no copy of it.

pub mod api;
pub mod app;
mod cli;
pub mod data_dir;
pub mod doctor;
pub mod engine;
pub mod engines;
mod files;
mod id;
mod running;
pub mod runs;
pub mod state;
pub mod tables;
mod timestamp;
pub mod vault;

pub use cli::main;
