//! What the tests share.

use std::fs;
use std::path::{Path, PathBuf};

use canvas_memory::ErrorKind;
use canvas_memory_host::vault::{KeySource, NewCredential, Update, Vault};
use secrecy::ExposeSecret;
use serde_json::Value;
use tempfile::TempDir;

pub(crate) const SECRET: &str = "hunter2-hunter2";

/// A data directory, and a place for keys beside it.
pub(crate) struct Place {
    dir: TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.path("data")
    }

    /// The default key file `name`, which the first credential makes.
    pub(crate) fn key(&self, name: &str) -> KeySource {
        KeySource::DefaultFile(Some(self.path(name)))
    }

    pub(crate) fn open(&self) -> Vault {
        Vault::open(&self.data(), self.key("config/key")).unwrap()
    }

    pub(crate) fn record(&self, id: &str) -> PathBuf {
        record(&self.data(), id)
    }

    pub(crate) fn json(&self, id: &str) -> Value {
        serde_json::from_slice(&fs::read(self.record(id)).unwrap()).unwrap()
    }
}

pub(crate) fn record(data: &Path, id: &str) -> PathBuf {
    data.join("credentials").join(format!("{id}.json"))
}

pub(crate) fn credential(id: &str, fields: &str) -> NewCredential {
    NewCredential {
        id: Some(id.into()),
        name: format!("The {id} account"),
        credential_type: "dynamodbMemoryApi".into(),
        fields: fields.into(),
    }
}

/// A credential whose one field is [`SECRET`].
pub(crate) fn secret(id: &str) -> NewCredential {
    credential(id, &format!(r#"{{"secretAccessKey":"{SECRET}"}}"#))
}

pub(crate) fn patch(fields: &str) -> Update {
    Update { fields: Some(fields.into()), ..Update::default() }
}

pub(crate) fn fields(vault: &Vault, id: &str) -> Value {
    serde_json::from_str(vault.get(id).unwrap().fields.expose_secret()).unwrap()
}

pub(crate) fn kind<T>(result: canvas_memory::Result<T>) -> ErrorKind {
    result.err().unwrap().kind().clone()
}

/// What stands in `dir`, by name.
pub(crate) fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}
