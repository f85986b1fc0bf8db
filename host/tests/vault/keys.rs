//! Where keys come from, and what happens without them.

use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use canvas_memory::ErrorKind;
use canvas_memory_host::vault::{KEY_VARIABLE, KeySource, Vault};
use serde_json::json;

use crate::support::{Place, SECRET, fields, kind, names, secret};

fn option() -> ErrorKind {
    ErrorKind::InvalidInput { field: "--key-file".into() }
}

fn in_environment(byte: u8) -> KeySource {
    KeySource::Environment(STANDARD.encode([byte; 32]).into())
}

#[test]
fn the_first_credential_makes_the_default_key() {
    let place = Place::new();
    let vault = place.open();
    assert_eq!(vault.key_id(), None);
    assert!(!place.path("config").exists() && !place.data().exists(), "opening creates nothing");
    vault.create(secret("one")).unwrap();
    let key = fs::read_to_string(place.path("config/key")).unwrap();
    assert_eq!(STANDARD.decode(key.trim()).unwrap().len(), 32);
    vault.create(secret("two")).unwrap();
    assert_eq!(fs::read_to_string(place.path("config/key")).unwrap(), key);
    assert_eq!(names(&place.path("config")), ["key"]);
    assert_eq!(place.open().key_id(), vault.key_id());
}

#[cfg(unix)]
#[test]
fn only_the_owner_can_read_what_is_written() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::new();
    let vault = place.open();
    vault.create(secret("prod")).unwrap();
    vault.create_key_file(&place.path("new/key")).unwrap();
    let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    for dir in ["data", "data/credentials", "config", "new"] {
        assert_eq!(mode(place.path(dir)), 0o700, "{dir}");
    }
    for file in ["data/credentials/prod.json", "config/key", "new/key"] {
        assert_eq!(mode(place.path(file)), 0o600, "{file}");
    }
    vault.rotate(&KeySource::File(place.path("new/key"))).unwrap();
    assert_eq!(mode(place.record("prod")), 0o600);
}

#[test]
fn two_data_directories_share_the_default_key() {
    let place = Place::new();
    let (first, second) = (place.open(), Vault::open(&place.path("data2"), place.key("config/key")).unwrap());
    first.create(secret("one")).unwrap();
    second.create(secret("two")).unwrap();
    assert_eq!(first.key_id(), second.key_id());
    assert_eq!(fields(&place.open(), "one"), json!({"secretAccessKey": SECRET}));
}

#[test]
fn sealed_records_without_their_key_keep_the_vault_shut() {
    let place = Place::new();
    let vault = place.open();
    vault.create(secret("one")).unwrap();
    let key_id = vault.key_id().unwrap();
    fs::remove_file(place.path("config/key")).unwrap();
    let file = place.path("elsewhere");
    fs::write(&file, STANDARD.encode([1; 32])).unwrap();
    for (source, places) in [
        (place.key("config/key"), vec!["--key-file", KEY_VARIABLE, "config/key, which is not there"]),
        (KeySource::DefaultFile(None), vec!["--key-file", KEY_VARIABLE, "no default key file"]),
        (KeySource::File(place.path("gone")), vec!["gone, which is not there"]),
        (KeySource::File(file), vec!["elsewhere, which holds key "]),
        (in_environment(2), vec!["CANVAS_MEMORY_KEY, which holds key "]),
    ] {
        let error = Vault::open(&place.data(), source).err().unwrap();
        assert_eq!(*error.kind(), ErrorKind::Undecryptable);
        let text = error.to_string();
        assert!(text.contains(&format!("the id {key_id};")), "{text}");
        assert!(places.iter().all(|place| text.contains(place)), "{text}");
    }
    assert!(!place.path("config/key").exists() && !place.path("gone").exists(), "no new key is made");
    assert_eq!(names(&place.data().join("credentials")), ["one.json"]);
}

