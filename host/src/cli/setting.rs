//! Where this program keeps things.

use std::path::PathBuf;

use canvas_memory::{Error, ErrorKind, Result};

use super::args::Common;
use crate::data_dir::{DataDir, LazyDataDir};
use crate::engines::Engines;
use crate::vault::{KeySource, Vault};

/// Where this program keeps things: as the command line says, else in the user's directories.
#[derive(Debug)]
pub(super) struct Setting {
    data_dir: LazyDataDir,
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
        Ok(Self { data_dir: LazyDataDir::new(&path), key_file: common.key_file.clone() })
    }

    /// Opens and locks the data directory.
    pub(super) fn data_dir(&self) -> Result<DataDir> {
        Ok(self.data_dir.open()?)
    }

    /// The engines of the data directory.
    pub(super) fn engines(&self) -> Engines {
        Engines::new(self.data_dir.clone(), None)
    }

    /// The saved credentials of the data directory.
    pub(super) fn vault(&self) -> Result<Vault> {
        Vault::open(self.data_dir()?.path(), KeySource::find(self.key_file.clone()))
    }
}
