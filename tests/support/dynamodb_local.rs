//! DynamoDB Local, Amazon's own emulator, of 2020: right charges, at most 10 actions in a transaction.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use super::interop;
use super::process::{PORTS_TRIED, Process, READY_TIMEOUT, free_port};

/// A DynamoDB Local of its own, empty, in memory.
pub(crate) struct DynamoDbLocal {
    _process: Process,
    endpoint: String,
}

impl DynamoDbLocal {
    pub(crate) fn start() -> Self {
        for _ in 0..PORTS_TRIED {
            let port = free_port();
            let mut command = interop::dynamodb_local(port);
            // The last line of its configuration, which it prints before it listens.
            let configured = |line: &str| line.starts_with("CorsParams:").then_some(());
            let Some((mut process, ())) = Process::start(&mut command, configured) else { continue };
            if serves(&mut process, port) {
                return Self { _process: process, endpoint: format!("http://127.0.0.1:{port}") };
            }
        }
        panic!("DynamoDB Local did not start on any of {PORTS_TRIED} ports; its errors stand above")
    }

    /// `http://127.0.0.1:PORT`
    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }
}

/// Waits until the process answers; `false` when it ends instead, as it does where the port is taken.
fn serves(process: &mut Process, port: u16) -> bool {
    let started = Instant::now();
    while !process.has_ended() {
        if answers(port).unwrap_or(false) {
            return true;
        }
        assert!(started.elapsed() < READY_TIMEOUT, "DynamoDB Local did not serve within {READY_TIMEOUT:?}");
        thread::sleep(Duration::from_millis(50));
    }
    false
}

/// Whether a DynamoDB answers there, be it with a refusal.
fn answers(port: u16) -> std::io::Result<bool> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    // What took the port in between may never answer.
    stream.set_read_timeout(Some(Duration::from_secs(1)))?;
    stream.write_all(b"GET / HTTP/1.0\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer.contains("com.amazonaws.dynamodb"))
}
