//! What may be dialled: names are resolved and judged in one place, and the client connects to what came out of it.
//!
//! A name that is judged first and resolved again by the one who connects can lead elsewhere the second time. So the
//! clients of this library connect through a [`Dialer`], and neither a redirect nor a proxy of the environment takes
//! them anywhere else.

mod public;

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;

use async_trait::async_trait;
use url::{Host, Url};

pub use public::special_use;

/// Decides which addresses may be dialled, after names are resolved.
pub trait AddressGuard: fmt::Debug + Send + Sync {
    /// Whether a connection to `address`, which `host` stands for, is allowed.
    ///
    /// # Errors
    /// The reason and the way out; it continues the name of the field that holds the URL.
    fn admit(&self, host: &str, address: IpAddr) -> Result<(), String>;
}

/// Finds the addresses of a name.
#[async_trait]
pub trait Resolver: fmt::Debug + Send + Sync {
    /// The addresses of `host`, the preferred first.
    ///
    /// # Errors
    /// When there are none, or nobody can tell.
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>>;
}

/// The system's own resolver, with its hosts file and search domains.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemResolver;

#[async_trait]
impl Resolver for SystemResolver {
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        Ok(tokio::net::lookup_host((host, 0)).await?.map(|found| found.ip()).collect())
    }
}

/// Resolves names for a client, and hands out only what its guard admits. Clones are alike.
#[derive(Clone, Debug)]
pub struct Dialer {
    guard: Option<Arc<dyn AddressGuard>>,
    resolver: Arc<dyn Resolver>,
}

impl Default for Dialer {
    /// The system's resolver, and any address.
    fn default() -> Self {
        Self { guard: None, resolver: Arc::new(SystemResolver) }
    }
}

impl Dialer {
    /// The system's resolver, and the addresses that `guard` admits.
    #[must_use]
    pub fn guarded(guard: Arc<dyn AddressGuard>) -> Self {
        Self { guard: Some(guard), ..Self::default() }
    }

    /// With another resolver.
    #[must_use]
    pub fn with_resolver(self, resolver: Arc<dyn Resolver>) -> Self {
        Self { resolver, ..self }
    }

    /// Judges an address that stands in the URL itself, which no resolver ever sees. A URL with a name passes: its
    /// addresses are judged when it is dialled.
    ///
    /// # Errors
    /// The guard's reason.
    pub fn check_literal(&self, url: &Url) -> Result<(), Forbidden> {
        let (Some(guard), Some(host), Some(address)) = (&self.guard, url.host_str(), literal(url)) else {
            return Ok(());
        };
        guard.admit(host, address).map_err(Forbidden)
    }

    /// The addresses of `host` that may be dialled.
    ///
    /// # Errors
    /// [`Forbidden`] when the name has addresses and none of them is admitted; the resolver's error otherwise.
    pub async fn resolve(&self, host: &str) -> Result<Vec<IpAddr>, Box<dyn StdError + Send + Sync>> {
        let mut addresses = self.resolver.resolve(host).await?;
        let Some(guard) = &self.guard else { return Ok(addresses) };
        let mut refusal = None;
        addresses.retain(|&address| match guard.admit(host, address) {
            Ok(()) => true,
            Err(reason) => {
                refusal = Some(reason);
                false
            }
        });
        match refusal {
            Some(reason) if addresses.is_empty() => Err(Forbidden(reason).into()),
            _ => Ok(addresses),
        }
    }
}

/// An address must not be dialled. The text is the guard's, and continues the name of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forbidden(pub String);

impl fmt::Display for Forbidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl StdError for Forbidden {}

impl Forbidden {
    /// Finds the refusal among the causes of a client's error.
    #[must_use]
    pub fn among<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a Self> {
        std::iter::successors(Some(error), |&error| error.source()).find_map(|error| error.downcast_ref())
    }
}

/// The address that stands in a URL in place of a name, in whatever spelling it was typed.
#[must_use]
pub fn literal(url: &Url) -> Option<IpAddr> {
    match url.host()? {
        Host::Ipv4(address) => Some(address.into()),
        Host::Ipv6(address) => Some(address.into()),
        Host::Domain(_) => None,
    }
}

/// Whether `named`, a host or `host:port` that a credential holds, stands for the host of `url`.
#[must_use]
pub fn names_host(named: &str, url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    named.eq_ignore_ascii_case(host) || named.eq_ignore_ascii_case(&host_and_port(url))
}

/// `host:port` of a URL, with the scheme's own port where it names none.
#[must_use]
pub fn host_and_port(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port_or_known_default() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct PublicOnly;

    impl AddressGuard for PublicOnly {
        fn admit(&self, _: &str, address: IpAddr) -> Result<(), String> {
            special_use(address).map_or(Ok(()), |what| Err(format!("leads to {what}")))
        }
    }

    #[derive(Debug)]
    struct Fixed(&'static [&'static str]);

    #[async_trait]
    impl Resolver for Fixed {
        async fn resolve(&self, _: &str) -> io::Result<Vec<IpAddr>> {
            Ok(self.0.iter().map(|text| text.parse().unwrap()).collect())
        }
    }

    #[tokio::test]
    async fn only_what_the_guard_admits_is_handed_out() {
        let dialer =
            |addresses| Dialer::guarded(Arc::new(PublicOnly)).with_resolver(Arc::new(Fixed(addresses)));
        let mixed = dialer(&["10.0.0.1", "8.8.8.8", "::1"]).resolve("name").await.unwrap();
        assert_eq!(mixed, ["8.8.8.8".parse::<IpAddr>().unwrap()]);
        let none = dialer(&["127.0.0.1"]).resolve("name").await.unwrap_err();
        assert_eq!(Forbidden::among(none.as_ref()).unwrap().0, "leads to a loopback address");
        assert!(dialer(&[]).resolve("name").await.unwrap().is_empty(), "nothing to refuse");
        let any = Dialer::default().with_resolver(Arc::new(Fixed(&["10.0.0.1"])));
        assert_eq!(any.resolve("name").await.unwrap().len(), 1);
    }

    #[test]
    fn an_address_in_the_url_is_put_before_the_guard_however_it_is_spelt() {
        let dialer = Dialer::guarded(Arc::new(PublicOnly));
        for spelling in [
            "127.0.0.1",
            "2130706433",
            "0x7f.1",
            "017700000001",
            "127.1",
            "%31%32%37.0.0.1",
            "127。0。0。1",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "0",
            "[::]",
            "169.254.169.254",
        ] {
            let url = Url::parse(&format!("http://{spelling}:8080/")).unwrap();
            assert!(dialer.check_literal(&url).is_err(), "{spelling}");
        }
        for passes in ["https://8.8.8.8", "https://[2606:4700::1111]", "https://localhost"] {
            assert_eq!(dialer.check_literal(&Url::parse(passes).unwrap()), Ok(()), "{passes}");
        }
    }

    #[test]
    fn a_host_is_named_with_or_without_its_port() {
        let url = Url::parse("https://EU1.upstash.io/").unwrap();
        assert!(names_host("eu1.upstash.io", &url) && names_host("EU1.UPSTASH.IO:443", &url));
        assert!(!names_host("upstash.io", &url) && !names_host("eu1.upstash.io:8443", &url));
        assert_eq!(host_and_port(&Url::parse("http://[::1]").unwrap()), "[::1]:80");
    }
}
