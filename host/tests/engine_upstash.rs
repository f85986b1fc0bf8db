//! The Upstash endpoint over the wire: the protocol, the built-in database, its scripts, expiry and durability.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod upstash;

use std::sync::Arc;

use canvas_memory_host::data_dir::DataDir;
use canvas_memory_host::engine::clock::ManualClock;
use canvas_memory_host::engine::upstash::{UpstashBackend, UpstashEngine, UpstashOptions};
use canvas_memory_host::engine::{EngineError, EngineStorage};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use upstash::Client;

fn in_memory() -> UpstashOptions {
    UpstashOptions::new(UpstashBackend::BuiltIn(EngineStorage::Memory))
}

fn start(options: UpstashOptions) -> (UpstashEngine, Client) {
    let engine = UpstashEngine::start(options).expect("the engine starts");
    let client = Client::new(&engine);
    (engine, client)
}

fn start_in(dir: &std::path::Path) -> (UpstashEngine, Client) {
    let data_dir = DataDir::open(dir).expect("the directory is free");
    start(UpstashOptions::new(UpstashBackend::BuiltIn(EngineStorage::Directory(data_dir))))
}

/// Midday on a day of no meaning, in milliseconds since the Unix epoch.
const NOON_MS: i64 = 1_750_000_000_000;

#[tokio::test]
async fn a_command_a_pipeline_and_a_transaction() {
    let (_engine, client) = start(in_memory());
    assert_eq!(client.run(json!(["SET", "foo", "bar"])).await, json!("OK"));
    assert_eq!(client.run(json!(["get", "foo"])).await, json!("bar"));
    assert_eq!(client.run(json!(["GET", "none"])).await, Value::Null);
    assert_eq!(client.run(json!(["INCRBY", "n", 5])).await, json!(5));
    assert_eq!(client.run(json!(["MGET", "foo", "none", "n"])).await, json!(["bar", null, "5"]));

    let (status, body) =
        client.post("/pipeline", &json!([["SET", "a", 1], ["LPUSH", "a", "x"], ["GET", "a"]])).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(body[0], json!({"result": "OK"}));
    assert!(body[1]["error"].as_str().unwrap().starts_with("WRONGTYPE "));
    assert_eq!(body[2], json!({"result": "1"}));

    let (status, body) =
        client.post("/multi-exec", &json!([["SET", "b", 1], ["LPUSH", "b", "x"], ["INCR", "b"]])).await;
    assert_eq!(status, StatusCode::OK);
    assert!(body[1]["error"].as_str().unwrap().starts_with("WRONGTYPE "));
    assert_eq!(body[2], json!({"result": 2}));
}

#[tokio::test]
async fn a_transaction_with_one_bad_command_leaves_nothing() {
    let (_engine, client) = start(in_memory());
    for bad in [json!(["NOSUCH"]), json!(["GET"]), json!(["LPUSH", "only-a-key"])] {
        let (status, body) = client.post("/multi-exec", &json!([["SET", "a", "1"], bad])).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert!(body["error"].as_str().unwrap().starts_with("EXECABORT "), "{body}");
        assert_eq!(client.run(json!(["EXISTS", "a"])).await, json!(0));
    }
    let (status, body) =
        client.post("/pipeline", &json!([["SET", "a", "1"], ["NOSUCH"], ["GET", "a"]])).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(body[1], json!({"error": "ERR unknown command 'nosuch'"}));
    assert_eq!(body[2], json!({"result": "1"}));
}

#[tokio::test]
async fn errors_have_their_text_and_status() {
    let (_engine, client) = start(in_memory());
    for (command, error) in [
        (json!(["NOSUCH", "x"]), "ERR unknown command 'nosuch'"),
        (json!(["GET"]), "ERR wrong number of arguments for 'get' command"),
        (json!(["SET", "a", "b", "FOO"]), "ERR syntax error"),
        (json!(["EXPIRE", "a", "soon"]), "ERR value is not an integer or out of range"),
    ] {
        assert_eq!(client.post("/", &command).await, (StatusCode::BAD_REQUEST, json!({ "error": error })));
    }
    for body in
        ["", "{}", "[", "[]", "\"get\"", "[[\"get\"]]", "[null]", "[\"get\", {}]", "<html>", "[1", "\u{0}"]
    {
        for path in ["/", "/pipeline", "/multi-exec"] {
            let (status, answer) = client.post_text(path, body).await;
            if path != "/" && body == "[[\"get\"]]" {
                continue;
            }
            assert_eq!(status, StatusCode::BAD_REQUEST, "{path} {body}");
            assert!(answer["error"].as_str().unwrap().starts_with("ERR "), "{path} {body} {answer}");
        }
    }
    for method in [Method::DELETE, Method::PATCH, Method::OPTIONS] {
        let answer = client.request(method, "/get/foo").send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED);
    }
}

