//! The databases that a host carries inside itself, so that a newcomer needs no account. The nodes talk to them over
//! the wire, with the same client and protocol as to the real service.
//!
//! Each engine runs on threads of its own, listens on a random loopback port unless told otherwise, and refuses
//! whoever does not hold this start's secret, as well as every web page.

pub mod clock;
pub mod dynamodb;
mod error;
pub(crate) mod guard;
mod secret;
mod server;
pub mod upstash;

use std::net::{Ipv4Addr, SocketAddr};

pub use error::EngineError;
pub(crate) use secret::random as random_secret;

use crate::data_dir::DataDir;

/// Where an engine keeps its data.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum EngineStorage {
    /// In this process's memory: gone when the engine stops.
    Memory,
    /// In a file inside this directory. An acknowledged write survives the death of the process.
    Directory(DataDir),
}

/// A free port on the IPv4 loopback address: reachable from this machine alone, chosen by the operating system.
pub const ANY_LOOPBACK_PORT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
