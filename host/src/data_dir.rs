//! The directory that holds everything a host keeps: one process at a time, readable by its owner alone.

use std::fmt;
use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use canvas_memory::{Error, ErrorKind};

const LOCK_FILE: &str = "lock";
/// The lock file holds a decimal process id; anything longer was not written here.
const LOCK_FILE_MAX_BYTES: u64 = 32;

/// An open data directory. The exclusive lock lasts as long as any clone of this value; the operating system drops it
/// when the process ends, however it ends.
#[derive(Debug, Clone)]
pub struct DataDir {
    locked: Arc<Locked>,
}

#[derive(Debug)]
struct Locked {
    path: PathBuf,
    /// Held for its lock, which ends when the file is closed.
    _lock: File,
}

impl DataDir {
    /// Opens `path`, creating it (mode 0700 on Unix) when it is missing, and takes its lock.
    ///
    /// # Errors
    /// [`DataDirError::InUse`] when another process, or another part of this one, has the directory open;
    /// [`DataDirError::Io`] when it cannot be created, read or locked.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, DataDirError> {
        let path = path.as_ref();
        let io_error = |action, source| DataDirError::Io { path: path.to_path_buf(), action, source };
        create_private_dir(path).map_err(|source| io_error("create the directory", source))?;
        let path = path.canonicalize().map_err(|source| io_error("find the directory", source))?;
        let mut lock = open_private_file(&path.join(LOCK_FILE))
            .map_err(|source| io_error("open the lock file in the directory", source))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(DataDirError::InUse { path, process_id: read_process_id(&mut lock) });
            }
            Err(TryLockError::Error(source)) => return Err(io_error("lock the directory", source)),
        }
        write_process_id(&mut lock)
            .map_err(|source| io_error("write the lock file in the directory", source))?;
        Ok(Self { locked: Arc::new(Locked { path, _lock: lock }) })
    }

    /// The directory, as an absolute path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.locked.path
    }

    /// The path of the file `name` inside, created empty (mode 0600 on Unix) when it is missing. A program that
    /// creates files by the process's umask, as SQLite does, then finds one that only the owner can read.
    ///
    /// # Errors
    /// [`DataDirError::Io`] when the file cannot be created or opened for writing.
    pub fn private_file(&self, name: &str) -> Result<PathBuf, DataDirError> {
        let path = self.path().join(name);
        open_private_file(&path).map_err(|source| DataDirError::Io {
            path: path.clone(),
            action: "open the file for writing",
            source,
        })?;
        Ok(path)
    }
}

/// A data directory that is opened, and locked, at its first use. Clones share it.
#[derive(Debug, Clone)]
pub struct LazyDataDir {
    path: Arc<Path>,
    opened: Arc<Mutex<Option<DataDir>>>,
}

impl LazyDataDir {
    /// The directory `path`, untouched so far.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        Self { path: path.into(), opened: Arc::default() }
    }

    /// The directory, as it was given.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Opens the directory, or takes it as it was opened before.
    ///
    /// # Errors
    /// As [`DataDir::open`]; the next call tries again.
    pub fn open(&self) -> Result<DataDir, DataDirError> {
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        match &*opened {
            Some(data_dir) => Ok(data_dir.clone()),
            None => Ok(opened.insert(DataDir::open(&self.path)?).clone()),
        }
    }
}

/// Why a data directory could not be opened.
#[derive(Debug)]
#[non_exhaustive]
pub enum DataDirError {
    /// Another process has the directory open.
    InUse {
        /// The directory.
        path: PathBuf,
        /// The process that has it, where its lock file could be read.
        process_id: Option<u32>,
    },
    /// The operating system refused.
    Io {
        /// The directory, or the file in it.
        path: PathBuf,
        /// What was tried, as the end of "could not …".
        action: &'static str,
        /// The operating system's error.
        source: io::Error,
    },
}

impl fmt::Display for DataDirError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InUse { path, process_id } => {
                write!(f, "the data directory {} is open in another canvas-memory process", path.display())?;
                if let Some(process_id) = process_id {
                    write!(f, " (process id {process_id})")?;
                }
                write!(f, ": stop that process, or choose another directory with --data-dir")
            }
            Self::Io { path, action, source } => {
                write!(
                    f,
                    "could not {action} {}: {source}; check its permissions and free space, or choose another \
                     directory with --data-dir",
                    path.display()
                )
            }
        }
    }
}

impl std::error::Error for DataDirError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::InUse { .. } => None,
            Self::Io { source, .. } => Some(source),
        }
    }
}

impl From<DataDirError> for Error {
    fn from(error: DataDirError) -> Self {
        Self::new(ErrorKind::Storage, error.to_string()).with_source(error)
    }
}

fn create_private_dir(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

fn open_private_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn write_process_id(lock: &mut File) -> io::Result<()> {
    lock.set_len(0)?;
    lock.rewind()?;
    writeln!(lock, "{}", std::process::id())
}

fn read_process_id(lock: &mut File) -> Option<u32> {
    let mut text = String::new();
    lock.take(LOCK_FILE_MAX_BYTES).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}
