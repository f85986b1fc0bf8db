//! Being told to stop.

use std::future::Future;

/// Waits for Ctrl-C, or on Unix for SIGTERM. From the call on, neither ends the process by itself.
#[cfg(unix)]
pub(super) fn until_stopped() -> impl Future<Output = ()> + Send + 'static {
    use tokio::signal::unix::{SignalKind, signal};

    let signals = signal(SignalKind::interrupt()).and_then(|int| Ok((int, signal(SignalKind::terminate())?)));
    async move {
        match signals {
            Ok((mut interrupted, mut terminated)) => tokio::select! {
                _ = interrupted.recv() => {}
                _ = terminated.recv() => {}
            },
            Err(_) => drop(tokio::signal::ctrl_c().await),
        }
    }
}

/// Waits for Ctrl-C.
#[cfg(not(unix))]
pub(super) fn until_stopped() -> impl Future<Output = ()> + Send + 'static {
    async { drop(tokio::signal::ctrl_c().await) }
}
