//! Rotation: every record under the new key, and no state from which it can't go on.

use std::fs;

use canvas_memory::ErrorKind;
use canvas_memory_host::vault::{KeySource, Rotation, Vault};
use serde_json::json;

use crate::support::{Place, SECRET, fields, kind, names, patch, secret};

const IDS: [&str; 4] = ["a", "b", "c", "d"];

/// A vault with [`IDS`], and a new key to rotate to.
fn filled() -> (Place, Vault, KeySource) {
    let place = Place::new();
    let vault = place.open();
    for id in IDS {
        vault.create(secret(id)).unwrap();
    }
    let new = vault.create_key_file(&place.path("new-key")).unwrap();
    (place, vault, new)
}

/// As [`filled`], with the records `..done` under the new key already.
fn interrupted(done: usize) -> (Place, KeySource) {
    let (place, vault, new) = filled();
    let old: Vec<_> = IDS.iter().map(|id| fs::read(place.record(id)).unwrap()).collect();
    vault.rotate(&new).unwrap();
    for (id, old) in IDS.iter().zip(old).skip(done) {
        fs::write(place.record(id), old).unwrap();
    }
    (place, new)
}

fn assert_rotated(place: &Place, new: &KeySource) {
    let vault = Vault::open(&place.data(), new.clone()).unwrap();
    for id in IDS {
        assert_eq!(fields(&vault, id), json!({"secretAccessKey": SECRET}), "{id}");
        assert_eq!(place.json(id)["key_id"], vault.key_id().unwrap().as_str());
    }
}

#[test]
fn the_old_key_opens_nothing_afterwards() {
    let (place, vault, new) = filled();
    let (old_key, before) = (vault.key_id(), vault.get("a").unwrap().info);
    assert_eq!(vault.rotate(&new).unwrap(), Rotation { resealed: 4, already_sealed: 0 });
    assert_ne!(vault.key_id(), old_key);
    assert_eq!(vault.get("a").unwrap().info, before, "revision and times stay");
    assert_rotated(&place, &new);
    assert_eq!(kind(Vault::open(&place.data(), place.key("config/key"))), ErrorKind::Undecryptable);
    vault.create(secret("e")).unwrap();
    assert_eq!(place.json("e")["key_id"], vault.key_id().unwrap().as_str());
    assert_eq!(vault.rotate(&new).unwrap(), Rotation { resealed: 0, already_sealed: 5 });
}

#[test]
fn an_interrupted_rotation_goes_on_from_the_old_key() {
    for done in 0..IDS.len() {
        let (place, new) = interrupted(done);
        let vault = place.open();
        assert_eq!(fields(&vault, "d"), json!({"secretAccessKey": SECRET}));
        let rotation = vault.rotate(&new).unwrap();
        assert_eq!(rotation, Rotation { resealed: IDS.len() - done, already_sealed: done });
        assert_rotated(&place, &new);
    }
}

#[test]
fn an_interrupted_rotation_goes_on_from_the_new_key_with_the_old_as_previous() {
    for done in 0..=IDS.len() {
        let (place, new) = interrupted(done);
        let old = [place.key("config/key")];
        let vault = Vault::open_with_previous(&place.data(), new.clone(), &old).unwrap();
        for id in IDS {
            assert_eq!(fields(&vault, id), json!({"secretAccessKey": SECRET}), "all can be read meanwhile");
        }
        vault.update("d", patch(r#"{"token":null}"#)).unwrap();
        assert_eq!(
            place.json("d")["key_id"],
            vault.key_id().unwrap().as_str(),
            "and is written under the new key"
        );
        vault.rotate(&new).unwrap();
        assert_rotated(&place, &new);
    }
}

#[test]
fn a_record_that_does_not_open_stops_a_rotation_before_it_begins() {
    let (place, vault, new) = filled();
    let mut bad = place.json("d");
    bad["name"] = json!("Changed");
    fs::write(place.record("d"), bad.to_string()).unwrap();
    let before = place.json("a");
    let error = vault.rotate(&new).err().unwrap();
    assert_eq!(*error.kind(), ErrorKind::Undecryptable);
    assert!(error.message().contains("`d`"), "{error}");
    assert_eq!(place.json("a"), before);
    vault.delete("d").unwrap();
    assert_eq!(vault.rotate(&new).unwrap().resealed, 3);
}

#[test]
fn a_key_that_is_not_there_is_not_rotated_to() {
    let (place, vault, _) = filled();
    let before = place.json("a");
    for absent in [KeySource::File(place.path("none")), KeySource::DefaultFile(Some(place.path("none")))] {
        assert_eq!(kind(vault.rotate(&absent)), ErrorKind::InvalidInput { field: "--key-file".into() });
        assert!(Vault::open_with_previous(&place.data(), place.key("config/key"), &[absent]).is_err());
    }
    assert_eq!(place.json("a"), before);
    assert_eq!(names(&place.path("")), ["config", "data", "new-key"]);
}

#[test]
fn a_previous_key_never_seals() {
    let place = Place::new();
    let other = Vault::open(&place.path("other"), place.key("old-key")).unwrap();
    other.create(secret("x")).unwrap();
    let opened = Vault::open_with_previous(&place.data(), place.key("config/key"), &[place.key("old-key")]);
    assert_eq!(kind(opened), ErrorKind::InvalidInput { field: "--key-file".into() });
}
