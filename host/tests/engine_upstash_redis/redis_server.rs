//! Debian's redis-server, which can be ended and started again in its place.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use canvas_memory_host::engine::upstash::{UpstashBackend, UpstashEngine, UpstashOptions};

/// How often a Redis that starts is asked whether it answers.
const PAUSE: Duration = Duration::from_millis(25);

/// A redis-server of this test's own, on loopback, that writes each command to its disk.
pub(crate) struct RedisServer {
    process: Child,
    port: u16,
    /// Goes when this does.
    folder: tempfile::TempDir,
}

impl RedisServer {
    pub(crate) fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let folder = tempfile::tempdir().unwrap();
        Self { process: spawn(port, folder.path()), port, folder }
    }

    /// Ends it as a crash would.
    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Starts it again on the same port, with what it had written.
    pub(crate) fn start_again(&mut self) {
        self.process = spawn(self.port, self.folder.path());
    }

    /// Starts the endpoint as soon as Redis answers.
    pub(crate) fn endpoint(&self) -> UpstashEngine {
        self.endpoint_with(|options| options)
    }

    /// The same, with options of its own.
    pub(crate) fn endpoint_with(&self, adjust: fn(UpstashOptions) -> UpstashOptions) -> UpstashEngine {
        let mut last_error = None;
        for _ in 0..200 {
            let url = format!("redis://127.0.0.1:{}/0", self.port);
            match UpstashEngine::start(adjust(UpstashOptions::new(UpstashBackend::Redis(url.into())))) {
                Ok(engine) => return engine,
                Err(error) => last_error = Some(error),
            }
            std::thread::sleep(PAUSE);
        }
        panic!("redis-server does not answer: {}", last_error.unwrap());
    }
}

fn spawn(port: u16, folder: &Path) -> Child {
    Command::new("redis-server")
        .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "yes", "--appendfsync", "always"])
        .args(["--port", &port.to_string()])
        .current_dir(folder)
        .stdout(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| panic!("redis-server can't be started ({error}): run tests/install.sh"))
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
