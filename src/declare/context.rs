//! What the host provides to nodes that connect.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use url::{Host, Url};

use super::clients::Clients;
use super::secret::Secret;
use crate::clock::Clock;
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
    /// What an endpoint that a user typed may be.
    pub endpoints: Arc<dyn EndpointPolicy>,
    /// Whether a credential may stand for this machine's own AWS identity and profiles. Off for a host that others
    /// reach.
    pub uses_machine_identity: bool,
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
            uses_machine_identity: false,
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

/// What an endpoint that a user typed may be. The host's own engines are not asked about.
pub trait EndpointPolicy: fmt::Debug + Send + Sync {
    /// Lets `url`, which the input `field` holds, pass or refuses it.
    ///
    /// # Errors
    /// `InvalidInput` that names `field` and the way out.
    fn check(&self, field: &'static str, url: &Url) -> Result<()>;
}

/// Any https address.
#[derive(Clone, Copy, Debug, Default)]
pub struct HttpsOnly;

impl EndpointPolicy for HttpsOnly {
    fn check(&self, field: &'static str, url: &Url) -> Result<()> {
        match url.scheme() {
            "https" => Ok(()),
            scheme => Err(Error::invalid_input(
                field,
                format!("begins with `{scheme}:`; secrets travel over `https:` only"),
            )),
        }
    }
}

/// Any https address, and http on this machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct HttpsOrLoopback;

impl EndpointPolicy for HttpsOrLoopback {
    fn check(&self, field: &'static str, url: &Url) -> Result<()> {
        if url.scheme() == "http" && is_loopback(url) {
            return Ok(());
        }
        HttpsOnly.check(field, url)
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => IpAddr::V4(ip).is_loopback(),
        Some(Host::Ipv6(ip)) => IpAddr::V6(ip).is_loopback(),
        None => false,
    }
}

impl ConnectContext {
    /// Reads an endpoint that a user typed into the input `field`, and asks the policy.
    ///
    /// # Errors
    /// `InvalidInput` when it is no http address with a host, holds a user name, query or fragment, or is refused.
    pub fn endpoint(&self, field: &'static str, text: &str) -> Result<Url> {
        let refuse = |problem: &str| Err(Error::invalid_input(field, problem));
        let Ok(url) = Url::parse(text.trim()) else {
            return refuse("is not an address; it begins with `https://` and a host name");
        };
        if !matches!(url.scheme(), "https" | "http") || url.host().is_none() {
            return refuse("is not a web address; it begins with `https://` and a host name");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return refuse("holds a user name or password; secrets belong in the credential");
        }
        if url.query().is_some() || url.fragment().is_some() {
            return refuse("holds `?` or `#`; give the address without them");
        }
        self.endpoints.check(field, &url)?;
        Ok(url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_are_https_or_on_this_machine() {
        let context = ConnectContext::default();
        for good in [
            "https://db.example.com",
            " https://db.example.com/x ",
            "http://127.0.0.1:8000",
            "http://[::1]:1",
            "http://localhost:1",
        ] {
            assert!(context.endpoint("baseURL", good).is_ok(), "{good}");
        }
        let strict = ConnectContext { endpoints: Arc::new(HttpsOnly), ..ConnectContext::default() };
        assert!(strict.endpoint("baseURL", "http://127.0.0.1:8000").is_err());
        for (bad, way_out) in [
            ("db.example.com", "is not an address"),
            ("", "is not an address"),
            ("ftp://db.example.com", "is not a web address"),
            ("http://db.example.com", "over `https:` only"),
            ("http://localhost.example.com", "over `https:` only"),
            ("https://me:hunter2@db.example.com", "belong in the credential"),
            ("https://db.example.com?_token=hunter2", "without them"),
        ] {
            let error = context.endpoint("baseURL", bad).unwrap_err().to_string();
            assert!(error.starts_with("`baseURL` ") && error.contains(way_out), "{bad}: {error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
