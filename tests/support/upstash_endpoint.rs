//! A real Redis behind the least that the Upstash REST API needs, with faults to inject.
#![allow(dead_code, reason = "each test file uses its part of this one")]

use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::{StreamExt, stream};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::header::AUTHORIZATION;
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, UnixStream};

pub(crate) const TOKEN: &str = "test-t0ken";

/// What a reply of Redis holds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Resp {
    Null,
    Integer(i64),
    Simple(String),
    Bulk(Vec<u8>),
    Error(String),
    Array(Vec<Resp>),
}

impl Resp {
    /// The strings of a list.
    pub(crate) fn texts(self) -> Vec<String> {
        let Self::Array(items) = self else { panic!("not a list: {self:?}") };
        let text = |item| match item {
            Self::Bulk(bytes) => String::from_utf8(bytes).unwrap(),
            other => panic!("not a string: {other:?}"),
        };
        items.into_iter().map(text).collect()
    }

    fn to_json(&self, base64: bool) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Integer(number) => json!(number),
            Self::Simple(text) if text == "OK" => json!(text),
            Self::Simple(text) if base64 => json!(STANDARD.encode(text)),
            Self::Bulk(bytes) if base64 => json!(STANDARD.encode(bytes)),
            Self::Simple(text) => json!(text),
            Self::Bulk(bytes) => json!(String::from_utf8_lossy(bytes)),
            Self::Error(text) => panic!("an error inside of a reply: {text}"),
            Self::Array(items) => items.iter().map(|item| item.to_json(base64)).collect(),
        }
    }
}

/// A redis-server of its own, in memory, behind a socket in a directory of its own.
pub(crate) struct Redis {
    server: Child,
    socket: PathBuf,
    options: Vec<String>,
    /// Goes when this does.
    _directory: tempfile::TempDir,
}

fn spawn(socket: &Path, options: &[String]) -> Child {
    Command::new("redis-server")
        .args(["--port", "0", "--save", "", "--appendonly", "no", "--unixsocket"])
        .arg(socket)
        .args(options)
        .current_dir(socket.parent().unwrap())
        .stdout(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| panic!("redis-server can't be started ({error}); run tests/install.sh"))
}

impl Redis {
    /// `options` are more lines of its configuration, as arguments.
    pub(crate) async fn start(options: &[&str]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let socket = directory.path().join("redis.sock");
        let options: Vec<_> = options.iter().map(|&option| option.to_owned()).collect();
        let server = spawn(&socket, &options);
        let mut redis = Self { server, socket, options, _directory: directory };
        redis.wait_until_ready().await;
        redis
    }

    /// Kills it and starts it again on what it had written.
    pub(crate) async fn restart(&mut self) {
        self.server.kill().unwrap();
        self.server.wait().unwrap();
        self.server = spawn(&self.socket, &self.options);
        self.wait_until_ready().await;
    }

