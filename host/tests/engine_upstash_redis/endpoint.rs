//! What the endpoint makes of a Redis behind it.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::redis_server::RedisServer;
use crate::upstash::Client;

#[tokio::test]
async fn redis_behind_the_endpoint() {
    let redis = RedisServer::start();
    let engine = redis.endpoint();
    let client = Client::new(&engine);
    assert_eq!(client.run(json!(["SET", "a", "x", "EX", 100])).await, json!("OK"));
    assert_eq!(client.run(json!(["LPUSH", "l", "b", "a"])).await, json!(2));
    assert_eq!(client.run(json!(["LRANGE", "l", 0, -1])).await, json!(["a", "b"]));
    assert_eq!(client.run(json!(["GET", "none"])).await, Value::Null);
    assert_eq!(client.run(json!(["HSET", "h", "f", "v"])).await, json!(1));
    assert_eq!(client.run(json!(["HGETALL", "h"])).await, json!(["f", "v"]));

    let (status, body) = client.post("/", &json!(["LPUSH", "a", "x"])).await;
    let wrong_type = json!({"error": "WRONGTYPE Operation against a key holding the wrong kind of value"});
    assert_eq!((status, body), (StatusCode::BAD_REQUEST, wrong_type.clone()));
    let (status, body) =
        client.post("/pipeline", &json!([["LPUSH", "a", "x"], ["WATCH", "a"], ["GET", "a"]])).await;
    assert_eq!(status, StatusCode::OK);
    let not_shared = json!({"error": "ERR Command is not available: 'watch'"});
    assert_eq!(body, json!([wrong_type, not_shared, {"result": "x"}]));

    let (status, body) =
        client.post("/multi-exec", &json!([["INCR", "n"], ["LPUSH", "a", "x"], ["INCR", "n"]])).await;
    assert_eq!((status, body), (StatusCode::OK, json!([{"result": 1}, wrong_type, {"result": 2}])));
    let (status, body) = client.post("/multi-exec", &json!([["INCR", "n"], ["GET"]])).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let reason = "EXECABORT Transaction discarded because of previous errors. \
                  ERR wrong number of arguments for 'get' command";
    assert_eq!(body, json!({ "error": reason }));
    assert_eq!(client.run(json!(["GET", "n"])).await, json!("2"));
    let (_, body) = client.post("/", &json!(["NOSUCH", "what a person said"])).await;
    assert_eq!(body, json!({"error": "ERR unknown command 'nosuch'"}));
    for blocking in [
        json!(["BLPOP", "none", 0]),
        json!(["SUBSCRIBE", "c"]),
        json!(["XREAD", "BLOCK", 0, "STREAMS", "s", "$"]),
    ] {
        let (status, body) = client.post("/", &blocking).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert!(body["error"].as_str().unwrap().starts_with("ERR Command is not available"), "{body}");
    }
}

#[tokio::test]
async fn the_flag_that_redis_refuses_is_taken_out() {
    let redis = RedisServer::start();
    let engine = redis.endpoint();
    let client = Client::new(&engine);
    let script = "#!lua flags=allow-key-locking\nreturn redis.call('rpush', KEYS[1], ARGV[1])";
    assert_eq!(client.run(json!(["EVAL", script, 1, "l", "a"])).await, json!(1));

    // The digest that a client computes is that of the script as it knows it.
    let digest = client.run(json!(["EVAL_RO", "return redis.sha1hex(ARGV[1])", 0, script])).await;
    assert_eq!(client.run(json!(["EVALSHA", digest, 1, "l", "b"])).await, json!(2));
    assert_eq!(client.run(json!(["LRANGE", "l", 0, -1])).await, json!(["a", "b"]));
}

#[tokio::test]
async fn a_redis_that_is_gone_is_an_error_and_its_return_is_noticed() {
    let mut redis = RedisServer::start();
    let engine = redis.endpoint();
    let client = Client::new(&engine);
    client.run(json!(["SET", "a", "x"])).await;
    redis.kill();
    let (status, body) = client.post("/", &json!(["GET", "a"])).await;
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(body["error"].as_str().unwrap().starts_with("ERR "), "{body}");

    redis.start_again();
    for _ in 0..400 {
        let (status, body) = client.post("/", &json!(["PING"])).await;
        if status == StatusCode::OK {
            assert_eq!(body, json!({"result": "PONG"}));
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    panic!("the endpoint did not connect again");
}
