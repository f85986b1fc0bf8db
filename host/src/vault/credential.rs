//! What goes into the vault and what comes out.

use canvas_memory::declare::Credential;
use canvas_memory::{Error, Result};
use schemars::JsonSchema;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::id;
use crate::timestamp;

const NAME_MAX_CHARS: usize = 200;
const TYPE_MAX_CHARS: usize = 64;

/// A credential to save.
#[derive(Clone, Debug)]
pub struct NewCredential {
    /// The id that flows will refer to: 1 to 64 of `a-z`, `0-9` and `-`. Generated when absent.
    pub id: Option<String>,
    /// What people call it: 1 to 200 characters.
    pub name: String,
    /// The credential type, such as `dynamodbMemoryApi`.
    pub credential_type: String,
    /// The fields: a JSON object. A field that is null counts as absent.
    pub fields: SecretString,
}

/// A change to a credential.
#[derive(Clone, Debug, Default)]
pub struct Update {
    /// The new name; absent keeps the old one.
    pub name: Option<String>,
    /// A JSON merge patch (RFC 7396) on the fields: absent keeps, null removes.
    pub fields: Option<SecretString>,
}

/// What may be shown of a credential.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CredentialInfo {
    /// The id that flows refer to.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// The credential type, such as `dynamodbMemoryApi`.
    #[serde(rename = "type")]
    pub credential_type: String,
    /// Counts the changes, from 1.
    pub revision: u64,
    /// When it was first saved, in UTC, as RFC 3339 writes it.
    pub created: String,
    /// When it was last changed, in UTC, as RFC 3339 writes it.
    pub updated: String,
}

/// A credential with its secret fields.
#[derive(Clone, Debug)]
pub struct CredentialMaterial {
    /// What may be shown.
    pub info: CredentialInfo,
    /// The fields: a JSON object.
    pub fields: SecretString,
}

/// A credential and what a change makes of it.
#[derive(Clone, Debug)]
pub struct Patched {
    /// As it is.
    pub before: CredentialMaterial,
    /// As it would be.
    pub after: CredentialMaterial,
}

impl From<CredentialMaterial> for Credential {
    fn from(CredentialMaterial { info, fields }: CredentialMaterial) -> Self {
        Self::new(info.id, info.credential_type, info.revision, fields)
    }
}

/// A credential as it stands in a list.
#[derive(Debug)]
pub struct ListedCredential {
    /// The id that flows refer to: the name of its file.
    pub id: String,
    /// What its file says; nothing where the file can't be read. Not to be trusted where `fields` is an error.
    pub info: Option<CredentialInfo>,
    /// The names of the fields that are set, or why they can't be read: as [`Vault::get`](super::Vault::get) says.
    pub fields: Result<Vec<String>>,
}

/// What a rotation did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rotation {
    /// Records that were sealed with the new key.
    pub resealed: usize,
    /// Records that were sealed with it before.
    pub already_sealed: usize,
}

impl CredentialInfo {
    pub(super) fn new(id: String, name: String, credential_type: String) -> Result<Self> {
        id::check("a credential", &id)?;
        check_name(&name)?;
        check_type(&credential_type)?;
        let now = timestamp::now();
        Ok(Self { id, name, credential_type, revision: 1, created: now.clone(), updated: now })
    }

    /// The next revision.
    pub(super) fn changed(self, name: Option<String>) -> Result<Self> {
        let name = name.unwrap_or(self.name);
        check_name(&name)?;
        Ok(Self { name, revision: self.revision.saturating_add(1), updated: timestamp::now(), ..self })
    }
}

fn check_name(name: &str) -> Result<()> {
    let count = name.chars().count();
    if name.trim().is_empty() || count > NAME_MAX_CHARS || name.chars().any(char::is_control) {
        let problem = format!(
            "has {count} characters, or only white space, or control characters; give 1 to {NAME_MAX_CHARS} that can be \
             read"
        );
        return Err(Error::invalid_input("name", problem));
    }
    Ok(())
}

fn check_type(credential_type: &str) -> Result<()> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    if credential_type.is_empty()
        || credential_type.len() > TYPE_MAX_CHARS
        || !credential_type.chars().all(fits)
    {
        let problem = format!(
            "is not the name of a credential type: 1 to {TYPE_MAX_CHARS} letters, digits, `_`, `-` and `.`, got {} \
             characters",
            credential_type.chars().count()
        );
        return Err(Error::invalid_input("type", problem));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_counts_and_keeps_what_it_does_not_name() {
        let first = CredentialInfo::new("a".into(), "Test".into(), "someApi".into()).unwrap();
        let second = first.clone().changed(None).unwrap();
        assert_eq!((second.revision, second.name.as_str()), (2, "Test"));
        assert_eq!(second.created, first.created);
        assert_eq!(second.changed(Some("Prod".into())).unwrap().name, "Prod");
        assert!(first.changed(Some("a\nb".into())).is_err());
    }
}
