//! A disk that fills up: an error of its own, and every acknowledged turn still there.
#![cfg(target_os = "linux")]
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that fails should say where"
)]

mod support;

use std::process::Command;

use serde_json::{Value, json};
use support::Program;

/// Appends in a file system of 2 MB until one fails, then makes room and loads. `$0` is the program.
const FILL: &str = r#"
mount -t tmpfs -o size=2m tmpfs "$HOME" || exit 99
head -c 40000 /dev/zero > "$HOME/ballast"
stored=0
while :; do
    printf %s "$TURN" | "$0" memory append --node "$NODE" --session s > /dev/null 2> "$ERRORS"
    code=$?
    [ "$code" -eq 0 ] || break
    stored=$((stored + 1))
    [ "$stored" -lt 200 ] || exit 98
done
rm "$HOME/ballast"
echo "$stored"
echo "$code"
"$0" memory load --json --node "$NODE" --session s
"#;

#[test]
fn a_full_disk_is_told_and_loses_nothing() {
    for node in ["DynamoDBChatMemory", "upstashRedisBackedChatMemory"] {
        let program = Program::new();
        let turn = json!({"messages": [{"role": "user", "content": "x".repeat(20_000)}]});
        let errors = tempfile::NamedTempFile::new().unwrap();
        let output = Command::new("unshare")
            .args(["--map-root-user", "--mount", "sh", "-c", FILL, env!("CARGO_BIN_EXE_canvas-memory")])
            .env("HOME", program.home())
            .env("NODE", node)
            .env("TURN", turn.to_string())
            .env("ERRORS", errors.path())
            .output()
            .unwrap();
        let told = std::fs::read_to_string(errors.path()).unwrap();
        let stdout = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{node}: {:?} {told} {stdout:.300}", output.status);
        let lines: Vec<_> = stdout.lines().collect();
        let stored: usize = lines[0].parse().unwrap();
        assert!(stored > 3, "{node}: {stored}");
        assert_eq!(lines[1], "9", "{node}: {told}");
        assert!(told.contains("is full") && told.contains("free some space"), "{node}: {told}");
        let loaded: Value = serde_json::from_str(lines.last().unwrap()).unwrap();
        assert_eq!(loaded["turns"].as_array().unwrap().len(), stored, "{node}: as many as were acknowledged");
    }
}
