//! The directory of the record files.

use std::io;
use std::path::{Path, PathBuf};

use canvas_memory::{Error, ErrorKind, Result};

use super::record::{Record, not_a_record};
use crate::files::{self, Existing, storage};
use crate::id;

const DIRECTORY: &str = "credentials";
const EXTENSION: &str = "json";
/// Far more than a record of the largest fields takes.
const RECORD_MAX_BYTES: usize = 256 * 1024;

/// The record files of one vault.
#[derive(Debug)]
pub(super) struct Records(PathBuf);

impl Records {
    /// Finds the records of `data_dir`, and removes what a killed writer has left.
    pub(super) fn open(data_dir: &Path) -> Result<Self> {
        let dir = data_dir.join(DIRECTORY);
        match files::sweep(&dir) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(storage("clean up the directory", &dir, error))
            }
            _ => Ok(Self(dir)),
        }
    }

    pub(super) fn dir(&self) -> &Path {
        &self.0
    }

    /// The names of all record files, in order: ids, unless someone else has put a file there.
    pub(super) fn ids(&self) -> Result<Vec<String>> {
        files::stems(&self.0, EXTENSION).map_err(|error| storage("list the directory", &self.0, error))
    }

    pub(super) fn read(&self, id: &str) -> Result<Record> {
        let path = self.path(id)?;
        match files::read_regular(&path, RECORD_MAX_BYTES) {
            Ok((text, _)) => Record::parse(id, &text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(missing(id)),
            Err(error) if error.kind() == io::ErrorKind::FileTooLarge => Err(not_a_record(id)),
            Err(error) => Err(storage("read", &path, error).with("credential", id)),
        }
    }

    pub(super) fn create(&self, record: &Record) -> Result<()> {
        files::create_private_dir(&self.0)
            .map_err(|error| storage("create the directory", &self.0, error))?;
        self.write(record, Existing::Keep)
    }

    pub(super) fn replace(&self, record: &Record) -> Result<()> {
        self.write(record, Existing::Replace)
    }

    pub(super) fn delete(&self, id: &str) -> Result<()> {
        let path = self.path(id)?;
        match files::remove(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(missing(id)),
            removed => removed.map_err(|error| storage("remove", &path, error)),
        }
    }

    fn write(&self, record: &Record, existing: Existing) -> Result<()> {
        let path = self.path(&record.info().id)?;
        match files::write(&path, record.to_text()?.as_bytes(), existing) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(taken()),
            written => written.map_err(|error| storage("write", &path, error)),
        }
    }

    fn path(&self, id: &str) -> Result<PathBuf> {
        id::check("a credential", id)?;
        Ok(self.0.join(format!("{id}.{EXTENSION}")))
    }
}

/// The error for an id that another credential has.
fn taken() -> Error {
    Error::invalid_input("id", "is taken by another credential; choose another id, or change that credential")
}

fn missing(id: &str) -> Error {
    let message = format!(
        "there is no credential `{id}`: it was deleted, or never saved here. Save one with this id, or choose another in \
         the nodes that name it"
    );
    Error::new(ErrorKind::MissingCredential, message).with("credential", id)
}
