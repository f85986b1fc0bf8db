//! The list layout on a database behind the Upstash REST API, with a proxy before it.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use canvas_memory::clock::Clock;
use canvas_memory::conformance::{Expiring, Fault, Harness, Hook, Refusal, Requests};
use canvas_memory::message::Role;
use canvas_memory::session::SessionKey;
use canvas_memory::store::ChatStore;
use canvas_memory::upstash::list::{ListOptions, UpstashListStore};
use canvas_memory::upstash::{Client, ClientConfig, Timeouts};
use serde_json::{Value, json};
use tokio::sync::Mutex;

use crate::support::fault_proxy::{Dialect, FaultProxy};
use crate::support::interop::{History, Package};

const TTL_SECS: u32 = 60;

/// What the stores take for now, in seconds since 1970.
pub(crate) const NOW: u64 = 1_800_000_000;

/// What is to expire at some time, expires so many milliseconds earlier.
const BRING_EXPIRY_FORWARD: &str = "
    for _, key in ipairs(redis.call('KEYS', '*')) do
        local left = redis.call('PTTL', key)
        if left >= 0 then redis.call('PEXPIRE', key, left - ARGV[1]) end
    end";

/// Longer than any client here waits.
const DELAY: Duration = Duration::from_secs(120);

/// The endpoint, and the database behind it.
#[async_trait]
pub(crate) trait Server: Send + Sync {
    fn url(&self) -> String;

    fn token(&self) -> String;

    /// Ends the database as a power cut would, and starts it again on what it had written, perhaps elsewhere.
    async fn reopen(&mut self);

    /// Moves the time that the database sees; `false` where it has no clock to set.
    fn shift_clock(&self, _secs: i64) -> bool {
        false
    }
}

fn address(server: &dyn Server) -> SocketAddr {
    server.url().strip_prefix("http://").unwrap().parse().unwrap()
}

pub(crate) struct Upstash {
    server: Mutex<Box<dyn Server>>,
    proxy: FaultProxy,
    http: reqwest::Client,
    clock: Clock,
    token: String,
    options: ListOptions,
    patience: Duration,
}

impl Upstash {
    /// `patience` is how long clients wait for an answer.
    pub(crate) async fn on(server: impl Server + 'static, options: ListOptions, patience: Duration) -> Self {
        let proxy = FaultProxy::start(address(&server), Dialect::Upstash, DELAY).await;
        let (clock, token) = (Clock::manual(NOW), server.token());
        let (server, http): (Box<dyn Server>, _) = (Box::new(server), reqwest::Client::new());
        Self { server: Mutex::new(server), proxy, http, clock, token, options, patience }
    }

    /// The result of a command, past the proxy.
    async fn call(&self, command: Value) -> Value {
        let url = self.server.lock().await.url();
        let request = self.http.post(url).bearer_auth(&self.token).body(command.to_string());
        let mut answer: Value = request.send().await.unwrap().json().await.unwrap();
        assert!(answer["error"].is_null(), "{command}: {answer}");
        answer["result"].take()
    }

    fn connect(&self, url: &str, token: &str, session_ttl_secs: Option<NonZeroU32>) -> Arc<dyn ChatStore> {
        let mut config = ClientConfig::new(url, token);
        config.timeouts =
            Timeouts { request: self.patience, total: self.patience * 2, ..Timeouts::default() };
        config.max_retries = 1;
        let options = ListOptions { session_ttl_secs, ..self.options.clone() };
        let store = UpstashListStore::new(Client::new(&config).unwrap(), options);
        Arc::new(store.with_clock(self.clock.clone()))
    }
}

#[async_trait]
impl Harness for Upstash {
    async fn store(&self) -> Arc<dyn ChatStore> {
        self.connect(self.proxy.url(), &self.token, None)
    }

    async fn reopen(&self) -> Hook {
        let mut server = self.server.lock().await;
        server.reopen().await;
        self.proxy.set_upstream(address(&**server));
        Hook::Done
    }

    async fn inject(&self, fault: Fault, requests: Requests) -> Hook {
        if fault == Fault::CancelTransaction {
            return Hook::NotOffered;
        }
        self.proxy.inject(fault, requests);
        Hook::Done
    }

    async fn heal(&self) -> bool {
        self.proxy.heal()
    }

    async fn corrupt(&self, key: &SessionKey, nth: usize) -> Hook {
        let list = format!("{}{}", self.options.key_prefix, key.session);
        // The newest is at the head, and each turn that the suite corrupts has two messages.
        for message in [2 * nth + 1, 2 * nth + 2] {
            let index = format!("-{message}");
            assert_eq!(self.call(json!(["LSET", list, index, "{\"type\":\"hum"])).await, "OK");
        }
        Hook::Done
    }

    async fn refused(&self, refusal: Refusal) -> Option<Arc<dyn ChatStore>> {
        match refusal {
            Refusal::Unauthenticated => Some(self.connect(self.proxy.url(), "another", None)),
            Refusal::Unavailable => Some(self.connect("http://127.0.0.1:1", &self.token, None)),
            // Redis knows no tables, and a token that may not do everything may still read.
            _ => None,
        }
    }

    async fn expiring(&self) -> Option<Expiring> {
        let store = self.connect(self.proxy.url(), &self.token, NonZeroU32::new(TTL_SECS));
        Some(Expiring { store, ttl_secs: TTL_SECS.into() })
    }

    async fn shift_clock(&self, secs: i64) -> Hook {
        assert!(self.clock.set(self.clock.epoch_secs().checked_add_signed(secs).unwrap()));
        if self.server.lock().await.shift_clock(secs) {
            return Hook::Done;
        }
        self.call(json!(["EVAL", BRING_EXPIRY_FORWARD, 0, secs * 1_000])).await;
        Hook::Done
    }

    async fn foreign_view(&self, key: &SessionKey) -> Option<Vec<(Role, String)>> {
        let package = match self.options.key_prefix.as_str() {
            "" => Package::LangChainJs,
            _ => Package::LangChainPython,
        };
        let url = self.server.lock().await.url();
        let session = History::upstash(package, &url, &self.token, key.session.as_str());
        let read = session.read().await.unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let messages = read.as_array().unwrap().iter();
        Some(
            messages
                .map(|message| (Role::from(text(&message["role"]).as_str()), text(&message["content"])))
                .collect(),
        )
    }
}