#[tokio::test]
async fn the_path_form() {
    let (engine, client) = start(in_memory());
    let get = async |path: &str| {
        let answer = client.request(Method::GET, path).send().await.unwrap();
        answer.json::<Value>().await.unwrap()
    };
    assert_eq!(get("/set/foo/bar").await, json!({"result": "OK"}));
    assert_eq!(get("/get/foo").await, json!({"result": "bar"}));
    assert_eq!(get("/rpush/list/a%2Fb/%F0%9F%98%80").await, json!({"result": 2}));
    assert_eq!(get("/lrange/list/0/-1").await, json!({"result": ["a/b", "😀"]}));

    let answer =
        client.request(Method::POST, "/set/key?EX=100").body("any {body} at all").send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(get("/get/key").await, json!({"result": "any {body} at all"}));
    assert_eq!(get("/ttl/key").await, json!({"result": 100}));

    let token = secrecy::ExposeSecret::expose_secret(engine.token());
    let by_query = reqwest::get(format!("{}/get/foo?_token={token}", engine.url())).await.unwrap();
    assert_eq!(by_query.json::<Value>().await.unwrap(), json!({"result": "bar"}));
    let head = client.request(Method::HEAD, "/get/foo").send().await.unwrap();
    assert_eq!((head.status(), head.text().await.unwrap()), (StatusCode::OK, String::new()));
}

#[tokio::test]
async fn base64_answers() {
    let (_engine, client) = start(in_memory());
    let (_, body) = client
        .post_base64(
            "/pipeline",
            &json!([
                ["SET", "a", "hé"],
                ["GET", "a"],
                ["LPUSH", "l", "x", "OK"],
                ["LRANGE", "l", 0, -1],
                ["GET", "none"],
                ["TYPE", "l"],
                ["PING"],
                ["LPUSH", "a", "x"],
                ["EVAL", "return {'a', 1, {'b'}}", 0]
            ]),
        )
        .await;
    assert_eq!(body[0], json!({"result": "OK"}));
    assert_eq!(body[1], json!({"result": "aMOp"}));
    assert_eq!(body[2], json!({"result": 2}));
    assert_eq!(body[3], json!({"result": ["T0s=", "eA=="]}));
    assert_eq!(body[4], json!({"result": null}));
    assert_eq!(body[5], json!({"result": "bGlzdA=="}));
    assert_eq!(body[6], json!({"result": "UE9ORw=="}));
    assert!(body[7]["error"].as_str().unwrap().starts_with("WRONGTYPE "));
    assert_eq!(body[8], json!({"result": ["YQ==", 1, ["Yg=="]]}));
}

#[tokio::test]
async fn every_byte_survives_and_numbers_keep_their_digits() {
    let (_engine, client) = start(in_memory());
    let bytes: Vec<u8> = (0..=255).collect();
    let answer = client.request(Method::POST, "/set/bytes").body(bytes.clone()).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let (_, body) = client.post_base64("/", &json!(["GET", "bytes"])).await;
    let decoded =
        base64::Engine::decode(&base64::engine::general_purpose::STANDARD, body["result"].as_str().unwrap());
    assert_eq!(decoded.unwrap(), bytes);

    let text = r#"["RPUSH", "l", 12345678901234567890123456789, 1.50, -0.0, 1e3, true, "\u0000\ud83d"]"#;
    assert_eq!(client.post_text("/", text).await.0, StatusCode::OK);
    let stored = client.run(json!(["LRANGE", "l", 0, 4])).await;
    assert_eq!(stored, json!(["12345678901234567890123456789", "1.50", "-0.0", "1e3", "true"]));
}

