//! The list layout on a real Redis behind the Upstash REST API, with a proxy before it.

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
use tokio::sync::Mutex;

use crate::support::fault_proxy::{Dialect, FaultProxy};
use crate::support::interop::{History, Package};
use crate::support::upstash_endpoint::{Endpoint, Redis, Resp, TOKEN};

const TTL_SECS: u32 = 60;

/// Longer than any client here waits.
const DELAY: Duration = Duration::from_secs(120);

pub(crate) struct Upstash {
    endpoint: Mutex<Endpoint>,
    proxy: FaultProxy,
    clock: Clock,
    options: ListOptions,
    patience: Duration,
}

impl Upstash {
    /// `patience` is how long clients wait for an answer.
    pub(crate) async fn start(options: ListOptions, patience: Duration) -> Self {
        let redis = Redis::start(&["--appendonly", "yes", "--appendfsync", "always"]).await;
        let endpoint = Endpoint::in_front_of(redis).await;
        let address = endpoint.url.strip_prefix("http://").unwrap().parse().unwrap();
        let proxy = FaultProxy::start(address, Dialect::Upstash, DELAY).await;
        let clock = Clock::manual(1_800_000_000);
        Self { endpoint: Mutex::new(endpoint), proxy, clock, options, patience }
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
        self.connect(self.proxy.url(), TOKEN, None)
    }

    async fn reopen(&self) -> Hook {
        self.endpoint.lock().await.redis.restart().await;
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
            let endpoint = self.endpoint.lock().await;
            let set = endpoint.redis.call(&["LSET", &list, &index, "{\"type\":\"hum"]).await;
            assert_eq!(set, Resp::Simple("OK".to_owned()));
        }
        Hook::Done
    }

    async fn refused(&self, refusal: Refusal) -> Option<Arc<dyn ChatStore>> {
        match refusal {
            Refusal::Unauthenticated => Some(self.connect(self.proxy.url(), "another", None)),
            Refusal::Unavailable => Some(self.connect("http://127.0.0.1:1", TOKEN, None)),
            // Redis knows no tables, and the endpoint no token that may not do everything.
            _ => None,
        }
    }

    async fn expiring(&self) -> Option<Expiring> {
        let store = self.connect(self.proxy.url(), TOKEN, NonZeroU32::new(TTL_SECS));
        Some(Expiring { store, ttl_secs: TTL_SECS.into() })
    }

    async fn shift_clock(&self, secs: i64) -> Hook {
        assert!(self.clock.set(self.clock.epoch_secs().checked_add_signed(secs).unwrap()));
        // Redis has no clock to set: what is to expire then, expires so much earlier now.
        let endpoint = self.endpoint.lock().await;
        for key in endpoint.redis.call(&["KEYS", "*"]).await.texts() {
            let Resp::Integer(millis) = endpoint.redis.call(&["PTTL", &key]).await else {
                panic!("PTTL answers with a number")
            };
            if millis >= 0 {
                let left = (millis - secs * 1_000).to_string();
                endpoint.redis.call(&["PEXPIRE", &key, &left]).await;
            }
        }
        Hook::Done
    }

    async fn foreign_view(&self, key: &SessionKey) -> Option<Vec<(Role, String)>> {
        let package = match self.options.key_prefix.as_str() {
            "" => Package::LangChainJs,
            _ => Package::LangChainPython,
        };
        let url = self.endpoint.lock().await.url.clone();
        let session = History::upstash(package, &url, TOKEN, key.session.as_str());
        let read = session.read().await.unwrap();
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        let messages = read.as_array().unwrap().iter();
        Some(
            messages
                .map(|message| (Role::from(text(&message["role"]).as_str()), text(&message["content"])))
                .collect(),
        )
    }
}
