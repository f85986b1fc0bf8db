//! A server as a child process.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Instant;

/// A running server, killed when this is dropped.
pub(crate) struct Server {
    child: Child,
    /// Closed, it would break the server's own words.
    _stdout: BufReader<ChildStdout>,
    pub(crate) url: String,
    /// When its process was started.
    pub(crate) started: Instant,
}

impl Server {
    /// Starts a server that prints its address first.
    pub(crate) fn start(mut command: Command) -> Self {
        let started = Instant::now();
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut url = String::new();
        stdout.read_line(&mut url).unwrap();
        assert!(url.starts_with("http://"), "{command:?} did not start");
        Self { child, _stdout: stdout, url: url.trim_end().to_owned(), started }
    }

    /// The host, on a data directory and a key beside it.
    pub(crate) fn host(program: &Path, home: &Path) -> Self {
        let mut command = Command::new(program);
        command.args(["serve", "--listen", "127.0.0.1:0"]).env_clear().env("HOME", home);
        // What it tells a person who starts it.
        command.stderr(Stdio::null());
        Self::start(command)
    }

    /// The memory that it holds, in KiB.
    pub(crate) fn resident_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}
