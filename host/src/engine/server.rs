//! An HTTP server on threads of its own, so that an engine's blocking work never holds up the host's async tasks.

use std::future::{Future, IntoFuture};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
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
        let thread = thread::Builder::new().name(name.to_owned());
        Self::start_on(thread, name, listener, router, background, keep)
    }

    fn start_on(
        thread: thread::Builder,
        name: &str,
        listener: TcpListener,
        router: Router,
        background: impl Future<Output = ()> + Send + 'static,
        keep: impl Send + 'static,
    ) -> Result<Self, EngineError> {
        let addr = listener.local_addr().map_err(EngineError::Threads)?;
        let (stop, stopped) = oneshot::channel();
        let (ready, started) = mpsc::sync_channel(1);
        let name = name.to_owned();
        // The runtime is made on this thread and goes with it, also when something fails: the caller may run on a runtime
        // of its own, where no other can be dropped.
        let serve = move || {
            match runtime(&name, listener) {
                Ok((runtime, listener)) => {
                    let _ = ready.send(Ok(()));
                    run(runtime, listener, router, background, stopped);
                }
                Err(error) => _ = ready.send(Err(error)),
            }
            drop(keep);
        };
        let thread = thread.spawn(serve).map_err(EngineError::Threads)?;
        match started.recv() {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Err(EngineError::Threads(error)),
            // tokio panics where the system gives it no thread for a worker.
            Err(mpsc::RecvError) => {
                return Err(EngineError::Threads(io::Error::other("the system gives no more threads")));
            }
        }
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

fn runtime(name: &str, listener: TcpListener) -> io::Result<(Runtime, tokio::net::TcpListener)> {
    let runtime =
        Builder::new_multi_thread().worker_threads(WORKER_THREADS).thread_name(name).enable_all().build()?;
    let context = runtime.enter();
    let listener = tokio::net::TcpListener::from_std(listener)?;
    drop(context);
    Ok((runtime, listener))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ANY_LOOPBACK_PORT;

    #[tokio::test]
    async fn threads_that_do_not_start_are_an_error() {
        let impossible = thread::Builder::new().stack_size(usize::MAX / 2);
        let listener = bind(ANY_LOOPBACK_PORT).unwrap();
        let started =
            Server::start_on(impossible, "test", listener, Router::new(), std::future::pending(), ());
        assert!(matches!(started, Err(EngineError::Threads(_))), "{started:?}");
    }
}
