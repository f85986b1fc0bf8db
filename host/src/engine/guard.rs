//! Keeps web pages away from an engine: a page on any site can make a browser send requests to loopback, and can point
//! a name of its own at it.

use std::net::{IpAddr, SocketAddr};

use axum::http::header::{HOST, ORIGIN};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue};

/// Which requests an engine answers at all, before it looks at their secret.
#[derive(Debug, Clone)]
pub(super) struct PageGuard {
    /// On a loopback address no honest client has another machine's name for it. On any other address the names are
    /// the operator's, and unknown here.
    loopback_names_only: bool,
}

impl PageGuard {
    pub(super) fn new(listen: SocketAddr) -> Self {
        Self { loopback_names_only: listen.ip().is_loopback() }
    }

    /// Why the request is refused, or `None` to go on.
    pub(super) fn refusal(&self, headers: &HeaderMap) -> Option<&'static str> {
        if headers.contains_key(ORIGIN) {
            return Some("requests from web pages are refused: this one carries an Origin header");
        }
        if self.loopback_names_only && !headers.get(HOST).is_some_and(is_loopback) {
            return Some(
                "this engine answers on loopback only: the Host header must be localhost or 127.0.0.1",
            );
        }
        None
    }
}

fn is_loopback(host: &HeaderValue) -> bool {
    Authority::try_from(host.as_bytes()).is_ok_and(|authority| names_loopback(&authority))
}

/// Whether a request that names this authority means the machine that it was sent on.
pub(crate) fn names_loopback(authority: &Authority) -> bool {
    let host = authority.host().trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(listen: &str, headers: &[(&str, &str)]) -> bool {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_str(value).unwrap()))
            .collect::<HeaderMap>();
        PageGuard::new(listen.parse().unwrap()).refusal(&headers).is_some()
    }

    #[test]
    fn loopback_answers_loopback_names_only() {
        for host in ["127.0.0.1:4000", "localhost", "LOCALHOST:1", "[::1]:8000", "127.9.9.9"] {
            assert!(!refused("127.0.0.1:0", &[("host", host)]), "{host}");
        }
        for host in ["evil.example", "localhost.evil.example:80", "10.0.0.1", "169.254.169.254", "", "a b"] {
            assert!(refused("127.0.0.1:0", &[("host", host)]), "{host}");
        }
        assert!(refused("127.0.0.1:0", &[]));
    }

    #[test]
    fn another_address_answers_any_name_but_no_page() {
        assert!(!refused("0.0.0.0:0", &[("host", "db.internal")]));
        assert!(refused("0.0.0.0:0", &[("host", "db.internal"), ("origin", "null")]));
        assert!(refused("127.0.0.1:0", &[("host", "localhost"), ("origin", "http://localhost")]));
    }
}