#[tokio::test]
async fn sync_token_is_given_and_accepted() {
    let (_engine, client) = start(in_memory());
    let first = client.request(Method::GET, "/ping").header("upstash-sync-token", "").send().await.unwrap();
    let token = first.headers()["upstash-sync-token"].clone();
    assert!(!token.is_empty());
    let next = client.request(Method::GET, "/ping").header("upstash-sync-token", token).send().await.unwrap();
    assert_eq!(next.status(), StatusCode::OK);
}

#[tokio::test]
async fn who_may_not_ask() {
    let mut options = in_memory();
    options.token = Some("right".into());
    let (engine, client) = start(options);
    let wrong = json!({"error": "WRONGPASS invalid or missing auth token"});
    for header in
        ["Bearer wrong", "Bearer ", "Bearer", "right", "Basic right", "Bearer right2", "Bearer righ"]
    {
        let request =
            reqwest::Client::new().post(engine.url()).header("authorization", header).body("[\"PING\"]");
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{header}");
        assert_eq!(answer.json::<Value>().await.unwrap(), wrong);
    }
    let answer = reqwest::get(format!("{}/ping?_token=wrong", engine.url())).await.unwrap();
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);

    for (name, value) in [("origin", "http://localhost:3000"), ("origin", "null"), ("host", "evil.example")] {
        let answer = client.request(Method::GET, "/ping").header(name, value).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{name}: {value}");
        assert!(answer.headers().get("access-control-allow-origin").is_none());
    }
    assert_eq!(client.run(json!(["PING"])).await, json!("PONG"));
}

#[tokio::test]
async fn a_read_only_token_reads() {
    let mut options = in_memory();
    options.read_only_token = Some("reader".into());
    let (engine, client) = start(options);
    let reader = client.with_token("reader");
    client.run(json!(["RPUSH", "l", "a", "b"])).await;
    assert_eq!(reader.run(json!(["LRANGE", "l", 0, -1])).await, json!(["a", "b"]));
    assert_eq!(reader.run(json!(["EVAL_RO", "return redis.call('llen', KEYS[1])", 1, "l"])).await, json!(2));

    let refused = json!({"error": "NOPERM this user has no permissions to run the 'set' command"});
    assert_eq!(reader.post("/", &json!(["SET", "a", "b"])).await, (StatusCode::BAD_REQUEST, refused.clone()));
    for command in [json!(["EVAL", "return 1", 0]), json!(["NOSUCH"]), json!(["FLUSHDB"])] {
        let (_, body) = reader.post("/", &command).await;
        assert!(body["error"].as_str().unwrap().starts_with("NOPERM "), "{body}");
    }
    let (status, body) = reader.post("/pipeline", &json!([["LLEN", "l"], ["SET", "a", "b"], ["PING"]])).await;
    assert_eq!((status, body), (StatusCode::OK, json!([{"result": 2}, refused, {"result": "PONG"}])));
    let (status, body) = reader.post("/multi-exec", &json!([["LLEN", "l"], ["SET", "a", "b"]])).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(body["error"].as_str().unwrap().contains("NOPERM"));
    assert_eq!(client.run(json!(["EXISTS", "a"])).await, json!(0));

    let write = json!(["EVAL_RO", "return redis.call('set', KEYS[1], 'x')", 1, "a"]);
    let (_, body) = client.post("/", &write).await;
    assert!(body["error"].as_str().unwrap().starts_with("ERR Write commands are not allowed"), "{body}");
    drop(engine);
}

#[tokio::test]
async fn too_large_a_request_is_refused() {
    let mut options = in_memory();
    options.max_request_bytes = 1000;
    let (_engine, client) = start(options);
    assert_eq!(client.run(json!(["SET", "a", "x".repeat(900)])).await, json!("OK"));
    let (status, body) = client.post("/", &json!(["SET", "a", "x".repeat(1100)])).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(body["error"].as_str().unwrap().contains("limit exceeded"), "{body}");
    assert_eq!(client.run(json!(["STRLEN", "a"])).await, json!(900));

    let (_engine, client) = start(in_memory());
    let picture = "x".repeat(9 * 1024 * 1024);
    assert_eq!(client.run(json!(["LPUSH", "l", picture])).await, json!(1));
    assert_eq!(client.run(json!(["LINDEX", "l", 0])).await.as_str().unwrap().len(), picture.len());
}

