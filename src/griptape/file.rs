//! Sessions in files, as Griptape's `LocalConversationMemoryDriver` keeps them: the JSON and nothing else, a file a session.

use std::fs::{self, File};
use std::io::{ErrorKind as IoErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use async_trait::async_trait;
use tokio::task::spawn_blocking;

use super::{Content, GriptapeStore, Lifetime, NoText, Seen, Slot, WriteError, Written};
use crate::clock::Clock;
use crate::error::{Error, ErrorKind, Result};
use crate::json::RawJson;
use crate::session::SessionId;
use crate::store::{Consistency, Page, PageToken, Record, SessionEntry, Sessions};
use crate::usage::Usage;

/// A store of Griptape's sessions in a folder.
pub type GriptapeFiles = GriptapeStore<FileSlot>;

const EXTENSION: &str = ".json";
const TEMPORARY: &str = ".tmp";
const LOCK: &str = ".canvas-memory.lock";

/// What file systems take, with room for what stands at the end of a name.
const MAX_NAME_BYTES: usize = 240;

/// A folder with a file a session: the session `memory` lies in `memory.json`.
///
/// A file is written beside its place, flushed to the disk and renamed into it. Writers of ours, in this process or another,
/// take turns by a lock file; Griptape knows of no lock. The text is ASCII, as Griptape reads it by whatever encoding its
/// machine has.
#[derive(Clone, Debug)]
pub struct FileSlot {
    folder: PathBuf,
    clock: Clock,
}

impl FileSlot {
    /// Files in `folder`, which the first write makes where it is missing.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), clock: Clock::system() }
    }

    fn path(&self, session: &SessionId) -> Result<PathBuf> {
        let name = encoded(session.as_str());
        if name.len() > MAX_NAME_BYTES {
            let problem = format!("makes a file name of {} bytes; at most {MAX_NAME_BYTES} fit", name.len());
            return Err(Error::invalid_input("sessionId", problem));
        }
        Ok(self.folder.join(name + EXTENSION))
    }

    /// Runs `work`, which may wait for the disk, where that holds up nobody.
    async fn off_thread<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Path) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let folder = self.folder.clone();
        let done = spawn_blocking(move || work(&folder)).await;
        done.unwrap_or_else(|failed| {
            Err(Error::new(ErrorKind::Storage, "the work on a file was broken off; try again")
                .with_source(failed))
        })
    }
}

#[async_trait]
impl Slot for FileSlot {
    fn layout(&self) -> &'static str {
        "file/griptape"
    }

    fn limit_bytes(&self) -> Option<u64> {
        None
    }

    fn bytes_with(&self, _: &SessionId, _: Option<&Seen>, content: &Content) -> u64 {
        content.value.len() as u64
    }

    fn expires(&self) -> bool {
        false
    }

    fn keeps_beside(&self) -> bool {
        false
    }

    fn now_epoch_secs(&self) -> u64 {
        self.clock.epoch_secs()
    }

    fn locate(&self, error: Error) -> Error {
        error.with("folder", self.folder.display())
    }

    async fn read(&self, session: &SessionId, _: Consistency) -> Result<(Option<Seen>, Usage)> {
        let path = self.path(session)?;
        let seen = self.off_thread(move |_| look(&path)).await?;
        Ok((seen, Usage::default()))
    }

    async fn write(
        &self,
        session: &SessionId,
        expected: Option<&Content>,
        content: &Content,
        _: Lifetime,
    ) -> Result<(Written, Usage), WriteError> {
        let refused = |error| WriteError { error, in_doubt: false };
        let path = self.path(session).map_err(refused)?;
        let (expected, text) = (expected.map(|expected| expected.value.clone()), ascii(&content.value));
        let outcome = self.off_thread(move |folder| {
            fs::create_dir_all(folder).map_err(|error| failed("make the folder", error))?;
            let _lock = lock(folder)?;
            let seen = look(&path)?;
            if value_of(seen.as_ref()) != Ok(expected.as_deref()) {
                return Ok(Ok(Written::Changed(seen)));
            }
            put(&path, &text)?;
            // From here on the text is there, and only a power cut could take it away again.
            Ok(flush_folder(folder).map(|()| Written::Done))
        });
        match outcome.await.map_err(refused)? {
            Ok(written) => Ok((written, Usage::default())),
            Err(error) => Err(WriteError { error, in_doubt: true }),
        }
    }

    async fn clear(&self, session: &SessionId) -> Result<(Option<Seen>, Usage)> {
        let path = self.path(session)?;
        let seen = self.off_thread(move |folder| {
            if !path.exists() {
                return Ok(None);
            }
            let _lock = lock(folder)?;
            let seen = look(&path)?;
            match fs::remove_file(&path) {
                Err(error) if error.kind() != IoErrorKind::NotFound => Err(failed("remove a session", error)),
                _ => flush_folder(folder).map(|()| seen),
            }
        });
        Ok((seen.await?, Usage::default()))
    }

    async fn sessions(&self, page: Page) -> Result<Sessions> {
        let after = page.token.map(|PageToken(name)| match decoded(&name) {
            Some(_) => Ok(name),
            None => Err(Error::invalid_input("page", "is not of this listing; begin without one")),
        });
        let after = after.transpose()?;
        let (mut names, limit) = (self.off_thread(names).await?, page.limit.get() as usize);
        names.sort();
        names.retain(|(name, _)| after.as_ref().is_none_or(|after| name > after));
        let has_more = names.len() > limit;
        names.truncate(limit);
        let next = names.last().filter(|_| has_more).map(|(name, _)| PageToken(name.clone()));
        let sessions = names.into_iter().filter_map(|(name, last_active_epoch_secs)| {
            Some(SessionEntry { session: SessionId::new(decoded(&name)?).ok()?, last_active_epoch_secs })
        });
        Ok(Sessions { sessions: sessions.collect(), next, usage: Usage::default() })
    }

    async fn inspect(&self, session: &SessionId) -> Result<(Option<Record>, Usage)> {
        let (seen, usage) = self.read(session, Consistency::Strong).await?;
        let record = seen.map(|seen| {
            let text = match &seen.content {
                Some(Ok(content)) => content.value.as_str(),
                _ => "",
            };
            Record {
                key: session.to_string(),
                raw: RawJson::parse(text).unwrap_or_else(|_| RawJson::from(text)),
                bytes: seen.bytes,
                limit_bytes: None,
                expires_at_epoch_secs: None,
            }
        });
        Ok((record, usage))
    }
}

