//! `deploy/Dockerfile`.

use std::process::Command;

use reqwest::StatusCode;

use crate::{Served, TOKEN, assert_apart, assert_options_exist, option, status, workspace};

/// Instructions with their arguments, lines that go on joined, without comments.
fn instructions() -> Vec<(String, String)> {
    let text = std::fs::read_to_string(workspace("deploy/Dockerfile")).unwrap();
    let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
    let joined = lines.collect::<Vec<_>>().join("\n").replace("\\\n", " ");
    let instruction = |line: &str| {
        let (name, arguments) = line.split_once(' ').unwrap();
        (name.to_owned(), arguments.trim().to_owned())
    };
    joined.lines().filter(|line| !line.trim().is_empty()).map(instruction).collect()
}

fn all(name: &str) -> Vec<String> {
    instructions().into_iter().filter(|(known, _)| known == name).map(|(_, arguments)| arguments).collect()
}

fn last(name: &str) -> String {
    all(name).pop().unwrap_or_else(|| panic!("there is no {name}"))
}

/// The program's arguments.
fn args() -> Vec<String> {
    assert_eq!(last("ENTRYPOINT"), r#"["canvas-memory"]"#);
    serde_json::from_str(&last("CMD")).unwrap()
}

#[test]
fn it_is_built_apart_and_runs_as_nobody_of_note() {
    let images = all("FROM");
    assert_eq!(images.len(), 2, "one to build in, one to run in");
    for image in &images {
        let (_, tag) = image.split_whitespace().next().unwrap().split_once(':').expect("a tag is pinned");
        assert!(tag.starts_with(|c: char| c.is_ascii_digit()) && tag.contains('.'), "{image} moves");
    }
    assert!(images[1].starts_with("debian:") && images[1].contains("slim"), "{images:?}");
    let user = last("USER");
    let ids: Vec<u32> = user.split(':').map(|id| id.parse().expect("a number")).collect();
    assert!(ids.len() == 2 && ids.iter().all(|id| *id >= 1_000), "{user}");
    // Nothing after it becomes root again, and nothing of the build but the program is taken along.
    assert_eq!(all("USER").len(), 1);
    assert_eq!(all("COPY").len(), 2);
    assert!(last("COPY").starts_with("--from=build "), "{}", last("COPY"));
}

#[test]
fn data_key_and_token_lie_apart() {
    let args = args();
    assert_options_exist(&args);
    let [data, key, token] = ["--data-dir", "--key-file", "--token-file"].map(|name| option(&args, name));
    assert_eq!(last("VOLUME"), format!("[\"{data}\"]"));
    assert_apart(data, key, token);
    // Of the context, what must not get into a layer.
    let ignored = std::fs::read_to_string(workspace("deploy/Dockerfile.dockerignore")).unwrap();
    for path in [".git", "target"] {
        assert!(ignored.lines().any(|line| line == path), "{path} is sent to the build");
    }
}

#[tokio::test]
async fn its_command_starts_the_host_and_its_check_sees_that() {
    let args = args();
    let served =
        Served::new(&args, ["--data-dir", "--key-file", "--token-file"].map(|name| option(&args, name)));
    let (host, url) = served.start();
    assert_eq!(status(&url, None).await, StatusCode::UNAUTHORIZED);
    assert_eq!(status(&url, Some(TOKEN)).await, StatusCode::OK);

    let port = url.rsplit(':').next().unwrap();
    let check = last("HEALTHCHECK");
    let (_, command) = check.split_once(" CMD ").unwrap();
    let command: Vec<String> = serde_json::from_str(&command.replace("4680", port)).unwrap();
    let is_healthy = || {
        let mut check = Command::new(&command[0]);
        check.args(&command[1..]).stderr(std::process::Stdio::null()).status().unwrap().success()
    };
    assert!(is_healthy());
    drop(host);
    assert!(!is_healthy());

    let refusal = served.without_token();
    assert!(refusal.contains("token-file"), "{refusal}");
}

#[test]
fn the_linter_finds_nothing() {
    let hadolint = workspace("tests/interop/.venv/bin/hadolint");
    assert!(hadolint.exists(), "{} is missing. Run tests/install.sh", hadolint.display());
    let linted = Command::new(hadolint).arg(workspace("deploy/Dockerfile")).output().unwrap();
    assert!(linted.status.success(), "{}", String::from_utf8_lossy(&linted.stdout));
}
