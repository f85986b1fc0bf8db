//! What the host provides to nodes that connect.

use std::fmt;
use std::sync::Arc;

use super::clients::Clients;
use super::endpoints::{EndpointPolicy, HttpsOrLoopback};
use super::secret::Secret;
use crate::background::Background;
use crate::clock::Clock;
use crate::dial::{Resolver, SystemResolver};
use crate::error::{Error, ErrorKind, Result};
use crate::session::Scope;

/// What the host provides: whose sessions, which time, which engines, and what may be dialled.
///
/// ```
/// use canvas_memory::declare::ConnectContext;
/// use canvas_memory::session::Scope;
///
/// let context = ConnectContext { scope: Scope::new("team-7")?, ..ConnectContext::default() };
/// # Ok::<(), canvas_memory::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ConnectContext {
    /// Whose sessions the memories keep. Set by the host, never by a request body.
    pub scope: Scope,
    /// The time that expiry goes by.
    pub clock: Clock,
    /// The databases that the host carries inside itself.
    pub engines: Arc<dyn BuiltinEngines>,
    /// What an endpoint that a user typed may be, and where it may lead. A host that others use sets
    /// [`OperatorPolicy`](super::OperatorPolicy).
    pub endpoints: Arc<dyn EndpointPolicy>,
    /// Finds the addresses of a typed endpoint's host.
    pub resolver: Arc<dyn Resolver>,
    /// Whether a credential may stand for this machine's own AWS identity and profiles. Off for a host that others
    /// reach.
    pub uses_machine_identity: bool,
    /// What goes on after an answer, such as summaries. A host waits for it before it ends.
    pub background: Background,
    /// Connected clients, shared by all nodes; a clone of the context shares them too.
    pub clients: Clients,
}

impl Default for ConnectContext {
    /// For a program of one's own: scope `local`, no engines, https and loopback, no machine identity.
    fn default() -> Self {
        Self {
            scope: Scope::default(),
            clock: Clock::system(),
            engines: Arc::new(NoEngines),
            endpoints: Arc::new(HttpsOrLoopback),
            resolver: Arc::new(SystemResolver),
            uses_machine_identity: false,
            background: Background::default(),
            clients: Clients::default(),
        }
    }
}

/// What an input names to mean the host's own engine.
pub const BUILTIN: &str = "builtin";

/// The databases that a host carries inside itself, so that a newcomer needs no account.
pub trait BuiltinEngines: fmt::Debug + Send + Sync {
    /// This start's DynamoDB.
    ///
    /// # Errors
    /// `Unsupported` by a host without one; `Storage` when it can't start.
    fn dynamodb(&self) -> Result<BuiltinDynamoDb> {
        let message =
            "`endpoint` is `builtin`, and this program carries no DynamoDB; leave it out to use AWS";
        Err(Error::new(ErrorKind::Unsupported, message))
    }

    /// This start's Upstash endpoint.
    ///
    /// # Errors
    /// `Unsupported` by a host without one; `Storage` when it can't start.
    fn upstash(&self) -> Result<BuiltinUpstash> {
        let message = "`baseURL` is `builtin`, and this program carries no Redis; give an Upstash address";
        Err(Error::new(ErrorKind::Unsupported, message))
    }
}

/// A host without engines.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoEngines;

impl BuiltinEngines for NoEngines {}

/// Where the built-in DynamoDB listens, and with what it lets in.
#[derive(Clone, Debug)]
pub struct BuiltinDynamoDb {
    /// Such as `http://127.0.0.1:40123`.
    pub endpoint: String,
    /// This start's access key id.
    pub access_key: Secret,
    /// This start's secret access key.
    pub secret_key: Secret,
}

/// Where the built-in Upstash endpoint listens, and with what it lets in.
#[derive(Clone, Debug)]
pub struct BuiltinUpstash {
    /// Such as `http://127.0.0.1:40124`.
    pub url: String,
    /// This start's token.
    pub token: Secret,
}
