//! A TCP server that answers what a test wants, DynamoDB or not.
#![allow(dead_code, reason = "each test file uses its part of this one")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What the server does with a request.
#[derive(Clone)]
pub(crate) enum Answer {
    /// Sends these bytes and closes.
    Bytes(Vec<u8>),
    /// Reads the request, then never answers.
    Silence,
    /// Lets the server at this address answer, for these many requests without passing the answer on.
    LoseFirst(usize, String),
}

impl Answer {
    pub(crate) fn html(status: &str) -> Self {
        let body = "<html><body>Welcome</body></html>";
        Self::body(status, "text/html", body, body.len())
    }

    pub(crate) fn body(status: &str, content_type: &str, body: &str, content_length: usize) -> Self {
        let head = format!(
            "HTTP/1.1 {status}\r\ncontent-type: {content_type}\r\ncontent-length: {content_length}\r\nconnection: close\r\n\r\n"
        );
        Self::Bytes([head.as_bytes(), body.as_bytes()].concat())
    }
}

/// Starts the server on the test's runtime; returns its URL and a count of the requests it has read.
pub(crate) async fn serve(answer: Answer) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let requests = Arc::new(AtomicUsize::new(0));
    let count = requests.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(handle(stream, answer.clone(), count.clone()));
        }
    });
    (url, requests)
}

async fn handle(mut stream: TcpStream, answer: Answer, count: Arc<AtomicUsize>) {
    let Some(request) = read_message(&mut stream).await else { return };
    let nth = count.fetch_add(1, Ordering::SeqCst);
    match answer {
        Answer::Bytes(bytes) => {
            let _ = stream.write_all(&bytes).await;
            let _ = stream.shutdown().await;
        }
        Answer::Silence => {
            let mut rest = Vec::new();
            let _ = stream.read_to_end(&mut rest).await;
        }
        Answer::LoseFirst(lost, upstream) => {
            let mut server = TcpStream::connect(upstream.strip_prefix("http://").unwrap()).await.unwrap();
            server.write_all(&request).await.unwrap();
            let reply = read_message(&mut server).await.unwrap();
            if nth >= lost {
                let reply = String::from_utf8(reply).unwrap();
                let reply = reply.replacen("\r\n", "\r\nconnection: close\r\n", 1);
                let _ = stream.write_all(reply.as_bytes()).await;
            }
            let _ = stream.shutdown().await;
        }
    }
}

/// Reads head and body of one HTTP message.
async fn read_message(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 16 * 1024];
    loop {
        let read = stream.read(&mut buffer).await.ok().filter(|read| *read > 0)?;
        bytes.extend_from_slice(&buffer[..read]);
        let Some(head) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
        let lines = String::from_utf8_lossy(&bytes[..head]).to_ascii_lowercase();
        let length = lines.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
        if bytes.len() >= head + 4 + length.unwrap_or(0) {
            return Some(bytes);
        }
    }
}
