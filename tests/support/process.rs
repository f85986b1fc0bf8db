//! Child processes that serve something for the length of a test.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// How long a server may take from its start until it serves.
pub(crate) const READY_TIMEOUT: Duration = Duration::from_secs(60);

/// Another process can take a port between [`free_port`] and its use, so more than one is tried.
pub(crate) const PORTS_TRIED: usize = 5;

/// A running child, ended when this is dropped. Its errors go to the test's own standard error.
pub(crate) struct Process {
    child: Child,
    /// The servers of `tests/interop` end when this closes, so that none outlives a killed test.
    _stdin: ChildStdin,
}

impl Process {
    /// Starts a server that keeps the contract of `tests/interop`: one line `listening URL`. Returns it with the URL.
    pub(crate) fn listening(command: &mut Command) -> (Self, String) {
        Self::start(command, |line| line.strip_prefix("listening ").map(str::to_owned))
            .unwrap_or_else(|| panic!("{command:?} ended before it served; its error stands above"))
    }

    /// Starts `command` and waits for the first line on its standard output in which `ready` finds something.
    /// `None` when the output ends without one.
    pub(crate) fn start<T: Send + 'static>(
        command: &mut Command,
        ready: impl Fn(&str) -> Option<T> + Send + 'static,
    ) -> Option<(Self, T)> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {command:?}: {error}. Run tests/install.sh"));
        let stdin = child.stdin.take().expect("standard input is piped");
        let stdout = child.stdout.take().expect("standard output is piped");
        let process = Self { child, _stdin: stdin };

        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || {
            // Reads on after the line was found: a full pipe would stop the server.
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if let Some(found) = ready(&line) {
                    let _ = sender.send(found);
                }
            }
        });
        match receiver.recv_timeout(READY_TIMEOUT) {
            Ok(found) => Some((process, found)),
            Err(mpsc::RecvTimeoutError::Disconnected) => None,
            Err(mpsc::RecvTimeoutError::Timeout) => {
                panic!("{command:?} did not serve within {READY_TIMEOUT:?}")
            }
        }
    }

    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("a child can be asked").is_some()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Either fails only when the child has already ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port for a server that can't choose one itself.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a loopback port is free");
    listener.local_addr().expect("a bound listener has an address").port()
}
