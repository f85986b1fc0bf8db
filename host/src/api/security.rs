//! Who is let in: requests that mean this host, from itself or from no page at all, with its token where it has one.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HOST, ORIGIN, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use canvas_memory::{Error, ErrorKind};
use secrecy::SecretString;

use super::problem::Problem;
use super::tokens::{Missing, Tokens};
use super::{login, page};
use crate::engine::guard::names_loopback;

const HTTP_PORT: u16 = 80;

const SEC_FETCH_SITE: &str = "sec-fetch-site";
const SEC_FETCH_MODE: &str = "sec-fetch-mode";
const SEC_FETCH_DEST: &str = "sec-fetch-dest";

/// What a browser may do with an answer that is no page: show it, and load nothing for it.
const NO_PAGE: &str = "default-src 'none'; frame-ancestors 'none'";

/// Decides on every request, before anything else looks at it.
#[derive(Clone, Debug)]
pub(super) struct Gate(Arc<Rules>);

#[derive(Debug)]
struct Rules {
    listens_on: SocketAddr,
    host_names: Vec<String>,
    tokens: Tokens,
}

/// Why a request is not let in.
#[derive(Debug)]
enum Refusal {
    /// It means another host, or comes from a page of another site.
    Foreign(Problem),
    /// It does not bear what opens this host.
    Missing(Missing),
}

impl Gate {
    /// A gate before the listener on `listens_on`. `host_names` are further names of this host; without `tokens`
    /// everyone is let in.
    pub(super) fn new(listens_on: SocketAddr, host_names: Vec<String>, tokens: Vec<SecretString>) -> Self {
        Self(Arc::new(Rules { listens_on, host_names, tokens: Tokens::new(tokens) }))
    }

    /// What opens the host.
    pub(super) fn tokens(&self) -> &Tokens {
        &self.0.tokens
    }

    fn check(&self, request: &Request) -> Result<(), Refusal> {
        let headers = request.headers();
        let host = self.host(headers).map_err(Refusal::Foreign)?;
        check_origin(request, &host).map_err(Refusal::Foreign)?;
        // A browser that is sent to the page has no token yet: the page asks for it.
        let path = request.uri().path();
        if page::is_page(path) || login::is_before_login(path) {
            return Ok(());
        }
        self.tokens().check(headers).map_err(Refusal::Missing)
    }

    /// A page can point a name of its own at this host; the browser then says that name.
    fn host(&self, headers: &HeaderMap) -> Result<Authority, Problem> {
        let mut named = headers.get_all(HOST).iter();
        let authority = match (named.next(), named.next()) {
            (Some(host), None) => Authority::try_from(host.as_bytes()).ok(),
            _ => None,
        };
        authority.filter(|authority| self.is_named_by(authority)).ok_or_else(|| {
            let message = "the Host header does not name this host; use the address that it printed at its start, or let \
                           its operator add the name with --host-name";
            Problem::new(StatusCode::FORBIDDEN, Error::new(ErrorKind::Denied, message))
        })
    }

    fn is_named_by(&self, authority: &Authority) -> bool {
        let rules = &*self.0;
        let name = authority.host().trim_start_matches('[').trim_end_matches(']');
        if rules.host_names.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            return true;
        }
        if rules.listens_on.ip().is_loopback() {
            let port = authority.port_u16().unwrap_or(HTTP_PORT);
            return names_loopback(authority) && port == rules.listens_on.port();
        }
        // An address, unlike a name, can't be pointed elsewhere, and neither can `localhost`.
        name.parse::<IpAddr>().is_ok() || names_loopback(authority)
    }
}

/// A page of another site may make a browser send requests here; the browser then says whose page it was.
fn check_origin(request: &Request, host: &Authority) -> Result<(), Problem> {
    let is_own = |origin: &HeaderValue| {
        let origin = origin.as_bytes();
        let authority = origin.strip_prefix(b"http://").or_else(|| origin.strip_prefix(b"https://"));
        authority.is_some_and(|authority| authority.eq_ignore_ascii_case(host.as_str().as_bytes()))
    };
    let headers = request.headers();
    // `none` is the person's own doing: an address typed, a bookmark.
    let is_own_site = |site: &HeaderValue| site == "same-origin" || site == "none";
    let from_here = headers.get_all(SEC_FETCH_SITE).iter().all(is_own_site) || follows_link(request);
    if headers.get_all(ORIGIN).iter().all(is_own) && from_here {
        return Ok(());
    }
    let message =
        "a page of another site sent this request; only this host's own page and programs without one may";
    Err(Problem::new(StatusCode::FORBIDDEN, Error::new(ErrorKind::Denied, message)))
}

/// Whether a person follows a link to a page of this host, which then has a window of its own. The other site learns
/// nothing of it.
fn follows_link(request: &Request) -> bool {
    let says = |name, value: &str| {
        let mut given = request.headers().get_all(name).iter();
        given.next().is_some_and(|given| given == value) && given.next().is_none()
    };
    *request.method() == Method::GET
        && says(SEC_FETCH_MODE, "navigate")
        && says(SEC_FETCH_DEST, "document")
        && !is_of_api(request.uri().path())
}

fn is_of_api(path: &str) -> bool {
    path.split('/').find(|part| !part.is_empty()).is_some_and(|first| first.eq_ignore_ascii_case("api"))
}

/// The middleware: refuses, or lets through and sets what browsers have to be told of every answer.
pub(super) async fn guard(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    let mut response = match gate.check(&request) {
        Ok(()) => next.run(request).await,
        Err(Refusal::Foreign(problem)) => problem.into_response(),
        Err(Refusal::Missing(missing)) => missing.into_problem().await.into_response(),
    };
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(NO_PAGE));
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}
