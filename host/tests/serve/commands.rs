//! Commands on a data directory whose host runs go through that host, and say the same.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::process::Child;

use serde_json::{Value, json};

use crate::host::Host;
use crate::support::{Program, Ran};

const DYNAMODB: &str =
    r#"{"tableName":"chat","partitionKey":"id","sortKey":"sk","endpoint":"builtin","createTable":true}"#;
const UPSTASH: &str = "upstashRedisBackedChatMemory";
const TURN: &str = r#"{"id":"t-9","messages":[{"role":"user","content":"\ud83d\udc4b","n":12345678901234567890123},{"role":"assistant","content":"Hi"}]}"#;

/// What is typed, and what is on standard input.
const COMMANDS: &[(&[&str], &str)] = &[
    (&["chat", "--session", "s", "--turn-id", "t1", "Hello my name is Collin."], ""),
    (&["chat", "--session", "s", "--turn-id", "t2", "What is my name?"], ""),
    (&["chat", "--session", "s", "--turn-id", "t2", "What is my name?"], ""),
    (&["chat", "--session", "s", "--turn-id", "t2", "Something else"], ""),
    (&["chat", "--json", "--session", "s", "--turn-id", "t3", "And now?"], ""),
    (&["chat", "--json", "--session", "s", "--turn-id", "t3", "Something else"], ""),
    (&["chat", "--session", "lines"], "Hello my name is Collin.\n\nWhat is my name?\n"),
    (
        &[
            "chat",
            "--flow",
            "dynamodb-on-this-machine",
            "--session",
            "s",
            "--turn-id",
            "t4",
            "Through a saved flow",
        ],
        "",
    ),
    (&["chat", "--flow", "nobody", "Hello"], ""),
    (&["chat", "--node", UPSTASH, "--session", "s", "--turn-id", "t1", "--system", "Be kind.", "Hello"], ""),
    (&["chat", "--inputs", DYNAMODB, "--session", "s", "Hello"], ""),
    (&["chat", "--inputs", r#"{"tabelName":"t"}"#, "Hello"], ""),
    (&["chat", "--node", "DynamoDbMemory", "Hello"], ""),
    (&["chat", "--credential", "deleted", "Hello"], ""),
    (&["chat", "--model", "nobody:gpt-4o", "Hello"], ""),
    (&["chat", "--session", "", "Hello"], ""),
    (&["chat", "--turn-id", "a b", "Hello"], ""),
    (&["chat", ""], ""),
    (&["memory", "append", "--session", "s"], TURN),
    (&["memory", "append", "--session", "s"], TURN),
    (&["memory", "append", "--session", "s", "--after", "stale"], TURN),
    (&["memory", "append", "--session", "s"], "{}"),
    (&["memory", "load", "--session", "s"], ""),
    (&["memory", "load", "--json", "--session", "s"], ""),
    (&["memory", "load", "--node", UPSTASH, "--session", "s"], ""),
    (&["memory", "load"], ""),
    (&["memory", "load", "--session", "s", "--credential", "deleted"], ""),
    (&["memory", "load", "--inputs", r#"{"baseURL":"builtin","sessionId":"s"}"#, "--node", UPSTASH], ""),
    (&["memory", "sessions", "--limit", "1"], ""),
    (&["memory", "sessions", "--page", "nonsense"], ""),
    (&["memory", "inspect", "--session", "s", "--limit", "2"], ""),
    (&["memory", "test"], ""),
    (&["memory", "test", "--node", UPSTASH, "--json"], ""),
    (&["memory", "clear", "--session", "s"], ""),
    (&["memory", "load", "--session", "s"], ""),
    (
        &["credential", "add", "key", "--type", "dynamodbMemoryApi"],
        r#"{"accessKey":"AKIAEXAMPLE","secretAccessKey":"x"}"#,
    ),
    (
        &["credential", "add", "key", "--type", "dynamodbMemoryApi"],
        r#"{"accessKey":"AKIAEXAMPLE","secretAccessKey":"x"}"#,
    ),
    (
        &["credential", "add", "Bad Id", "--type", "dynamodbMemoryApi"],
        r#"{"accessKey":"AKIAEXAMPLE","secretAccessKey":"x"}"#,
    ),
    (&["credential", "add", "other", "--type", "noSuchType"], "{}"),
    (&["credential", "add", "other", "--type", "dynamodbMemoryApi"], r#"{"acessKey":"AKIAEXAMPLE"}"#),
    (&["credential", "add", "other", "--type", "dynamodbMemoryApi"], "hunter2"),
    (&["credential", "list"], ""),
    (&["credential", "delete", "nobody"], ""),
    (&["credential", "delete", "key"], ""),
    (&["credential", "list", "--json"], ""),
    (&["tables", "create", "turns", "--table-name", "made", "--endpoint", "builtin"], ""),
    (&["tables", "create", "turns", "--table-name", "made", "--endpoint", "builtin", "--json"], ""),
    (&["tables", "create", "mem0", "--ttl-enabled", "--endpoint", "builtin", "--json"], ""),
    (&["tables", "create", "list", "--table-name", "made", "--endpoint", "builtin"], ""),
    (&["tables", "create", "list", "--endpoint", "builtin"], ""),
    (&["tables", "create", "list", "--table-name", "far"], ""),
    (&["tables", "check", "mem0", "--gsi-enabled=false", "--endpoint", "builtin"], ""),
    (&["tables", "check", "history", "--table-name", "nobody", "--endpoint", "builtin"], ""),
    (&["tables", "delete", "made", "--endpoint", "builtin"], "mad\n"),
    (&["tables", "delete", "made", "--endpoint", "builtin"], "made\n"),
    (&["tables", "delete", "made", "--endpoint", "builtin", "--yes", "--json"], ""),
];

#[test]
fn a_host_gives_the_same_answers_as_none() {
    let (alone, served) = (Program::new(), Program::new());
    let host = Host::start(&served);
    let mut differences = Vec::new();
    for (args, stdin) in COMMANDS {
        let expected = comparable(&alone.run_with_stdin(args, stdin));
        let found = comparable(&served.run_with_stdin(args, stdin));
        if found != expected {
            differences.push(format!("{args:?}:\n{found:?}, and alone\n{expected:?}"));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    assert!(host.stop("-TERM").code == Some(0));
}

/// What a command said, without times, places and counts of bytes.
fn comparable(ran: &Ran) -> (Option<i32>, Vec<String>, String) {
    let stdout = match serde_json::from_str::<Value>(&ran.stdout) {
        Ok(value) => vec![same(value).to_string(), ran.stdout.lines().count().to_string()],
        Err(_) => ran
            .stdout
            .lines()
            .map(|line| {
                serde_json::from_str(line).map_or_else(|_| line.to_owned(), |json| same(json).to_string())
            })
            .collect(),
    };
    let stdout = joined(stdout);
    let mut words: Vec<_> = ran.stderr.split(' ').collect();
    for at in 1..words.len() {
        if words[at].starts_with("ms") {
            words[at - 1] = "some";
        }
    }
    let stderr = words.join(" ");
    // A conversation without a name gets a new one.
    let stderr = match stderr.split_once("(new)") {
        Some((_, rest)) => rest.to_owned(),
        None => stderr,
    };
    (ran.code, stdout, stderr)
}

/// Pieces of an answer in one: how much comes at once is a matter of time.
fn joined(lines: Vec<String>) -> Vec<String> {
    let text_of = |line: &str| {
        let event: Value = serde_json::from_str(line).ok()?;
        (event["event"] == "text").then(|| event["text"].as_str().unwrap().to_owned())
    };
    let mut joined: Vec<String> = Vec::new();
    let mut text = String::new();
    for line in lines {
        match text_of(&line) {
            Some(piece) => text.push_str(&piece),
            None => joined.extend([std::mem::take(&mut text), line]),
        }
    }
    joined
}

fn same(value: Value) -> Value {
    const CHANGES: [&str; 13] = [
        "took_ms",
        "bytes",
        "bytes_sent",
        "bytes_received",
        "position",
        "next",
        "raw",
        "stored_at_epoch_secs",
        "last_used_epoch_secs",
        "expires_at_epoch_secs",
        "created",
        "updated",
        "cm_at",
    ];
    match value {
        Value::Object(fields) => {
            let fields = fields.into_iter().map(|(name, value)| {
                let value = if CHANGES.contains(&name.as_str()) { json!("changes") } else { same(value) };
                (name, value)
            });
            fields.collect()
        }
        Value::Array(values) => values.into_iter().map(same).collect(),
        other => other,
    }
}

#[test]
fn what_is_printed_is_kept_to_the_letter() {
    let program = Program::new();
    let _host = Host::start(&program);
    program.run_with_stdin(&["memory", "append", "--session", "s"], TURN).ok();
    for format in [&["--json"][..], &[]] {
        let loaded = program.run(&[&["memory", "load", "--session", "s"], format].concat()).ok();
        assert!(loaded.stdout.contains("12345678901234567890123"), "{loaded:?}");
    }
}

#[tokio::test]
async fn a_credential_that_a_flow_names_is_not_deleted_by_mistake() {
    let program = Program::new();
    let fields = r#"{"accessKey":"AKIAEXAMPLE","secretAccessKey":"x"}"#;
    program.run_with_stdin(&["credential", "add", "aws", "--type", "dynamodbMemoryApi"], fields).ok();
    let host = Host::start(&program);
    let node = json!({"id": "m", "type": "DynamoDBChatMemory", "credential": "aws"});
    let flow = json!({"format": 1, "name": "uses it", "nodes": [node]});
    host.post("flows", &json!({"flow": flow})).await;
    let through_host = program.run(&["credential", "delete", "aws"]);
    drop(host);
    let alone = program.run(&["credential", "delete", "aws"]);
    for refused in [through_host, alone] {
        assert_eq!(refused.code, Some(6), "{refused:?}");
        assert!(refused.stderr.contains("uses-it") && refused.stderr.contains("--force"), "{refused:?}");
    }
    program.run(&["credential", "delete", "aws", "--force"]).ok();
}

#[test]
fn a_typed_credential_stays_in_the_process_that_read_it() {
    let program = Program::new();
    let file = program.home().join("aws.json");
    fs::write(&file, r#"{"accessKey":"AKIAEXAMPLE","secretAccessKey":"hunter2"}"#).unwrap();
    let typed = format!("@{}", file.display());
    // A listener in the place of a host's: it shows who asks.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let mut holder = program.command(&["engine", "upstash"]).spawn().unwrap();
    first_line(&mut holder);
    let announced = json!({
        "url": format!("http://{}", listener.local_addr().unwrap()), "pid": holder.id(), "secret": "s",
    });
    fs::write(program.data_dir().join("host.json"), announced.to_string()).unwrap();
    for args in [
        &["chat", "--session", "s", "--credential", &typed, "Hello"][..],
        &["memory", "load", "--session", "s", "--credential", &typed],
    ] {
        let ran = program.run(args);
        assert_eq!(ran.code, Some(9), "{ran:?}");
        for told in [&holder.id().to_string(), "credential add", "--data-dir"] {
            assert!(ran.stderr.contains(told), "{told}: {ran:?}");
        }
        assert!(listener.accept().is_err(), "the host was asked");
    }
    let mut asking = program.command(&["memory", "load", "--session", "s"]).spawn().unwrap();
    listener.set_nonblocking(false).unwrap();
    let (mut connection, _) = listener.accept().unwrap();
    let mut head = [0; 32];
    connection.read_exact(&mut head).unwrap();
    assert!(head.starts_with(b"POST /api/v1/memory/load"));
    connection.write_all(b"HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\n\r\n").unwrap();
    drop(connection);
    assert_eq!(asking.wait().unwrap().code(), Some(8), "an answer that is none");
    holder.kill().unwrap();
    holder.wait().unwrap();
}

#[test]
fn a_typed_credential_works_beside_the_host() {
    let (program, elsewhere) = (Program::new(), Program::new());
    let _host = Host::start(&program);
    let mut engine = elsewhere.command(&["engine", "upstash", "--json"]).spawn().unwrap();
    let announced: Value = serde_json::from_str(&first_line(&mut engine)).unwrap();
    let inputs = json!({"baseURL": announced["url"]}).to_string();
    let credential = format!("@{}", announced["credential_file"].as_str().unwrap());
    let say = |message: &str| {
        let node = ["--node", UPSTASH, "--inputs", &inputs, "--credential", &credential];
        program.run(&[&["chat", "--session", "s"], &node[..], &[message]].concat()).ok()
    };
    say("Hello my name is Collin.");
    assert!(say("What is my name?").stdout.contains("Collin"));
    engine.kill().unwrap();
    engine.wait().unwrap();
}

#[test]
fn the_vaults_key_is_changed_while_no_host_runs() {
    let program = Program::new();
    let fields = r#"{"accessKey":"AKIAEXAMPLE","secretAccessKey":"x"}"#;
    program.run_with_stdin(&["credential", "add", "aws", "--type", "dynamodbMemoryApi"], fields).ok();
    let new = program.home().join("new-key");
    let rotate = ["credential", "rotate", "--new-key-file", new.to_str().unwrap()];
    let host = Host::start(&program);
    let refused = program.run(&rotate);
    assert_eq!(refused.code, Some(9), "{refused:?}");
    assert!(refused.stderr.contains(&host.process_id().to_string()) && !new.exists(), "{refused:?}");
    drop(host);
    let rotated = program.run(&rotate).ok();
    assert_eq!(rotated.json()["resealed"], 1, "{rotated:?}");
    assert!(rotated.stderr.contains("--key-file"), "{rotated:?}");
    assert_eq!(program.run(&rotate).ok().json()["already_sealed"], 1, "it can be called again");
    assert_eq!(program.run(&["--listen", "127.0.0.1:0"]).code, Some(3), "the old key opens nothing");
    let with_new = ["--key-file", new.to_str().unwrap(), "credential", "list"];
    assert_eq!(program.run(&with_new).ok().json()[0]["fields"]["secretAccessKey"], json!({"set": true}));
    drop(Host::start_with(&program, &["--key-file", new.to_str().unwrap()]));
}

fn first_line(child: &mut Child) -> String {
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    line
}
