//! One endpoint, or one network, that an operator allows.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;
use url::{Host, Url};

use crate::error::{Error, Result};

/// The command line option whose value this is.
const FIELD: &str = "allow-endpoint";

/// What an operator allows users to dial, over http too: `HOST`, `HOST:PORT`, `IP`, `IP:PORT` (an IPv6 address with a
/// port in brackets) or a network such as `10.1.0.0/16`. Without a port, any.
///
/// A name stands for itself and not for names below it, and may lead anywhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedEndpoint {
    place: Place,
    port: Option<u16>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    Name(String),
    Network(IpNet),
}

impl AllowedEndpoint {
    /// Whether this is about `url`, whose host is, or leads to, `address`.
    pub(super) fn allows(&self, url: &Url, address: Option<IpAddr>) -> bool {
        if self.port.is_some() && self.port != url.port_or_known_default() {
            return false;
        }
        match (&self.place, url.host()) {
            (Place::Name(name), Some(Host::Domain(host))) => name == host.trim_end_matches('.'),
            (Place::Name(_), _) => false,
            (Place::Network(network), _) => {
                address.is_some_and(|address| network.contains(&address.to_canonical()))
            }
        }
    }
}

impl FromStr for AllowedEndpoint {
    type Err = Error;

    /// # Errors
    /// `InvalidInput` of `allow-endpoint` that says what to write instead.
    fn from_str(text: &str) -> Result<Self> {
        let refuse = |problem: String| Err(Error::invalid_input(FIELD, format!("is `{text}`, {problem}")));
        let text = text.trim();
        if text.is_empty() {
            return Err(Error::invalid_input(FIELD, "is empty; give a host such as `127.0.0.1:11434`"));
        }
        if text.contains("://") {
            return refuse("a whole address; give host and port alone, such as `127.0.0.1:11434`".to_owned());
        }
        if text.contains('/') {
            return network(text).or_else(refuse);
        }
        let (host, port) = match text.rsplit_once(':') {
            // The colons of a bare IPv6 address are its own.
            Some((host, port)) if !host.contains(':') || host.ends_with(']') => (host, Some(port)),
            _ => (text, None),
        };
        let port = match port.map(str::parse) {
            Some(Ok(0) | Err(_)) => {
                return refuse("whose port is not one; give a number from 1 to 65535".to_owned());
            }
            Some(Ok(port)) => Some(port),
            None => None,
        };
        if host.contains('*') {
            return refuse("and `*` stands for nothing; give each name, or a network".to_owned());
        }
        let place = match host.parse().map_or_else(|_| Host::parse(host), |bare| Ok(Host::Ipv6(bare))) {
            Ok(Host::Ipv4(address)) => Place::Network(IpAddr::V4(address).into()),
            Ok(Host::Ipv6(address)) => Place::Network(IpAddr::V6(address).to_canonical().into()),
            Ok(Host::Domain(name)) => Place::Name(name.trim_end_matches('.').to_owned()),
            Err(_) => {
                return refuse("which names no host; give one such as `127.0.0.1:11434`".to_owned());
            }
        };
        Ok(Self { place, port })
    }
}

/// The error continues the text.
fn network(text: &str) -> std::result::Result<AllowedEndpoint, String> {
    let Ok(network) = text.parse::<IpNet>() else {
        return Err("which is not a network; give one such as `10.1.0.0/16`, without a port".to_owned());
    };
    if network != network.trunc() {
        let (whole, one) = (network.trunc(), network.addr());
        return Err(format!(
            "which is not the start of its network; give `{whole}`, or `{one}` for one address"
        ));
    }
    Ok(AllowedEndpoint { place: Place::Network(network), port: None })
}

impl fmt::Display for AllowedEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::Name(name) => f.write_str(name)?,
            Place::Network(network) if network.prefix_len() < network.max_prefix_len() => network.fmt(f)?,
            Place::Network(IpNet::V6(one)) if self.port.is_some() => write!(f, "[{}]", one.addr())?,
            Place::Network(one) => one.addr().fmt(f)?,
        }
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_a_host_an_address_or_a_network() {
        for (text, shown) in [
            ("db.internal", "db.internal"),
            (" DB.Internal.:8000 ", "db.internal:8000"),
            ("bücher.example", "xn--bcher-kva.example"),
            ("127.0.0.1", "127.0.0.1"),
            ("127.0.0.1:11434", "127.0.0.1:11434"),
            ("0x7f.1:80", "127.0.0.1:80"),
            ("::1", "::1"),
            ("[::1]", "::1"),
            ("[::1]:8000", "[::1]:8000"),
            ("::ffff:127.0.0.1", "127.0.0.1"),
            ("10.1.0.0/16", "10.1.0.0/16"),
            ("fd00::/8", "fd00::/8"),
            ("10.0.0.1/32", "10.0.0.1"),
        ] {
            let entry: AllowedEndpoint = text.parse().unwrap();
            assert_eq!(entry.to_string(), shown, "{text}");
            assert_eq!(shown.parse::<AllowedEndpoint>().unwrap(), entry, "{text}");
        }
    }

    #[test]
    fn what_is_no_entry_is_told_with_the_way_out() {
        for (text, way_out) in [
            ("", "is empty"),
            ("http://127.0.0.1:11434/v1", "host and port alone"),
            ("db.internal:", "from 1 to 65535"),
            ("db.internal:0", "from 1 to 65535"),
            ("db.internal:99999", "from 1 to 65535"),
            ("db.internal:http", "from 1 to 65535"),
            ("*.internal", "each name"),
            ("a b", "names no host"),
            ("user@host", "names no host"),
            (":8000", "names no host"),
            ("[::1", "names no host"),
            ("256.1.1.1", "names no host"),
            ("db.internal/v1", "not a network"),
            ("10.0.0.0/33", "not a network"),
            ("10.0.0.0/8:443", "not a network"),
            ("10.1.2.3/8", "give `10.0.0.0/8`, or `10.1.2.3`"),
        ] {
            let error = text.parse::<AllowedEndpoint>().unwrap_err();
            assert!(error.message().starts_with("`allow-endpoint` is "), "{text}: {error}");
            assert!(error.message().contains(way_out), "{text}: {error}");
        }
    }
}
