//! Answering requests, from the first to an orderly stop.

use std::net::SocketAddr;
use std::time::Duration;

use canvas_memory::{Error, ErrorKind, Result};
use secrecy::{ExposeSecret, SecretString};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::listener::{self, ConnectionLimits};
use super::router;
use super::security::Gate;
use crate::app::App;

/// How long runs may take to end by themselves when the host stops.
const RUN_GRACE: Duration = Duration::from_secs(10);
/// How long clients may then take to read what they have asked for.
const READ_GRACE: Duration = Duration::from_secs(2);

/// How long what goes on after answers may take then. A summary that is not done is made after the next turn.
const BACKGROUND_GRACE: Duration = Duration::from_secs(5);

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
    /// What connections may take.
    pub connections: ConnectionLimits,
    /// Ends the service: no new requests, then the runs under way get some seconds to end.
    pub stop: CancellationToken,
}

/// Answers requests on `listener` until it is told to stop, and the runs have ended or were stopped.
///
/// # Errors
/// `InvalidInput` when the listener is not on loopback and there is no token; `Unavailable` when it fails.
pub async fn serve(app: App, listener: TcpListener, options: ServeOptions) -> Result<()> {
    let failed = |error| Error::new(ErrorKind::Unavailable, "the listener fails").with_source(error);
    let ServeOptions { token, start_secret, host_names, connections, stop } = options;
    let addr = listener.local_addr().map_err(failed)?;
    check_token(addr, token.as_ref())?;
    let tokens = match token {
        Some(token) => std::iter::once(token).chain(start_secret).collect(),
        None => Vec::new(),
    };
    let gate = Gate::new(addr, host_names, tokens);
    let (runs, background) = (app.runs(), app.context().background.clone());
    // Runs outlive the router, and the engines that they store in end with the last clone of the app.
    let serving = listener::answer(listener, router(app.clone(), gate), connections, stop.clone());
    let closing = async {
        stop.cancelled().await;
        runs.close(RUN_GRACE).await;
        tokio::time::sleep(READ_GRACE).await;
    };
    tokio::select! {
        // The last connection may end before the last run.
        () = serving => runs.close(RUN_GRACE).await,
        () = closing => {}
    }
    background.finish(BACKGROUND_GRACE).await;
    Ok(())
}

/// Refuses to let others in without a token, or with one that is empty.
///
/// # Errors
/// `InvalidInput`.
pub fn check_token(listens_on: SocketAddr, token: Option<&SecretString>) -> Result<()> {
    match token {
        Some(token) if token.expose_secret().is_empty() => {
            Err(Error::invalid_input("--token-file", "holds an empty token; give one that is hard to guess"))
        }
        None if !listens_on.ip().is_loopback() => Err(Error::invalid_input(
            "--listen",
            format!(
                "is {listens_on}, which others can reach, and there is no token; make one with `openssl rand -base64 32 > \
                 token` and give it with --token-file token or in CANVAS_MEMORY_TOKEN, or listen on 127.0.0.1"
            ),
        )),
        _ => Ok(()),
    }
}