    async fn wait_until_ready(&mut self) {
        while !matches!(call(&self.socket, &["PING".to_owned()]).await, Ok(Resp::Simple(_))) {
            assert_eq!(self.server.try_wait().unwrap(), None, "redis-server ended at its start");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    pub(crate) async fn call(&self, command: &[&str]) -> Resp {
        call(&self.socket, &command.iter().map(|&argument| argument.into()).collect::<Vec<_>>())
            .await
            .unwrap()
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

async fn call(socket: &PathBuf, command: &[String]) -> io::Result<Resp> {
    let mut stream = BufReader::new(UnixStream::connect(socket).await?);
    let mut request = format!("*{}\r\n", command.len()).into_bytes();
    for argument in command {
        request.extend_from_slice(format!("${}\r\n{argument}\r\n", argument.len()).as_bytes());
    }
    stream.write_all(&request).await?;
    Box::pin(read(&mut stream)).await
}

async fn read(stream: &mut BufReader<UnixStream>) -> io::Result<Resp> {
    let mut line = String::new();
    stream.read_line(&mut line).await?;
    let (kind, rest) = line.trim_end().split_at(1);
    let number = || rest.parse::<i64>().unwrap();
    Ok(match kind {
        "+" => Resp::Simple(rest.to_owned()),
        "-" => Resp::Error(rest.to_owned()),
        ":" => Resp::Integer(number()),
        "$" | "*" if number() < 0 => Resp::Null,
        "$" => {
            let mut bytes = vec![0; usize::try_from(number()).unwrap() + 2];
            stream.read_exact(&mut bytes).await?;
            bytes.truncate(bytes.len() - 2);
            Resp::Bulk(bytes)
        }
        "*" => {
            let mut items = Vec::new();
            for _ in 0..number() {
                items.push(Box::pin(read(stream)).await?);
            }
            Resp::Array(items)
        }
        other => panic!("not RESP: {other}"),
    })
}

/// What the endpoint does with one request instead of serving it.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    /// Carries it out and breaks the connection without an answer.
    LoseReply,
    /// Carries it out twice, as a network that delivers twice would.
    Twice,
    /// Carries it out and answers with the beginning of the body.
    HalfBody,
    /// Carries it out and never answers.
    NoAnswer,
    /// Answers that it is elsewhere.
    Redirect(&'static str),
    /// Answers with this status and body.
    Answer(u16, &'static str),
}

/// A request that came.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) path: String,
    pub(crate) sync_token: Option<String>,
    pub(crate) base64: bool,
    pub(crate) commands: Vec<Vec<String>>,
}

#[derive(Default)]
struct State {
    socket: PathBuf,
    faults: Mutex<VecDeque<Fault>>,
    seen: Mutex<Vec<Seen>>,
    plain: AtomicBool,
}

/// The endpoint, until it is dropped.
pub(crate) struct Endpoint {
    pub(crate) url: String,
    pub(crate) redis: Redis,
    state: Arc<State>,
    server: tokio::task::JoinHandle<()>,
}

impl Endpoint {
    pub(crate) async fn start() -> Self {
        Self::in_front_of(Redis::start(&[]).await).await
    }

    pub(crate) async fn in_front_of(redis: Redis) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(State { socket: redis.socket.clone(), ..State::default() });
        let shared = Arc::clone(&state);
        let server = tokio::spawn(async move {
            loop {
                let (connection, _) = listener.accept().await.unwrap();
                let state = Arc::clone(&shared);
                tokio::spawn(async move {
                    let service = service_fn(move |request| serve(Arc::clone(&state), request));
                    let connection = TokioIo::new(connection);
                    // An error here is a fault that a test asked for.
                    let _ = hyper::server::conn::http1::Builder::new()
                        .serve_connection(connection, service)
                        .await;
                });
            }
        });
        Self { url, redis, state, server }
    }

    /// The next requests meet these faults, one each.
    pub(crate) fn inject(&self, faults: impl IntoIterator<Item = Fault>) {
        self.state.faults.lock().unwrap().extend(faults);
    }

    /// From now on answers are plain, whatever encoding a request asks for.
    pub(crate) fn never_encode(&self) {
        self.state.plain.store(true, Ordering::Relaxed);
    }

    /// The requests that came since the last look.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        std::mem::take(&mut self.state.seen.lock().unwrap())
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        self.server.abort();
    }
}

type Answer = Response<BoxBody<Bytes, io::Error>>;

async fn serve(state: Arc<State>, request: Request<Incoming>) -> io::Result<Answer> {
    let header = |name: &str| Some(request.headers().get(name)?.to_str().unwrap().to_owned());
    let (path, method) = (request.uri().path().to_owned(), request.method().clone());
    let base64 = header("upstash-encoding").as_deref() == Some("base64");
    let sync_token = header("upstash-sync-token");
    if header(AUTHORIZATION.as_str()) != Some(format!("Bearer {TOKEN}")) {
        return Ok(answer(401, json!({"error": "WRONGPASS invalid or missing auth token"}).to_string()));
    }
    if method != Method::POST {
        return Ok(answer(405, json!({"error": "ERR method not allowed"}).to_string()));
    }
    let body = request.into_body().collect().await.map_err(io::Error::other)?.to_bytes();
    let commands: Vec<Vec<Value>> = match path.as_str() {
        "/pipeline" => serde_json::from_slice(&body).unwrap(),
        _ => vec![serde_json::from_slice(&body).unwrap()],
    };
    let commands: Vec<Vec<String>> =
        commands.into_iter().map(|command| command.into_iter().map(argument).collect()).collect();
    let seen = Seen { path: path.clone(), sync_token, base64, commands: commands.clone() };
    let number = {
        let mut all = state.seen.lock().unwrap();
        all.push(seen);
        all.len()
    };
    let fault = state.faults.lock().unwrap().pop_front();
    if let Some(Fault::Answer(status, body)) = fault {
        return Ok(answer(status, body.to_owned()));
    }
    if let Some(Fault::Redirect(location)) = fault {
        let mut response = answer(307, String::new());
        response.headers_mut().insert("location", location.parse().unwrap());
        return Ok(response);
    }
    let encode = base64 && !state.plain.load(Ordering::Relaxed);
    let mut answers = Vec::new();
    for command in commands {
        if matches!(fault, Some(Fault::Twice)) {
            run(&state.socket, command.clone(), encode).await?;
        }
        answers.push(run(&state.socket, command, encode).await?);
    }
    let (status, body) = match path.as_str() {
        "/pipeline" => (200, json!(answers)),
        _ => {
            let answer = answers.remove(0);
            (if answer.get("error").is_some() { 400 } else { 200 }, answer)
        }
    };
    let body = body.to_string();
    let mut response = match fault {
        Some(Fault::LoseReply) => return Err(io::Error::other("lost")),
        Some(Fault::NoAnswer) => std::future::pending().await,
        Some(Fault::HalfBody) => half_an_answer(body),
        _ => answer(status, body),
    };
    response.headers_mut().insert("upstash-sync-token", format!("state-{number}").parse().unwrap());
    Ok(response)
}

/// Some clients send numbers as numbers.
fn argument(argument: Value) -> String {
    match argument {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

async fn run(socket: &PathBuf, mut command: Vec<String>, base64: bool) -> io::Result<Value> {
    if let Some(script) = command.get_mut(1).filter(|argument| argument.starts_with("#!lua ")) {
        *script = script.split_once('\n').unwrap().1.to_owned();
    }
    Ok(match call(socket, &command).await? {
        Resp::Error(text) => json!({"error": text}),
        reply => json!({"result": reply.to_json(base64)}),
    })
}

fn answer(status: u16, body: String) -> Answer {
    let mut response = Response::new(Full::new(body.into()).map_err(|never| match never {}).boxed());
    *response.status_mut() = status.try_into().unwrap();
    response
}

/// An answer whose body breaks off in the middle.
fn half_an_answer(body: String) -> Answer {
    let half = Bytes::from(body).split_to(1);
    let sent = stream::once(async move { Ok(Frame::data(half)) });
    let broken = stream::once(async {
        // What was written goes out while this waits.
        tokio::time::sleep(Duration::from_millis(5)).await;
        Err(io::Error::other("broken off"))
    });
    Response::new(BodyExt::boxed(StreamBody::new(sent.chain(broken))))
}
