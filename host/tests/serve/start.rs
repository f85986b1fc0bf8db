//! Starting and stopping.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use reqwest::Method;
use serde_json::{Value, json};

use crate::host::{Host, refusal};
use crate::support::Program;

#[tokio::test]
async fn standard_output_is_the_url_and_nothing_else() {
    for signal in ["-TERM", "-INT"] {
        let program = Program::new();
        let host = Host::start(&program);
        let announced = program.data_dir().join("host.json");
        let mode = fs::metadata(&announced).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{mode:o}");
        let document: Value = serde_json::from_slice(&fs::read(&announced).unwrap()).unwrap();
        assert_eq!(document["url"], host.url.as_str());
        assert_eq!(document["pid"], host.process_id());
        assert!(host.get("host").await["version"].is_string());
        let url = host.url.clone();
        let stopped = host.stop(signal);
        assert_eq!((stopped.code, stopped.stdout.as_str()), (Some(0), ""), "{stopped:?}");
        assert!(!announced.exists(), "what tells of the host goes with it");
        for told in [program.data_dir().to_str().unwrap(), "--flow dynamodb-on-this-machine", &url] {
            assert!(stopped.stderr.contains(told), "{told}: {stopped:?}");
        }
    }
}

#[tokio::test]
async fn a_host_that_was_killed_is_in_nobodys_way() {
    let program = Program::new();
    let host = Host::start(&program);
    host.kill();
    assert!(program.data_dir().join("host.json").exists());
    program.run(&["chat", "--session", "s", "Hello my name is Collin."]).ok();
    let engine = program.command(&["engine", "dynamodb"]).stdout(std::process::Stdio::piped()).spawn();
    let mut engine = engine.unwrap();
    let mut line = String::new();
    let mut stdout = std::io::BufReader::new(engine.stdout.take().unwrap());
    std::io::BufRead::read_line(&mut stdout, &mut line).unwrap();
    let in_use = program.run(&["chat", "Hello"]);
    engine.kill().unwrap();
    engine.wait().unwrap();
    assert_eq!(in_use.code, Some(9), "another process than the announced one has the directory: {in_use:?}");
    let host = Host::start(&program);
    let second = program.run(&["chat", "--session", "s", "What is my name?"]).ok();
    assert!(second.stdout.contains("Collin"), "{second:?}");
    assert!(host.get("host").await["version"].is_string());
}

#[tokio::test]
async fn others_are_let_in_with_the_token_and_the_commands_of_this_machine_without() {
    let program = Program::new();
    let token_file = program.home().join("token");
    fs::write(&token_file, "a-token-that-is-hard-to-guess\n").unwrap();
    let by_file = program.command(&[
        "--listen",
        "0.0.0.0:0",
        "--token-file",
        token_file.to_str().unwrap(),
        "--host-name",
        "memory.example",
    ]);
    let mut by_variable = program.command(&["--listen", "127.0.0.1:0", "--host-name", "memory.example"]);
    by_variable.env("CANVAS_MEMORY_TOKEN", "a-token-that-is-hard-to-guess");
    for command in [by_file, by_variable] {
        let host = Host::spawn(command);
        assert!(host.url.starts_with("http://127.0.0.1:"), "{}", host.url);
        let (status, body) = refusal(host.request(Method::GET, "flows")).await;
        assert_eq!((status, &body["error"]["kind"]), (401, &json!("unauthenticated")));
        let host = host.with_token("a-token-that-is-hard-to-guess");
        host.get("flows").await;
        let (status, _) = refusal(host.request(Method::GET, "flows").header("host", "evil.example")).await;
        assert_eq!(status, 403);
        let named = host.request(Method::GET, "flows").header("host", "memory.example").send().await.unwrap();
        assert_eq!(named.status(), 200);
        let said = program.run(&["chat", "--session", "s", "Hello"]).ok();
        assert!(said.stdout.contains("Echo Model"), "{said:?}");
        drop(host);
    }
}

#[tokio::test]
async fn the_machines_own_identity_can_be_turned_off_and_is_off_for_others() {
    let program = Program::new();
    let machine =
        json!({"id": "machine", "name": "m", "type": "dynamodbMemoryApi", "fields": {"kind": "machine"}});
    let of_machine = json!({"node": {"type": "DynamoDBChatMemory", "credential": "machine",
        "inputs": {"tableName": "chat", "partitionKey": "id", "region": "us-east-1", "endpoint": "http://127.0.0.1:1"}}});
    let mut others = program.command(&["--listen", "0.0.0.0:0", "--allow-endpoint", "127.0.0.1:1"]);
    others.env("CANVAS_MEMORY_TOKEN", "t");
    let off = program.command(&[
        "--listen",
        "127.0.0.1:0",
        "--machine-identity=false",
        "--allow-endpoint",
        "127.0.0.1:1",
    ]);
    let mut messages = Vec::new();
    for command in [others, off] {
        let host = Host::spawn(command).with_token("t");
        if messages.is_empty() {
            host.post("credentials", &machine).await;
        }
        let (status, body) = refusal(host.request(Method::POST, "nodes/health").json(&of_machine)).await;
        assert!(status >= 400, "{body}");
        messages.push(body["error"]["message"].as_str().unwrap().to_owned());
    }
    assert!(messages.iter().all(|message| message.contains("identity")), "{messages:?}");
}