#[tokio::test]
async fn a_list_keeps_its_order_at_both_ends() {
    let (_engine, client) = start(in_memory());
    assert_eq!(client.run(json!(["LPUSH", "l", "b", "a"])).await, json!(2));
    assert_eq!(client.run(json!(["RPUSH", "l", "c", "d"])).await, json!(4));
    for (first, last, items) in [
        (json!(0), json!(-1), json!(["a", "b", "c", "d"])),
        (json!(0), json!(1), json!(["a", "b"])),
        (json!(-2), json!(-1), json!(["c", "d"])),
        (json!(-100), json!(100), json!(["a", "b", "c", "d"])),
        (json!(2), json!(1), json!([])),
        (json!(9), json!(10), json!([])),
    ] {
        assert_eq!(client.run(json!(["LRANGE", "l", first, last])).await, items);
    }
    assert_eq!(client.run(json!(["LSET", "l", -1, "z"])).await, json!("OK"));
    assert_eq!(client.run(json!(["RPUSH", "l", "a", "a"])).await, json!(6));
    assert_eq!(client.run(json!(["LREM", "l", -1, "a"])).await, json!(1));
    assert_eq!(client.run(json!(["LREM", "l", 0, "b"])).await, json!(1));
    assert_eq!(client.run(json!(["LRANGE", "l", 0, -1])).await, json!(["a", "c", "z", "a"]));
    assert_eq!(client.run(json!(["LTRIM", "l", 1, 2])).await, json!("OK"));
    assert_eq!(client.run(json!(["RPOP", "l"])).await, json!("z"));
    assert_eq!(client.run(json!(["LPOP", "l", 5])).await, json!(["c"]));
    assert_eq!(client.run(json!(["EXISTS", "l"])).await, json!(0));
}

#[tokio::test]
async fn scan_finds_every_key_once() {
    let (_engine, client) = start(in_memory());
    for number in 0..57 {
        client.run(json!(["SET", format!("session:{number}"), "x"])).await;
    }
    client.run(json!(["LPUSH", "session:list", "x"])).await;
    client.run(json!(["SET", "other", "x"])).await;
    let (mut cursor, mut found) = ("0".to_owned(), Vec::new());
    loop {
        let page =
            client.run(json!(["SCAN", cursor, "MATCH", "session:*", "TYPE", "string", "COUNT", 7])).await;
        found.extend(page[1].as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()));
        cursor = page[0].as_str().unwrap().to_owned();
        if cursor == "0" {
            break;
        }
    }
    found.sort();
    found.dedup();
    assert_eq!(found.len(), 57);
    assert_eq!(client.run(json!(["DBSIZE"])).await, json!(59));
    assert_eq!(client.run(json!(["KEYS", "*list"])).await, json!(["session:list"]));
}

#[tokio::test]
async fn expiry_by_the_clock() {
    let clock = ManualClock::new(NOON_MS);
    let mut options = in_memory();
    options.clock = Arc::new(clock.clone());
    let (_engine, client) = start(options);
    client.run(json!(["RPUSH", "l", "a", "b"])).await;
    assert_eq!(client.run(json!(["EXPIRE", "l", 10])).await, json!(1));
    client.run(json!(["SET", "s", "x", "PX", 10_001])).await;
    assert_eq!(client.run(json!(["PTTL", "s"])).await, json!(10_001));

    clock.advance_ms(9_999);
    assert_eq!(client.run(json!(["LLEN", "l"])).await, json!(2));
    assert_eq!(client.run(json!(["PTTL", "l"])).await, json!(1));
    clock.advance_ms(1);
    assert_eq!(client.run(json!(["LRANGE", "l", 0, -1])).await, json!([]));
    assert_eq!(client.run(json!(["EXISTS", "l", "s"])).await, json!(1));
    assert_eq!(client.run(json!(["TYPE", "l"])).await, json!("none"));
    assert_eq!(client.run(json!(["TTL", "l"])).await, json!(-2));
    assert_eq!(client.run(json!(["EXPIRE", "l", 10])).await, json!(0));
    assert_eq!(client.run(json!(["KEYS", "*"])).await, json!(["s"]));

    assert_eq!(client.run(json!(["RPUSH", "l", "new"])).await, json!(1));
    assert_eq!(client.run(json!(["TTL", "l"])).await, json!(-1));
    assert_eq!(client.run(json!(["LRANGE", "l", 0, -1])).await, json!(["new"]));
    clock.advance_ms(1_000_000);
    assert_eq!(client.run(json!(["DBSIZE"])).await, json!(1));
    assert_eq!(client.run(json!(["EXPIREAT", "l", 1])).await, json!(1));
    assert_eq!(client.run(json!(["EXISTS", "l"])).await, json!(0));
}

