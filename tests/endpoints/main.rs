//! Where a typed endpoint may lead, and where secrets go, over the wire: every backend, by its node and by its
//! credential's test.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy.toml exempts tests, but not the functions that they share"
)]

mod backend;
mod hygiene;
mod proxies;
#[path = "../support/recorder.rs"]
mod recorder;

use std::collections::VecDeque;
use std::io;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use backend::{EVERY_WAY, Way};
use canvas_memory::declare::{AllowedEndpoint, ConnectContext, OperatorPolicy};
use canvas_memory::dial::Resolver;
use canvas_memory::{Error, ErrorKind};
use recorder::{Recorder, answer};

/// A host that others use, whose operator lists `allowed`.
fn host(allowed: &[&str]) -> ConnectContext {
    let allowed: Vec<AllowedEndpoint> = allowed.iter().map(|entry| entry.parse().unwrap()).collect();
    ConnectContext { endpoints: Arc::new(OperatorPolicy::new(&allowed)), ..ConnectContext::default() }
}

/// The option that a refusal of the endpoint prints.
#[track_caller]
fn option_to_add(way: Way, error: &Error) -> String {
    let field = way.backend.field();
    assert!(
        matches!(error.kind(), ErrorKind::InvalidInput { field: named } if named == field),
        "{way:?}: {error}"
    );
    assert!(error.message().starts_with(&format!("`{field}` ")), "{way:?}: {error}");
    let (_, option) =
        error.message().split_once("`--allow-endpoint ").unwrap_or_else(|| panic!("{way:?}: {error}"));
    option.trim_end_matches('`').to_owned()
}

#[tokio::test]
async fn a_name_that_leads_to_this_machine_is_dialled_where_the_operator_lists_it_and_nowhere_else() {
    for way in EVERY_WAY {
        let server = Recorder::start(|_| answer("500 Oops", "", ""));
        let mut option = String::new();
        for name in ["localhost", "LOCALHOST"] {
            let url = format!("https://{name}:{}", server.addr.port());
            let refused = way.dial(&url, &host(&[])).await.unwrap_err();
            assert!(refused.message().contains("a loopback address"), "{way:?}: {refused}");
            option = option_to_add(way, &refused);
        }
        assert!(server.seen().is_empty(), "{way:?}");

        let url = format!("https://localhost:{}", server.addr.port());
        let error = way.dial(&url, &host(&[&option])).await.unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::Unavailable, "{way:?}: the server speaks no TLS: {error}");
        assert!(!server.seen().is_empty(), "{way:?}");
    }
}

#[tokio::test]
async fn an_address_in_the_url_is_refused_however_it_is_spelt() {
    let server = Recorder::start(|_| answer("500 Oops", "", ""));
    let port = server.addr.port();
    for way in EVERY_WAY {
        for spelling in
            ["127.0.0.1", "2130706433", "0x7f.1", "0177.0.0.1", "127.1", "[::ffff:127.0.0.1]", "0.0.0.0"]
        {
            for scheme in ["http", "https"] {
                let url = format!("{scheme}://{spelling}:{port}/");
                let refused = way.dial(&url, &host(&[])).await.unwrap_err();
                option_to_add(way, &refused);
            }
        }
        let metadata = way.dial("https://169.254.169.254/", &host(&[])).await.unwrap_err();
        assert_eq!(option_to_add(way, &metadata), "169.254.169.254:443");
    }
    assert!(server.seen().is_empty());
}

/// Leads every name to this machine.
#[derive(Debug)]
struct Here;

#[async_trait]
impl Resolver for Here {
    async fn resolve(&self, _: &str) -> io::Result<Vec<IpAddr>> {
        Ok(vec![IpAddr::from([127, 0, 0, 1])])
    }
}

/// Answers the first lookup with one address, and all later ones with another.
#[derive(Debug)]
struct Rebinding {
    answers: Mutex<VecDeque<IpAddr>>,
    lookups: AtomicUsize,
}

impl Rebinding {
    fn to(first: &str, then: &str) -> Arc<Self> {
        let answers = [first, then].map(|address| address.parse().unwrap());
        Arc::new(Self { answers: Mutex::new(answers.into()), lookups: AtomicUsize::new(0) })
    }
}

#[async_trait]
impl Resolver for Rebinding {
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        assert_eq!(host, "db.example.test");
        self.lookups.fetch_add(1, Ordering::Relaxed);
        let mut answers = self.answers.lock().unwrap();
        let answer = answers[0];
        if answers.len() > 1 {
            answers.pop_front();
        }
        Ok(vec![answer])
    }
}

#[tokio::test]
async fn a_name_that_leads_elsewhere_the_second_time_is_judged_the_second_time() {
    for way in EVERY_WAY {
        // 127.0.0.2 stands for the public.
        let inside = Recorder::start(|_| answer("500 Oops", "", ""));
        let outside_addr = format!("127.0.0.2:{}", inside.addr.port()).parse().unwrap();
        let outside = Recorder::start_on(outside_addr, |_| answer("500 Oops", "", ""));
        let resolver = Rebinding::to("127.0.0.2", "127.0.0.1");
        let context = ConnectContext { resolver: resolver.clone(), ..host(&["127.0.0.2"]) };
        let url = format!("https://db.example.test:{}", inside.addr.port());

        way.dial(&url, &context).await.unwrap_err();
        assert_eq!(outside.seen().len(), 1, "{way:?}: what was judged was dialled");
        let before = resolver.lookups.load(Ordering::Relaxed);
        let refused = way.dial(&url, &context).await.unwrap_err();
        option_to_add(way, &refused);
        assert!(inside.seen().is_empty(), "{way:?}");
        assert_eq!(
            resolver.lookups.load(Ordering::Relaxed),
            before + 1,
            "{way:?}: a refusal is not tried again"
        );
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    for way in EVERY_WAY {
        for status in
            ["301 Moved Permanently", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"]
        {
            let inside = Recorder::start(|_| answer("200 OK", "", "{}"));
            let location = format!("location: {}/\r\n", inside.url());
            let outside = Recorder::start(move |_| answer(status, &location, ""));
            // Both may be dialled, so that nothing but the redirect itself is in question.
            let context = host(&["127.0.0.1"]);
            let error = way.dial(&outside.url(), &context).await.unwrap_err();
            assert_eq!(*error.kind(), ErrorKind::Protocol, "{way:?} {status}: {error}");
            assert!(!outside.seen().is_empty(), "{way:?} {status}");
            assert!(inside.seen().is_empty(), "{way:?} {status}");
        }
    }
}
