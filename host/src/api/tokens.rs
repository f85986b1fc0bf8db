//! What a request bears that may come in: a token of this host, or the cookie that a browser got for one.

use std::time::Duration;

use axum::http::header::{AUTHORIZATION, COOKIE, HOST, WWW_AUTHENTICATE};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use canvas_memory::{Error, ErrorKind};
use secrecy::{ExposeSecret, SecretString};
use subtle::{Choice, ConstantTimeEq};

use super::problem::Problem;
use crate::engine::random_secret;

/// How long whoever guesses waits for each answer. Nobody is locked out: that would let others lock the owner out.
const WRONG_TOKEN_DELAY: Duration = Duration::from_millis(300);

/// Scripts can't read the cookie, no other site's page can have it sent, and only the API gets it.
const COOKIE_ATTRIBUTES: &str = "Path=/api; HttpOnly; SameSite=Strict";

/// What opens a host.
#[derive(Debug)]
pub(super) struct Tokens {
    /// Any of them opens; none lets everyone in.
    tokens: Vec<SecretString>,
    /// What a browser bears once it has shown a token; of this start alone.
    session: SecretString,
}

/// Why a request stays outside.
#[derive(Clone, Copy, Debug)]
pub(super) enum Missing {
    /// It bears neither a token nor the cookie.
    Token,
    /// It bears a token of another host.
    RightToken,
}

impl Tokens {
    pub(super) fn new(tokens: Vec<SecretString>) -> Self {
        Self { tokens, session: random_secret() }
    }

    /// Whether a request with these headers may come in.
    pub(super) fn check(&self, headers: &HeaderMap) -> Result<(), Missing> {
        let token = headers.get(AUTHORIZATION).and_then(bearer_token);
        if self.is_open() || self.has_cookie(headers) || token.is_some_and(|token| self.fits(token)) {
            return Ok(());
        }
        Err(if token.is_some() { Missing::RightToken } else { Missing::Token })
    }

    /// The cookie for a browser that shows a token.
    pub(super) fn cookie_for(&self, token: &SecretString, headers: &HeaderMap) -> Result<String, Missing> {
        if !self.is_open() && !self.fits(token.expose_secret().trim().as_bytes()) {
            return Err(Missing::RightToken);
        }
        Ok(format!("{}={}; {COOKIE_ATTRIBUTES}", cookie_name(headers), self.session.expose_secret()))
    }

    fn is_open(&self) -> bool {
        self.tokens.is_empty()
    }

    fn fits(&self, given: &[u8]) -> bool {
        let tokens = self.tokens.iter().map(|token| token.expose_secret().as_bytes().ct_eq(given));
        tokens.fold(Choice::from(0), |fits, this| fits | this).into()
    }

    fn has_cookie(&self, headers: &HeaderMap) -> bool {
        let (name, session) = (cookie_name(headers), self.session.expose_secret());
        let given = headers.get_all(COOKIE).iter().filter_map(|cookies| cookies.to_str().ok());
        given.flat_map(|cookies| cookies.split(';')).any(|cookie| {
            let value = cookie.trim().strip_prefix(&name).and_then(|cookie| cookie.strip_prefix('='));
            value.is_some_and(|value| session.as_bytes().ct_eq(value.as_bytes()).into())
        })
    }
}

impl Missing {
    /// The answer to such a request. One to a guess takes its time.
    pub(super) async fn into_problem(self) -> Problem {
        let message = match self {
            Self::Token => "this host needs its token; send `Authorization: Bearer TOKEN`",
            Self::RightToken => {
                tokio::time::sleep(WRONG_TOKEN_DELAY).await;
                "the token is not this host's; use the one that it was started with"
            }
        };
        let error = Error::new(ErrorKind::Unauthenticated, message);
        let challenge = HeaderValue::from_static("Bearer");
        Problem::new(StatusCode::UNAUTHORIZED, error).with_header(WWW_AUTHENTICATE, challenge)
    }
}

/// What takes the cookie away from a browser.
pub(super) fn without_cookie(headers: &HeaderMap) -> String {
    format!("{}=; {COOKIE_ATTRIBUTES}; Max-Age=0", cookie_name(headers))
}

/// Browsers do not tell cookies of one machine's ports apart: the name does.
fn cookie_name(headers: &HeaderMap) -> String {
    let host = headers.get(HOST).and_then(|host| Authority::try_from(host.as_bytes()).ok());
    match host.and_then(|host| host.port_u16()) {
        Some(port) => format!("canvas_memory_{port}"),
        None => "canvas_memory".to_owned(),
    }
}

fn bearer_token(header: &HeaderValue) -> Option<&[u8]> {
    let (scheme, token) = header.as_bytes().split_at_checked(b"Bearer ".len())?;
    scheme.eq_ignore_ascii_case(b"Bearer ").then(|| token.trim_ascii())
}