#[tokio::test]
async fn expired_keys_leave_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let (engine, client) = start_in(dir.path());
    client.run(json!(["RPUSH", "old", "a", "b"])).await;
    client.run(json!(["HSET", "fresh", "a", "b"])).await;
    client.run(json!(["PEXPIREAT", "old", NOON_MS])).await;
    client.run(json!(["SET", "soon", "x", "PX", 1])).await;
    drop(engine);

    let (engine, client) = start_in(dir.path());
    let rows = || {
        let file = rusqlite::Connection::open(dir.path().join("upstash.sqlite")).unwrap();
        file.query_row("SELECT count(*) FROM keys", [], |row| row.get::<_, i64>(0)).unwrap()
    };
    for _ in 0..1000 {
        if rows() == 1 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert_eq!(rows(), 1);
    assert_eq!(client.run(json!(["KEYS", "*"])).await, json!(["fresh"]));
    drop(engine);
}

#[tokio::test]
async fn a_restart_keeps_everything() {
    let dir = tempfile::tempdir().unwrap();
    let (engine, client) = start_in(dir.path());
    client.run(json!(["RPUSH", "l", "a", "b"])).await;
    client.run(json!(["HSET", "h", "f", "v"])).await;
    client.run(json!(["SET", "s", "x", "EX", 1000])).await;
    client.post("/multi-exec", &json!([["LPUSH", "l", "0"], ["INCR", "n"]])).await;
    client.run(json!(["EVAL", "redis.call('rpush', KEYS[1], 'c') redis.call('incr', 'n')", 1, "l"])).await;
    drop(engine);

    let (_engine, client) = start_in(dir.path());
    assert_eq!(client.run(json!(["LRANGE", "l", 0, -1])).await, json!(["0", "a", "b", "c"]));
    assert_eq!(client.run(json!(["HGETALL", "h"])).await, json!(["f", "v"]));
    assert_eq!(client.run(json!(["GET", "n"])).await, json!("2"));
    let ttl = client.run(json!(["TTL", "s"])).await.as_i64().unwrap();
    assert!((900..=1000).contains(&ttl), "{ttl}");
}

