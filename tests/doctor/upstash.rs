//! The Upstash node, in front of a real Redis.

use canvas_memory::declare::{ConnectContext, Credential, Diagnosis, Level};
use serde_json::{Value, json};

use super::support::upstash_endpoint::{Endpoint, Redis, TOKEN};
use super::{about, diagnose, subjects, told};

const NODE: &str = "upstashRedisBackedChatMemory";

fn token(token: &str) -> Credential {
    let fields = json!({"upstashRestToken": token, "host": "127.0.0.1"});
    Credential::new("c1", "upstashRedisMemoryApi", 1, fields.to_string())
}

async fn look(inputs: Value, credential: Credential) -> Diagnosis {
    diagnose(NODE, &inputs, Some(credential), &ConnectContext::default()).await
}

#[tokio::test]
async fn a_good_database_is_told_line_by_line_and_left_as_it_was() {
    let endpoint = Endpoint::start().await;
    endpoint.redis.call(&["RPUSH", "chat:s1", "{}"]).await;
    let inputs = json!({"baseURL": endpoint.url, "sessionId": "s1", "keyPrefix": "chat:"});
    let found = look(inputs, token(TOKEN)).await;
    assert_eq!(
        told(&found, Level::Ok),
        [
            "database: it answers and knows the token",
            "rights: the token may load, append and clear",
            "eviction: off: a full database refuses turns and loses none",
            "session: its key is a list or free; messages in it: 1",
        ]
    );
    assert_eq!(found.level(), Level::Ok, "{found:#?}");
    assert_eq!(endpoint.redis.call(&["KEYS", "*"]).await.texts(), ["chat:s1"]);
}

#[tokio::test]
async fn what_a_token_may_not_do_is_told_exactly() {
    let endpoint = Endpoint::start().await;
    let inputs = || json!({"baseURL": endpoint.url});
    for (rule, says) in [
        (&["-@write", "-eval"][..], &["read-only"][..]),
        (&["-eval"], &["`EVAL` is not allowed"]),
        (&["-lpush", "-hset"], &["`HSET` is not allowed", "`LPUSH` is not allowed"]),
        (&["-del"], &["`DEL` is not allowed"]),
    ] {
        endpoint.redis.call(&["ACL", "SETUSER", "default", "+@all"]).await;
        endpoint.redis.call(&[&["ACL", "SETUSER", "default"], rule].concat()).await;
        let found = look(inputs(), token(TOKEN)).await;
        let errors = told(&found, Level::Error);
        assert_eq!(errors.len(), says.len(), "{rule:?}: {found:#?}");
        for (error, says) in errors.iter().zip(says) {
            assert!(error.starts_with("rights: ") && error.contains(says), "{says}: {error}");
        }
    }
    endpoint.redis.call(&["ACL", "SETUSER", "default", "+@all", "-scan", "-info"]).await;
    let found = look(inputs(), token(TOKEN)).await;
    assert_eq!((subjects(&found, Level::Error).len(), subjects(&found, Level::Warning)), (0, vec!["rights"]));
    assert!(!subjects(&found, Level::Ok).contains(&"eviction"), "{found:#?}");
}

#[tokio::test]
async fn eviction_and_a_key_of_another_kind_are_told() {
    let redis = Redis::start(&["--maxmemory", "1100000", "--maxmemory-policy", "allkeys-lru"]).await;
    let endpoint = Endpoint::in_front_of(redis).await;
    let inputs = json!({"baseURL": endpoint.url, "sessionId": "s1"});
    let found = look(inputs.clone(), token(TOKEN)).await;
    assert_eq!(subjects(&found, Level::Warning), ["eviction", "memory"], "{found:#?}");
    assert!(about(&found, "eviction").starts_with("on, as `allkeys-lru`"), "{found:#?}");
    assert!(about(&found, "memory").contains("% of the database's memory is used"), "{found:#?}");

    endpoint.redis.call(&["CONFIG", "SET", "maxmemory", "0"]).await;
    endpoint.redis.call(&["SET", "s1", "something else"]).await;
    let found = look(inputs, token(TOKEN)).await;
    assert_eq!(subjects(&found, Level::Error), ["session"], "{found:#?}");
    assert!(about(&found, "session").contains("not a list of messages"), "{found:#?}");
    assert_eq!(subjects(&found, Level::Warning), Vec::<&str>::new(), "{found:#?}");
}

#[tokio::test]
async fn a_token_or_an_address_that_is_wrong_is_told() {
    let endpoint = Endpoint::start().await;
    let found = look(json!({"baseURL": endpoint.url}), token("hunter2")).await;
    assert_eq!(subjects(&found, Level::Error), ["credential"], "{found:#?}");
    assert!(!format!("{found:?}").contains("hunter2"));

    let elsewhere = json!({"upstashRestToken": TOKEN, "host": "eu1.upstash.io"});
    let elsewhere = Credential::new("c2", "upstashRedisMemoryApi", 1, elsewhere.to_string());
    let found = look(json!({"baseURL": endpoint.url}), elsewhere).await;
    assert_eq!(subjects(&found, Level::Error), ["baseURL"], "{found:#?}");
    assert!(about(&found, "baseURL").contains("eu1.upstash.io only"), "{found:#?}");

    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for (base_url, why) in [
        (format!("http://{closed}"), "nothing listens at its address"),
        (endpoint.url.replace("http:", "https:"), "TLS"),
    ] {
        let found = look(json!({"baseURL": base_url}), token(TOKEN)).await;
        assert_eq!(subjects(&found, Level::Error), ["database"], "{found:#?}");
        assert!(about(&found, "database").contains(why), "{found:#?}");
    }
    let named = json!({"upstashRestToken": TOKEN, "host": "eu1.upstash.invalid"});
    let named = Credential::new("c3", "upstashRedisMemoryApi", 1, named.to_string());
    let found = look(json!({"baseURL": "https://eu1.upstash.invalid"}), named).await;
    assert!(about(&found, "database").contains("its name can't be resolved"), "{found:#?}");
}
