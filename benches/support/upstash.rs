//! Our Upstash layout beside bare HTTP calls that send the same body.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use canvas_memory::session::Position;
use canvas_memory::store::{After, Append, ChatStore, Metered};
use canvas_memory::upstash::list::{ListOptions, UpstashListStore};
use canvas_memory::upstash::{Client, ClientConfig, Request, Response, SendError, Transport};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap};
use serde_json::{Value, json};

use super::dynamodb::{fill, key, load};
use super::pair::Pair;
use super::{TURNS, exchange};

/// A transport that keeps the last request and its answer.
#[derive(Debug)]
pub(crate) struct Tap {
    transport: Arc<dyn Transport>,
    last: Mutex<Option<(Request, Response)>>,
}

impl Tap {
    pub(crate) fn new(transport: Arc<dyn Transport>) -> Arc<Self> {
        Arc::new(Self { transport, last: Mutex::default() })
    }

    pub(crate) fn last(&self) -> (Request, Response) {
        self.last.lock().unwrap().clone().unwrap()
    }
}

#[async_trait]
impl Transport for Tap {
    fn endpoint(&self) -> &str {
        self.transport.endpoint()
    }

    async fn send(&self, request: Request) -> Result<Response, SendError> {
        let response = self.transport.send(request.clone()).await?;
        *self.last.lock().unwrap() = Some((request, response.clone()));
        Ok(response)
    }
}

pub(crate) fn store(tap: &Arc<Tap>, config: &ClientConfig) -> Metered<UpstashListStore> {
    let transport: Arc<dyn Transport> = tap.clone();
    Metered(UpstashListStore::new(Client::with_transport(transport, config), ListOptions::default()))
}

/// What sends the bare request.
#[derive(Clone)]
pub(crate) enum Bare {
    Http { http: reqwest::Client, url: String },
    Replay(Arc<dyn Transport>),
}

impl Bare {
    /// An HTTP client without anything of ours.
    pub(crate) fn http(url: &str, token: &str) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, format!("Bearer {token}").parse().unwrap());
        headers.insert(CONTENT_TYPE, "application/json".parse().unwrap());
        headers.insert("upstash-encoding", "base64".parse().unwrap());
        let http = reqwest::Client::builder().default_headers(headers).no_proxy().build().unwrap();
        Self::Http { http, url: url.to_owned() }
    }

    /// What the command returned.
    pub(crate) async fn send(&self, body: Bytes) -> Value {
        let answer = match self {
            Self::Http { http, url } => {
                let request = http.post(url).header("upstash-sync-token", "").body(body);
                request.send().await.unwrap().bytes().await.unwrap()
            }
            Self::Replay(transport) => {
                let request = Request { path: "", sync_token: String::new(), body };
                transport.send(request).await.unwrap().body
            }
        };
        let mut answer: Value = serde_json::from_slice(&answer).unwrap();
        answer["result"].take()
    }
}

/// An append.
pub(crate) struct ListAppend {
    store: Metered<UpstashListStore>,
    tap: Arc<Tap>,
    bare: Bare,
    sessions: usize,
    appended: u32,
    position: Position,
    append: Option<Append>,
    body: Bytes,
}

impl ListAppend {
    pub(crate) fn new(tap: &Arc<Tap>, config: &ClientConfig, bare: &Bare) -> Self {
        Self {
            store: store(tap, config),
            tap: Arc::clone(tap),
            bare: bare.clone(),
            sessions: 0,
            appended: TURNS,
            position: Position::new(""),
            append: None,
            body: Bytes::new(),
        }
    }

    fn session(&self) -> String {
        format!("ours-{:06}", self.sessions)
    }
}

impl Pair for ListAppend {
    fn what(&self) -> &'static str {
        "list, append"
    }

    fn request(&self) -> &'static str {
        "EVAL, the same script"
    }

    async fn prepare(&mut self) {
        self.appended += 1;
        if self.appended >= TURNS {
            self.sessions += 1;
            self.appended = 0;
            self.position = fill(&self.store, &self.session()).await;
            fill(&self.store, &self.session().replace("ours-", "bare-")).await;
        }
        let turn = exchange((TURNS + self.appended) as usize);
        self.append = Some(Append::new(turn).after(After::Near(self.position.clone())));
    }

    async fn ours(&mut self) {
        let append = self.append.take().unwrap();
        self.position = self.store.append(&key(&self.session()), append).await.unwrap().position;
    }

    async fn prepare_bare(&mut self) {
        let sent = String::from_utf8(self.tap.last().0.body.into()).unwrap();
        self.body = sent.replace("ours-", "bare-").into();
    }

    async fn bare(&mut self) {
        let outcome = self.bare.send(self.body.clone()).await;
        assert_eq!(outcome[0], "c3RvcmVk", "the Base64 of `stored`");
    }
}

/// A load of a session that [`fill`] wrote, beside the same script or beside `LRANGE`.
pub(crate) struct ListLoad {
    store: Metered<UpstashListStore>,
    tap: Arc<Tap>,
    bare: Bare,
    session: String,
    by_lrange: bool,
    body: Bytes,
}

impl ListLoad {
    pub(crate) fn new(
        tap: &Arc<Tap>,
        config: &ClientConfig,
        bare: &Bare,
        session: &str,
        by_lrange: bool,
    ) -> Self {
        Self {
            store: store(tap, config),
            tap: Arc::clone(tap),
            bare: bare.clone(),
            session: session.to_owned(),
            by_lrange,
            body: Bytes::new(),
        }
    }
}

impl Pair for ListLoad {
    fn what(&self) -> &'static str {
        "list, load"
    }

    fn request(&self) -> &'static str {
        if self.by_lrange { "LRANGE, as other clients" } else { "EVAL, the same script" }
    }

    async fn ours(&mut self) {
        load(&self.store, &self.session).await;
    }

    async fn prepare_bare(&mut self) {
        self.body = if self.by_lrange {
            json!(["LRANGE", self.session, "0", (2 * TURNS - 1).to_string()]).to_string().into()
        } else {
            self.tap.last().0.body
        };
    }

    async fn bare(&mut self) {
        let result = self.bare.send(self.body.clone()).await;
        let entries = if self.by_lrange { &result } else { &result[2] };
        assert_eq!(entries.as_array().unwrap().len(), 2 * TURNS as usize);
    }
}
