//! Saving, reading, changing and removing; and what happens to a record that someone else has touched.

use std::fs;

use canvas_memory::ErrorKind;
use canvas_memory_host::vault::{NewCredential, Update};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::support::{Place, SECRET, credential, fields, kind, names, patch, secret};

#[test]
fn what_was_saved_is_there_after_a_restart() {
    let place = Place::new();
    let saved =
        place.open().create(credential("prod", r#"{"accessKey":"AK","secretAccessKey":"é\n"}"#)).unwrap();
    let found = place.open().get("prod").unwrap();
    assert_eq!(found.info, saved);
    assert_eq!((saved.revision, saved.credential_type.as_str()), (1, "dynamodbMemoryApi"));
    assert_eq!(found.fields.expose_secret(), r#"{"accessKey":"AK","secretAccessKey":"é\n"}"#);
}

#[test]
fn the_file_can_be_read_except_for_the_fields() {
    let place = Place::new();
    let vault = place.open();
    vault.create(secret("prod")).unwrap();
    let record = place.json("prod");
    assert_eq!(record["id"], "prod");
    assert_eq!(record["name"], "The prod account");
    assert_eq!(record["type"], "dynamodbMemoryApi");
    assert_eq!(record["revision"], 1);
    assert_eq!(record["key_id"], vault.key_id().unwrap().as_str());
    let text = fs::read_to_string(place.record("prod")).unwrap();
    assert!(
        text.starts_with("{\n  \"format\": 1,\n  \"id\": \"prod\",\n") && text.ends_with("\n}\n"),
        "{text}"
    );
    assert!(!text.contains("hunter2") && !text.contains("secretAccessKey"), "{text}");
}

#[test]
fn no_secret_is_printed() {
    let place = Place::new();
    let vault = place.open();
    let new = secret("prod");
    let mut printed = format!("{new:?}");
    printed += &format!("{:?}", vault.create(new.clone()).unwrap());
    printed += &format!("{:?} {:#?}", vault.get("prod").unwrap(), vault.list().unwrap());
    printed += &format!("{vault:?} {:?}", patch(&format!(r#"{{"token":"{SECRET}"}}"#)));
    let key = fs::read_to_string(place.path("config/key")).unwrap();
    for refused in [
        vault.create(new).err().unwrap(),
        vault.create(credential("other", SECRET)).err().unwrap(),
        vault.create(credential("other", &format!("[\"{SECRET}\"]"))).err().unwrap(),
        vault.update("prod", patch(&format!("\"{SECRET}\""))).err().unwrap(),
        vault.get(SECRET.to_uppercase().as_str()).err().unwrap(),
    ] {
        printed += &format!("{refused} {refused:?} {refused:#?}");
    }
    let printed = printed.to_lowercase();
    assert!(printed.contains("prod") && !printed.contains("hunter2"), "{printed}");
    assert!(!printed.contains(&key.trim().to_lowercase()));
}

#[test]
fn an_id_is_made_when_none_is_given() {
    let place = Place::new();
    let vault = place.open();
    let unnamed = || NewCredential { id: None, ..secret("x") };
    let (first, second) = (vault.create(unnamed()).unwrap().id, vault.create(unnamed()).unwrap().id);
    assert_ne!(first, second);
    assert_eq!(fields(&vault, &first), json!({"secretAccessKey": SECRET}));
}

#[test]
fn an_id_that_is_taken_is_not_overwritten() {
    let place = Place::new();
    let vault = place.open();
    vault.create(secret("prod")).unwrap();
    let field = ErrorKind::InvalidInput { field: "id".into() };
    assert_eq!(kind(vault.create(credential("prod", "{}"))), field);
    fs::write(place.record("junk"), "junk").unwrap();
    assert_eq!(kind(vault.create(secret("junk"))), field);
    assert_eq!(fields(&vault, "prod"), json!({"secretAccessKey": SECRET}));
    assert_eq!(fs::read(place.record("junk")).unwrap(), b"junk");
}

#[test]
fn bad_values_are_refused_by_the_name_of_their_field() {
    let place = Place::new();
    let vault = place.open();
    let base = || secret("prod");
    for (field, bad) in [
        ("id", NewCredential { id: Some("../prod".into()), ..base() }),
        ("id", NewCredential { id: Some(String::new()), ..base() }),
        ("name", NewCredential { name: " ".into(), ..base() }),
        ("name", NewCredential { name: "x".repeat(201), ..base() }),
        ("type", NewCredential { credential_type: "a b".into(), ..base() }),
        ("fields", NewCredential { fields: "[]".into(), ..base() }),
        ("fields", NewCredential { fields: json!({"a": "x".repeat(70_000)}).to_string().into(), ..base() }),
    ] {
        assert_eq!(kind(vault.create(bad)), ErrorKind::InvalidInput { field: field.into() });
    }
    assert!(!place.data().exists() && !place.path("config").exists(), "nothing is created for bad input");
    for id in ["../config/key", "/etc/passwd", "PROD", "a/b", ""] {
        assert_eq!(kind(vault.get(id)), ErrorKind::InvalidInput { field: "id".into() });
        assert_eq!(kind(vault.delete(id)), ErrorKind::InvalidInput { field: "id".into() });
    }
}

#[test]
fn a_change_keeps_what_it_does_not_name() {
    let place = Place::new();
    let vault = place.open();
    let first = vault.create(credential("prod", r#"{"a":"1","b":"2","c":null}"#)).unwrap();
    let second = vault.update("prod", patch(r#"{"b":null,"d":"4"}"#)).unwrap();
    assert_eq!((second.revision, &second.name, &second.created), (2, &first.name, &first.created));
    assert_eq!(fields(&vault, "prod"), json!({"a": "1", "d": "4"}));
    let third = vault.update("prod", Update { name: Some("Renamed".into()), fields: None }).unwrap();
    assert_eq!((third.revision, third.name.as_str()), (3, "Renamed"));
    assert_eq!(fields(&place.open(), "prod"), json!({"a": "1", "d": "4"}));
    assert!(vault.update("prod", Update { name: Some("Bad".into()), ..patch("[]") }).is_err());
    assert_eq!(vault.get("prod").unwrap().info, third);
}

#[test]
fn a_missing_credential_is_named_with_what_to_do() {
    let place = Place::new();
    let vault = place.open();
    vault.create(secret("prod")).unwrap();
    vault.delete("prod").unwrap();
    for error in [
        vault.get("prod").err().unwrap(),
        vault.delete("prod").err().unwrap(),
        vault.update("prod", patch("{}")).err().unwrap(),
    ] {
        assert_eq!(*error.kind(), ErrorKind::MissingCredential);
        let text = error.to_string();
        assert!(
            text.contains("`prod`") && text.contains("Save one") && text.contains("choose another"),
            "{text}"
        );
    }
    assert!(names(&place.data().join("credentials")).is_empty());
}

#[test]
fn the_list_shows_names_and_hides_values() {
    let place = Place::new();
    let vault = place.open();
    assert!(vault.list().unwrap().is_empty());
    vault.create(credential("b", r#"{"accessKey":"AK","secretAccessKey":"hunter2"}"#)).unwrap();
    vault.create(secret("a")).unwrap();
    let listed = vault.list().unwrap();
    assert_eq!(listed.iter().map(|listed| listed.id.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(*listed[1].fields.as_ref().unwrap(), ["accessKey", "secretAccessKey"]);
    assert_eq!(listed[1].info.as_ref().unwrap().name, "The b account");
}

#[test]
fn one_bad_record_does_not_hide_the_rest() {
    let place = Place::new();
    let vault = place.open();
    vault.create(secret("good")).unwrap();
    vault.create(secret("cut")).unwrap();
    let text = fs::read(place.record("cut")).unwrap();
    fs::write(place.record("cut"), &text[..text.len() / 2]).unwrap();
    fs::write(place.record("Not An Id"), &text).unwrap();
    fs::write(place.record("huge"), vec![b' '; 1 << 20]).unwrap();
    fs::create_dir(place.record("dir")).unwrap();
    if cfg!(unix) {
        let made = std::process::Command::new("mkfifo").arg(place.record("pipe")).status().unwrap();
        assert!(made.success());
    }
    let vault = place.open();
    let kinds: Vec<_> = vault
        .list()
        .unwrap()
        .into_iter()
        .map(|listed| (listed.id, listed.fields.err().map(|error| error.kind().code())))
        .collect();
    let mut told = vec![
        ("Not An Id".into(), Some("invalid_input")),
        ("cut".into(), Some("corrupt")),
        ("dir".into(), Some("storage")),
        ("good".into(), None),
        ("huge".into(), Some("corrupt")),
    ];
    told.extend(cfg!(unix).then(|| ("pipe".to_owned(), Some("storage"))));
    assert_eq!(kinds, told);
    assert_eq!(fields(&vault, "good"), json!({"secretAccessKey": SECRET}));
    assert_eq!(kind(vault.update("cut", patch("{}"))), ErrorKind::Corrupt);
    assert_eq!(fs::read(place.record("cut")).unwrap(), &text[..text.len() / 2]);
    vault.delete("cut").unwrap();
}

#[test]
fn a_record_with_any_field_changed_does_not_open() {
    let place = Place::new();
    let vault = place.open();
    vault.create(secret("prod")).unwrap();
    vault.create(secret("other")).unwrap();
    let whole = place.json("prod");
    let other = place.json("other");
    let flipped = |field: &str| {
        let text = whole[field].as_str().unwrap();
        let other = if text.starts_with('A') { "B" } else { "A" };
        Value::from(format!("{other}{}", &text[1..]))
    };
    let changes = [
        ("id", json!("other")),
        ("name", json!("Another name")),
        ("type", json!("upstashRedisMemoryApi")),
        ("revision", json!(2)),
        ("created", json!("2001-01-01T00:00:00Z")),
        ("updated", json!("2001-01-01T00:00:00Z")),
        ("key_id", json!("0123456789abcdef")),
        ("key_id", json!("junk\u{1b}[2J")),
        ("nonce", flipped("nonce")),
        ("nonce", other["nonce"].clone()),
        ("nonce", json!("")),
        ("nonce", json!("not base64!")),
        ("sealed", flipped("sealed")),
        ("sealed", other["sealed"].clone()),
        ("sealed", json!("")),
        ("sealed", json!("AAAA")),
    ];
    for (field, value) in &changes {
        let mut changed = whole.clone();
        changed[field] = value.clone();
        fs::write(place.record("prod"), changed.to_string()).unwrap();
        let error = vault.get("prod").err().unwrap();
        assert_eq!(*error.kind(), ErrorKind::Undecryptable, "{field} {value}");
        let text = error.to_string();
        assert!(text.contains("`prod`") && !text.contains(char::is_control), "{text}");
        assert_eq!(kind(vault.update("prod", patch("{}"))), ErrorKind::Undecryptable, "{field}");
    }
    let covered: Vec<_> = whole.as_object().unwrap().keys().filter(|name| *name != "format").collect();
    assert!(covered.iter().all(|name| changes.iter().any(|(field, _)| field == name)), "{covered:?}");
    fs::write(place.record("prod"), whole.to_string()).unwrap();
    assert_eq!(fields(&vault, "prod"), json!({"secretAccessKey": SECRET}), "written anew, it opens");
}

#[test]
fn records_that_change_places_do_not_open() {
    let place = Place::new();
    let vault = place.open();
    vault.create(secret("one")).unwrap();
    vault.create(secret("two")).unwrap();
    let (mut one, mut two) = (place.json("one"), place.json("two"));
    let swapped = |one: &Value, two: &Value| {
        fs::write(place.record("one"), two.to_string()).unwrap();
        fs::write(place.record("two"), one.to_string()).unwrap();
        for id in ["one", "two"] {
            let error = vault.get(id).err().unwrap();
            assert_eq!(*error.kind(), ErrorKind::Undecryptable);
            assert!(error.message().contains(&format!("`{id}`")), "{error}");
        }
    };
    swapped(&one, &two);
    (one["id"], two["id"]) = (json!("two"), json!("one"));
    swapped(&one, &two);
}

#[test]
fn an_older_revision_does_not_pass_for_the_newest() {
    let place = Place::new();
    let vault = place.open();
    vault.create(secret("prod")).unwrap();
    let old = place.json("prod");
    vault.update("prod", patch(r#"{"token":"new"}"#)).unwrap();
    let mut mixed = place.json("prod");
    (mixed["nonce"], mixed["sealed"]) = (old["nonce"].clone(), old["sealed"].clone());
    fs::write(place.record("prod"), mixed.to_string()).unwrap();
    assert_eq!(kind(vault.get("prod")), ErrorKind::Undecryptable);
}
