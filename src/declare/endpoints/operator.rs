//! What the users of a host may dial: the public, and what the host's operator lists.

use std::net::IpAddr;

use url::Url;

use super::{AllowedEndpoint, EndpointPolicy};
use crate::dial::{self, special_use};
use crate::error::{Error, Result};

/// The policy of a host that others use: https to public addresses, and besides whatever the operator allows, by http
/// too. A refusal prints the command line option that would allow it.
///
/// ```
/// use canvas_memory::declare::{ConnectContext, OperatorPolicy};
/// use std::sync::Arc;
///
/// let allowed = ["127.0.0.1:11434".parse()?];
/// let endpoints = Arc::new(OperatorPolicy::new(&allowed));
/// let context = ConnectContext { endpoints, ..ConnectContext::default() };
/// assert!(context.endpoint("baseURL", "http://127.0.0.1:11434/v1/").is_ok());
/// let error = context.endpoint("endpoint", "https://10.0.0.7").unwrap_err();
/// assert!(error.message().ends_with("`--allow-endpoint 10.0.0.7:443`"), "{error}");
/// # Ok::<(), canvas_memory::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct OperatorPolicy {
    allowed: Vec<AllowedEndpoint>,
}

impl OperatorPolicy {
    /// https to public addresses, and `allowed`.
    #[must_use]
    pub fn new(allowed: &[AllowedEndpoint]) -> Self {
        Self { allowed: allowed.to_vec() }
    }

    /// What is allowed besides https to public addresses.
    #[must_use]
    pub fn allowed(&self) -> &[AllowedEndpoint] {
        &self.allowed
    }
}

impl EndpointPolicy for OperatorPolicy {
    /// Plain http needs an entry for the host as the URL spells it. An entry for a network does not open http to names
    /// that lead there: whoever owns the name could make it lead to any address of the network.
    fn check(&self, field: &'static str, url: &Url) -> Result<()> {
        let listed = || self.allowed.iter().any(|entry| entry.allows(url, dial::literal(url)));
        if url.scheme() == "https" || listed() {
            return Ok(());
        }
        let problem =
            format!("begins with `{}:`; secrets travel over `https:` only{}", url.scheme(), way_out(url));
        Err(Error::invalid_input(field, problem))
    }

    fn admit(&self, url: &Url, address: IpAddr) -> Result<(), String> {
        if self.allowed.iter().any(|entry| entry.allows(url, Some(address))) {
            return Ok(());
        }
        // The address itself is not told: it would map the inner network to whoever tries names.
        let what = match special_use(address) {
            Some(what) => what,
            None if url.scheme() == "https" => return Ok(()),
            None => "another machine over plain `http:`",
        };
        Err(format!(
            "leads to {what}, and only public addresses over `https:` may be dialled{}",
            way_out(url)
        ))
    }
}

fn way_out(url: &Url) -> String {
    format!("; the operator can allow it with `--allow-endpoint {}`", dial::host_and_port(url))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::declare::ConnectContext;

    fn context(allowed: &[&str]) -> ConnectContext {
        let allowed: Vec<_> = allowed.iter().map(|entry| entry.parse().unwrap()).collect();
        ConnectContext { endpoints: Arc::new(OperatorPolicy::new(&allowed)), ..ConnectContext::default() }
    }

    #[test]
    fn without_a_list_only_https_to_the_public_passes() {
        let context = context(&[]);
        for good in ["https://api.example.com/v1", "https://8.8.8.8", "https://[2606:4700::1111]:8443"] {
            assert!(context.endpoint("baseURL", good).is_ok(), "{good}");
        }
        for (bad, why, option) in [
            ("http://api.example.com/v1", "`https:` only", "api.example.com:80"),
            ("http://127.0.0.1:11434", "`https:` only", "127.0.0.1:11434"),
            ("http://2130706433/", "`https:` only", "127.0.0.1:80"),
            ("http://0x7f.1/", "`https:` only", "127.0.0.1:80"),
            ("http://[::ffff:127.0.0.1]/", "`https:` only", "[::ffff:7f00:1]:80"),
            ("https://127.0.0.1", "a loopback address", "127.0.0.1:443"),
            ("https://2130706433", "a loopback address", "127.0.0.1:443"),
            ("https://[::ffff:127.0.0.1]", "a loopback address", "[::ffff:7f00:1]:443"),
            ("https://169.254.169.254/", "a link-local address", "169.254.169.254:443"),
            ("https://[fd00:ec2::254]/", "a private address", "[fd00:ec2::254]:443"),
            ("https://10.0.0.1:8443", "a private address", "10.0.0.1:8443"),
            ("https://0.0.0.0", "means this machine", "0.0.0.0:443"),
        ] {
            let error = context.endpoint("baseURL", bad).unwrap_err();
            let message = error.message();
            assert!(message.starts_with("`baseURL` ") && message.contains(why), "{bad}: {message}");
            assert!(message.ends_with(&format!("`--allow-endpoint {option}`")), "{bad}: {message}");
            let entry: AllowedEndpoint = option.parse().unwrap();
            let allowed = OperatorPolicy::new(&[entry]);
            let context = ConnectContext { endpoints: Arc::new(allowed), ..ConnectContext::default() };
            assert!(context.endpoint("baseURL", bad).is_ok(), "the option that {bad} asks for is enough");
        }
    }

    #[test]
    fn what_the_operator_lists_passes_and_its_neighbours_do_not() {
        let context = context(&["localhost:11434", "gateway.internal", "10.1.0.0/16", "[::1]:8000"]);
        for good in [
            "http://localhost:11434/v1",
            "http://LOCALHOST:11434",
            "https://localhost:11434",
            "http://gateway.internal:81",
            "https://gateway.internal.",
            "http://10.1.2.3:8000",
            "https://10.1.255.255",
            "http://[::1]:8000",
        ] {
            assert!(context.endpoint("baseURL", good).is_ok(), "{good}");
        }
        for bad in [
            "http://localhost:11435",
            "http://localhost",
            "http://127.0.0.1:11434",
            "http://x.gateway.internal",
            "https://10.2.0.1",
            "http://10.2.0.1",
            "http://[::1]:8001",
        ] {
            assert!(context.endpoint("baseURL", bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_name_is_judged_by_where_it_leads_and_its_address_is_not_told() {
        let policy =
            OperatorPolicy::new(&["db.internal:8000".parse().unwrap(), "10.1.0.0/16".parse().unwrap()]);
        let admit =
            |url: &str, address: &str| policy.admit(&Url::parse(url).unwrap(), address.parse().unwrap());
        assert_eq!(admit("https://db.example.com", "8.8.8.8"), Ok(()));
        assert_eq!(admit("https://db.example.com", "10.1.2.3"), Ok(()), "a listed network");
        assert_eq!(admit("https://db.example.com", "::ffff:10.1.2.3"), Ok(()), "the same, mapped");
        assert_eq!(admit("http://db.internal:8000", "192.168.0.1"), Ok(()), "a listed name");
        assert!(admit("http://db.internal:8001", "192.168.0.1").is_err());
        assert!(admit("http://db.example.com", "8.8.8.8").is_err());
        let refused = admit("https://db.example.com", "10.2.0.1").unwrap_err();
        assert!(!refused.contains("10.2.0.1"), "{refused}");
        assert!(
            refused.contains("a private address") && refused.contains("--allow-endpoint db.example.com:443")
        );
    }
}
