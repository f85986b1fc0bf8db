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

/// Talks in a file system of 2 MB until an answer can't be stored. `$0` is the
/// program; with `$SERVE` it goes through a host.
const TALK: &str = r#"
mount -t tmpfs -o size=2m tmpfs "$HOME" || exit 99
if [ -n "$SERVE" ]; then
    "$0" --listen 127.0.0.1:0 > "$HOME/url" 2> /dev/null &
    until grep -q http "$HOME/url"; do sleep 0.1; done
fi
"$0" chat --session s "Hello my name is Collin." > /dev/null || exit 98
cat /dev/zero > "$HOME/ballast" 2> /dev/null
truncate -s -150K "$HOME/ballast"
code=0
while [ "$code" -eq 0 ]; do
    "$0" chat --json --session s "$LONG" > "$OUT"
    code=$?
done
rm "$HOME/ballast"
echo "$code"
tail -n 1 "$OUT"
[ -z "$SERVE" ] || kill $!
wait
"#;

#[test]
fn an_answer_that_could_not_be_stored_is_told_with_its_turn() {
    for serve in ["", "yes"] {
        let program = Program::new();
        let out = tempfile::NamedTempFile::new().unwrap();
        let output = Command::new("unshare")
            .args(["--map-root-user", "--mount", "sh", "-c", TALK, env!("CARGO_BIN_EXE_canvas-memory")])
            .env("HOME", program.home())
            .env("SERVE", serve)
            .env("LONG", "x".repeat(20_000))
            .env("OUT", out.path())
            .output()
            .unwrap();
        let stdout = String::from_utf8(output.stdout).unwrap();
        let (code, event) = stdout.trim_end().split_once('\n').unwrap();
        assert_eq!(code, "10", "{stdout:.500}");
        let event: Value = serde_json::from_str(event).unwrap();
        assert_eq!((&event["event"], &event["error"]["kind"]), (&json!("not_stored"), &json!("storage")));
        let messages = event["turn"]["messages"].as_array().unwrap();
        assert_eq!(messages.len(), 2, "question and answer");
        assert_eq!(messages[0]["content"].as_str().unwrap().len(), 20_000);
        assert_eq!(event["session"]["id"], "s");
    }
}
