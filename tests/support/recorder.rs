//! A server that records who connects and what is sent, and answers what a test wants.
#![allow(dead_code, reason = "each test file uses its part of this one")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "clippy.toml exempts tests, but not the functions that they share"
)]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// The first byte of a TLS connection.
const TLS_HANDSHAKE: u8 = 0x16;

/// Runs on a thread of its own until the test's process ends.
pub(crate) struct Recorder {
    pub(crate) addr: SocketAddr,
    connections: Arc<Mutex<Vec<String>>>,
}

impl Recorder {
    /// Listens on 127.0.0.1. `answer` makes a whole HTTP answer of a whole request.
    pub(crate) fn start(answer: impl Fn(&str) -> String + Send + 'static) -> Self {
        Self::start_on("127.0.0.1:0".parse().unwrap(), answer)
    }

    pub(crate) fn start_on(addr: SocketAddr, answer: impl Fn(&str) -> String + Send + 'static) -> Self {
        let listener = TcpListener::bind(addr).unwrap();
        let addr = listener.local_addr().unwrap();
        let connections = Arc::<Mutex<Vec<String>>>::default();
        let seen = connections.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let index = seen.lock().unwrap().len();
                seen.lock().unwrap().push(String::new());
                let request = read(&mut stream);
                seen.lock().unwrap()[index].clone_from(&request);
                if request.starts_with(char::is_alphabetic) {
                    let _ = stream.write_all(answer(&request).as_bytes());
                }
            }
        });
        Self { addr, connections }
    }

    /// What each connection so far has sent; nothing that can be read for TLS.
    pub(crate) fn seen(&self) -> Vec<String> {
        self.connections.lock().unwrap().clone()
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.addr)
    }
}

/// An HTTP answer that ends its connection.
pub(crate) fn answer(status: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}")
}

/// Reads head and body of one request; stops at once where it is TLS.
fn read(stream: &mut TcpStream) -> String {
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let mut bytes = Vec::new();
    let mut buffer = [0; 16 * 1024];
    while let Some(read) = stream.read(&mut buffer).ok().filter(|read| *read > 0) {
        bytes.extend_from_slice(&buffer[..read]);
        if bytes[0] == TLS_HANDSHAKE {
            return String::new();
        }
        let Some(head) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
        let lines = String::from_utf8_lossy(&bytes[..head]).to_ascii_lowercase();
        let length = lines.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
        if bytes.len() >= head + 4 + length.unwrap_or(0) {
            break;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
