//! Writers that are killed, and disks that are full. The writers are this test program, started again.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use canvas_memory::ErrorKind;
use canvas_memory_host::vault::{KeySource, Vault};
use serde_json::json;

use crate::support::{Place, credential, fields, names, patch};

/// Where a started writer finds its data directory and keys.
const PLACE: &str = "VAULT_TEST_PLACE";

fn started_as_writer() -> Option<PathBuf> {
    std::env::var_os(PLACE).map(PathBuf::from)
}

/// Runs the test `name` of this program as a writer at `place`, under `wrapper`.
fn writer(name: &str, place: &Path, wrapper: &[&str]) -> Command {
    let program = std::env::current_exe().unwrap();
    let mut line: Vec<_> = wrapper.iter().map(Into::into).collect();
    line.push(program.into_os_string());
    let mut command = Command::new(&line[0]);
    command.args(&line[1..]).args(["--exact", name, "--nocapture", "--test-threads=1"]).env(PLACE, place);
    command
}

fn open(place: &Path) -> Vault {
    Vault::open(&place.join("data"), KeySource::DefaultFile(Some(place.join("config/key")))).unwrap()
}

/// A large value, so that writing takes its time.
fn filler(count: usize) -> String {
    format!("{count}-").repeat(2000)
}

#[test]
fn a_writer_that_is_killed_leaves_the_old_record_or_the_new_one() {
    if let Some(place) = started_as_writer() {
        let vault = open(&place);
        // It ends by itself, in case whoever was to kill it was killed.
        for count in 0..5000 {
            let value = filler(count);
            vault.update("prod", patch(&json!({"a": value, "b": value}).to_string())).unwrap();
            println!("writing");
            let _ = vault.delete("new");
            vault.create(credential("new", &json!({"a": value}).to_string())).unwrap();
        }
        return;
    }
    let place = Place::new();
    place.open().create(credential("prod", r#"{"a":"0","b":"0"}"#)).unwrap();
    let mut revision = 1;
    for round in 0..20 {
        let name = "crash::a_writer_that_is_killed_leaves_the_old_record_or_the_new_one";
        let mut child = writer(name, &place.path(""), &[]).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        assert!(lines.any(|line| line.contains("writing")), "the writer did not start");
        // What others see at any moment is what a kill at that moment leaves.
        for _ in 0..round * 20 {
            assert_eq!(place.json("prod")["id"], "prod");
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let vault = place.open();
        let found = fields(&vault, "prod");
        assert_eq!(found["a"], found["b"]);
        let info = vault.get("prod").unwrap().info;
        assert!(info.revision > revision, "what was acknowledged is there");
        revision = info.revision;
        for listed in vault.list().unwrap() {
            listed.fields.unwrap();
        }
        let left = names(&place.data().join("credentials"));
        assert!(left.iter().all(|name| name == "prod.json" || name == "new.json"), "{left:?}");
    }
}

#[test]
fn a_rotation_that_is_killed_goes_on() {
    let ids: Vec<_> = (10..26).map(|count| format!("c{count}")).collect();
    if let Some(place) = started_as_writer() {
        open(&place).rotate(&KeySource::File(place.join("new-key"))).unwrap();
        return;
    }
    for last in [0, 5, 10] {
        let place = Place::new();
        let vault = place.open();
        for (count, id) in ids.iter().enumerate() {
            vault.create(credential(id, &json!({"a": filler(count)}).to_string())).unwrap();
        }
        let new = vault.create_key_file(&place.path("new-key")).unwrap();
        let name = "crash::a_rotation_that_is_killed_goes_on";
        let mut child = writer(name, &place.path(""), &[]).stdout(Stdio::null()).spawn().unwrap();
        let old_key_id = vault.key_id().unwrap();
        while place.json(&ids[last])["key_id"] == old_key_id.as_str() {
            assert!(child.try_wait().unwrap().is_none_or(|status| status.success()), "the rotation failed");
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let old = [place.key("config/key")];
        let vault = Vault::open_with_previous(&place.data(), new.clone(), &old).unwrap();
        let rotation = vault.rotate(&new).unwrap();
        assert_eq!(rotation.resealed + rotation.already_sealed, ids.len());
        assert!(rotation.already_sealed > last, "what was done is kept: {rotation:?}");
        let vault = Vault::open(&place.data(), new).unwrap();
        for (count, id) in ids.iter().enumerate() {
            assert_eq!(fields(&vault, id), json!({"a": filler(count)}));
        }
    }
}

#[cfg(unix)]
#[test]
fn a_full_disk_leaves_the_old_record() {
    if let Some(place) = started_as_writer() {
        let vault = open(&place);
        vault.create(credential("prod", r#"{"a":"old"}"#)).unwrap();
        let large = json!({"a": "x".repeat(50_000)}).to_string();
        for error in [
            vault.update("prod", patch(&large)).err().unwrap(),
            vault.create(credential("new", &large)).err().unwrap(),
        ] {
            assert_eq!(*error.kind(), ErrorKind::Storage);
            assert!(error.message().contains("check its permissions and the free space"), "{error}");
        }
        for vault in [vault, open(&place)] {
            assert_eq!(fields(&vault, "prod"), json!({"a": "old"}));
            assert_eq!(names(&place.join("data/credentials")), ["prod.json"]);
        }
        println!("the old record is there");
        return;
    }
    // A tiny file system of its own where the machine lets us mount one, else a limit on the size of files.
    let mount = r#"mount -t tmpfs -o size=32k tmpfs "$VAULT_TEST_PLACE" && exec "$0" "$@""#;
    let limit = r#"trap "" XFSZ && ulimit -f 8 && exec "$0" "$@""#;
    let namespace = ["unshare", "--map-root-user", "--mount", "sh", "-c"];
    let place = Place::new();
    let can_mount = Command::new(namespace[0])
        .args(&namespace[1..])
        .args([mount, "true"])
        .env(PLACE, place.path(""))
        .status()
        .is_ok_and(|status| status.success());
    let wrapper = if can_mount { [&namespace[..], &[mount]].concat() } else { vec!["sh", "-c", limit] };
    let output =
        writer("crash::a_full_disk_leaves_the_old_record", &place.path(""), &wrapper).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("the old record is there"), "{output:?}");
}
