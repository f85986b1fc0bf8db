//! Amazon DynamoDB: the client and the layouts on it.

mod attribute;
pub mod catalog;
mod client;
mod clock_skew;
mod denial;
pub mod doctor;
pub(crate) mod error;
pub mod griptape;
pub mod health;
pub mod history;
pub(crate) mod http;
pub mod item_per_session;
pub mod layout;
pub mod list;
pub mod mem0;
pub(crate) mod meter;
pub mod policy;
pub mod probe;
pub mod size;
pub mod tables;
pub mod turns;

pub use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider, SharedHttpClient};
pub use client::{DynamoClient, DynamoConfig, Timeouts};
