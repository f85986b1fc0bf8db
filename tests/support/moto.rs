//! moto's server, an AWS emulator on PyPI: transactions, and access keys with permissions.

use std::io::Write;
use std::process::Stdio;

use serde_json::Value;

use super::interop;
use super::process::Process;

/// A moto server of its own, empty, in memory. It checks no keys until it has a user.
pub(crate) struct Moto {
    _process: Process,
    endpoint: String,
}

/// What a user signs requests with.
pub(crate) struct AccessKey {
    pub(crate) access_key_id: String,
    pub(crate) secret_access_key: String,
}

impl Moto {
    pub(crate) fn start() -> Self {
        let (process, endpoint) = Process::listening(&mut interop::python("moto_server.py"));
        Self { _process: process, endpoint }
    }

    /// `http://127.0.0.1:PORT`
    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Adds a user with this one IAM policy, and has every request's key, signature and action checked from then on.
    /// moto compares no resources: a statement allows something only when its `Resource` is `*`.
    pub(crate) fn add_user(&self, policy: &Value) -> AccessKey {
        let mut child = interop::python("moto_user.py")
            .args(["--endpoint", &self.endpoint])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("moto's own server has just started with the same Python");
        let mut stdin = child.stdin.take().expect("standard input is piped");
        stdin.write_all(policy.to_string().as_bytes()).expect("moto_user.py reads the policy");
        drop(stdin);
        let output = child.wait_with_output().expect("moto_user.py was started");
        assert!(output.status.success(), "moto_user.py failed; its error stands above");
        let key: Value = serde_json::from_slice(&output.stdout).expect("moto_user.py prints JSON");
        let field = |name: &str| key[name].as_str().expect("moto_user.py prints both parts").to_owned();
        AccessKey { access_key_id: field("accessKeyId"), secret_access_key: field("secretAccessKey") }
    }
}
