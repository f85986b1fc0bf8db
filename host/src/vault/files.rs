//! Files that are whole after a crash, and that only their owner can read.

use std::fs::{self, DirBuilder, File};
use std::io::{self, Read, Write};
use std::path::Path;

use canvas_memory::{Error, ErrorKind};

/// What the name of a file that is still being written begins and ends with.
const TEMPORARY: (&str, &str) = (".", ".tmp");

/// What to do with a file that stands where another is to be written.
#[derive(Clone, Copy)]
pub(super) enum Existing {
    Replace,
    /// Fails with [`io::ErrorKind::AlreadyExists`].
    Keep,
}

/// Writes `path` (mode 0600 on Unix) so that it holds all of `bytes` or what it held before, and lasts.
pub(super) fn write(path: &Path, bytes: &[u8], existing: Existing) -> io::Result<()> {
    let dir = parent(path);
    let mut file =
        tempfile::Builder::new().prefix(TEMPORARY.0).suffix(TEMPORARY.1).rand_bytes(8).tempfile_in(dir)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    match existing {
        Existing::Replace => file.persist(path),
        Existing::Keep => file.persist_noclobber(path),
    }
    .map_err(|failed| failed.error)?;
    sync_dir(dir)
}

/// Removes what writers that were killed have left in `dir`.
pub(super) fn sweep(dir: &Path) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let name = entry.file_name();
        if name.to_str().is_some_and(|name| name.starts_with(TEMPORARY.0) && name.ends_with(TEMPORARY.1)) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Removes a file for good.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    fs::remove_file(path)?;
    sync_dir(parent(path))
}

/// Reads a file of at most `max_bytes`.
pub(super) fn read(path: &Path, max_bytes: usize) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    // Room for all of it: growing would leave copies of a key behind.
    let mut bytes = Vec::with_capacity(max_bytes + 1);
    file.take(max_bytes as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > max_bytes {
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("it has more than {max_bytes} bytes"),
        ));
    }
    Ok(bytes)
}

/// Creates a directory, and those above it that are missing (mode 0700 on Unix), so that they last.
pub(super) fn create_private_dir(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let above = parent(path);
    create_private_dir(above)?;
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        created => created,
    }?;
    sync_dir(above)
}

/// The error for a disk that fails; `action` ends "could not …".
pub(super) fn storage(action: &str, path: &Path, source: io::Error) -> Error {
    let message =
        format!("could not {action} {}: {source}; check its permissions and the free space", path.display());
    Error::new(ErrorKind::Storage, message).with_source(source)
}

fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        Some(_) => Path::new("."),
        None => Path::new("/"),
    }
}

/// Makes a new name in `dir` last. Elsewhere than on Unix a directory can't be opened, and names last by themselves.
fn sync_dir(dir: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(dir)?.sync_all() } else { Ok(()) }
}