#[test]
fn no_key_is_made_once_something_is_sealed() {
    let place = Place::new();
    let (early, other) = (place.open(), Vault::open(&place.data(), in_environment(1)).unwrap());
    other.create(secret("one")).unwrap();
    assert_eq!(kind(early.create(secret("two"))), ErrorKind::Undecryptable);
    assert!(!place.path("config").exists());
    fs::write(place.record("one"), "cut").unwrap();
    let error = place.key("config/key");
    let error = Vault::open(&place.data(), error).err().unwrap();
    assert_eq!(*error.kind(), ErrorKind::Undecryptable, "an unreadable record is still a record");
    assert!(!place.path("config").exists());
}

#[test]
fn a_record_of_another_key_is_reported_and_the_rest_works() {
    let place = Place::new();
    let vault = place.open();
    vault.create(secret("own")).unwrap();
    let other = Vault::open(&place.path("other"), in_environment(1)).unwrap();
    other.create(secret("foreign")).unwrap();
    fs::rename(place.path("other/credentials/foreign.json"), place.record("foreign")).unwrap();
    let vault_again = place.open();
    let error = vault_again.get("foreign").err().unwrap();
    assert_eq!(*error.kind(), ErrorKind::Undecryptable);
    for named in ["`foreign`", &other.key_id().unwrap(), &vault.key_id().unwrap()] {
        assert!(error.message().contains(named), "{error}");
    }
    assert_eq!(fields(&vault_again, "own"), json!({"secretAccessKey": SECRET}));
    let listed = vault_again.list().unwrap();
    assert_eq!(listed[0].info.as_ref().unwrap().name, "The foreign account");
    assert!(listed[0].fields.is_err() && listed[1].fields.is_ok());
    vault_again.delete("foreign").unwrap();
}

#[test]
fn a_key_file_that_was_named_has_to_be_there_and_in_order() {
    let place = Place::new();
    let file = place.path("key");
    let open = || Vault::open(&place.data(), KeySource::File(file.clone()));
    let error = open().err().unwrap();
    assert_eq!(*error.kind(), option());
    assert!(error.message().contains("is not there"), "{error}");
    for text in ["", "hunter2", &STANDARD.encode([1; 16]), &"A".repeat(5000)] {
        fs::write(&file, text).unwrap();
        let error = open().err().unwrap();
        assert_eq!(*error.kind(), option());
        assert!(
            error.message().contains("base64 form of 32 bytes") && !error.to_string().contains("hunter2")
        );
        assert_eq!(fs::read_to_string(&file).unwrap(), text, "left as it is");
    }
    fs::write(&file, STANDARD.encode([1; 32]) + "\n").unwrap();
    open().unwrap().create(secret("one")).unwrap();
    let same = Vault::open(&place.data(), in_environment(1)).unwrap();
    assert_eq!(fields(&same, "one"), json!({"secretAccessKey": SECRET}));
}

#[test]
fn a_key_in_the_data_directory_is_refused() {
    let place = Place::new();
    fs::create_dir_all(place.path("data/keys")).unwrap();
    let inside = place.path("data/keys/key");
    for source in [KeySource::File(inside.clone()), KeySource::DefaultFile(Some(inside.clone()))] {
        let error = Vault::open(&place.data(), source).err().unwrap();
        assert_eq!(*error.kind(), option());
        assert!(error.message().contains("lies in the data directory"), "{error}");
    }
    let vault = place.open();
    vault.create(secret("one")).unwrap();
    assert_eq!(kind(vault.create_key_file(&inside)), option());
    assert!(!inside.exists());
    fs::copy(place.path("config/key"), &inside).unwrap();
    assert_eq!(kind(vault.rotate(&KeySource::File(inside))), option());
}

#[test]
fn without_a_home_the_first_credential_asks_for_a_key() {
    let place = Place::new();
    let vault = Vault::open(&place.data(), KeySource::DefaultFile(None)).unwrap();
    let error = vault.create(secret("one")).err().unwrap();
    assert_eq!(*error.kind(), option());
    assert!(error.message().contains(KEY_VARIABLE), "{error}");
    assert!(!place.data().exists());
}

#[test]
fn a_new_key_file_never_replaces_one() {
    let place = Place::new();
    let vault = place.open();
    vault.create(secret("one")).unwrap();
    let before = fs::read(place.path("config/key")).unwrap();
    assert_eq!(kind(vault.create_key_file(&place.path("config/key"))), option());
    assert_eq!(fs::read(place.path("config/key")).unwrap(), before);
}
