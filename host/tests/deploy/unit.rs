//! `deploy/canvas-memory.service`.

use std::process::{Command, Output};

use reqwest::StatusCode;

use crate::{Served, TOKEN, assert_apart, assert_options_exist, option, status, workspace};

const PROGRAM: &str = "/usr/local/bin/canvas-memory";
/// Of 100, how much of the system the service may reach at most, as systemd counts it.
const MAX_EXPOSURE: &str = "20";

fn text() -> String {
    std::fs::read_to_string(workspace("deploy/canvas-memory.service")).unwrap()
}

/// All values of a setting, in order.
fn all(name: &str) -> Vec<String> {
    let text = text();
    let settings = text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('='));
    settings.filter(|(known, _)| *known == name).map(|(_, value)| value.to_owned()).collect()
}

/// The program's arguments.
fn args() -> Vec<String> {
    let [command] = all("ExecStart").try_into().expect("one command");
    let mut words = command.split_whitespace().map(str::to_owned);
    assert_eq!(words.next().as_deref(), Some(PROGRAM));
    words.collect()
}

#[test]
fn it_runs_as_nobody_of_note() {
    assert_eq!(all("DynamicUser"), ["yes"]);
    assert!(all("User").is_empty() && all("Group").is_empty());
    assert_eq!(all("NoNewPrivileges"), ["yes"]);
    assert_eq!(all("CapabilityBoundingSet"), [""]);
}

#[test]
fn data_key_and_token_lie_apart() {
    let args = args();
    assert_options_exist(&args);
    let [data, key, token] = ["--data-dir", "--key-file", "--token-file"].map(|name| option(&args, name));
    let [state] = all("StateDirectory").try_into().expect("one state directory");
    assert_eq!(data, format!("%S/{state}"));
    assert_eq!(all("StateDirectoryMode"), ["0700"]);
    assert_apart(data, key, token);
    let credentials: Vec<_> = all("LoadCredential")
        .iter()
        .map(|credential| {
            credential.split_once(':').map(|(id, path)| (id.to_owned(), path.to_owned())).unwrap()
        })
        .collect();
    for file in [key, token] {
        let id = file.strip_prefix("%d/").expect("systemd hands it over");
        let (_, path) = credentials.iter().find(|(known, _)| known == id).expect("it is loaded");
        assert!(path.starts_with("/etc/"), "{path}");
    }
}

#[tokio::test]
async fn its_command_starts_the_host() {
    let args = args();
    let served =
        Served::new(&args, ["--data-dir", "--key-file", "--token-file"].map(|name| option(&args, name)));
    let (_host, url) = served.start();
    assert_eq!(status(&url, None).await, StatusCode::UNAUTHORIZED);
    assert_eq!(status(&url, Some(TOKEN)).await, StatusCode::OK);
}

fn systemd_analyze(args: &[&str]) -> Output {
    // It looks whether the program is there.
    let folder = tempfile::tempdir().unwrap();
    let unit = folder.path().join("canvas-memory.service");
    std::fs::write(&unit, text().replace(PROGRAM, env!("CARGO_BIN_EXE_canvas-memory"))).unwrap();
    let ran = Command::new("systemd-analyze").args(args).arg(&unit).output();
    ran.unwrap_or_else(|error| panic!("systemd-analyze can't be started ({error}): run tests/install.sh"))
}

#[test]
fn systemd_takes_it_and_finds_it_locked_in() {
    let verified = systemd_analyze(&["verify", "--man=no"]);
    let said = String::from_utf8_lossy(&verified.stderr);
    assert!(verified.status.success() && !said.contains("canvas-memory.service"), "{said}");
    let threshold = format!("--threshold={MAX_EXPOSURE}");
    let examined = systemd_analyze(&["security", "--offline=true", "--no-pager", &threshold]);
    assert!(examined.status.success(), "{}", String::from_utf8_lossy(&examined.stdout));
}
