//! The HTTP API: everything that the page and other programs ask of a host, under `/api/v1`.

mod page;
mod problem;
mod security;

use std::net::SocketAddr;

use axum::Router;
use axum::middleware;
use axum::routing::get;
use axum::serve::ListenerExt;
use canvas_memory::{Error, ErrorKind, Result};
use secrecy::SecretString;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use security::Gate;

/// How a host answers requests.
#[derive(Debug, Default)]
pub struct ServeOptions {
    /// What every request has to bear. Needed away from loopback; on loopback everyone on this machine is let in without
    /// one.
    pub token: Option<SecretString>,
    /// A second token, of this start alone, for the commands of this machine. Without `token` nobody needs it.
    pub start_secret: Option<SecretString>,
    /// Further names that requests may call this host by, such as the name under which a proxy is reached.
    pub host_names: Vec<String>,
    /// Ends the service: no new requests, then the runs under way get some seconds to end.
    pub stop: CancellationToken,
}

/// Answers requests on `listener` until it is told to stop, and the runs have ended or were stopped.
///
/// # Errors
/// `InvalidInput` when the listener is not on loopback and there is no token; `Unavailable` when it fails.
pub async fn serve(app: App, listener: TcpListener, options: ServeOptions) -> Result<()> {
    let failed = |error| Error::new(ErrorKind::Unavailable, "the listener fails").with_source(error);
    let addr = listener.local_addr().map_err(failed)?;
    check_token(addr, options.token.as_ref())?;
    let stop = options.stop.clone();
    let router = router(&app, addr, options);
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection keeps Nagle's algorithm");
        }
    });
    let stopped = async move { stop.cancelled().await };
    axum::serve(listener, router).with_graceful_shutdown(stopped).await.map_err(failed)
}

/// Refuses to let others in without a token, or with one that is empty.
///
/// # Errors
/// `InvalidInput`.
pub fn check_token(listens_on: SocketAddr, token: Option<&SecretString>) -> Result<()> {
    use secrecy::ExposeSecret;
    match token {
        Some(token) if token.expose_secret().is_empty() => {
            Err(Error::invalid_input("--token-file", "holds an empty token; give one that is hard to guess"))
        }
        None if !listens_on.ip().is_loopback() => Err(Error::invalid_input(
            "--listen",
            format!(
                "is {listens_on}, which others can reach; give a token with --token-file or CANVAS_MEMORY_TOKEN, or listen on \
                 127.0.0.1"
            ),
        )),
        _ => Ok(()),
    }
}

fn router(_app: &App, listens_on: SocketAddr, options: ServeOptions) -> Router {
    let tokens = match options.token {
        Some(token) => std::iter::once(token).chain(options.start_secret).collect(),
        None => Vec::new(),
    };
    let gate = Gate::new(listens_on, options.host_names, tokens);
    Router::new().route("/", get(page::show)).layer(middleware::from_fn_with_state(gate, security::guard))
}
