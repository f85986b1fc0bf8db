//! The file of one credential, and its seal.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use canvas_memory::{Error, ErrorKind, Result};
use chacha20poly1305::XNonce;
use chacha20poly1305::aead::AeadInOut;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::credential::CredentialInfo;
use super::key::{Key, fill_random};
use super::keyring::Keyring;

const FORMAT: u32 = 1;
const NONCE_BYTES: usize = 24;
const TAG_BYTES: usize = 16;
/// Begins what is authenticated, so that a seal made for anything else is not taken for a record's.
const SEAL_DOMAIN: &str = "canvas-memory credential 1";

/// A sealed credential as its file says it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Record {
    format: u32,
    #[serde(flatten)]
    info: CredentialInfo,
    key_id: String,
    nonce: String,
    sealed: String,
}

/// What every format of a record begins with.
#[derive(Deserialize)]
struct Versioned {
    format: u32,
}

impl Record {
    /// Seals `fields` under a new random nonce.
    pub(super) fn seal(info: CredentialInfo, fields: &SecretString, key: &Key) -> Result<Self> {
        let mut nonce = [0; NONCE_BYTES];
        fill_random(&mut nonce)?;
        let text = fields.expose_secret().as_bytes();
        // Room for the tag: growing would leave a copy behind. Once sealed, there is nothing left to wipe.
        let mut sealed = Zeroizing::new(Vec::with_capacity(text.len() + TAG_BYTES));
        sealed.extend_from_slice(text);
        let bound = associated_data(&info, key.id());
        key.cipher().encrypt_in_place(&XNonce::from(nonce), &bound, &mut *sealed).map_err(|_| {
            Error::invalid_input("fields", "can't be sealed: they are larger than the cipher takes")
        })?;
        Ok(Self {
            format: FORMAT,
            info,
            key_id: key.id().to_owned(),
            nonce: STANDARD.encode(nonce),
            sealed: STANDARD.encode(&*sealed),
        })
    }

    /// The fields, if this is the record of `id` as it was sealed.
    pub(super) fn unseal(&self, id: &str, keyring: &Keyring) -> Result<SecretString> {
        if self.info.id != id {
            return Err(not_as_sealed(id));
        }
        let key = keyring.get(&self.key_id).ok_or_else(|| keyring.missing(id, &self.key_id))?;
        self.unseal_with(key).ok_or_else(|| not_as_sealed(id))
    }

    /// Reads the text of a file.
    pub(super) fn parse(id: &str, text: &[u8]) -> Result<Self> {
        let Versioned { format } = serde_json::from_slice(text).map_err(|_| not_a_record(id))?;
        if format != FORMAT {
            let message = format!(
                "credential `{id}` is kept in format {format}, and this program knows format {FORMAT}; use the release \
                 that wrote it"
            );
            return Err(Error::new(ErrorKind::Unsupported, message).with("credential", id));
        }
        serde_json::from_slice(text).map_err(|_| not_a_record(id))
    }

    /// The text of its file.
    pub(super) fn to_text(&self) -> Result<String> {
        let mut text = serde_json::to_string_pretty(self).map_err(|source| {
            Error::new(ErrorKind::Storage, "a credential's record can't be written as JSON")
                .with_source(source)
        })?;
        text.push('\n');
        Ok(text)
    }

    pub(super) fn info(&self) -> &CredentialInfo {
        &self.info
    }

    pub(super) fn into_info(self) -> CredentialInfo {
        self.info
    }

    pub(super) fn key_id(&self) -> &str {
        &self.key_id
    }

    fn unseal_with(&self, key: &Key) -> Option<SecretString> {
        let nonce: [u8; NONCE_BYTES] = STANDARD.decode(&self.nonce).ok()?.try_into().ok()?;
        let mut text = Zeroizing::new(STANDARD.decode(&self.sealed).ok()?);
        let bound = associated_data(&self.info, key.id());
        key.cipher().decrypt_in_place(&XNonce::from(nonce), &bound, &mut *text).ok()?;
        std::str::from_utf8(&text).ok().map(SecretString::from)
    }
}

/// All that the record says in the clear, each part behind its length, so that no two records give the same bytes.
fn associated_data(info: &CredentialInfo, key_id: &str) -> Vec<u8> {
    let CredentialInfo { id, name, credential_type, revision, created, updated } = info;
    let mut bound = Vec::new();
    for part in [SEAL_DOMAIN, id, credential_type, &revision.to_string(), name, created, updated, key_id] {
        bound.extend_from_slice(&(part.len() as u64).to_le_bytes());
        bound.extend_from_slice(part.as_bytes());
    }
    bound
}

/// The error for a file that holds something else, or nothing.
pub(super) fn not_a_record(id: &str) -> Error {
    let message = format!(
        "the file of credential `{id}` is not a sealed record; restore it, or delete the credential and enter it again"
    );
    Error::new(ErrorKind::Corrupt, message).with("credential", id)
}

fn not_as_sealed(id: &str) -> Error {
    let message = format!(
        "the record of credential `{id}` was changed after it was sealed, or is another's; restore its file, or delete \
         the credential and enter it again"
    );
    Error::new(ErrorKind::Undecryptable, message).with("credential", id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed(fields: &str) -> (Record, Keyring) {
        let key = Key::generate().unwrap();
        let info = CredentialInfo::new("prod".into(), "Prod".into(), "someApi".into()).unwrap();
        let record = Record::seal(info, &fields.into(), &key).unwrap();
        let mut keyring = Keyring::default();
        keyring.add(key);
        (record, keyring)
    }

    #[test]
    fn the_same_fields_are_never_sealed_the_same() {
        let (first, keyring) = sealed(r#"{"a":"hunter2"}"#);
        let fields = first.unseal("prod", &keyring).unwrap();
        assert_eq!(fields.expose_secret(), r#"{"a":"hunter2"}"#);
        let second = Record::seal(first.info.clone(), &fields, keyring.current().unwrap()).unwrap();
        assert_ne!(first.nonce, second.nonce);
        assert_ne!(first.sealed, second.sealed);
    }

    #[test]
    fn parts_that_run_together_are_told_apart() {
        let info = |name: &str, credential_type: &str| {
            CredentialInfo::new("a".into(), name.into(), credential_type.into()).unwrap()
        };
        assert_ne!(associated_data(&info("bc", "d"), "k"), associated_data(&info("c", "db"), "k"));
    }

    #[test]
    fn a_newer_format_is_not_called_corrupt() {
        let error = Record::parse("prod", br#"{"format": 2, "what": "ever"}"#).unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::Unsupported);
        for text in ["", "{}", "[]", r#"{"format": 1}"#, r#"{"format": 1, "id""#] {
            let error = Record::parse("prod", text.as_bytes()).unwrap_err();
            assert_eq!(*error.kind(), ErrorKind::Corrupt, "{text}");
            assert!(error.message().contains("`prod`"));
        }
    }
}
