//! A key of the vault, and the text that it is kept as.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use canvas_memory::{Error, ErrorKind, Result};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305};
use secrecy::{ExposeSecret, SecretBox};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

const KEY_BYTES: usize = 32;
const KEY_ID_BYTES: usize = 8;
/// Keeps key ids apart from other hashes of the same bytes.
const KEY_ID_DOMAIN: &[u8] = b"canvas-memory vault key id\0";

/// A key that seals records.
pub(super) struct Key {
    id: String,
    bytes: SecretBox<[u8; KEY_BYTES]>,
}

impl Key {
    /// A new random key.
    pub(super) fn generate() -> Result<Self> {
        let mut bytes = Zeroizing::new([0; KEY_BYTES]);
        fill_random(&mut *bytes)?;
        Ok(Self::new(&bytes))
    }

    /// Reads a key from its text; nothing when it is not the base64 form of 32 bytes. White space around it is ignored.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let decoded = Zeroizing::new(STANDARD.decode(text.trim_ascii()).ok()?);
        <&[u8; KEY_BYTES]>::try_from(decoded.as_slice()).ok().map(Self::new)
    }

    /// The key as text, with a line end.
    pub(super) fn to_text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(KEY_BYTES * 2));
        STANDARD.encode_string(self.bytes.expose_secret(), &mut text);
        text.push('\n');
        text
    }

    /// Tells keys apart and gives nothing of them away: 16 hexadecimal digits of a hash.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(self.bytes.expose_secret().into())
    }

    fn new(bytes: &[u8; KEY_BYTES]) -> Self {
        let hash = Sha256::new().chain_update(KEY_ID_DOMAIN).chain_update(bytes).finalize();
        let id = hash.iter().take(KEY_ID_BYTES).map(|byte| format!("{byte:02x}")).collect();
        Self { id, bytes: SecretBox::init_with_mut(|secret: &mut [u8; KEY_BYTES]| *secret = *bytes) }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", self.id)
    }
}

/// Whether `text` has the form of a key id.
pub(super) fn is_key_id(text: &str) -> bool {
    text.len() == KEY_ID_BYTES * 2 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Fills `bytes` from the operating system's random source.
pub(super) fn fill_random(bytes: &mut [u8]) -> Result<()> {
    getrandom::fill(bytes).map_err(|source| {
        let message = "the operating system's random source fails; nothing was sealed";
        Error::new(ErrorKind::Unavailable, message).with_source(source)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_survives_its_text_and_is_not_printed() {
        let key = Key::generate().unwrap();
        let text = key.to_text();
        let read = Key::parse(&format!("  {}\r\n", text.trim())).unwrap();
        assert_eq!(read.id(), key.id());
        assert_eq!(read.bytes.expose_secret(), key.bytes.expose_secret());
        assert!(is_key_id(key.id()), "{key:?}");
        assert_eq!(format!("{key:?}"), format!("Key({})", key.id()));
        assert_ne!(Key::generate().unwrap().id(), key.id());
    }

    #[test]
    fn what_is_not_32_bytes_in_base64_is_no_key() {
        for text in ["", "hunter2", &STANDARD.encode([7; 31]), &STANDARD.encode([7; 33]), &"00".repeat(32)] {
            assert!(Key::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_key_id_is_the_same_everywhere() {
        assert_eq!(Key::new(&[7; KEY_BYTES]).id(), "8ecc36deef8461e4");
    }
}
