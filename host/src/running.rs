//! What a running host tells the commands of its own machine: where it answers, and a secret that lets them in.

use std::fs;
use std::path::{Path, PathBuf};

use canvas_memory::Result;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::data_dir::DataDir;
use crate::files::{self, Existing, storage};

const FILE: &str = "host.json";
/// Far more than an address and a secret take.
const FILE_MAX_BYTES: usize = 4096;

/// A host that has a data directory open, and answers.
#[derive(Clone, Debug)]
pub(crate) struct RunningHost {
    /// Such as `http://127.0.0.1:4680`.
    pub(crate) url: String,
    /// Its process.
    pub(crate) process_id: u32,
    /// What it lets the bearer of in, until it stops.
    pub(crate) secret: SecretString,
}

/// The file that tells of a running host. It goes when this is dropped; what a killed host left tells of a process that
/// no longer holds the lock.
#[derive(Debug)]
pub(crate) struct Announcement(PathBuf);

#[derive(Serialize, Deserialize)]
struct Document {
    url: String,
    pid: u32,
    secret: String,
}

impl RunningHost {
    /// This process, answering on `url` to whoever bears `secret`.
    pub(crate) fn this(url: String, secret: SecretString) -> Self {
        Self { url, process_id: std::process::id(), secret }
    }

    /// Tells the commands of this machine: in a file (mode 0600 on Unix) that only the host's owner can read.
    pub(crate) fn announce(&self, data_dir: &DataDir) -> Result<Announcement> {
        let path = data_dir.path().join(FILE);
        let secret = self.secret.expose_secret().to_owned();
        let document = Document { url: self.url.clone(), pid: self.process_id, secret };
        serde_json::to_vec(&document)
            .map_err(std::io::Error::from)
            .and_then(|text| files::write(&path, &text, Existing::Replace))
            .map_err(|error| storage("write", &path, error))?;
        Ok(Announcement(path))
    }

    /// The host that the process which holds the lock of `data_dir` has announced.
    pub(crate) fn find(data_dir: &Path, process_id: u32) -> Option<Self> {
        let text = files::read(&data_dir.join(FILE), FILE_MAX_BYTES).ok()?;
        let Document { url, pid, secret } = serde_json::from_slice(&text).ok()?;
        (pid == process_id).then(|| Self { url, process_id, secret: secret.into() })
    }
}

impl Drop for Announcement {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_file(&self.0) {
            tracing::warn!(%error, path = %self.0.display(), "the host's announcement can't be removed");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_found_while_it_runs_and_not_after() {
        let dir = tempfile::tempdir().unwrap();
        let data_dir = DataDir::open(dir.path()).unwrap();
        let host = RunningHost::this("http://127.0.0.1:1".into(), "hunter2".into());
        let announcement = host.announce(&data_dir).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(dir.path().join(FILE)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        let found = RunningHost::find(dir.path(), host.process_id).unwrap();
        assert_eq!((found.url, found.secret.expose_secret()), (host.url.clone(), "hunter2"));
        assert!(!format!("{host:?}").contains("hunter2"));
        assert!(RunningHost::find(dir.path(), host.process_id + 1).is_none(), "left by a killed host");
        drop(announcement);
        assert!(RunningHost::find(dir.path(), host.process_id).is_none());
    }
}
