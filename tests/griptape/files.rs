//! The same JSON in a file a session, as Griptape's local driver keeps it.

use std::fs;
use std::sync::Arc;

use canvas_memory::conformance::{self, Harness, Hook, Options};
use canvas_memory::error::ErrorKind;
use canvas_memory::griptape::{FileSlot, GriptapeConfig, GriptapeFiles};
use canvas_memory::message::Role;
use canvas_memory::session::{Scope, SessionKey};
use canvas_memory::store::{Append, ChatStore, Consistency, Page, PageToken, SessionOrder, Window};
use serde_json::{Value, json};

use crate::bench::{all, key, raw_runs, texts, turn};

const FIXTURE: &str = include_str!("../fixtures/griptape/griptape-1.13.0-conversation-2runs.json");

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn files(&self) -> GriptapeFiles {
        GriptapeFiles::new(FileSlot::new(self.0.path().join("sessions")), GriptapeConfig::default()).unwrap()
    }

    fn file(&self, name: &str) -> std::path::PathBuf {
        self.0.path().join("sessions").join(name)
    }

    fn json(&self, name: &str) -> Value {
        serde_json::from_slice(&fs::read(self.file(name)).unwrap()).unwrap()
    }
}

#[async_trait::async_trait]
impl Harness for Folder {
    async fn store(&self) -> Arc<dyn ChatStore> {
        Arc::new(self.files())
    }

    // Each file was flushed before its write was acknowledged, and nothing else is kept.
    async fn reopen(&self) -> Hook {
        Hook::Done
    }

    async fn corrupt(&self, key: &SessionKey, nth: usize) -> Hook {
        let name = format!("{}.json", key.session);
        let mut value = self.json(&name);
        value["runs"][nth]["output"] = Value::Null;
        fs::write(self.file(&name), value.to_string()).unwrap();
        Hook::Done
    }