fn look(path: &Path) -> Result<Option<Seen>> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == IoErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed("read a session", error)),
    };
    let length = bytes.len() as u64;
    let content = match String::from_utf8(bytes) {
        Ok(value) => Ok(Content { value, beside: None }),
        Err(_) => Err(NoText { shape: "bytes that are not UTF-8" }),
    };
    Ok(Some(Seen { content: Some(content), bytes: length, other_bytes: 0, expires_at_epoch_secs: None }))
}

/// The text of what was seen; `Err` where it is none.
fn value_of(seen: Option<&Seen>) -> Result<Option<&str>, NoText> {
    match seen.and_then(|seen| seen.content.as_ref()) {
        None => Ok(None),
        Some(Ok(content)) => Ok(Some(&content.value)),
        Some(Err(no_text)) => Err(no_text.clone()),
    }
}

/// Held until it is dropped.
fn lock(folder: &Path) -> Result<File> {
    let file = File::options().create(true).append(true).open(folder.join(LOCK));
    let locked = file.and_then(|file| file.lock().map(|()| file));
    locked.map_err(|error| failed("lock the folder", error))
}

fn put(path: &Path, text: &str) -> Result<()> {
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(TEMPORARY);
    let temporary = PathBuf::from(temporary);
    let written = (|| {
        let mut file = File::create(&temporary)?;
        file.write_all(text.as_bytes())?;
        if let Ok(old) = fs::metadata(path) {
            file.set_permissions(old.permissions())?;
        }
        file.sync_all()?;
        fs::rename(&temporary, path)
    })();
    written.map_err(|error| {
        let _ = fs::remove_file(&temporary);
        failed("write a session", error)
    })
}

fn flush_folder(folder: &Path) -> Result<()> {
    // Windows opens no folders, and needs none flushed.
    if cfg!(not(unix)) {
        return Ok(());
    }
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| failed("flush the folder", error))
}

/// The names of sessions as they stand on the disk, with when each was last written.
fn names(folder: &Path) -> Result<Vec<(String, Option<u64>)>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == IoErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed("list the folder", error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| failed("list the folder", error))?;
        let name = entry.file_name();
        let Some(name) = name.to_str().and_then(|name| name.strip_suffix(EXTENSION)) else { continue };
        if decoded(name).is_some() {
            let modified = entry.metadata().ok().and_then(|metadata| metadata.modified().ok());
            let secs =
                modified.and_then(|at| at.duration_since(UNIX_EPOCH).ok()).map(|since| since.as_secs());
            names.push((name.to_owned(), secs));
        }
    }
    Ok(names)
}

fn stands_for_itself(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_' | b'.')
}

/// A session id as the name of a file. Some file systems take large letters for small ones, so only small ones stand as they
/// are, and a `.` not at the beginning, which would hide the file.
fn encoded(id: &str) -> String {
    let mut name = String::with_capacity(id.len());
    for (at, byte) in id.bytes().enumerate() {
        if stands_for_itself(byte) && !(at == 0 && byte == b'.') {
            name.push(char::from(byte));
        } else {
            name.push_str(&format!("%{byte:02x}"));
        }
    }
    name
}

/// The session id that a name stands for; `None` where it is not one of ours.
fn decoded(name: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(name.len());
    let mut rest = name.as_bytes();
    while let [first, after @ ..] = rest {
        rest = if *first == b'%' {
            let digits = std::str::from_utf8(after.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            after.get(2..)?
        } else {
            bytes.push(*first);
            after
        };
    }
    let id = String::from_utf8(bytes).ok()?;
    (encoded(&id) == name).then_some(id)
}

/// JSON without a character that is not ASCII. Such a one can stand in a string only, where an escape means the same.
fn ascii(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for character in json.chars() {
        if character.is_ascii() {
            text.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                text.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    text
}

fn failed(what: &str, error: std::io::Error) -> Error {
    let message = format!("can't {what}: {error}; free some space, or correct the folder and who may use it");
    Error::new(ErrorKind::Storage, message).with_source(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_becomes_a_name_and_back() {
        for (id, name) in [
            ("memory", "memory"),
            ("user-id-123", "user-id-123"),
            ("..", "%2e."),
            ("a/b\\c", "a%2fb%5cc"),
            ("A", "%41"),
            ("é", "%c3%a9"),
            ("100%", "100%25"),
        ] {
            assert_eq!(encoded(id), name);
            assert_eq!(decoded(name).as_deref(), Some(id));
        }
        for other in ["%4", "%zz", "A", "%61", "é", "%ff", "☂"] {
            assert_eq!(decoded(other), None, "{other}");
        }
    }

    #[test]
    fn json_is_the_same_in_ascii() {
        let json = r#"{"é": "日本 😀 \ud83d"}"#;
        let text = ascii(json);
        assert_eq!(text, r#"{"\u00e9": "\u65e5\u672c \ud83d\ude00 \ud83d"}"#);
    }
}
