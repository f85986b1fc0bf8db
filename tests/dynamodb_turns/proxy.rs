//! A proxy in front of the engine that breaks connections at chosen requests.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// What breaks, once as many requests of the operation as were allowed have passed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Break {
    /// The request does not arrive.
    Request,
    /// The answer does not arrive.
    Reply,
}

/// A request that is held until the test lets it go on.
#[derive(Default)]
pub(crate) struct Held {
    arrived: Notify,
    released: Notify,
}

impl Held {
    /// Waits until the request has come.
    pub(crate) async fn arrived(&self) {
        self.arrived.notified().await;
    }

    pub(crate) fn release(&self) {
        self.released.notify_one();
    }
}

/// Holds the first request of `operation`. All others pass.
pub(crate) async fn holding(endpoint: &str, operation: &str) -> (String, Arc<Held>) {
    let held = Arc::new(Held::default());
    (listen(endpoint, operation, Meets::Hold(held.clone())).await, held)
}

/// Lets `allowed` requests of `operation` pass, and then breaks the connection of each. Other operations pass.
pub(crate) async fn start(endpoint: &str, operation: &str, allowed: u32, breaks: Break) -> String {
    listen(endpoint, operation, Meets::Break(breaks, allowed)).await
}

/// What requests of the operation meet.
#[derive(Clone)]
enum Meets {
    /// Once as many as this have passed.
    Break(Break, u32),
    Hold(Arc<Held>),
}

async fn listen(endpoint: &str, operation: &str, meets: Meets) -> String {
    let upstream: SocketAddr = endpoint.strip_prefix("http://").unwrap().parse().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let target = format!("DynamoDB_20120810.{operation}\r\n");
    let passed = Arc::new(AtomicU32::new(0));
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let (target, passed, meets) = (target.clone(), passed.clone(), meets.clone());
            tokio::spawn(async move {
                let server = TcpStream::connect(upstream).await.unwrap();
                let _ = pass_on(client, server, &target, &passed, &meets).await;
            });
        }
    });
    address
}

async fn pass_on(
    mut client: TcpStream,
    mut server: TcpStream,
    target: &str,
    passed: &AtomicU32,
    meets: &Meets,
) -> std::io::Result<()> {
    let (mut from_client, mut from_server) = (vec![0; 64 * 1024], vec![0; 64 * 1024]);
    let mut lose_reply = false;
    loop {
        tokio::select! {
            read = client.read(&mut from_client) => {
                let bytes = &from_client[..read?];
                if bytes.is_empty() {
                    return Ok(());
                }
                let head = String::from_utf8_lossy(bytes);
                if head.starts_with("POST ") && head.contains(target) {
                    let before = passed.fetch_add(1, Ordering::SeqCst);
                    match meets {
                        Meets::Break(Break::Request, allowed) if before >= *allowed => return Ok(()),
                        Meets::Break(Break::Request, _) => {}
                        Meets::Break(Break::Reply, allowed) => lose_reply = before >= *allowed,
                        Meets::Hold(held) if before == 0 => {
                            held.arrived.notify_one();
                            held.released.notified().await;
                        }
                        Meets::Hold(_) => {}
                    }
                }
                server.write_all(bytes).await?;
            }
            read = server.read(&mut from_server) => {
                let bytes = &from_server[..read?];
                if bytes.is_empty() || lose_reply {
                    return Ok(());
                }
                client.write_all(bytes).await?;
            }
        }
    }
}
