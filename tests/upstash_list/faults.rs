//! Endpoints that fail, refuse, or are something else.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use canvas_memory::dial::{AddressGuard, Dialer};
use canvas_memory::session::Turn;
use canvas_memory::store::{After, Append, ChatStore, Consistency, Window};
use canvas_memory::upstash::list::{ListOptions, UpstashListStore};
use canvas_memory::upstash::{Client, ClientConfig};
use canvas_memory::{ErrorKind, Retry};
use tokio::net::TcpListener;

use crate::upstash_endpoint::{Endpoint, Fault, Redis, TOKEN};
use crate::{append, config, ids, key, load, store, store_without_retries, turn};

const HTML: &str = "<!doctype html><p>Welcome</p>";

#[tokio::test]
async fn a_lost_reply_is_made_good_by_the_client() {
    let endpoint = Endpoint::start().await;
    let store = store(&endpoint);
    for (id, fault) in [("a", Fault::LoseReply), ("b", Fault::HalfBody), ("c", Fault::Twice)] {
        endpoint.inject([fault]);
        store.append(&key("s"), append(id)).await.unwrap();
    }
    endpoint.inject([
        Fault::Answer(503, "upstream"),
        Fault::Answer(429, r#"{"error":"ERR max requests per second"}"#),
    ]);
    let done = store.append(&key("s"), append("d")).await.unwrap();
    assert_eq!(done.usage.requests, 3);
    endpoint.inject([Fault::HalfBody, Fault::LoseReply]);
    assert_eq!(ids(&load(&store, "s").await.turns), ["a", "b", "c", "d"]);
}

#[tokio::test]
async fn a_lost_reply_that_stays_lost_is_unknown_and_safe_to_repeat() {
    let endpoint = Endpoint::start().await;
    let store = store_without_retries(&endpoint);
    let start = store.append(&key("s"), append("start")).await.unwrap().position;
    for (number, fault) in [
        Fault::LoseReply,
        Fault::HalfBody,
        Fault::NoAnswer,
        Fault::Answer(200, HTML),
        Fault::Answer(200, ""),
        Fault::Answer(502, HTML),
        Fault::Answer(200, r#"{"result":"T0s="}"#),
    ]
    .into_iter()
    .enumerate()
    {
        endpoint.inject([fault]);
        let append = append(&number.to_string()).after(After::Near(start.clone()));
        let error = store.append(&key("s"), append.clone()).await.unwrap_err();
        let expected = ErrorKind::Unknown { turn_id: append.turn.id.clone(), position: Some(start.clone()) };
        assert_eq!((error.kind(), error.retry()), (&expected, Retry::Now), "{error}");
        assert_eq!((error.usage().requests, error.usage().commands), (1, 1));
        assert!(!error.to_string().contains("question"), "{error}");
        store.append(&key("s"), append).await.unwrap();
    }
    assert_eq!(ids(&load(&store, "s").await.turns), ["start", "0", "1", "2", "3", "4", "5", "6"]);
}

#[tokio::test]
async fn a_refusal_after_a_lost_reply_leaves_the_doubt() {
    let endpoint = Endpoint::start().await;
    let mut config = config(&endpoint);
    config.max_retries = 1;
    let store = UpstashListStore::new(Client::new(&config).unwrap(), ListOptions::default());
    endpoint.inject([Fault::LoseReply, Fault::Answer(429, "{}")]);
    let error = store.append(&key("s"), append("a")).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Unknown { .. }), "{error}");
    assert!(error.message().contains("limit"), "{error}");
    assert!(store.append(&key("s"), append("a")).await.unwrap().duplicate);
}

#[tokio::test]
async fn a_clear_is_not_repeated_behind_the_callers_back() {
    let endpoint = Endpoint::start().await;
    let store = store(&endpoint);
    store.append(&key("s"), append("a")).await.unwrap();
    endpoint.inject([Fault::LoseReply]);
    endpoint.seen();
    let error = store.clear(&key("s")).await.unwrap_err();
    assert_eq!((error.kind(), endpoint.seen().len()), (&ErrorKind::Unavailable, 1));
    assert_eq!(store.clear(&key("s")).await.unwrap().turns, 0);
}

