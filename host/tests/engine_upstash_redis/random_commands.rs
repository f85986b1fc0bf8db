//! The built-in database held against a real Redis, with commands that no person would think of.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::redis_server::RedisServer;
use crate::upstash::Client;

/// One key of each kind and one that changes its kind, so that commands meet each other's leavings.
fn key() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!("list")),
        Just(json!("list2")),
        Just(json!("hash")),
        Just(json!("string")),
        Just(json!("any"))
    ]
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        prop::sample::select(vec![
            "a",
            "b",
            "c",
            "",
            "10",
            "-3",
            "1.5",
            " 7",
            "007",
            "é😀",
            "9223372036854775807",
            "a\nb"
        ])
        .prop_map(|text| json!(text)),
        (-20..20_i64).prop_map(|number| json!(number)),
    ]
}

fn index() -> impl Strategy<Value = Value> {
    prop_oneof![8 => (-6..7_i64).prop_map(|number| json!(number)), 1 => value()]
}

/// Far enough away that no key expires while the test runs, or in the past.
fn seconds() -> impl Strategy<Value = Value> {
    prop::sample::select(vec!["100000", "-1", "0", "x", "9223372036854775807", "-9223372036854775808"])
        .prop_map(|text| json!(text))
}

fn words(name: &'static str, args: Vec<Value>) -> Value {
    let mut command = vec![json!(name)];
    command.extend(args);
    Value::Array(command)
}

fn args(name: &'static str, strategies: Vec<BoxedStrategy<Value>>) -> BoxedStrategy<Value> {
    strategies.prop_map(move |args| words(name, args)).boxed()
}

