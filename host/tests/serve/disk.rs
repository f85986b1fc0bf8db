//! A disk that fills up under a running host.

use std::process::Command;

use reqwest::Method;
use serde_json::{Value, json};

use crate::host::{Host, refusal};
use crate::support::Program;

/// Serves from a file system of 1 MB. `$0` is the program.
const SERVE: &str = r#"mount -t tmpfs -o size=1m tmpfs "$HOME" && exec "$0" --listen 127.0.0.1:0"#;

#[tokio::test]
async fn a_full_disk_is_told_and_loses_no_flow() {
    let program = Program::new();
    let plain = program.command(&[]);
    let mut command = Command::new("unshare");
    command
        .args(["--map-root-user", "--mount", "sh", "-c", SERVE])
        .arg(plain.get_program())
        .env("HOME", program.home())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped());
    let host = Host::spawn(command);
    let flow = |text: &str| json!({"format": 1, "name": "kept", "note": text.repeat(40_000)});
    let mut kept = Vec::new();
    let told = loop {
        let answer =
            host.request(Method::POST, "flows").json(&json!({"flow": flow("x")})).send().await.unwrap();
        let status = answer.status();
        let body: Value = answer.json().await.unwrap();
        if !status.is_success() {
            break body;
        }
        kept.push(body["id"].as_str().unwrap().to_owned());
        assert!(kept.len() < 100, "the disk never fills");
    };
    assert_eq!(told["error"]["kind"], "storage", "{told}");
    assert!(told["error"]["message"].as_str().unwrap().contains("free space"), "{told}");
    assert!(kept.len() > 3, "{kept:?}");

    let larger = host.request(Method::PUT, &format!("flows/{}", kept[0])).header("if-match", "*");
    let (status, _) = refusal(larger.json(&flow("yyyyyyyyyy"))).await;
    assert_eq!(status, 500);
    for id in &kept {
        assert_eq!(host.get(&format!("flows/{id}")).await["flow"]["note"], flow("x")["note"], "{id}");
    }
    let deleted = host.request(Method::DELETE, &format!("flows/{}", kept[0])).send().await.unwrap();
    assert_eq!(deleted.status(), 204);
    host.post("flows", &json!({"flow": flow("z")})).await;
}
