//! Runs the programs of `tests/interop`; its README says what each does.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use canvas_memory::json::mend_surrogates;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout};
use tokio::sync::Mutex;

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

/// A Python command for a script on mem0ai, which `.venv-mem0` holds without its dependencies.
pub(crate) fn mem0(script: &str) -> Command {
    let folder = folder();
    installed(&folder.join(".venv-mem0/.stamp"));
    program(&folder.join(".venv-mem0/bin/python"), &[], &folder.join("python").join(script))
}

/// griptape on a session, of the release that `.venv-griptape-RELEASE` holds. `options` without their dashes.
pub(crate) fn griptape(release: &str, options: &[(&str, &str)]) -> Command {
    let folder = folder();
    let environment = folder.join(format!(".venv-griptape-{release}"));
    installed(&environment.join(".stamp"));
    let script = folder.join("python/griptape_session.py");
    let mut command = program(&environment.join("bin/python"), &["-W", "ignore"], &script);
    // In one argument, so that a value may begin with a dash.
    command.args(options.iter().map(|(name, value)| format!("--{name}={value}")));
    command
}

/// A Java command for Amazon's DynamoDB Local, in memory.
pub(crate) fn dynamodb_local(port: u16) -> Command {
    let folder = folder().join(".dynamodb-local");
    installed(&folder.join(".stamp"));
    let mut command = Command::new("java");
    command.arg(format!("-Djava.library.path={}", folder.join("DynamoDBLocal_lib").display()));
    // It listens on all addresses, and its Log4j of 2017 looks up what requests would have it log.
    command.arg("-Dlog4j2.loggerContextFactory=org.apache.logging.log4j.simple.SimpleLoggerContextFactory");
    command
        .arg("-jar")
        .arg(folder.join("DynamoDBLocal.jar"))
        .arg("-inMemory")
        .args(["-port", &port.to_string()]);
    command
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
    /// Of AWS, by the names of environment variables.
    key: Vec<(&'static str, String)>,
    /// Started with the first request: a start takes far longer than a request.
    script: Mutex<Option<Script>>,
}

/// A running script. It ends when this is dropped.
pub(crate) struct Script {
    _child: Child,
    requests: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
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
    fn new(package: Package, backend: &'static str) -> Self {
        Self { package, backend, options: Vec::new(), key: Vec::new(), script: Mutex::default() }
    }

    /// The session in a DynamoDB table with a partition key.
    pub(crate) fn dynamodb(
        package: Package,
        endpoint: &str,
        table: &str,
        partition_key: &str,
        session: &str,
    ) -> Self {
        Self::new(package, "dynamodb")
            .option("endpoint", endpoint)
            .option("table", table)
            .option("partition-key", partition_key)
            .option("session", session)
    }

    /// The session in a Redis behind the Upstash REST protocol.
    pub(crate) fn upstash(package: Package, url: &str, token: &str, session: &str) -> Self {
        Self::new(package, "upstash").option("url", url).option("token", token).option("session", session)
    }

    /// One more option of the script, without the dashes: `option("ttl", "60")`.
    pub(crate) fn option(mut self, name: &str, value: &str) -> Self {
        // In one argument, so that a value may begin with a dash.
        self.options.push(format!("--{name}={value}"));
        self
    }

    /// Signs with this key instead of one that emulators accept.
    pub(crate) fn with_key(mut self, access_key_id: &str, secret_access_key: &str) -> Self {
        self.key = vec![
            ("AWS_ACCESS_KEY_ID", access_key_id.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", secret_access_key.to_owned()),
        ];
        self
    }

    /// Adds messages, one by one. The error is what the package said.
    pub(crate) async fn write(&self, messages: &Value) -> Result<(), String> {
        self.request(json!({"operation": "write", "messages": messages})).await.map(drop)
    }

    /// All messages, oldest first, in our shape.
    pub(crate) async fn read(&self) -> Result<Value, String> {
        self.request(json!({"operation": "read"})).await
    }

    /// All messages, oldest first, as the package itself serialises them: `{"type", "data"}`.
    pub(crate) async fn read_raw(&self) -> Result<Value, String> {
        self.request(json!({"operation": "read", "raw": true})).await
    }

    /// Removes the session.
    pub(crate) async fn clear(&self) -> Result<(), String> {
        self.request(json!({"operation": "clear"})).await.map(drop)
    }

    fn command(&self) -> Command {
        let backend = self.backend;
        let mut command = match self.package {
            Package::LangChainJs => node(&format!("{backend}_history.mjs")),
            Package::LangChainPython => python(&format!("{backend}_history.py")),
            Package::Flowise => node(&format!("flowise_{backend}.mjs")),
        };
        command.args(&self.options).envs(self.key.iter().cloned());
        command
    }

    /// The script runs beside the test, which may itself be what it talks to.
    async fn request(&self, request: Value) -> Result<Value, String> {
        let mut script = self.script.lock().await;
        script.get_or_insert_with(|| Script::start(self.command())).request(request).await
    }
}

impl Script {
    pub(crate) async fn request(&mut self, request: Value) -> Result<Value, String> {
        // A script that has ended takes nothing and answers nothing.
        let _ = self.requests.write_all(format!("{request}\n").as_bytes()).await;
        let answer = self.answers.next_line().await.expect("the scripts print UTF-8");
        let answer = answer.expect("the script has ended; its error stands above");
        let mut answer: Value =
            serde_json::from_str(&mend_surrogates(&answer)).expect("the scripts print JSON");
        match answer["error"].as_str() {
            Some(error) => Err(error.to_owned()),
            None => Ok(answer["result"].take()),
        }
    }

    pub(crate) fn start(command: Command) -> Self {
        let mut child = tokio::process::Command::from(command)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the interpreter was found");
        let requests = child.stdin.take().expect("standard input is piped");
        let answers = child.stdout.take().expect("standard output is piped");
        Self { _child: child, requests, answers: BufReader::new(answers).lines() }
    }
}
