//! What an endpoint that a user typed may be, and where it may lead.

mod allowed;
mod operator;

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use url::{Host, Url};

pub use allowed::AllowedEndpoint;
pub use operator::OperatorPolicy;

use super::context::ConnectContext;
use crate::dial::{self, AddressGuard, Dialer};
use crate::error::{Error, Result};

/// What an endpoint that a user typed may be. The host's own engines, AWS's own endpoints and a provider's own address
/// are not asked about.
pub trait EndpointPolicy: fmt::Debug + Send + Sync {
    /// Lets `url`, which the input `field` holds, pass or refuses it, by what can be said before a name is resolved.
    ///
    /// # Errors
    /// `InvalidInput` that names `field` and the way out.
    fn check(&self, field: &'static str, url: &Url) -> Result<()>;

    /// Whether a connection may be made to `address`, which the host of `url` is or stands for. Asked for an address in
    /// the URL itself after [`EndpointPolicy::check`], and for a name whenever it is resolved to be dialled.
    ///
    /// # Errors
    /// The reason and the way out; it continues the name of the field that holds the URL.
    fn admit(&self, url: &Url, address: IpAddr) -> Result<(), String>;
}

/// Any https address. For a program whose users may reach whatever the program reaches; a host that others use takes
/// [`OperatorPolicy`].
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

    fn admit(&self, _: &Url, _: IpAddr) -> Result<(), String> {
        Ok(())
    }
}

/// Any https address, and http on this machine, to which `localhost` has to lead then.
#[derive(Clone, Copy, Debug, Default)]
pub struct HttpsOrLoopback;

impl EndpointPolicy for HttpsOrLoopback {
    fn check(&self, field: &'static str, url: &Url) -> Result<()> {
        if url.scheme() == "http" && names_loopback(url) {
            return Ok(());
        }
        HttpsOnly.check(field, url)
    }

    fn admit(&self, url: &Url, address: IpAddr) -> Result<(), String> {
        if url.scheme() == "https" || address.to_canonical().is_loopback() {
            return Ok(());
        }
        Err("does not lead to this machine; secrets travel elsewhere over `https:` only".to_owned())
    }
}

fn names_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        _ => dial::literal(url).is_some_and(|address| address.to_canonical().is_loopback()),
    }
}

/// An endpoint that a user typed: a URL that passed the policy, and the [`Dialer`] that asks the same policy about each
/// address to which its host leads.
#[derive(Clone, Debug)]
pub struct Endpoint {
    url: Url,
    dialer: Dialer,
}

impl Endpoint {
    /// Where it is.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// What a client of this endpoint has to connect through.
    #[must_use]
    pub fn dialer(&self) -> &Dialer {
        &self.dialer
    }
}

/// The policy as the guard of one endpoint.
#[derive(Debug)]
struct PolicyGuard {
    policy: Arc<dyn EndpointPolicy>,
    url: Url,
}

impl AddressGuard for PolicyGuard {
    fn admit(&self, host: &str, address: IpAddr) -> Result<(), String> {
        // Some model APIs choose a host by the model's name.
        if self.url.host_str() != Some(host) {
            return Err(format!("is left for the host {host}, which this endpoint's client may not dial"));
        }
        self.policy.admit(&self.url, address)
    }
}

impl ConnectContext {
    /// Reads an endpoint that a user typed into the input `field`, and asks the policy.
    ///
    /// # Errors
    /// `InvalidInput` when it is no http address with a host, holds a user name, query or fragment, or is refused.
    pub fn endpoint(&self, field: &'static str, text: &str) -> Result<Endpoint> {
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
        let guard = PolicyGuard { policy: self.endpoints.clone(), url: url.clone() };
        let dialer = Dialer::guarded(Arc::new(guard)).with_resolver(self.resolver.clone());
        dialer.check_literal(&url).map_err(|forbidden| Error::invalid_input(field, forbidden))?;
        Ok(Endpoint { url, dialer })
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
            "https://10.0.0.1",
            "http://127.0.0.1:8000",
            "http://2130706433:8000",
            "http://[::1]:1",
            "http://[::ffff:127.0.0.1]:1",
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
            ("http://10.0.0.1", "over `https:` only"),
            ("http://0.0.0.0", "over `https:` only"),
            ("https://me:hunter2@db.example.com", "belong in the credential"),
            ("https://db.example.com?_token=hunter2", "without them"),
        ] {
            let error = context.endpoint("baseURL", bad).unwrap_err().to_string();
            assert!(error.starts_with("`baseURL` ") && error.contains(way_out), "{bad}: {error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn http_to_localhost_has_to_stay_on_this_machine() {
        let admit = |url: &str, address: &str| {
            HttpsOrLoopback.admit(&Url::parse(url).unwrap(), address.parse().unwrap())
        };
        for address in ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"] {
            assert_eq!(admit("http://localhost", address), Ok(()), "{address}");
        }
        for address in ["10.0.0.1", "8.8.8.8", "::2"] {
            assert!(admit("http://localhost", address).is_err(), "{address}");
            assert_eq!(admit("https://localhost", address), Ok(()), "{address}");
        }
    }
}