#[tokio::test]
async fn a_load_tells_what_came_instead_of_an_answer() {
    let endpoint = Endpoint::start().await;
    let store = store_without_retries(&endpoint);
    for (fault, kind) in [
        (Fault::Answer(200, HTML), ErrorKind::Protocol),
        (Fault::Answer(200, ""), ErrorKind::Protocol),
        (Fault::Answer(404, HTML), ErrorKind::Protocol),
        (Fault::Answer(302, ""), ErrorKind::Protocol),
        (Fault::Answer(200, r#"{"result":[1,2]}"#), ErrorKind::Protocol),
        (Fault::HalfBody, ErrorKind::Protocol),
        (Fault::LoseReply, ErrorKind::Unavailable),
        (Fault::NoAnswer, ErrorKind::Unavailable),
        (Fault::Answer(500, "{}"), ErrorKind::Unavailable),
        (Fault::Answer(403, HTML), ErrorKind::Denied),
        (Fault::Answer(429, ""), ErrorKind::Throttled),
        (
            Fault::Answer(
                400,
                r#"{"error":"ERR max daily request limit exceeded. Limit: 10000, Usage: 10000."}"#,
            ),
            ErrorKind::Throttled,
        ),
    ] {
        endpoint.inject([fault.clone()]);
        let error = store.recent(&key("s"), Window::Everything, Consistency::Strong).await.unwrap_err();
        assert_eq!(*error.kind(), kind, "{fault:?} {error}");
        assert!(error.to_string().contains("key s"), "{error}");
    }
}

#[tokio::test]
async fn a_refusal_of_a_write_wrote_nothing() {
    let endpoint = Endpoint::start().await;
    let store = store_without_retries(&endpoint);
    for (fault, kind) in [
        (Fault::Answer(413, HTML), ErrorKind::TooLarge),
        (
            Fault::Answer(
                400,
                r#"{"error":"ERR max request size exceeded. Limit: 1048576 bytes, Actual: 3000000"}"#,
            ),
            ErrorKind::TooLarge,
        ),
        (Fault::Answer(404, HTML), ErrorKind::Protocol),
        (Fault::Answer(429, "{}"), ErrorKind::Throttled),
    ] {
        endpoint.inject([fault]);
        let error = store.append(&key("s"), append("a")).await.unwrap_err();
        assert_eq!(*error.kind(), kind, "{error}");
    }
    assert!(load(&store, "s").await.turns.is_empty());
}

#[tokio::test]
async fn a_wrong_token_is_told_and_not_shown() {
    let endpoint = Endpoint::start().await;
    let client = Client::new(&ClientConfig::new(&endpoint.url, "wr0ng-t0ken")).unwrap();
    let store = UpstashListStore::new(client, ListOptions::default());
    let error = store.append(&key("s"), append("a")).await.unwrap_err();
    assert_eq!((error.kind(), error.retry()), (&ErrorKind::Unauthenticated, Retry::Never));
    assert!(!format!("{error} {error:?} {store:?}").contains("wr0ng"), "{error:?}");
}

#[tokio::test]
async fn a_refused_script_is_an_error_and_no_downgrade() {
    let endpoint = Endpoint::start().await;
    let store_ = store(&endpoint);
    endpoint.redis.call(&["ACL", "SETUSER", "default", "-eval"]).await;
    endpoint.seen();
    let error = store_.append(&key("s"), append("a")).await.unwrap_err();
    assert_eq!((error.kind(), endpoint.seen().len()), (&ErrorKind::Denied, 1));

    let endpoint = Endpoint::in_front_of(Redis::start(&["--rename-command", "EVAL", ""]).await).await;
    let error = store(&endpoint).append(&key("s"), append("a")).await.unwrap_err();
    assert_eq!((error.kind(), endpoint.seen().len()), (&ErrorKind::Unsupported, 1));
    assert!(!error.to_string().contains("question"), "{error}");
}

#[tokio::test]
async fn a_full_database_takes_nothing_and_loses_nothing() {
    let redis = Redis::start(&["--maxmemory", "4mb", "--maxmemory-policy", "noeviction"]).await;
    let endpoint = Endpoint::in_front_of(redis).await;
    let store = store(&endpoint);
    let mut stored = 0;
    let error = loop {
        let mut messages = turn("x").messages;
        messages[0] = canvas_memory::message::Message::user("x".repeat(200_000));
        match store.append(&key("s"), Append::new(Turn::new(messages))).await {
            Ok(_) => stored += 1,
            Err(error) => break error,
        }
    };
    assert_eq!(*error.kind(), ErrorKind::TooLarge, "{error}");
    let recent = load(&store, "s").await;
    assert_eq!(recent.turns.len(), stored);
    assert!(recent.turns.iter().all(|turn| turn.messages.len() == 2));
}

#[tokio::test]
async fn nobody_at_the_address_means_nothing_was_written() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let store =
        UpstashListStore::new(Client::new(&ClientConfig::new(url, TOKEN)).unwrap(), ListOptions::default());
    let error = store.append(&key("s"), append("a")).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Unavailable);
    assert_eq!(error.usage(), canvas_memory::usage::Usage::default());
}