    async fn foreign_view(&self, key: &SessionKey) -> Option<Vec<(Role, String)>> {
        let value = self.json(&format!("{}.json", key.session));
        let text = |end: &Value| end["value"].as_str().unwrap().to_owned();
        let runs = value["runs"].as_array().unwrap();
        let ends =
            runs.iter().flat_map(|run| [(Role::User, &run["input"]), (Role::Assistant, &run["output"])]);
        Some(ends.map(|(role, end)| (role, text(end))).collect())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_promises_are_kept_in_files() {
    let options = Options { long_session_turns: 100, interleavings: 4, ..Options::default() };
    let report = conformance::run_with(&Folder::new(), options).await;
    println!("{report}");
    // A file's name has no room for ids of 2,048 bytes.
    let failed = report
        .failed()
        .map(|check| check.name)
        .filter(|name| *name != "odd session ids, each a session of its own");
    assert_eq!(failed.collect::<Vec<_>>(), [""; 0], "{report}");
}

#[tokio::test]
async fn a_file_of_griptape_is_read_and_continued() {
    let folder = Folder::new();
    let files = folder.files();
    assert!(all(&files, "memory").await.turns.is_empty());
    let item: Value = serde_json::from_str(FIXTURE).unwrap();
    let value = item["value"]["S"].as_str().unwrap();
    fs::create_dir(folder.0.path().join("sessions")).unwrap();
    fs::write(folder.file("memory.json"), value).unwrap();
    files.append(&key("memory"), Append::new(turn("Grüße, 日本 😀"))).await.unwrap();
    let text = fs::read_to_string(folder.file("memory.json")).unwrap();
    assert!(text.is_ascii(), "another program reads it by whatever encoding its machine has");
    assert_eq!(raw_runs(&text)[..2], raw_runs(value)[..]);
    assert_eq!(folder.json("memory.json")["runs"][2]["input"]["value"], "Grüße, 日本 😀");
    assert_eq!(
        texts(&all(&folder.files(), "memory").await.turns)[4..],
        ["Grüße, 日本 😀", "re: Grüße, 日本 😀"]
    );
    let mut left: Vec<_> = fs::read_dir(folder.0.path().join("sessions"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    left.sort();
    assert_eq!(left, [".canvas-memory.lock", "memory.json"], "nothing of the write is left");
}

#[tokio::test]
async fn what_is_no_session_is_an_error_and_stays() {
    let folder = Folder::new();
    let files = folder.files();
    files.append(&key("s"), Append::new(turn("a"))).await.unwrap();
    for bytes in [&b""[..], b"{", b"\xff\xfe{}", b"[]", b"{\"runs\": 1}"] {
        fs::write(folder.file("s.json"), bytes).unwrap();
        let read = files.recent(&key("s"), Window::Everything, Consistency::Strong).await.unwrap_err();
        let written = files.append(&key("s"), Append::new(turn("b"))).await.unwrap_err();
        for error in [read, written] {
            assert_eq!(*error.kind(), ErrorKind::Corrupt, "{error}");
            assert!(error.to_string().contains("folder"), "{error}");
        }
        assert_eq!(fs::read(folder.file("s.json")).unwrap(), bytes);
    }
}

#[tokio::test]
async fn sessions_are_listed_and_other_files_are_not() {
    let folder = Folder::new();
    let files = folder.files();
    let scope = Scope::default();
    assert!(files.sessions(&scope, Page::default()).await.unwrap().sessions.is_empty());
    let ids = ["..", "/etc/passwd", "A", "a", "日本"];
    for id in ids {
        files.append(&key(id), Append::new(turn(id))).await.unwrap();
    }
    for other in ["notes.txt", "☂.json", "A.json", "half.json.tmp"] {
        fs::write(folder.file(other), "{").unwrap();
    }
    let mut found = Vec::new();
    let mut token = None;
    loop {
        let listed = files.sessions(&scope, Page { limit: 2.try_into().unwrap(), token }).await.unwrap();
        assert!(listed.sessions.iter().all(|entry| entry.last_active_epoch_secs.is_some()));
        found.extend(listed.sessions.into_iter().map(|entry| entry.session.to_string()));
        token = listed.next;
        if token.is_none() {
            break;
        }
    }
    found.sort();
    assert_eq!(found, ids);
    assert_eq!(files.capabilities().sessions, SessionOrder::Unordered);
    let bad = Page { token: Some(PageToken("../x".to_owned())), ..Page::default() };
    assert!(matches!(files.sessions(&scope, bad).await.unwrap_err().kind(), ErrorKind::InvalidInput { .. }));
    let long = files.append(&key(&"x".repeat(2_000)), Append::new(turn("a"))).await.unwrap_err();
    assert!(matches!(long.kind(), ErrorKind::InvalidInput { field } if field == "sessionId"), "{long}");
    assert_eq!(files.clear(&key("a")).await.unwrap().messages, 2);
    assert_eq!(files.clear(&key("a")).await.unwrap().messages, 0);
    assert_eq!(texts(&all(&files, "A").await.turns), ["A", "re: A"]);
}

#[tokio::test]
async fn a_folder_that_cant_be_written_is_told() {
    let folder = Folder::new();
    fs::write(folder.0.path().join("sessions"), "a file").unwrap();
    let error = folder.files().append(&key("s"), Append::new(turn("a"))).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Storage, "{error}");
}

#[cfg(unix)]
#[tokio::test]
async fn who_may_read_a_file_may_read_the_next_one() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    let files = folder.files();
    files.append(&key("s"), Append::new(turn("a"))).await.unwrap();
    fs::set_permissions(folder.file("s.json"), fs::Permissions::from_mode(0o640)).unwrap();
    files.append(&key("s"), Append::new(turn("b"))).await.unwrap();
    let mode = fs::metadata(folder.file("s.json")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o640);
    assert_eq!(folder.json("s.json")["metadata"], json!({}));
}
