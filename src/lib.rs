#![doc = include_str!("../README.md")]

pub mod clock;
pub mod error;
pub mod json;
pub mod message;
pub mod session;
pub mod usage;

pub mod chain;
pub mod conformance;
pub mod memory;
pub mod model;
pub mod recall;
pub mod store;

#[cfg(feature = "dynamodb")]
pub mod dynamodb;
#[cfg(any(feature = "dynamodb", feature = "upstash"))]
pub mod langchain;
#[cfg(feature = "upstash")]
pub mod upstash;

pub use error::{Error, ErrorKind, Result, Retry};
