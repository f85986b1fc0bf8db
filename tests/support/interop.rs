//! Runs the programs of `tests/interop`; its README says what each does.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tokio::io::AsyncWriteExt;

/// A Node.js command for a script in `tests/interop/js`.
pub(crate) fn node(script: &str) -> Command {
    let folder = folder();
    installed(&folder.join("node_modules/.stamp"));
    // The AWS SDK warns on each start that it will need a newer Node.js some day.
    program(&folder.join(".bin/node"), &["--no-warnings"], &folder.join("js").join(script))
}

/// A Python command for a script in `tests/interop/python`.
pub(crate) fn python(script: &str) -> Command {
    let folder = folder();
    installed(&folder.join(".venv/.stamp"));
    // langchain-community warns on each start that it is no longer maintained.
    let flags = ["-W", "ignore::DeprecationWarning"];
    program(&folder.join(".venv/bin/python"), &flags, &folder.join("python").join(script))
}

fn program(interpreter: &Path, flags: &[&str], script: &Path) -> Command {
    installed(interpreter);
    let mut command = Command::new(interpreter);
    command.args(flags).arg(script);
    command
}

fn installed(path: &Path) {
    assert!(path.exists(), "{} is missing. Run tests/install.sh", path.display());
}

/// `tests/interop`, seen from whichever package of the workspace is under test.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .map(|folder| folder.join("tests/interop"))
        .find(|folder| folder.is_dir())
        .expect("the workspace holds tests/interop")
}

/// One session, as a foreign package sees it.
pub(crate) struct History {
    package: Package,
    backend: &'static str,
    options: Vec<String>,
}

/// Whose code handles the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Package {
    /// `@langchain/community`
    LangChainJs,
    /// `langchain-community`
    LangChainPython,
    /// The memory nodes of Flowise: what they do, over the same SDK and client.
    Flowise,
}

impl History {
    /// The session in a DynamoDB table with a partition key.
    pub(crate) fn dynamodb(
        package: Package,
        endpoint: &str,
        table: &str,
        partition_key: &str,
        session: &str,
    ) -> Self {
        Self { package, backend: "dynamodb", options: Vec::new() }
            .option("endpoint", endpoint)
            .option("table", table)
            .option("partition-key", partition_key)
            .option("session", session)
    }

    /// The session in a Redis behind the Upstash REST protocol.
    pub(crate) fn upstash(package: Package, url: &str, token: &str, session: &str) -> Self {
        Self { package, backend: "upstash", options: Vec::new() }
            .option("url", url)
            .option("token", token)
            .option("session", session)
    }

    /// One more option of the script, without the dashes: `option("ttl", "60")`.
    pub(crate) fn option(mut self, name: &str, value: &str) -> Self {
        // In one argument, so that a value may begin with a dash.
        self.options.push(format!("--{name}={value}"));
        self
    }

    /// Adds messages, one by one. The error is what the package said.
    pub(crate) async fn write(&self, messages: &Value) -> Result<(), String> {
        self.run(&["write"], &messages.to_string()).await.map(drop)
    }

    /// All messages, oldest first, in our shape.
    pub(crate) async fn read(&self) -> Result<Value, String> {
        self.run(&["read"], "").await.map(|output| json(&output))
    }

    /// All messages, oldest first, as the package itself serialises them: `{"type", "data"}`.
    pub(crate) async fn read_raw(&self) -> Result<Value, String> {
        self.run(&["read", "--raw"], "").await.map(|output| json(&output))
    }

    /// Removes the session.
    pub(crate) async fn clear(&self) -> Result<(), String> {
        self.run(&["clear"], "").await.map(drop)
    }

    fn command(&self) -> Command {
        let backend = self.backend;
        let mut command = match self.package {
            Package::LangChainJs => node(&format!("{backend}_history.mjs")),
            Package::LangChainPython => python(&format!("{backend}_history.py")),
            Package::Flowise => node(&format!("flowise_{backend}.mjs")),
        };
        command.args(&self.options);
        command
    }

    /// Runs beside the test, which may itself be what the program talks to.
    async fn run(&self, operation: &[&str], input: &str) -> Result<String, String> {
        let mut child = tokio::process::Command::from(self.command())
            .args(operation)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the interpreter was found");
        let mut stdin = child.stdin.take().expect("standard input is piped");
        // A script that refuses its options ends without reading; its exit code and error tell.
        let _ = stdin.write_all(input.as_bytes()).await;
        drop(stdin);
        let output = child.wait_with_output().await.expect("the script was started");
        if output.status.success() {
            Ok(String::from_utf8(output.stdout).expect("the scripts print UTF-8"))
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    }
}

fn json(output: &str) -> Value {
    serde_json::from_str(output).expect("the scripts print JSON")
}
