use std::fmt;
use std::io;
use std::net::SocketAddr;

use crate::data_dir::DataDirError;

/// Why an engine did not start.
#[derive(Debug)]
#[non_exhaustive]
pub enum EngineError {
    /// The data directory could not be used.
    DataDir(DataDirError),
    /// The address could not be listened on.
    Listen {
        /// The address asked for.
        addr: SocketAddr,
        /// The operating system's error.
        source: io::Error,
    },
    /// A token or access key was given, but it is empty: everyone would hold it.
    EmptySecret {
        /// Which one.
        name: &'static str,
    },
    /// The engine's threads could not be started.
    Threads(io::Error),
    /// The database file could not be opened.
    Open {
        /// The file, or `memory`.
        file: String,
        /// The database's own words.
        reason: String,
    },
    /// Redis could not be reached, or refused.
    Redis {
        /// Redis's own words, or the connection's.
        reason: String,
    },
}

impl fmt::Display for EngineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DataDir(error) => error.fmt(f),
            Self::Listen { addr, source } => {
                write!(
                    f,
                    "could not listen on {addr}: {source}; choose another address, or port 0 for a free one"
                )
            }
            Self::EmptySecret { name } => {
                write!(f, "the {name} is empty: give one that is hard to guess, or none for a random one")
            }
            Self::Threads(source) => write!(f, "could not start the engine's threads: {source}"),
            Self::Open { file, reason } => write!(
                f,
                "could not open the engine's database {file}: {reason}; nothing was changed: restore the file from \
                 a backup, or choose another directory with --data-dir"
            ),
            Self::Redis { reason } => {
                write!(
                    f,
                    "could not use Redis: {reason}; check that --redis names a running server, and its password"
                )
            }
        }
    }
}

impl std::error::Error for EngineError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::DataDir(error) => Some(error),
            Self::Listen { source, .. } | Self::Threads(source) => Some(source),
            Self::EmptySecret { .. } | Self::Open { .. } | Self::Redis { .. } => None,
        }
    }
}

impl From<DataDirError> for EngineError {
    fn from(error: DataDirError) -> Self {
        Self::DataDir(error)
    }
}

impl From<EngineError> for canvas_memory::Error {
    fn from(error: EngineError) -> Self {
        Self::new(canvas_memory::ErrorKind::Storage, error.to_string()).with_source(error)
    }
}
