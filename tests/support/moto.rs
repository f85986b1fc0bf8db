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
        self.add_users([policy.clone()]).pop().expect("there is a key for each policy")
    }

    /// As [`add_user`](Self::add_user), a user for each policy.
    pub(crate) fn add_users(&self, policies: impl IntoIterator<Item = Value>) -> Vec<AccessKey> {
        let mut child = interop::python("moto_user.py")
            .args(["--endpoint", &self.endpoint])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("moto's own server has just started with the same Python");
        let mut stdin = child.stdin.take().expect("standard input is piped");
        for policy in policies {
            writeln!(stdin, "{policy}").expect("moto_user.py reads the policies");
        }
        drop(stdin);
        let output = child.wait_with_output().expect("moto_user.py was started");
        assert!(output.status.success(), "moto_user.py failed; its error stands above");
        let lines = serde_json::Deserializer::from_slice(&output.stdout).into_iter::<Value>();
        let field =
            |key: &Value, name: &str| key[name].as_str().expect("moto_user.py prints both parts").to_owned();
        lines
            .map(|key| key.expect("moto_user.py prints JSON"))
            .map(|key| AccessKey {
                access_key_id: field(&key, "accessKeyId"),
                secret_access_key: field(&key, "secretAccessKey"),
            })
            .collect()
    }
}
