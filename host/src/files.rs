//! Files that are whole after a crash, and that only their owner can read.

use std::fs::{self, DirBuilder, File};
use std::io::{self, Read, Write};
use std::path::Path;
use std::time::SystemTime;

use canvas_memory::{Error, ErrorKind};

/// What the name of a file that is still being written begins and ends with.
const TEMPORARY: (&str, &str) = (".", ".tmp");

/// What to do with a file that stands where another is to be written.
#[derive(Clone, Copy)]
pub(crate) enum Existing {
    Replace,
    /// Fails with [`io::ErrorKind::AlreadyExists`].
    Keep,
}

/// Writes `path` (mode 0600 on Unix) so that it holds all of `bytes` or what it held before, and lasts.
pub(crate) fn write(path: &Path, bytes: &[u8], existing: Existing) -> io::Result<()> {
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

/// Gives a file or directory another name in the same directory, and makes that last.
pub(crate) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    fs::rename(from, to)?;
    sync_dir(parent(to))
}

/// Removes what writers that were killed have left in `dir`.
pub(crate) fn sweep(dir: &Path) -> io::Result<()> {
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
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    fs::remove_file(path)?;
    sync_dir(parent(path))
}

/// Reads a file of at most `max_bytes`.
pub(crate) fn read(path: &Path, max_bytes: usize) -> io::Result<Vec<u8>> {
    // Room for all of it: growing would leave copies of a key behind.
    read_to_end(File::open(path)?, max_bytes, max_bytes)
}

/// Reads a regular file of at most `max_bytes`, and when it was last changed.
pub(crate) fn read_regular(path: &Path, max_bytes: usize) -> io::Result<(Vec<u8>, SystemTime)> {
    // To open a pipe would wait for its writer.
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"));
    }
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    let expected_bytes = usize::try_from(metadata.len()).unwrap_or(max_bytes).min(max_bytes);
    Ok((read_to_end(file, expected_bytes, max_bytes)?, metadata.modified()?))
}

fn read_to_end(file: File, expected_bytes: usize, max_bytes: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(expected_bytes + 1);
    file.take(max_bytes as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > max_bytes {
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("it has more than {max_bytes} bytes"),
        ));
    }
    Ok(bytes)
}

/// The names of the files in `dir` that end with `.{extension}`, without that ending, in order. None where there is no
/// such directory.
pub(crate) fn stems(dir: &Path, extension: &str) -> io::Result<Vec<String>> {
    let entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut stems = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if let (Some(stem), true) =
            (path.file_stem(), path.extension().is_some_and(|found| found == extension))
        {
            stems.push(stem.to_string_lossy().into_owned());
        }
    }
    stems.sort();
    Ok(stems)
}

/// Creates a directory, and those above it that are missing (mode 0700 on Unix), so that they last.
pub(crate) fn create_private_dir(path: &Path) -> io::Result<()> {
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
pub(crate) fn storage(action: &str, path: &Path, source: io::Error) -> Error {
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
