//! Where the key comes from: a file, the environment, or the default key file. Never the data directory.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use canvas_memory::{Error, Result};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::key::Key;
use crate::files::{self, Existing, storage};

/// The environment variable that may hold the key: 32 bytes as base64.
pub const KEY_VARIABLE: &str = "CANVAS_MEMORY_KEY";

const KEY_FILE_OPTION: &str = "--key-file";
const DEFAULT_KEY_FILE: &str = "canvas-memory/key";
/// Far more than the text of a key takes.
const KEY_FILE_MAX_BYTES: usize = 1024;

/// Where the key of a vault is. Its text is the base64 form of 32 random bytes, as `openssl rand -base64 32` prints it.
#[derive(Clone, Debug)]
pub enum KeySource {
    /// This file, which has to exist.
    File(PathBuf),
    /// This text, from [`KEY_VARIABLE`].
    Environment(SecretString),
    /// This file, which the first credential of a new vault creates (mode 0600 on Unix) if it is not there. No path where
    /// the environment names no home directory.
    DefaultFile(Option<PathBuf>),
}

impl KeySource {
    /// The file of `--key-file` where it was given, else the environment variable [`KEY_VARIABLE`] where it is set, else
    /// the default key file: `canvas-memory/key` in `XDG_CONFIG_HOME` or `~/.config`.
    #[must_use]
    pub fn find(key_file: Option<PathBuf>) -> Self {
        Self::find_in(key_file, |name| std::env::var_os(name))
    }

    fn find_in(key_file: Option<PathBuf>, variable: impl Fn(&str) -> Option<OsString>) -> Self {
        if let Some(path) = key_file {
            return Self::File(path);
        }
        if let Some(text) = variable(KEY_VARIABLE) {
            return Self::Environment(Zeroizing::new(text.to_string_lossy().into_owned()).as_str().into());
        }
        // A relative path in XDG_CONFIG_HOME is to be ignored, its specification says.
        let absolute = |name| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let config =
            absolute("XDG_CONFIG_HOME").or_else(|| absolute("HOME").map(|home| home.join(".config")));
        Self::DefaultFile(config.map(|config| config.join(DEFAULT_KEY_FILE)))
    }

    /// The key; nothing when its file is not there.
    pub(super) fn load(&self, data_dir: &Path) -> Result<Option<Key>> {
        let path = match self {
            Self::Environment(text) => {
                return Key::parse(text.expose_secret())
                    .map(Some)
                    .ok_or_else(|| malformed(KEY_VARIABLE, KEY_VARIABLE));
            }
            Self::DefaultFile(None) => return Ok(None),
            Self::File(path) | Self::DefaultFile(Some(path)) => path,
        };
        refuse_inside(data_dir, path)?;
        let text = match files::read(path, KEY_FILE_MAX_BYTES) {
            Ok(text) => Zeroizing::new(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) if error.kind() == io::ErrorKind::FileTooLarge => return Err(malformed_file(path)),
            Err(error) => return Err(storage("read the key file", path, error)),
        };
        let key = std::str::from_utf8(&text).ok().and_then(Key::parse);
        key.map(Some).ok_or_else(|| malformed_file(path))
    }

