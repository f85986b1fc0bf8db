//! The promises of a store of flows, kept by files.

use std::fs;
use std::path::{Path, PathBuf};

use canvas_memory::ErrorKind;
use canvas_memory::flow::{Flow, FlowNode};
use serde_json::json;

use super::{Etag, FileStateStore, IfMatch, StateStore};

struct Place {
    dir: tempfile::TempDir,
    store: FileStateStore,
}

impl Place {
    fn new(first: &[Flow]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = FileStateStore::open(dir.path(), first).unwrap();
        Self { dir, store }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join("flows").join(name)
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.path("")).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

fn node(id: &str, credential: Option<&str>) -> FlowNode {
    let node = json!({"id": id, "type": "DynamoDBChatMemory", "inputs": {"tableName": "chat"}, "credential": credential});
    serde_json::from_value(node).unwrap()
}

fn flow(name: &str, nodes: Vec<FlowNode>) -> Flow {
    Flow { nodes, ..Flow::new(name) }
}

#[tokio::test]
async fn a_flow_is_kept_as_a_file_for_people() {
    let place = Place::new(&[]);
    let saved = flow("Support chat", vec![node("memory", Some("aws"))]);
    let created = place.store.create_flow(None, &saved).await.unwrap();
    assert_eq!(created.id, "support-chat");
    let text = fs::read_to_string(place.path("support-chat.json")).unwrap();
    assert!(text.starts_with("{\n  \"format\": 1,\n  \"name\": \"Support chat\",\n"), "{text}");
    assert!(text.ends_with("}\n"), "{text}");
    assert_eq!(place.store.flow("support-chat").await.unwrap(), created);
    let again = place.store.create_flow(None, &saved).await.unwrap();
    assert_eq!((again.id.as_str(), &again.etag), ("support-chat-2", &created.etag));
    let taken = place.store.create_flow(Some("support-chat"), &Flow::new("other")).await.unwrap_err();
    assert_eq!(*taken.kind(), ErrorKind::Conflict { position: None });
    assert_eq!(place.store.flow("support-chat").await.unwrap().flow, saved);
}

#[tokio::test]
async fn of_two_writers_the_second_is_told() {
    let place = Place::new(&[Flow::new("a")]);
    let read = place.store.flow("a").await.unwrap();
    let unchanged = IfMatch::from(read.etag.clone());
    let first = place.store.put_flow("a", &Flow::new("first"), &unchanged).await.unwrap();
    assert_ne!(first.etag, read.etag);
    let error = place.store.put_flow("a", &Flow::new("second"), &unchanged).await.unwrap_err();
    assert_eq!(Etag::in_conflict(&error), Some(first.etag.clone()), "{error}");
    assert_eq!(place.store.delete_flow("a", &unchanged).await.unwrap_err().kind(), error.kind());
    assert_eq!(place.store.flow("a").await.unwrap(), first);
    place.store.put_flow("a", &Flow::new("third"), &IfMatch::Any).await.unwrap();
    place.store.delete_flow("a", &IfMatch::Any).await.unwrap();
    for gone in [
        place.store.flow("a").await.err(),
        place.store.put_flow("a", &read.flow, &IfMatch::Any).await.err(),
        place.store.delete_flow("a", &IfMatch::Any).await.err(),
    ] {
        assert_eq!(*gone.unwrap().kind(), ErrorKind::NotFound);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_writers_at_once_one_wins() {
    let place = Place::new(&[Flow::new("a")]);
    let read = place.store.flow("a").await.unwrap();
    let writers = (0..16).map(|count| {
        let (store, expected) = (place.store.clone(), IfMatch::from(read.etag.clone()));
        tokio::spawn(async move {
            let created = store.create_flow(None, &Flow::new("new")).await.unwrap().id;
            (store.put_flow("a", &Flow::new(format!("writer {count}")), &expected).await.is_ok(), created)
        })
    });
    let (mut won, mut ids) = (0, Vec::new());
    for writer in writers.collect::<Vec<_>>() {
        let (has_won, id) = writer.await.unwrap();
        won += u32::from(has_won);
        ids.push(id);
    }
    ids.sort();
    ids.dedup();
    assert_eq!((won, ids.len()), (1, 16));
}

#[tokio::test]
async fn an_edit_by_hand_is_seen() {
    let place = Place::new(&[Flow::new("a")]);
    let before = place.store.flow("a").await.unwrap();
    let text = fs::read_to_string(place.path("a.json")).unwrap();
    fs::write(place.path("a.json"), text.replace("\"a\"", "\"by hand\"")).unwrap();
    fs::write(place.path("b.json"), &text).unwrap();
    let after = place.store.flow("a").await.unwrap();
    assert_eq!(after.flow.name, "by hand");
    assert_eq!(place.store.flow("b").await.unwrap().etag, before.etag);
    let unchanged = IfMatch::from(before.etag);
    let error = place.store.put_flow("a", &Flow::new("over it"), &unchanged).await.unwrap_err();
    assert_eq!(Etag::in_conflict(&error), Some(after.etag));
    // Git removes a directory with its last file.
    fs::remove_dir_all(place.path("")).unwrap();
    assert!(place.store.flows().await.unwrap().is_empty());
    place.store.create_flow(Some("a"), &Flow::new("a")).await.unwrap();
}

#[tokio::test]
async fn a_broken_file_hides_nothing() {
    let place = Place::new(&[flow("good", vec![node("memory", Some("aws"))])]);
    let newer = r#"{"format": 99, "name": "hunter2"}"#;
    for (name, text) in
        [("bad.json", "{\"name\": \"hunter2"), ("newer.json", newer), ("Upper Case.json", "{}")]
    {
        fs::write(place.path(name), text).unwrap();
    }
    fs::create_dir(place.path("directory.json")).unwrap();
    fs::write(place.path("huge.json"), vec![b' '; 9 << 20]).unwrap();
    fs::write(place.path("README.md"), "My flows").unwrap();
    let listed = place.store.flows().await.unwrap();
    let told: Vec<_> = listed
        .iter()
        .map(|flow| (flow.id.as_str(), flow.summary.as_ref().err().map(|error| error.kind().code())))
        .collect();
    assert_eq!(
        told,
        [
            ("Upper Case", Some("invalid_input")),
            ("bad", Some("corrupt")),
            ("directory", Some("storage")),
            ("good", None),
            ("huge", Some("too_large")),
            ("newer", Some("unsupported")),
        ]
    );
    for error in listed.iter().filter_map(|flow| flow.summary.as_ref().err()) {
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
    let uses = place.store.used_by("aws").await.unwrap();
    assert_eq!(uses.len(), 1);
    assert_eq!((&*uses[0].flow, &*uses[0].flow_name, &*uses[0].node), ("good", "good", "memory"));
    assert!(place.store.used_by("other").await.unwrap().is_empty());
    place.store.put_flow("bad", &Flow::new("mended"), &IfMatch::Any).await.unwrap();
    place.store.delete_flow("newer", &IfMatch::Any).await.unwrap();
}

#[cfg(unix)]
#[tokio::test]
async fn a_pipe_among_the_flows_holds_nobody_up() {
    let place = Place::new(&[]);
    let made = std::process::Command::new("mkfifo").arg(place.path("pipe.json")).status().unwrap();
    assert!(made.success());
    assert!(place.store.flows().await.unwrap()[0].summary.is_err());
}

#[tokio::test]
async fn an_id_is_no_path() {
    let place = Place::new(&[]);
    fs::write(place.dir.path().join("outside.json"), Flow::new("outside").to_json()).unwrap();
    for id in ["../outside", "..", "", "/etc/passwd", "a/b", "A", "a\0", "con", &"x".repeat(65)] {
        for error in [
            place.store.flow(id).await.err(),
            place.store.create_flow(Some(id), &Flow::new("a")).await.err(),
            place.store.put_flow(id, &Flow::new("a"), &IfMatch::Any).await.err(),
            place.store.delete_flow(id, &IfMatch::Any).await.err(),
        ] {
            assert_eq!(error.unwrap().kind().code(), "invalid_input", "{id}");
        }
    }
    assert!(place.names().is_empty());
}

#[tokio::test]
async fn the_first_flow_does_not_come_back() {
    let first = [Flow::new("Starter"), Flow::new("Starter")];
    let place = Place::new(&first);
    assert_eq!(place.names(), ["starter-2.json", "starter.json"]);
    place.store.delete_flow("starter", &IfMatch::Any).await.unwrap();
    place.store.delete_flow("starter-2", &IfMatch::Any).await.unwrap();
    let store = FileStateStore::open(place.dir.path(), &first).unwrap();
    assert!(store.flows().await.unwrap().is_empty());
}

#[tokio::test]
async fn what_a_killed_process_left_is_swept() {
    let dir = tempfile::tempdir().unwrap();
    let half: &Path = &dir.path().join(".flows.tmp");
    fs::create_dir(half).unwrap();
    fs::write(half.join("starter.json"), "{\"format\"").unwrap();
    let store = FileStateStore::open(dir.path(), &[Flow::new("Starter")]).unwrap();
    store.flow("starter").await.unwrap();
    assert!(!half.exists());
    fs::write(dir.path().join("flows/.a1b2.tmp"), "half").unwrap();
    FileStateStore::open(dir.path(), &[]).unwrap();
    assert!(!dir.path().join("flows/.a1b2.tmp").exists());
}
