#![doc = include_str!("../README.md")]

pub mod clock;
pub mod error;
pub mod json;
pub mod message;
#[cfg(any(feature = "dynamodb", feature = "upstash"))]
mod reach;
pub mod session;
pub mod usage;

pub mod background;
pub mod chain;
pub mod conformance;
pub mod dial;
pub mod graph;
pub mod history;
pub mod memory;
pub mod model;
pub mod prompt;
pub mod recall;
pub mod store;
pub mod summary;
pub mod tool;

pub mod declare;
pub mod registry;

#[cfg(feature = "dynamodb")]
pub mod dynamodb;
pub mod griptape;
#[cfg(any(feature = "upstash", feature = "models"))]
mod http;
#[cfg(any(feature = "dynamodb", feature = "upstash"))]
pub mod langchain;
#[cfg(feature = "models")]
pub mod provider;
#[cfg(feature = "upstash")]
pub mod upstash;

#[path = "../credentials/mod.rs"]
pub mod credentials;
#[path = "../nodes/mod.rs"]
pub mod nodes;

pub mod flow;

pub use error::{Error, ErrorKind, Result, Retry};
