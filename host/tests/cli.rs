//! The program as a person and a script use it: the README's conversation, every subcommand, and nonsense.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that fails should say where"
)]

mod support;
#[path = "cli/tables.rs"]
mod tables;

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use support::{Program, Ran};

/// Inputs for each layout on the built-in engines.
const ON_BUILTIN: [(&str, &str); 4] = [
    (
        "DynamoDBChatMemory",
        r#"{"tableName":"chat1","partitionKey":"id","sortKey":"sk","endpoint":"builtin","createTable":true}"#,
    ),
    (
        "DynamoDBChatMemory",
        r#"{"tableName":"chat2","partitionKey":"id","endpoint":"builtin","createTable":true}"#,
    ),
    (
        "DynamoDBChatMemory",
        r#"{"tableName":"chat3","partitionKey":"SessionId","layout":"history","endpoint":"builtin","createTable":true}"#,
    ),
    ("upstashRedisBackedChatMemory", r#"{"baseURL":"builtin"}"#),
];

#[test]
fn the_answer_quotes_the_message_of_an_earlier_process() {
    let program = Program::new();
    let first = program.run(&["chat", "--session", "user-id-123", "Hello my name is Collin."]).ok();
    assert!(first.stdout.contains("not an AI") && first.stdout.contains("first message"), "{first:?}");
    let second = program.run(&["chat", "--session", "user-id-123", "What is my name?"]).ok();
    assert!(second.stdout.contains("> user: Hello my name is Collin."), "{second:?}");
    assert!(second.stderr.contains("loaded 2 messages"), "{second:?}");
    let other = program.run(&["chat", "--session", "someone-else", "What is my name?"]).ok();
    assert!(!other.stdout.contains("Collin"), "{other:?}");
}

#[test]
fn every_layout_keeps_a_conversation() {
    let program = Program::new();
    for (node, inputs) in ON_BUILTIN {
        for message in ["Hello my name is Collin. 👋", "What is my name?"] {
            let ran = program
                .run(&["chat", "--node", node, "--inputs", inputs, "--session", "日本語 😀", message])
                .ok();
            assert_eq!(
                ran.stdout.contains("> user: Hello my name is Collin. 👋"),
                message.starts_with("What"),
                "{ran:?}"
            );
        }
        let loaded = program
            .run(&["memory", "load", "--node", node, "--inputs", inputs, "--session", "日本語 😀"])
            .ok();
        let loaded = messages(&loaded.json());
        let texts: Vec<_> = loaded.iter().map(|m| m["content"].as_str().unwrap_or_default()).collect();
        assert_eq!(
            (texts.len(), texts[0], texts[2]),
            (4, "Hello my name is Collin. 👋", "What is my name?"),
            "{inputs}"
        );
    }
}

fn messages(loaded: &Value) -> Vec<Value> {
    let turns = loaded["turns"].as_array().unwrap();
    turns.iter().flat_map(|turn| turn["messages"].as_array().unwrap().clone()).collect()
}

#[test]
fn a_script_drives_any_memory_node() {
    let program = Program::new();
    for (node, inputs) in ON_BUILTIN {
        let memory = |action: &str, more: &[&str], stdin: &str| {
            let args = [&["memory", action, "--node", node, "--inputs", inputs, "--json"], more].concat();
            program.run_with_stdin(&args, stdin)
        };
        let turn = json!({"id": "t-1", "messages": [
            {"role": "user", "content": [{"type": "text", "text": "Look"}, {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}], "name": "bob"},
            {"role": "assistant", "content": "", "tool_calls": [{"id": "c1", "name": "clock", "arguments": {"zone": "UTC"}}]},
            {"role": "tool", "content": "noon", "tool_call_id": "c1", "name": "clock"},
            {"role": "assistant", "content": "It is noon.", "trace": {"n": 12345678901234567890_u64}},
        ]});
        let session = ["--session", "s"];
        let appended = memory("append", &session, &turn.to_string()).ok().json();
        assert_eq!(appended["duplicate"], false, "{appended}");
        let again = memory("append", &session, &turn.to_string()).ok().json();
        assert_eq!(again["duplicate"], true, "{again}");
        let other = json!({"id": "t-1", "messages": [{"role": "user", "content": "other"}]});
        let reused = memory("append", &session, &other.to_string());
        assert_eq!(
            (reused.code, &reused.json()["error"]["kind"]),
            (Some(6), &json!("turn_id_reused")),
            "{reused:?}"
        );

        let loaded = memory("load", &session, "").ok().json();
        assert_eq!(Value::from(messages(&loaded)), turn["messages"], "{node} {inputs}");
        assert_eq!(loaded["usage"]["requests"], 1, "{loaded}");

        let stale = loaded["position"].as_str().unwrap();
        let next = json!({"messages": [{"role": "user", "content": "next"}]}).to_string();
        memory("append", &["--session", "s", "--after", stale], &next).ok();
        let conflict = memory("append", &["--session", "s", "--after", stale], &next);
        assert_eq!(conflict.json()["error"]["kind"], "conflict", "{conflict:?}");

        let sessions = memory("sessions", &[], "").ok().json();
        assert_eq!(sessions["sessions"][0]["session"], "s", "{sessions}");
        let inspected = memory("inspect", &session, "").ok().json();
        assert!(inspected["records"][0]["bytes"].as_u64().unwrap() > 100, "{inspected}");
        let tested = memory("test", &[], "").ok().json();
        assert!(!tested["findings"].as_array().unwrap().is_empty(), "{tested}");
        let cleared = memory("clear", &session, "").ok().json();
        assert_eq!((&cleared["turns"], &cleared["messages"]), (&json!(2), &json!(5)), "{cleared}");
        assert!(messages(&memory("load", &session, "").ok().json()).is_empty());
    }
}

#[test]
fn a_conversation_goes_on_line_by_line() {
    let program = Program::new();
    let ran = program.run_with_stdin(&["chat"], "Hello my name is Collin.\n\nWhat is my name?\n").ok();
    assert!(ran.stdout.contains("> user: Hello my name is Collin."), "{ran:?}");
}

#[test]
fn events_tell_turn_session_steps_and_cost() {
    let program = Program::new();
    let ran = program.run(&["chat", "--json", "--session", "s", "--turn-id", "t1", "Hello"]).ok();
    let events = ran.events();
    assert_eq!(events[0]["event"], "started");
    assert_eq!(events[0]["turn_id"], "t1");
    assert_eq!(events[0]["session"], json!({"id": "s", "source": "request"}));
    let done = events.last().unwrap();
    assert_eq!((&done["event"], &done["stored"]["dedupe"]), (&json!("done"), &json!("exact")), "{done}");
    assert!(done["usage"]["write_units"].as_f64().unwrap() >= 4.0, "{done}");
}

#[test]
fn a_message_said_again_under_its_turn_id_gets_the_stored_answer() {
    let program = Program::new();
    let say = |message: &str| program.run(&["chat", "--session", "s", "--turn-id", "t1", message]);
    let first = say("Hello").ok();
    let again = say("Hello").ok();
    assert_eq!(again.stdout, first.stdout);
    assert!(again.stderr.contains("stored before"), "{again:?}");
    let other = say("Something else");
    assert_eq!(other.code, Some(6), "{other:?}");
    let loaded = program.run(&["memory", "load", "--session", "s"]).ok().json();
    assert_eq!(messages(&loaded).len(), 2, "{loaded}");
}

#[test]
fn bad_input_is_named_and_nothing_is_lost() {
    let program = Program::new();
    let long_session = "x".repeat(10_000);
    for (args, code, says) in [
        (&["chat", "--session", "", "Hello"][..], 2, "`sessionId` is empty"),
        (&["chat", "--session", &long_session, "Hello"], 2, "10000 bytes"),
        (&["chat", "--node", "DynamoDbMemory", "Hello"], 4, "DynamoDBChatMemory"),
        (
            &["chat", "--node", "DynamoDBChatMemory", "--inputs", "{", "Hello"],
            2,
            "`inputs` is not well-formed JSON",
        ),
        (
            &["chat", "--inputs", r#"{"tabelName":"t","partitionKey":"id","endpoint":"builtin"}"#, "Hello"],
            2,
            "tableName",
        ),
        (
            &["chat", "--inputs", r#"{"tableName":5,"partitionKey":"id","endpoint":"builtin"}"#, "Hello"],
            2,
            "tableName",
        ),
        (&["chat", "--inputs", "@/no/such/file", "Hello"], 2, "/no/such/file"),
        (&["chat", "--credential", "deleted", "Hello"], 3, "deleted"),
        (&["chat", "--credential", "sk-secret/key", "Hello"], 2, "id"),
        (&["chat", "--model", "gpt-4o", "Hello"], 2, "PROVIDER:MODEL"),
        (&["chat", "--model", "nobody:gpt-4o", "Hello"], 2, "provider"),
        (&["chat", "--turn-id", "a b", "Hello"], 2, "turnId"),
        (&["chat", ""], 2, "`message` is empty"),
        (&["memory", "load"], 2, "--session"),
        (&["memory", "sessions", "--page", "nonsense"], 2, "page"),
    ] {
        let ran = program.run(args);
        assert_eq!(ran.code, Some(code), "{ran:?}");
        assert!(ran.stderr.contains(says), "{says}: {ran:?}");
        assert!(ran.stderr.starts_with("error: ") && !ran.stderr.contains("panicked"), "{ran:?}");
    }
    for turn in
        ["", "[]", r#"{"messages":[]}"#, r#"{"messages":[{"content":"x"}]}"#, r#"{"messages":[],"x":1}"#]
    {
        let ran = program.run_with_stdin(&["memory", "append", "--session", "s"], turn);
        assert_eq!(ran.code, Some(2), "{turn}: {ran:?}");
    }
    let sessions = program.run(&["memory", "sessions", "--json"]).ok().json();
    assert_eq!(sessions["sessions"], json!([]), "nothing was stored");
}

#[test]
fn a_second_process_on_the_same_data_is_told_who_has_it() {
    let program = Program::new();
    let mut engine = program.command(&["engine", "dynamodb"]).spawn().unwrap();
    let mut first_line = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(engine.stdout.take().unwrap()), &mut first_line)
        .unwrap();
    assert!(first_line.starts_with("http://127.0.0.1:"), "{first_line}");
    let second = program.run(&["chat", "Hello"]);
    engine.kill().unwrap();
    engine.wait().unwrap();
    assert_eq!(second.code, Some(9), "{second:?}");
    assert!(
        second.stderr.contains(&engine.id().to_string()) && second.stderr.contains("--data-dir"),
        "{second:?}"
    );
    program.run(&["chat", "Hello"]).ok();
}

#[test]
fn an_engine_alone_serves_others_with_its_credential() {
    let program = Program::new();
    for (engine, node, inputs) in [
        (
            "dynamodb",
            "DynamoDBChatMemory",
            r#"{"tableName":"chat","partitionKey":"id","sortKey":"sk","region":"us-east-1","endpoint":"ADDRESS","createTable":true}"#,
        ),
        ("upstash", "upstashRedisBackedChatMemory", r#"{"baseURL":"ADDRESS"}"#),
    ] {
        let mut running = program.command(&["engine", engine, "--json"]).spawn().unwrap();
        let mut line = String::new();
        std::io::BufRead::read_line(&mut std::io::BufReader::new(running.stdout.take().unwrap()), &mut line)
            .unwrap();
        let announced: Value = serde_json::from_str(&line).unwrap();
        let inputs = inputs.replace("ADDRESS", announced["url"].as_str().unwrap());
        let credential = format!("@{}", announced["credential_file"].as_str().unwrap());
        let chat = |message: &str| {
            program.run(&[
                "chat",
                "--node",
                node,
                "--inputs",
                &inputs,
                "--credential",
                &credential,
                "--session",
                "s",
                message,
            ])
        };
        chat("Hello my name is Collin.").ok();
        assert!(chat("What is my name?").ok().stdout.contains("> user: Hello my name is Collin."));
        running.kill().unwrap();
        running.wait().unwrap();
        let gone = chat("Anyone there?");
        assert_eq!(gone.code, Some(8), "{gone:?}");
    }
}

/// Sends one request by hand, as to an engine on another machine, and returns the answer.
fn request(url: &str, headers: &str, body: &str) -> String {
    let mut stream = std::net::TcpStream::connect(url.strip_prefix("http://").unwrap()).unwrap();
    let length = body.len();
    let request = format!(
        "POST / HTTP/1.1\r\nhost: db.internal\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn an_engine_that_other_machines_reach_answers_only_who_brings_its_secret() {
    let program = Program::new();
    let signed = |key: &str| {
        format!(
            "authorization: AWS4-HMAC-SHA256 Credential={key}/20260101/us-east-1/dynamodb/aws4_request, \
             SignedHeaders=host, Signature=00\r\n"
        )
    };
    let bearer = |token: &str| format!("authorization: Bearer {token}\r\n");
    let dynamodb = "x-amz-target: DynamoDB_20120810.ListTables\r\nx-amz-date: 20260101T000000Z\r\n";
    for (engine, secret, headers, body, of_secret) in [
        ("dynamodb", "accessKey", dynamodb, "{}", &signed as &dyn Fn(&str) -> String),
        ("upstash", "upstashRestToken", "", r#"["PING"]"#, &bearer),
    ] {
        let mut running = program.command(&["engine", engine, "--listen", "0.0.0.0:0"]).spawn().unwrap();
        let mut url = String::new();
        BufReader::new(running.stdout.take().unwrap()).read_line(&mut url).unwrap();
        let url = url.trim();
        let mut told = String::new();
        BufReader::new(running.stderr.take().unwrap()).read_line(&mut told).unwrap();
        assert!(told.starts_with("Other machines can reach this engine."), "{engine}: {told}");

        let file =
            walk(program.home()).into_iter().find(|path| path.ends_with(format!("{engine}-credential.json")));
        let credential: Value = serde_json::from_slice(&std::fs::read(file.unwrap()).unwrap()).unwrap();
        let secret = credential[secret].as_str().unwrap();
        for wrong in [String::new(), of_secret(""), of_secret("guess"), of_secret(&secret[1..])] {
            let answer = request(url, &format!("{headers}{wrong}"), body);
            assert!(answer.starts_with("HTTP/1.1 4"), "{engine} {wrong}: {answer}");
            assert!(!answer.contains("TableNames") && !answer.contains("PONG"), "{engine} {wrong}: {answer}");
        }
        let answer = request(url, &format!("{headers}{}", of_secret(secret)), body);
        assert!(answer.starts_with("HTTP/1.1 200"), "{engine}: {answer}");
        running.kill().unwrap();
        running.wait().unwrap();
    }
}

/// All files below a directory.
fn walk(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}

/// Answers every request with what it was sent, as a refusal of the key.
fn echo_server() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = vec![0; 64 * 1024];
            let length = stream.read(&mut request).unwrap();
            let body = json!({"error": {"message": String::from_utf8_lossy(&request[..length])}}).to_string();
            let length = body.len();
            let head =
                format!("HTTP/1.1 401 Unauthorized\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n");
            let _ = stream.write_all((head + &body).as_bytes());
        }
    });
    url
}

#[test]
fn no_log_filter_brings_out_what_was_said_or_a_secret() {
    let program = Program::new();
    let server = echo_server();
    let file = |name: &str, fields: Value| {
        std::fs::write(program.home().join(name), fields.to_string()).unwrap();
        format!("@{}", program.home().join(name).display())
    };
    let host = server.strip_prefix("http://").unwrap();
    let key = file("model.json", json!({"apiKey": "mark3r-s3cret", "host": host}));
    let token = file("upstash.json", json!({"upstashRestToken": "mark3r-s3cret", "host": host}));
    let aws = file("aws.json", json!({"accessKey": "mark3r-s3cret", "secretAccessKey": "mark3r-s3cret"}));
    let model = ["--model", "openai:m", "--base-url", &format!("{server}/v1/"), "--model-credential", &key];
    let upstash = json!({"baseURL": server}).to_string();
    let dynamodb = json!({"tableName": "chat", "partitionKey": "id", "endpoint": server}).to_string();
    let on_engines = ON_BUILTIN.map(|(node, inputs)| vec!["--node", node, "--inputs", inputs]);
    let elsewhere = [
        model.to_vec(),
        vec!["--node", "upstashRedisBackedChatMemory", "--inputs", &upstash, "--credential", &token],
        vec!["--node", "DynamoDBChatMemory", "--inputs", &dynamodb, "--credential", &aws],
    ];
    for filter in [
        "trace",
        "aws_smithy_runtime=trace,aws_sdk_dynamodb=trace,hyper=trace,hyper_util=trace,genai=trace,reqwest=trace",
    ] {
        for which in on_engines.iter().chain(&elsewhere) {
            let args = [&["chat", "--session", "s", "mark3r-t3xt"], which.as_slice()].concat();
            let ran = Ran::of(program.command(&args).env("CANVAS_MEMORY_LOG", filter).output().unwrap());
            assert!(!ran.stderr.contains("mark3r"), "{filter} {which:?}: {}", ran.stderr);
            if filter == "trace" && ran.code == Some(0) {
                assert!(ran.stderr.contains("DEBUG") && ran.stderr.contains("usage.requests"), "{ran:?}");
            }
        }
    }
}

#[test]
fn a_saved_credential_is_listed_without_its_secret() {
    let program = Program::new();
    let fields = r#"{"accessKey": "AKIAEXAMPLE", "secretAccessKey": "hunter2"}"#;
    program.run_with_stdin(&["credential", "add", "aws", "--type", "dynamodbMemoryApi"], fields).ok();
    let listed = program.run(&["credential", "list"]).ok();
    assert_eq!(listed.json()[0]["fields"]["secretAccessKey"], json!({"set": true}), "{listed:?}");
    assert!(!listed.stdout.contains("hunter2") && !listed.stdout.contains("AKIAEXAMPLE"), "{listed:?}");
    program.run(&["credential", "delete", "aws"]).ok();
    let gone = program.run(&[
        "chat",
        "--inputs",
        r#"{"tableName":"chat","partitionKey":"id"}"#,
        "--credential",
        "aws",
        "Hello",
    ]);
    assert_eq!(gone.code, Some(3), "{gone:?}");
    let unknown = program.run_with_stdin(&["credential", "add", "x", "--type", "noSuchType"], fields);
    assert_eq!(unknown.code, Some(4), "{unknown:?}");
}

#[test]
fn the_manifest_lists_every_node() {
    let manifest = Program::new().run(&["manifest"]).ok().json();
    let types: Vec<_> = manifest["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|node| node["x-node"]["type"].as_str().unwrap())
        .collect();
    assert_eq!(
        types,
        [
            "DynamoDBChatMemory",
            "calculator",
            "chatModel",
            "conversationChain",
            "currentDateTime",
            "echoModel",
            "griptapeDynamoDBConversationMemory",
            "mem0DynamoDBConversationMemory",
            "mem0DynamoDBGraphMemory",
            "mem0DynamoDBHistoryStore",
            "toolAgent",
            "upstashRedisBackedChatMemory"
        ]
    );
}

#[test]
fn completions_are_scripts() {
    for shell in ["bash", "zsh", "fish"] {
        let script = Program::new().run(&["completions", shell]).ok().stdout;
        assert!(script.contains("canvas-memory"), "{shell}");
    }
}

#[test]
fn the_doctor_tells_how_a_node_stands_and_prints_its_policy() {
    let program = Program::new();
    for (node, inputs) in ON_BUILTIN {
        let well = program.run(&["doctor", "--node", node, "--inputs", inputs]).ok();
        assert!(well.stdout.starts_with(node) && well.stdout.contains("Nothing is wrong."), "{well:?}");
        assert!(!well.stdout.contains("policy"), "{well:?}");
    }
    let inputs = r#"{"tableName":"chat","partitionKey":"id","sortKey":"sk","region":"eu-west-1"}"#;
    let ill = program.run(&["doctor", "--inputs", inputs]);
    assert_eq!(ill.code, Some(12), "{ill:?}");
    assert!(ill.stdout.contains("error    credential") && ill.stdout.contains("It does not work"), "{ill:?}");

    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let away = json!({"tableName": "chat", "partitionKey": "id", "sortKey": "sk", "endpoint": format!("http://{closed}")});
    let keys = r#"{"accessKey": "AKIAIOSFODNN7EXAMPLE", "secretAccessKey": "hunter2"}"#;
    let away = away.to_string();
    let look = |more: &[&str]| {
        let args = [&["doctor", "--inputs", &away, "--credential", "-"], more].concat();
        program.run_with_stdin(&args, keys)
    };
    let policy = look(&["--policy"]);
    assert_eq!(policy.code, Some(12), "{policy:?}");
    let document = policy.json();
    assert_eq!(document["Statement"][0]["Resource"], "arn:aws:dynamodb:us-east-1:*:table/chat", "{document}");
    let report = look(&["--json"]).json();
    assert_eq!(report["level"], "error", "{report}");
    assert_eq!(report["policies"][0]["policy"], document, "{report}");
    assert!(report.to_string().contains("nothing listens at its address"), "{report}");
    assert!(!report.to_string().contains("hunter2") && !report.to_string().contains("AKIA"), "{report}");
    let unknown = program.run(&["doctor", "--node", "NoSuchNode"]);
    assert_eq!(unknown.code, Some(4), "{unknown:?}");
}

#[test]
fn the_doctor_looks_at_a_whole_flow() {
    let program = Program::new();
    let memory = json!({"tableName": "chat", "partitionKey": "id", "endpoint": "builtin"});
    let flow = json!({
        "format": 1, "name": "Ward",
        "nodes": [
            {"id": "memory", "type": "DynamoDBChatMemory", "inputs": memory},
            {"id": "model", "type": "echoModel"},
            {"id": "chain", "type": "conversationChain"},
            {"id": "idle", "type": "upstashRedisBackedChatMemory", "inputs": {"baseURL": "https://127.0.0.1:1"}},
        ],
        "edges": [
            {"source": "memory", "sourceHandle": "memory", "target": "chain", "targetHandle": "memory"},
            {"source": "model", "sourceHandle": "model", "target": "chain", "targetHandle": "model"},
        ],
    });
    let file = program.home().join("ward.json");
    let look = |flow: &Value| {
        std::fs::write(&file, flow.to_string()).unwrap();
        program.run(&["doctor", "--flow", file.to_str().unwrap(), "--json"])
    };
    let well = look(&flow).ok().json();
    assert_eq!((&well["level"], &well["policies"]), (&json!("warning"), &json!([])), "{well}");
    let problems = well["problems"].as_array().unwrap();
    assert!(problems.iter().all(|problem| problem["node"] == "idle"), "{well}");
    assert!(problems.iter().any(|problem| problem["code"] == "not_connected"), "{well}");
    let looked_at: Vec<_> = well["nodes"].as_array().unwrap().iter().map(|node| &node["node"]).collect();
    assert_eq!(looked_at, ["memory", "model", "chain"], "{well}");

    let mut ill = flow.clone();
    ill["nodes"][0]["inputs"] = json!({"tableName": "chat", "region": "eu-west-1"});
    ill["nodes"][0]["credential"] = json!("deleted");
    ill["nodes"][1]["type"] = json!("chatOfTomorrow");
    let ran = look(&ill);
    assert_eq!(ran.code, Some(12), "{ran:?}");
    let report = ran.json();
    let codes: Vec<_> =
        report["problems"].as_array().unwrap().iter().map(|problem| &problem["code"]).collect();
    assert!(codes.contains(&&json!("unknown_type")) && !codes.contains(&&json!("bad_input")), "{report}");
    let of_memory = report["nodes"][0]["findings"].as_array().unwrap();
    for subject in ["partitionKey", "credential"] {
        let told = of_memory.iter().filter(|finding| finding["subject"] == subject).count();
        assert_eq!(told, 1, "{subject}: {report}");
    }

    let person = program.run(&["doctor", "--flow", file.to_str().unwrap()]);
    assert!(
        person.stdout.contains("memory: DynamoDBChatMemory") && person.stdout.contains("error"),
        "{person:?}"
    );
    let missing = program.run(&["doctor", "--flow", "no-such-flow"]);
    assert_eq!(missing.code, Some(4), "{missing:?}");
}
