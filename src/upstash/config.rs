use std::time::Duration;

use reqwest::Url;
use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};

use crate::dial::{self, Dialer};
use crate::error::{Error, Result};

/// How long a client waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// For a connection, TLS included.
    pub connect: Duration,
    /// For one attempt: from sending until the last byte of the answer.
    pub request: Duration,
    /// For a call, all attempts and the pauses between them included.
    pub total: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(3),
            request: Duration::from_secs(10),
            total: Duration::from_secs(30),
        }
    }
}

/// Where and how a [`Client`](super::Client) connects.
#[derive(Clone, Debug)]
pub struct ClientConfig {
    /// The database's REST URL, such as `https://eu1-example-12345.upstash.io`.
    pub base_url: String,
    /// The database's REST token.
    pub token: SecretString,
    /// The only host, as `host` or `host:port`, that the token may be sent to; `None` where the credential names none.
    pub allowed_host: Option<String>,
    /// How long to wait.
    pub timeouts: Timeouts,
    /// How often a call that is safe to repeat is repeated.
    pub max_retries: u32,
    /// Resolves the host, and judges the addresses that are dialled.
    pub dialer: Dialer,
}

impl ClientConfig {
    /// Connects to `base_url` with `token`, with default limits.
    #[must_use]
    pub fn new(base_url: impl Into<String>, token: impl Into<SecretString>) -> Self {
        Self {
            base_url: base_url.into(),
            token: token.into(),
            allowed_host: None,
            timeouts: Timeouts::default(),
            max_retries: 2,
            dialer: Dialer::default(),
        }
    }

    /// The checked URL, without a slash at its end.
    pub(super) fn url(&self) -> Result<Url> {
        let invalid = |problem: &str| Error::invalid_input("baseURL", problem);
        let url = Url::parse(self.base_url.trim()).map_err(|_| {
            invalid("is not a URL; copy `UPSTASH_REDIS_REST_URL`, which begins with `https://`")
        })?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(invalid(
                "is not an http URL; copy `UPSTASH_REDIS_REST_URL`, not the address for Redis clients",
            ));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(invalid("holds a user or password; the token belongs in the credential"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(invalid("holds a `?` or `#`; the token belongs in the credential"));
        }
        self.check_host(&url)?;
        Ok(url)
    }

    fn check_host(&self, url: &Url) -> Result<()> {
        if let Some(allowed) = &self.allowed_host
            && !dial::names_host(allowed, url)
        {
            let host = url.host_str().unwrap_or_default();
            let problem = format!(
                "names the host {host}, and the credential sends its token to {allowed} only; correct the one or the \
                 other"
            );
            return Err(Error::invalid_input("baseURL", problem));
        }
        self.dialer.check_literal(url).map_err(|forbidden| Error::invalid_input("baseURL", forbidden))
    }

    /// The checked `Authorization` header.
    pub(super) fn authorization(&self) -> Result<HeaderValue> {
        let token = self.token.expose_secret().trim();
        let invalid = |problem| Error::invalid_input("upstashRestToken", problem);
        if token.is_empty() {
            return Err(invalid("is empty; copy `UPSTASH_REDIS_REST_TOKEN`"));
        }
        if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(invalid(
                "holds a space or a character that is not ASCII; copy `UPSTASH_REDIS_REST_TOKEN`",
            ));
        }
        let mut value = HeaderValue::from_str(&format!("Bearer {token}"))
            .map_err(|_| invalid("can't be sent; copy `UPSTASH_REDIS_REST_TOKEN`"))?;
        value.set_sensitive(true);
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    fn url_error(base_url: &str, allowed: Option<&str>) -> Error {
        let mut config = ClientConfig::new(base_url, "t0ken");
        config.allowed_host = allowed.map(str::to_owned);
        config.url().unwrap_err()
    }

    #[test]
    fn a_url_that_is_none_is_refused_by_its_field() {
        for bad in [
            "",
            "eu1.upstash.io",
            "rediss://default:hunter2@eu1.upstash.io:6379",
            "https://u:hunter2@eu1.upstash.io",
            "https://eu1.upstash.io/?_token=hunter2",
        ] {
            let error = url_error(bad, None);
            assert!(matches!(error.kind(), ErrorKind::InvalidInput { field } if field == "baseURL"), "{bad}");
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn the_token_goes_to_its_host_only() {
        let error = url_error("https://elsewhere.example", Some("eu1.upstash.io")).to_string();
        assert!(error.contains("elsewhere.example") && error.contains("eu1.upstash.io"), "{error}");
        url_error("https://eu1.upstash.io:8443", Some("eu1.upstash.io:443"));
        let mut config = ClientConfig::new("https://EU1.upstash.io/", "t0ken");
        for allowed in ["eu1.upstash.io", "EU1.UPSTASH.IO:443"] {
            config.allowed_host = Some(allowed.to_owned());
            config.url().unwrap();
        }
    }

    #[test]
    fn a_token_is_never_shown() {
        for bad in ["", "two words", "t\u{f6}ken"] {
            let config = ClientConfig::new("https://eu1.upstash.io", bad);
            let error = config.authorization().unwrap_err();
            assert!(bad.is_empty() || !error.to_string().contains(bad), "{error}");
        }
        let config = ClientConfig::new("https://eu1.upstash.io", "s3cret\n");
        assert!(!format!("{config:?} {:?}", config.authorization().unwrap()).contains("s3cret"));
    }
}
