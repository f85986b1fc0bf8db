//! The emulators that the layouts are held against.

use std::path::PathBuf;

use canvas_memory::conformance::Hook;
use serde_json::json;

use crate::harness::Server;
use crate::support::dynalite::Dynalite;
use crate::support::dynoxide::Dynoxide;
use crate::support::moto::{AccessKey, Moto};

/// A key that emulators without permissions accept.
fn any_key() -> (String, String) {
    ("AKIDTEST".to_owned(), "secret".to_owned())
}

/// The database that the host carries, on a file.
pub(crate) struct DynoxideFile {
    engine: Dynoxide,
    folder: tempfile::TempDir,
    starts: u32,
}

impl DynoxideFile {
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let engine = Dynoxide::start_on(&folder.path().join("0.db"));
        Self { engine, folder, starts: 1 }
    }
}

impl Server for DynoxideFile {
    fn endpoint(&self) -> String {
        self.engine.endpoint.clone()
    }

    fn access_key(&self) -> (String, String) {
        any_key()
    }

    fn reopen(&mut self) -> Hook {
        // What a power cut would leave: the files of the running engine, as they are now.
        let file = |number: u32, suffix: &str| -> PathBuf {
            self.folder.path().join(format!("{number}.db{suffix}"))
        };
        for suffix in ["", "-wal"] {
            let _ = std::fs::copy(file(self.starts - 1, suffix), file(self.starts, suffix));
        }
        self.engine = Dynoxide::start_on(&file(self.starts, ""));
        self.starts += 1;
        Hook::Done
    }
}

impl Server for Dynalite {
    fn endpoint(&self) -> String {
        self.endpoint().to_owned()
    }

    fn access_key(&self) -> (String, String) {
        any_key()
    }

    fn lack(&self, failure: &str) -> Option<&'static str> {
        failure.contains("does not have the operation").then_some("dynalite has no transactions")
    }
}

/// moto, which checks keys, signatures and permissions.
pub(crate) struct MotoWithUsers {
    moto: Moto,
    allowed: AccessKey,
    denied: AccessKey,
}

impl MotoWithUsers {
    pub(crate) fn start() -> Self {
        let moto = Moto::start();
        let policy = |action: &str| {
            let statement = json!([{"Effect": "Allow", "Action": action, "Resource": "*"}]);
            json!({"Version": "2012-10-17", "Statement": statement})
        };
        let allowed = moto.add_user(&policy("dynamodb:*"));
        let denied = moto.add_user(&policy("dynamodb:DescribeTable"));
        Self { moto, allowed, denied }
    }
}

impl Server for MotoWithUsers {
    fn endpoint(&self) -> String {
        self.moto.endpoint().to_owned()
    }

    fn access_key(&self) -> (String, String) {
        pair(&self.allowed)
    }

    // It says of a key that it does not know what DynamoDB says of one that may not do this.
    fn denied_key(&self) -> Option<(String, String)> {
        Some(pair(&self.denied))
    }
}

fn pair(key: &AccessKey) -> (String, String) {
    (key.access_key_id.clone(), key.secret_access_key.clone())
}
