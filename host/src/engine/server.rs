//! An HTTP server on threads of its own, so that an engine's blocking work never holds up the host's async tasks.

use std::future::{Future, IntoFuture};
use std::net::{SocketAddr, TcpListener};
use std::thread::JoinHandle;
use std::time::Duration;

use axum::Router;
use axum::serve::ListenerExt;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

use super::EngineError;

/// Requests to one engine wait for one database, so more threads would only wait more.
const WORKER_THREADS: usize = 4;
/// How long a stop waits for requests under way, and then for background work.
const STOP_GRACE: Duration = Duration::from_secs(2);

/// A running server. Dropping it stops the server and waits for the requests under way, at most four seconds.
#[derive(Debug)]
pub(super) struct Server {
    addr: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// Listens on `addr`, before anything is opened that a taken port would leave behind.
pub(super) fn bind(addr: SocketAddr) -> Result<TcpListener, EngineError> {
    let listen_error = |source| EngineError::Listen { addr, source };
    let listener = TcpListener::bind(addr).map_err(listen_error)?;
    listener.set_nonblocking(true).map_err(listen_error)?;
    Ok(listener)
}

impl Server {
    /// Serves `router` until dropped, with `background` running beside it. `keep` is dropped last, after every request
    /// and the background work.
    pub(super) fn start(
        name: &str,
        listener: TcpListener,
        router: Router,
        background: impl Future<Output = ()> + Send + 'static,
        keep: impl Send + 'static,
    ) -> Result<Self, EngineError> {
        let addr = listener.local_addr().map_err(EngineError::Threads)?;
        let runtime = Builder::new_multi_thread()
            .worker_threads(WORKER_THREADS)
            .thread_name(name)
            .enable_all()
            .build()
            .map_err(EngineError::Threads)?;
        let listener = {
            let _context = runtime.enter();
            tokio::net::TcpListener::from_std(listener).map_err(EngineError::Threads)?
        };
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || {
                run(runtime, listener, router, background, stopped);
                drop(keep);
            })
            .map_err(EngineError::Threads)?;
        Ok(Self { addr, stop: Some(stop), thread: Some(thread) })
    }

    /// The address that the server listens on.
    pub(super) fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The server's base URL. An unspecified address is named by its loopback address.
    pub(super) fn url(&self) -> String {
        let mut addr = self.addr;
        if addr.ip().is_unspecified() {
            addr.set_ip(match addr {
                SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
                SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
            });
        }
        format!("http://{addr}")
    }
}

fn run(
    runtime: Runtime,
    listener: tokio::net::TcpListener,
    router: Router,
    background: impl Future<Output = ()> + Send + 'static,
    stopped: oneshot::Receiver<()>,
) {
    runtime.block_on(async {
        let background = tokio::spawn(background);
        let (drain, drained) = oneshot::channel::<()>();
        let listener = listener.tap_io(|stream| {
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "a connection keeps Nagle's algorithm");
            }
        });
        let serve = axum::serve(listener, router).with_graceful_shutdown(async {
            let _ = drained.await;
        });
        let mut serve = std::pin::pin!(serve.into_future());
        tokio::select! {
            result = &mut serve => {
                if let Err(error) = result {
                    tracing::error!(%error, "the engine's server ended");
                }
            }
            _ = stopped => {
                let _ = drain.send(());
                if tokio::time::timeout(STOP_GRACE, serve).await.is_err() {
                    tracing::warn!("the engine stopped with requests under way");
                }
            }
        }
        background.abort();
    });
    runtime.shutdown_timeout(STOP_GRACE);
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the engine's thread panicked");
        }
    }
}
