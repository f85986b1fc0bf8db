//! Where this program keeps things.

use std::path::{Path, PathBuf};

use canvas_memory::{Error, ErrorKind, Result};
use secrecy::SecretString;

use super::args::Common;
use crate::data_dir::{DataDir, DataDirError, LazyDataDir};
use crate::engines::Engines;
use crate::running::RunningHost;
use crate::state::{self, FileStateStore};
use crate::vault::{KeySource, Vault};

/// Names a Redis or Valkey for the built-in Upstash endpoint to stand in front of.
const REDIS_VARIABLE: &str = "CANVAS_MEMORY_REDIS_URL";

/// The Redis that the environment names.
pub(super) fn redis_url() -> Option<SecretString> {
    std::env::var(REDIS_VARIABLE).ok().filter(|url| !url.is_empty()).map(Into::into)
}

/// The Redis that `--redis` names, else [`redis_url`].
///
/// # Errors
/// `InvalidInput` when the option holds a password.
pub(super) fn redis_or(option: Option<&str>) -> Result<Option<SecretString>> {
    let Some(url) = option else { return Ok(redis_url()) };
    let holds_password = redis::parse_redis_url(url)
        .is_some_and(|url| url.password().is_some() || url.query_pairs().any(|(name, _)| name == "pass"));
    if holds_password {
        let problem = format!(
            "holds a password, and other users of this machine can read a command line; give the whole address in \
             {REDIS_VARIABLE} instead"
        );
        return Err(Error::invalid_input("--redis", problem));
    }
    Ok(Some(url.into()))
}

/// Where this program keeps things: as the command line says, else in the user's directories.
#[derive(Debug)]
pub(super) struct Setting {
    data_dir: LazyDataDir,
    is_default: bool,
    key_file: Option<PathBuf>,
}

impl Setting {
    pub(super) fn new(common: &Common) -> Result<Self> {
        let path = match &common.data_dir {
            Some(path) => path.clone(),
            None => dirs::data_dir().map(|path| path.join("canvas-memory")).ok_or_else(|| {
                Error::new(ErrorKind::Storage, "the user has no data directory; name one with --data-dir")
            })?,
        };
        Ok(Self {
            data_dir: LazyDataDir::new(&path),
            is_default: common.data_dir.is_none(),
            key_file: common.key_file.clone(),
        })
    }

    /// Opens and locks the data directory.
    pub(super) fn data_dir(&self) -> Result<DataDir> {
        Ok(self.data_dir.open()?)
    }

    /// The host that has the data directory open, if one has and answers.
    pub(super) fn running_host(&self) -> Option<RunningHost> {
        match self.data_dir.open() {
            Err(DataDirError::InUse { path, process_id }) => RunningHost::find(&path, process_id?),
            _ => None,
        }
    }

    /// The engines of the data directory.
    pub(super) fn engines(&self) -> Engines {
        Engines::new(self.data_dir.clone(), redis_url())
    }

    /// The saved credentials of the data directory.
    pub(super) fn vault(&self) -> Result<Vault> {
        Vault::open(self.data_dir()?.path(), self.key())
    }

    /// The saved flows of the data directory.
    pub(super) fn flows(&self) -> Result<FileStateStore> {
        FileStateStore::open(self.data_dir()?.path(), &state::first_flows())
    }

    /// Where the data directory is, or will be.
    pub(super) fn data_dir_path(&self) -> &Path {
        self.data_dir.path()
    }

    /// What to type so that another command finds the same data directory, with a space before it.
    pub(super) fn data_dir_option(&self) -> String {
        if self.is_default {
            String::new()
        } else {
            format!(" --data-dir {}", self.data_dir.path().display())
        }
    }

    /// The key that credentials are sealed with.
    pub(super) fn key(&self) -> KeySource {
        KeySource::find(self.key_file.clone())
    }
}
