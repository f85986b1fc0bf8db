//! Upstash Redis over its REST API, and any endpoint that speaks it: the client, and the layout on it.

mod client;
mod config;
mod failure;
mod reply;
mod transport;

pub mod doctor;
pub mod list;

pub use client::{Client, Command, Intent};
pub use config::{ClientConfig, Timeouts};
pub use reply::Reply;
pub use transport::{HttpTransport, Request, Response, SendError, Transport};
