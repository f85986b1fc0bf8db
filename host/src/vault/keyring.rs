//! The keys at hand.

use canvas_memory::{Error, ErrorKind};

use super::key::{Key, is_key_id};

/// The key that seals, first, and those that records may still be sealed with.
#[derive(Debug, Default)]
pub(super) struct Keyring(Vec<Key>);

impl Keyring {
    /// The key that seals.
    pub(super) fn current(&self) -> Option<&Key> {
        self.0.first()
    }

    pub(super) fn get(&self, key_id: &str) -> Option<&Key> {
        self.0.iter().find(|key| key.id() == key_id)
    }

    /// Adds a key; it seals when it is the first.
    pub(super) fn add(&mut self, key: Key) {
        if self.get(key.id()).is_none() {
            self.0.push(key);
        }
    }

    /// Forgets every other key.
    pub(super) fn keep_only(&mut self, key_id: &str) {
        self.0.retain(|key| key.id() == key_id);
    }

    /// The error for a record that is sealed with a key that is not here.
    pub(super) fn missing(&self, id: &str, key_id: &str) -> Error {
        let held = self.0.iter().map(Key::id).collect::<Vec<_>>().join(", ");
        let message = format!(
            "credential `{id}` is sealed with key {}, and the key at hand is {}; give the right key, after an \
             interrupted rotation both keys, or delete the credential and enter it again",
            printable(key_id),
            if held.is_empty() { "none" } else { &held },
        );
        Error::new(ErrorKind::Undecryptable, message).with("credential", id)
    }
}

/// A key id that a file names, fit to be shown.
pub(super) fn printable(key_id: &str) -> &str {
    if is_key_id(key_id) { key_id } else { "unreadable" }
}
