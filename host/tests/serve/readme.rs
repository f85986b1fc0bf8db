//! The README's commands, as they stand there.

use std::net::TcpListener;
use std::process::Command;

use crate::support::{Program, Ran};

const README: &str = include_str!("../../../README.md");
/// Where the README's host listens, which may be taken here.
const PORT: &str = ":4680";

/// What stands before the commands. A host is started in the background, as in a terminal of its own; what it is called
/// by its users is the program under test.
const PRELUDE: &str = r#"
set -eu -o pipefail
trap 'kill $(jobs -p) 2> /dev/null || true' EXIT
canvas-memory() {
    case ${1---listen} in
        --listen)
            "$PROGRAM" "$@" > "$HOME/url" &
            until grep -q http "$HOME/url"; do sleep 0.1; kill -0 $!; done
            cat "$HOME/url" ;;
        *) "$PROGRAM" "$@" ;;
    esac
}
cargo() {
    case $* in
        run) canvas-memory --listen "127.0.0.1$PORT" ;;
        "run -- "*) shift 2; canvas-memory "$@" ;;
        *) false ;;
    esac
}
"#;

#[test]
fn try_it() {
    let ran = run("## Try it", |block| block.contains("cargo run")).ok();
    assert!(ran.stdout.contains("> user: Hello my name is Collin."), "{ran:?}");
}

#[test]
fn serve_flows() {
    let ran = run("## Serve flows", |_| true).ok();
    assert!(ran.stdout.starts_with("http://127.0.0.1:"), "{ran:?}");
    assert!(!ran.stdout.contains(r#""error":{"#), "{ran:?}");
    for said in [
        r#""id":"support""#,
        r#""turn_id":"#,
        r#""sessionId":"user-id-123""#,
        r#""source":"flowise""#,
        "\n> user: Hello my name is Collin.",
    ] {
        assert!(ran.stdout.contains(said), "{said}: {ran:?}");
    }
}

#[test]
fn drive_a_memory_from_a_script() {
    let ran = run("## Drive a memory from a script", |_| true).ok();
    assert!(ran.stdout.contains(r#""content": "Hello""#), "{ran:?}");
}

/// Runs the commands of a section.
fn run(heading: &str, is_run: impl Fn(&str) -> bool) -> Ran {
    let section = README.split_once(&format!("\n{heading}\n")).unwrap().1;
    let section = section.split("\n## ").next().unwrap();
    let blocks = section.split("```sh\n").skip(1).map(|block| block.split("```").next().unwrap());
    let commands: Vec<_> = blocks.filter(|block| is_run(block)).collect();
    assert!(!commands.is_empty());

    let program = Program::new();
    let tests = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests");
    std::os::unix::fs::symlink(tests, program.home().join("tests")).unwrap();
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let port = format!(":{free}");
    let script = format!("{PRELUDE}{}", commands.join("\n").replace(PORT, &port));
    let output = Command::new("bash")
        .args(["-c", &script])
        .current_dir(program.home())
        .env("HOME", program.home())
        .env_remove("XDG_DATA_HOME")
        .env_remove("XDG_CONFIG_HOME")
        .env_remove("CANVAS_MEMORY_DATA_DIR")
        .env("PROGRAM", env!("CARGO_BIN_EXE_canvas-memory"))
        .env("PORT", &port)
        .output()
        .unwrap();
    Ran::of(output)
}
