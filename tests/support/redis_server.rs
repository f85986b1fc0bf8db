//! Debian's redis-server.

use std::process::Command;

use tempfile::TempDir;

use super::process::{PORTS_TRIED, Process, free_port};

/// A Redis of its own, empty, in a folder that goes with it.
pub(crate) struct RedisServer {
    _process: Process,
    _folder: TempDir,
    port: u16,
}

impl RedisServer {
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        for _ in 0..PORTS_TRIED {
            let port = free_port();
            let mut command = Command::new("redis-server");
            command.arg("--dir").arg(folder.path()).args(["--bind", "127.0.0.1", "--save", ""]);
            command.arg("--port").arg(port.to_string());
            let ready = |line: &str| line.contains("Ready to accept connections").then_some(());
            if let Some((process, ())) = Process::start(&mut command, ready) {
                return Self { _process: process, _folder: folder, port };
            }
        }
        panic!("redis-server did not start on any of {PORTS_TRIED} ports")
    }

    /// `redis://127.0.0.1:PORT`
    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }
}