#[tokio::test]
async fn a_name_that_leads_where_the_guard_forbids_is_not_dialled() {
    #[derive(Debug)]
    struct PublicOnly;
    impl AddressGuard for PublicOnly {
        fn admit(&self, host: &str, address: IpAddr) -> Result<(), String> {
            if address.is_loopback() {
                Err(format!("leads to this machine by the name {host}"))
            } else {
                Ok(())
            }
        }
    }
    let endpoint = Endpoint::start().await;
    let mut config = config(&endpoint);
    config.base_url = endpoint.url.replace("127.0.0.1", "localhost");
    let open = UpstashListStore::new(Client::new(&config).unwrap(), ListOptions::default());
    open.append(&key("s"), append("a")).await.unwrap();
    endpoint.seen();
    config.dialer = Dialer::guarded(Arc::new(PublicOnly));
    let guarded = UpstashListStore::new(Client::new(&config).unwrap(), ListOptions::default());
    let error = guarded.append(&key("s"), append("b")).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::InvalidInput { field } if field == "baseURL"), "{error}");
    assert_eq!(error.message(), "`baseURL` leads to this machine by the name localhost");
    assert!(endpoint.seen().is_empty());
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let endpoint = Endpoint::start().await;
    endpoint.inject([Fault::Redirect("/elsewhere")]);
    let error = store(&endpoint).append(&key("s"), append("a")).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Protocol);
    assert!(error.to_string().contains("redirects"), "{error}");
    assert_eq!(endpoint.seen().len(), 1);
}

#[tokio::test]
async fn a_call_ends_when_its_time_is_over() {
    let endpoint = Endpoint::start().await;
    let mut config = config(&endpoint);
    config.timeouts.total = Duration::from_millis(300);
    let store = UpstashListStore::new(Client::new(&config).unwrap(), ListOptions::default());
    endpoint.inject([Fault::NoAnswer]);
    let error = store.append(&key("s"), append("a")).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Unknown { .. }), "{error}");
    assert_eq!(endpoint.seen().len(), 1);
}

#[tokio::test]
async fn a_path_in_the_url_is_kept() {
    let endpoint = Endpoint::start().await;
    let client = Client::new(&ClientConfig::new(format!("{}/redis/", endpoint.url), TOKEN)).unwrap();
    let store = UpstashListStore::new(client, ListOptions::default());
    store.append(&key("s"), append("a")).await.unwrap();
    assert_eq!(endpoint.seen()[0].path, "/redis/");
}
