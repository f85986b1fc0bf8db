//! The files in `deploy/`: what they promise, and that the program starts as they start it. No image is built here.
#![cfg(unix)]
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails should say where"
)]

mod container;
#[path = "../../../tests/support/process.rs"]
#[allow(dead_code, reason = "each test binary uses a part of it")]
mod process;
#[path = "../support/mod.rs"]
mod support;
mod unit;

use std::path::{Path, PathBuf};

use process::Process;
use reqwest::{Client, StatusCode};
use support::Program;

const TOKEN: &str = "a token that is hard to guess";

/// A file or folder of the workspace.
fn workspace(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join(path)
}

/// A command of a deployment, to be tried on this machine.
struct Served {
    program: Program,
    args: Vec<String>,
}

impl Served {
    /// `args` are those of the program. `data`, `key` and `token` are their paths there; the port becomes a free one.
    fn new(args: &[String], [data, key, token]: [&str; 3]) -> Self {
        let program = Program::new();
        let here = |name: &str| program.home().join(name).display().to_string();
        let args = args.iter().map(|arg| match arg.as_str() {
            path if path == data => here("data"),
            path if path == key => here("secrets/key"),
            path if path == token => here("secrets/token"),
            arg => arg.replace(":4680", ":0"),
        });
        let args = args.collect();
        std::fs::create_dir(program.home().join("secrets")).unwrap();
        std::fs::write(here("secrets/key"), "Ym9yaW5nIGJ1dCBleGFjdGx5IDMyIGJ5dGVzIGxvbmc=\n").unwrap();
        std::fs::write(here("secrets/token"), format!("{TOKEN}\n")).unwrap();
        Self { program, args }
    }

    fn start(&self) -> (Process, String) {
        let args: Vec<_> = self.args.iter().map(String::as_str).collect();
        let url = |line: &str| line.starts_with("http://").then(|| line.to_owned());
        Process::start(&mut self.program.command(&args), url).expect("the host starts")
    }

    /// What the program says when the file with the token is gone.
    fn without_token(&self) -> String {
        std::fs::remove_file(self.program.home().join("secrets/token")).unwrap();
        let args: Vec<_> = self.args.iter().map(String::as_str).collect();
        let ran = self.program.run(&args);
        assert_eq!(ran.code, Some(2), "{ran:?}");
        ran.stderr
    }
}

async fn status(url: &str, token: Option<&str>) -> StatusCode {
    let request = Client::new().get(format!("{url}/api/v1/host"));
    let request = match token {
        Some(token) => request.bearer_auth(token),
        None => request,
    };
    request.send().await.unwrap().status()
}

/// The value of an option such as `--listen`.
fn option<'a>(args: &'a [String], name: &str) -> &'a str {
    let at = args.iter().position(|arg| arg == name).unwrap_or_else(|| panic!("{name} is missing"));
    &args[at + 1]
}

/// Fails when the program does not know an option.
fn assert_options_exist(args: &[String]) {
    let help = Program::new().run(&["serve", "--help"]).ok().stdout;
    let options: Vec<_> = args.iter().filter(|arg| arg.starts_with("--")).collect();
    assert!(options.len() >= 4, "{options:?}");
    for option in options {
        assert!(help.contains(&format!("{option} <")), "{option} is not in: {help}");
    }
}

/// Key and token lie outside of the data directory, and apart from each other.
fn assert_apart(data: &str, key: &str, token: &str) {
    assert!(!Path::new(key).starts_with(data) && !Path::new(token).starts_with(data), "{key} {token} {data}");
    assert!(!Path::new(data).starts_with(Path::new(key).parent().unwrap()), "{key} {data}");
    assert_ne!(key, token);
}