    /// Makes the key where this source may make one. A default key file that another process has just made is taken.
    pub(super) fn create(&self, data_dir: &Path) -> Result<Key> {
        let path = match self {
            Self::File(path) | Self::DefaultFile(Some(path)) => path,
            Self::Environment(_) | Self::DefaultFile(None) => return Err(self.absent()),
        };
        refuse_inside(data_dir, path)?;
        let failed = |error| storage("make the key file", path, error);
        if let Some(dir) = path.parent().filter(|dir| !dir.as_os_str().is_empty()) {
            files::create_private_dir(dir).map_err(failed)?;
        }
        let key = Key::generate()?;
        match files::write(path, key.to_text().as_bytes(), Existing::Keep) {
            Ok(()) => {
                tracing::info!(key_id = key.id(), path = %path.display(), "made a key for the credential vault");
                Ok(key)
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => match self {
                Self::DefaultFile(_) => self.load(data_dir)?.ok_or_else(|| self.absent()),
                _ => Err(Error::invalid_input(KEY_FILE_OPTION, format!("{} exists already", path.display()))),
            },
            Err(error) => Err(failed(error)),
        }
    }

    /// Whether the first credential of a new vault may make the key.
    pub(super) fn can_create(&self) -> bool {
        matches!(self, Self::DefaultFile(_))
    }

    /// The error for a key that has to be there and is not.
    pub(super) fn absent(&self) -> Error {
        let problem = match self {
            Self::File(path) | Self::DefaultFile(Some(path)) => {
                format!("{} is not there; give the file that holds the key", path.display())
            }
            Self::Environment(_) | Self::DefaultFile(None) => {
                format!(
                    "has to be given, or {KEY_VARIABLE} set: neither XDG_CONFIG_HOME nor HOME names a directory"
                )
            }
        };
        Error::invalid_input(KEY_FILE_OPTION, problem)
    }

    /// The places that were looked in, with what was found there.
    pub(super) fn looked_in(&self, found_key_id: Option<&str>) -> String {
        let found = found_key_id.map_or("which is not there".into(), |id| format!("which holds key {id}"));
        match self {
            Self::File(path) => format!("{KEY_FILE_OPTION} {}, {found}", path.display()),
            Self::Environment(_) => {
                format!("{KEY_FILE_OPTION}, which was not given; {KEY_VARIABLE}, {found}")
            }
            Self::DefaultFile(path) => format!(
                "{KEY_FILE_OPTION}, which was not given; {KEY_VARIABLE}, which is not set; {}",
                match path {
                    Some(path) => format!("{}, {found}", path.display()),
                    None =>
                        "no default key file, as neither XDG_CONFIG_HOME nor HOME names a directory".into(),
                }
            ),
        }
    }
}

fn malformed_file(path: &Path) -> Error {
    malformed(KEY_FILE_OPTION, &path.display().to_string())
}

fn malformed(field: &str, holder: &str) -> Error {
    let problem = format!("can't be used: {holder} has to hold the base64 form of 32 bytes and nothing else");
    Error::invalid_input(field, problem)
}

/// A copy of the data directory must not carry the key of what is sealed in it.
fn refuse_inside(data_dir: &Path, path: &Path) -> Result<()> {
    let real = |path| real_path(path).map_err(|error| storage("find", path, error));
    if !real(path)?.starts_with(real(data_dir)?) {
        return Ok(());
    }
    let problem = format!(
        "{} lies in the data directory {}, and a copy of that would hold the credentials and their key; keep the key \
         elsewhere",
        path.display(),
        data_dir.display()
    );
    Err(Error::invalid_input(KEY_FILE_OPTION, problem))
}

/// `path` without links and `..`, as far as it exists.
fn real_path(path: &Path) -> io::Result<PathBuf> {
    let path = std::path::absolute(path)?;
    for existing in path.ancestors() {
        if let (Ok(real), Ok(rest)) = (existing.canonicalize(), path.strip_prefix(existing)) {
            return Ok(real.join(rest));
        }
    }
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(key_file: Option<&str>, variables: &[(&str, &str)]) -> KeySource {
        KeySource::find_in(key_file.map(PathBuf::from), |name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into())
        })
    }

    #[test]
    fn the_option_goes_before_the_variable_before_the_default() {
        let all = [(KEY_VARIABLE, "k"), ("XDG_CONFIG_HOME", "/x"), ("HOME", "/h")];
        assert!(matches!(find(Some("/f"), &all), KeySource::File(path) if path == Path::new("/f")));
        assert!(matches!(find(None, &all), KeySource::Environment(text) if text.expose_secret() == "k"));
        let default = |variables: &[_]| match find(None, variables) {
            KeySource::DefaultFile(path) => path,
            other => panic!("{other:?}"),
        };
        assert_eq!(
            default(&[("XDG_CONFIG_HOME", "/x"), ("HOME", "/h")]).unwrap(),
            Path::new("/x/canvas-memory/key")
        );
        let home = Some(PathBuf::from("/h/.config/canvas-memory/key"));
        assert_eq!(default(&[("HOME", "/h")]), home);
        assert_eq!(default(&[("XDG_CONFIG_HOME", "relative"), ("HOME", "/h")]), home);
        assert_eq!(default(&[("XDG_CONFIG_HOME", ""), ("HOME", "/h")]), home);
        assert_eq!(default(&[]), None);
    }

    #[test]
    fn a_key_in_the_environment_is_not_printed() {
        assert!(!format!("{:?}", find(None, &[(KEY_VARIABLE, "hunter2")])).contains("hunter2"));
        let error = find(None, &[(KEY_VARIABLE, "hunter2")]).load(Path::new("/data")).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"));
        assert!(error.message().starts_with("`CANVAS_MEMORY_KEY` can't be used"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn links_and_dots_do_not_hide_where_a_path_leads() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        std::fs::create_dir(&data).unwrap();
        std::os::unix::fs::symlink(&data, dir.path().join("link")).unwrap();
        for inside in ["data/key", "data/a/b/key", "link/key", "link/new/key", "data/../data/key"] {
            let error = refuse_inside(&data, &dir.path().join(inside)).unwrap_err();
            assert!(error.message().contains("lies in the data directory"), "{inside}: {error}");
        }
        for outside in ["key", "data-keys/key", "data/../key"] {
            refuse_inside(&data, &dir.path().join(outside)).unwrap();
        }
    }
}