#[tokio::test]
async fn a_script_has_the_database_to_itself() {
    let (_engine, client) = start(in_memory());
    let script = "local n = tonumber(redis.call('get', KEYS[1]) or '0')
                  for _ = 1, 20 do n = n + 1 redis.call('set', KEYS[1], n) end
                  return redis.call('rpush', KEYS[2], ARGV[1])";
    let tasks: Vec<_> = (0..16)
        .map(|task| {
            let client = client.clone();
            tokio::spawn(async move {
                for turn in 0..10 {
                    let value = format!("{task}:{turn}");
                    client.run(json!(["EVAL", script, 2, "n", "l", value])).await;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(client.run(json!(["GET", "n"])).await, json!("3200"));
    assert_eq!(client.run(json!(["LLEN", "l"])).await, json!(160));
}

#[tokio::test]
async fn what_scripts_can_do() {
    let (_engine, client) = start(in_memory());
    for (script, result) in [
        ("return {1, 2.9, 'x', true, false, {4, {5}}, nil, 7}", json!([1, 2, "x", 1, null, [4, [5]]])),
        ("return redis.status_reply('fine')", json!("fine")),
        ("return redis.sha1hex('abc')", json!("a9993e364706816aba3e25717850c26c9cd0d89d")),
        ("return redis.call('set', 'k', 1.5).ok", json!("OK")),
        ("return redis.call('get', 'k')", json!("1.5")),
        ("return redis.call('get', 'missing') == false and 1 or 0", json!(1)),
        ("local r = redis.pcall('lpush', 'k', 'x') return r.err", json!(null)),
        ("return cjson.encode({1, 'a', cjson.null, true})", json!("[1,\"a\",null,true]")),
        ("return cjson.decode('{\"a\": [1, {\"b\": \"c\"}]}').a[2].b", json!("c")),
        ("return cjson.encode(cjson.decode('[]'))", json!("{}")),
        ("#!lua flags=allow-key-locking\nreturn #KEYS + #ARGV", json!(0)),
        ("return tostring(pcall(cjson.decode, 'not json'))", json!("false")),
    ] {
        let got = client.run(json!(["EVAL", script, 0])).await;
        if result.is_null() {
            assert!(got.as_str().unwrap().starts_with("WRONGTYPE "), "{script}: {got}");
        } else {
            assert_eq!(got, result, "{script}");
        }
    }
    assert_eq!(
        client.run(json!(["EVAL", "return {KEYS[1], ARGV[1], ARGV[2]}", 1, "k", "a", 7])).await,
        json!(["k", "a", "7"])
    );

    let sha = client.run(json!(["SCRIPT", "LOAD", "return ARGV[1]"])).await;
    assert_eq!(client.run(json!(["EVALSHA", sha, 0, "x"])).await, json!("x"));
    let (status, body) = client.post("/", &json!(["EVALSHA", "f".repeat(40), 0])).await;
    assert_eq!(
        (status, body),
        (StatusCode::BAD_REQUEST, json!({"error": "NOSCRIPT No matching script. Please use EVAL."}))
    );
}

#[tokio::test]
async fn what_scripts_cannot_do() {
    let (_engine, client) = start(in_memory());
    for (script, error) in [
        (
            "return os.time()",
            "ERR user_script:1: Script attempted to access nonexistent global variable 'os'",
        ),
        ("return io.open('/etc/passwd')", "nonexistent global variable 'io'"),
        ("return require('x')", "nonexistent global variable 'require'"),
        ("return loadstring('return 1')()", "nonexistent global variable 'loadstring'"),
        ("return dofile('/etc/passwd')", "nonexistent global variable 'dofile'"),
        ("return getfenv()", "nonexistent global variable 'getfenv'"),
        ("return string.dump(function() end)", "ERR user_script:1: attempt to call field 'dump'"),
        ("leaked = 1", "ERR user_script:1: Attempt to modify a readonly table"),
        ("return {", "ERR Error compiling script (new function): user_script:1:"),
        ("error('my own words')", "ERR user_script:1: my own words script: "),
        ("return redis.error_reply('MINE not now')", "MINE not now"),
        ("return redis.error_reply('oops')", "ERR oops"),
        ("return redis.call('eval', 'return 1', 0)", "ERR This Redis command is not allowed from script"),
        ("return redis.call('nosuch')", "ERR Unknown Redis command called from script"),
        ("return redis.call('get')", "ERR Wrong number of args calling Redis command from script"),
        ("return redis.call('get', {})", "ERR Lua redis lib command arguments must be strings or integers"),
        ("return string.rep('x', 1000 * 1000 * 1000)", "not enough memory"),
        ("local t = {} t[1] = t return t", "reached lua stack limit"),
        ("local t = {} for i = 1, 1e9 do t[i] = i end", "not enough memory"),
        ("local function f() return f() + 1 end return f()", "stack overflow"),
        ("local t = {} for i = 1, 1200 do t = {t} end return cjson.encode(t)", "excessive depth"),
        ("return cjson.decode(string.rep('[', 100000))", "invalid JSON"),
        ("return string.find(string.rep('a', 100000), string.rep('a?', 100000))", "pattern too long"),
        ("#!js\nreturn 1", "ERR Unexpected engine in script shebang"),
        ("#!lua flags=no-writes\nreturn redis.call('set', 'a', 'b')", "ERR Write commands are not allowed"),
    ] {
        let (status, body) = client.post("/", &json!(["EVAL", script, 0])).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{script}: {body}");
        assert!(body["error"].as_str().unwrap().contains(error), "{script}: {body}");
    }
    let longest_pattern = "return string.find(string.rep('a', 5000), string.rep('a?', 5000))";
    assert_eq!(client.run(json!(["EVAL", longest_pattern, 0])).await, json!(1));
    assert_eq!(client.run(json!(["DBSIZE"])).await, json!(0));
}

#[tokio::test]
async fn a_script_that_fails_keeps_what_it_did_and_one_that_is_stopped_does_not() {
    let (_engine, client) = start(in_memory());
    let (_, body) = client
        .post("/", &json!(["EVAL", "redis.call('set', 'a', '1') redis.call('lpush', 'a', 'x')", 0]))
        .await;
    assert!(body["error"].as_str().unwrap().starts_with("WRONGTYPE "), "{body}");
    assert!(body["error"].as_str().unwrap().ends_with(", on @user_script:1."), "{body}");
    assert_eq!(client.run(json!(["GET", "a"])).await, json!("1"));

    for endless in [
        "redis.call('set', 'b', '1') while true do end",
        "redis.call('set', 'b', '1') while true do pcall(function() while true do end end) end",
    ] {
        let (status, body) = client.post("/", &json!(["EVAL", endless, 0])).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert!(body["error"].as_str().unwrap().contains("stopped"), "{body}");
        assert_eq!(client.run(json!(["EXISTS", "b"])).await, json!(0));
    }
}

#[tokio::test]
async fn a_database_that_fails_is_an_error_and_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (engine, client) = start_in(dir.path());
    client.run(json!(["SET", "kept", "x"])).await;
    drop(engine);
    let file = rusqlite::Connection::open(dir.path().join("upstash.sqlite")).unwrap();
    file.execute_batch(
        "CREATE TRIGGER full BEFORE INSERT ON list_items BEGIN SELECT RAISE(FAIL, 'database or disk is full'); END",
    )
    .unwrap();
    drop(file);

    let (_engine, client) = start_in(dir.path());
    let (status, body) = client.post("/pipeline", &json!([["SET", "other", "y"], ["LPUSH", "l", "z"]])).await;
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(body["error"].as_str().unwrap().contains("nothing was changed"), "{body}");
    let script = "redis.call('set', 'other', 'y') return redis.pcall('lpush', 'l', 'z').err";
    let (status, _) = client.post("/", &json!(["EVAL", script, 0])).await;
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(client.run(json!(["KEYS", "*"])).await, json!(["kept"]));
}

#[test]
fn what_does_not_start() {
    let mut options = in_memory();
    options.token = Some("".into());
    assert!(matches!(UpstashEngine::start(options), Err(EngineError::EmptySecret { name: "token" })));
    let mut options = in_memory();
    options.read_only_token = Some("".into());
    assert!(matches!(UpstashEngine::start(options), Err(EngineError::EmptySecret { .. })));

    for url in ["redis://127.0.0.1:1", "nonsense"] {
        let url = format!("{url}?password-in-url");
        let error = UpstashEngine::start(UpstashOptions::new(UpstashBackend::Redis(url.into()))).unwrap_err();
        assert!(error.to_string().contains("--redis"), "{error}");
        assert!(!error.to_string().contains("password-in-url"), "{error}");
    }

    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("upstash.sqlite"), "not a database ".repeat(100)).unwrap();
    let storage = EngineStorage::Directory(DataDir::open(dir.path()).unwrap());
    let error = UpstashEngine::start(UpstashOptions::new(UpstashBackend::BuiltIn(storage))).unwrap_err();
    assert!(error.to_string().contains("upstash.sqlite"), "{error}");

    let dir = tempfile::tempdir().unwrap();
    let file = rusqlite::Connection::open(dir.path().join("upstash.sqlite")).unwrap();
    file.execute_batch("PRAGMA user_version = 99").unwrap();
    drop(file);
    let storage = EngineStorage::Directory(DataDir::open(dir.path()).unwrap());
    let error = UpstashEngine::start(UpstashOptions::new(UpstashBackend::BuiltIn(storage))).unwrap_err();
    assert!(error.to_string().contains("newer"), "{error}");
}