fn pick(choices: &[&'static str]) -> BoxedStrategy<Value> {
    prop::sample::select(choices.to_vec()).prop_map(|text| json!(text)).boxed()
}

fn script() -> BoxedStrategy<Value> {
    let scripts = [
        "return redis.call('lrange', KEYS[1], 0, -1)",
        "redis.call('rpush', KEYS[1], ARGV[1]) return redis.call('llen', KEYS[1])",
        "local r = redis.pcall('lpush', KEYS[1], ARGV[1]) if type(r) == 'table' then return r.err end return r",
        "return redis.call('get', KEYS[1])",
        "redis.call('set', KEYS[1], ARGV[1]) return redis.call('incr', KEYS[1])",
        "local ok, e = pcall(redis.call, 'incr', KEYS[1]) if ok then return e end return {e}",
        "return {redis.call('type', KEYS[1]), redis.call('exists', KEYS[1]), ARGV, #ARGV[1], nil, 3}",
        "return {tonumber(string.sub(ARGV[1], 1, 6)) or 'not a number', 3.99, -3.99, true, false}",
        "error('words of a script')",
        "return redis.error_reply(ARGV[1])",
        "return redis.status_reply(ARGV[1])",
        "undefined()",
        "local x = 1\nlocal y = nil\nreturn x + y",
        "return cjson.encode({ARGV[1], 1, 2.5, -0.1, 1e20, 123456789012345, true, cjson.null, {a = {}}})",
        "return cjson.encode(cjson.decode('[1, 2.50, \"x/y\\\\u00e9\", null, {\"k\": [[]]}, true]'))",
        "return cjson.decode('[1, 2.5, \"a\", true, null, {\"a\": 1}, [3]]')",
        "return redis.call('set', KEYS[1], 1/3)",
        "return #redis.call('hgetall', KEYS[1])",
        "return redis.call(ARGV[1])",
        "return redis.call('nosuch', KEYS[1])",
        "return redis.call('lrange', KEYS[1])",
        "return #KEYS .. ':' .. #ARGV",
        "return string.format('%5.2f|%s|%d', 1.234, ARGV[1], 42)",
        "this is not lua",
        "#!lua flags=no-writes\nreturn redis.call('del', KEYS[1])",
        "#!lua flags=allow-key-locking\nreturn redis.call('append', KEYS[1], ARGV[1])",
    ];
    (prop::sample::select(scripts.to_vec()), pick(&["EVAL", "EVAL", "EVAL", "EVAL_RO"]), key(), value())
        .prop_map(|(script, name, key, value)| json!([name, script, 1, key, value]))
        .boxed()
}

fn command() -> BoxedStrategy<Value> {
    let (k, v, i) = (key().boxed(), value().boxed(), index().boxed());
    let lists = prop_oneof![
        args("LPUSH", vec![k.clone(), v.clone(), v.clone()]),
        args("RPUSH", vec![k.clone(), v.clone()]),
        args("LRANGE", vec![k.clone(), i.clone(), i.clone()]),
        args("LTRIM", vec![k.clone(), i.clone(), i.clone()]),
        args("LINDEX", vec![k.clone(), i.clone()]),
        args("LSET", vec![k.clone(), i.clone(), v.clone()]),
        args("LREM", vec![k.clone(), i.clone(), v.clone()]),
        args("LPOP", vec![k.clone()]),
        args("RPOP", vec![k.clone()]),
        args("LPOP", vec![k.clone(), i.clone()]),
        args("RPOP", vec![k.clone(), i.clone()]),
        args("LLEN", vec![k.clone()]),
    ];
    let strings = prop_oneof![
        args("GET", vec![k.clone()]),
        args("SET", vec![k.clone(), v.clone()]),
        args("SET", vec![k.clone(), v.clone(), pick(&["NX", "XX", "GET", "KEEPTTL", "nx", "FOO"])]),
        args("SET", vec![k.clone(), v.clone(), pick(&["NX", "XX", "KEEPTTL"]), pick(&["GET", "NX", "XX"])]),
        args("SET", vec![k.clone(), v.clone(), pick(&["EX", "PX", "EXAT", "PXAT"]), seconds().boxed()]),
        args(
            "SET",
            vec![
                k.clone(),
                v.clone(),
                pick(&["EX", "KEEPTTL"]),
                seconds().boxed(),
                pick(&["NX", "PX", "GET"])
            ]
        ),
        args("SETNX", vec![k.clone(), v.clone()]),
        args("SETEX", vec![k.clone(), seconds().boxed(), v.clone()]),
        args("MSET", vec![k.clone(), v.clone(), k.clone(), v.clone()]),
        args("MSET", vec![k.clone(), v.clone(), k.clone()]),
        args("MGET", vec![k.clone(), k.clone()]),
        args("APPEND", vec![k.clone(), v.clone()]),
        args("STRLEN", vec![k.clone()]),
        args("INCR", vec![k.clone()]),
        args("DECR", vec![k.clone()]),
        args("INCRBY", vec![k.clone(), v.clone()]),
        args("DECRBY", vec![k.clone(), v.clone()]),
    ];
    let hashes = prop_oneof![
        args("HSET", vec![k.clone(), v.clone(), v.clone()]),
        args("HSET", vec![k.clone(), v.clone(), v.clone(), v.clone()]),
        args("HSETNX", vec![k.clone(), v.clone(), v.clone()]),
        args("HGET", vec![k.clone(), v.clone()]),
        args("HMGET", vec![k.clone(), v.clone(), v.clone()]),
        args("HDEL", vec![k.clone(), v.clone(), v.clone()]),
        args("HEXISTS", vec![k.clone(), v.clone()]),
        args("HLEN", vec![k.clone()]),
        args("HGETALL", vec![k.clone()]),
        args("HKEYS", vec![k.clone()]),
        args("HVALS", vec![k.clone()]),
    ];
    let keys = prop_oneof![
        args("DEL", vec![k.clone(), k.clone()]),
        args("UNLINK", vec![k.clone()]),
        args("EXISTS", vec![k.clone(), k.clone()]),
        args("TYPE", vec![k.clone()]),
        args("TTL", vec![k.clone()]),
        args("PERSIST", vec![k.clone()]),
        args("EXPIRE", vec![k.clone(), seconds().boxed()]),
        args("EXPIRE", vec![k.clone(), seconds().boxed(), pick(&["NX", "XX", "GT", "LT", "FOO"])]),
        args("EXPIRE", vec![k.clone(), seconds().boxed(), pick(&["NX", "XX", "GT"]), pick(&["XX", "LT"])]),
        args("PEXPIRE", vec![k.clone(), seconds().boxed()]),
        args("EXPIREAT", vec![k.clone(), seconds().boxed()]),
        args("PEXPIREAT", vec![k.clone(), seconds().boxed()]),
        args("KEYS", vec![pick(&["*", "l*", "?ash", "[ls]*", "[^l]*", "list", "*t*", "\\l*", "none"])]),
        args("SCAN", vec![pick(&["0", "x", "1.5"]), pick(&["COUNT", "MATCH", "FOO"]), pick(&["0", "x"])]),
        args("PING", vec![v.clone()]),
        args("ECHO", vec![v.clone()]),
        args("GET", vec![]),
        args("LPUSH", vec![k.clone()]),
        args("HDEL", vec![k.clone()]),
        args("EVAL", vec![pick(&["a", "", "return 1", "=1"]), i.clone(), k.clone()]),
        args("EVALSHA", vec![v, i]),
    ];
    prop_oneof![4 => lists, 3 => strings, 3 => hashes, 3 => keys, 3 => script()].boxed()
}

/// The text of an error that ended a script, its digest and where it ended.
fn of_a_script(error: &str) -> Option<(&str, (&str, &str))> {
    let (error, place) = error.split_once(" script: ")?;
    Some((error, place.split_once(',')?))
}

/// What may differ: the order of a hash's fields and of key names, the second in which a TTL was read, and the digest of
/// a script, of which Redis gets one without the flag that it refuses.
fn comparable(command: &Value, answer: &Value) -> Value {
    let name = command[0].as_str().unwrap_or_default();
    if let Some((error, (_digest, line))) = answer["error"].as_str().and_then(of_a_script) {
        return json!({ "error": [error, line] });
    }
    match (name, &answer["result"]) {
        ("HGETALL", Value::Array(items)) => {
            let mut pairs: Vec<_> = items.chunks(2).map(|pair| pair.to_vec()).collect();
            pairs.sort_by_key(|pair| pair[0].to_string());
            json!(pairs)
        }
        ("HKEYS" | "HVALS" | "KEYS", Value::Array(items)) => {
            let mut items = items.clone();
            items.sort_by_key(Value::to_string);
            json!(items)
        }
        ("TTL", Value::Number(ttl)) if ttl.as_i64() > Some(0) => json!("some time"),
        _ => answer.clone(),
    }
}

#[test]
fn the_built_in_database_answers_as_redis_does() {
    let redis = RedisServer::start();
    let (real_engine, own_engine) = (redis.endpoint(), crate::built_in());
    let (real, own) = (Client::new(&real_engine), Client::new(&own_engine));
    let runtime = tokio::runtime::Runtime::new().unwrap();

    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::default() });
    let sequences = prop::collection::vec(command(), 1..40);
    let result = runner.run(&sequences, |commands| {
        runtime.block_on(async {
            real.run(json!(["FLUSHALL"])).await;
            own.run(json!(["FLUSHALL"])).await;
            let batch = Value::Array(commands.clone());
            let path = if commands.len() % 3 == 0 { "/multi-exec" } else { "/pipeline" };
            let (real_status, real_answers) = real.post(path, &batch).await;
            let (own_status, own_answers) = own.post(path, &batch).await;
            prop_assert_eq!(own_status, real_status, "{} {} {}", path, real_answers, own_answers);
            if real_status != StatusCode::OK {
                return Ok(());
            }
            for (at, command) in commands.iter().enumerate() {
                let expected = comparable(command, &real_answers[at]);
                let answered = comparable(command, &own_answers[at]);
                prop_assert_eq!(answered, expected, "{}, after {:?}", command, &commands[..at]);
            }
            Ok(())
        })
    });
    result.unwrap_or_else(|failure| panic!("{failure}"));
}
