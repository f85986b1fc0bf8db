//! Checking what people save, by the declaration of its type and without asking the service.

use secrecy::SecretString;

use super::{Registry, built_with};
use crate::declare::{Credential, binding};
use crate::error::{Error, Result};

impl Registry {
    /// Checks the fields of a credential against what its type asks for, without asking the service.
    ///
    /// # Errors
    /// `InvalidInput` for a type that nothing declares, and for fields that do not fit, by name and never by value.
    pub fn check_credential_fields(&self, credential: &Credential) -> Result<()> {
        credential.check(&self.declared_credential(credential)?.schema)
    }

    /// Checks what a merge patch (RFC 7396) makes of a credential: its fields, and that whoever changes where secrets go
    /// ([`CredentialType::BINDING`](crate::declare::CredentialType::BINDING)) enters these secrets anew. A host asks
    /// before it saves `after`, or uses it.
    ///
    /// # Errors
    /// As [`Registry::check_credential_fields`], and `InvalidInput` that names the binding field.
    pub fn check_credential_change(
        &self,
        before: &Credential,
        patch: &SecretString,
        after: &Credential,
    ) -> Result<()> {
        let schema = &self.declared_credential(after)?.schema;
        after.check(schema)?;
        if binding::declared(schema).next().is_none() {
            return Ok(());
        }
        let patch = Credential::new(after.id(), after.credential_type(), after.revision(), patch.clone());
        binding::check(schema, &before.json()?.0, &patch.json()?.0, &after.json()?.0)
    }

    fn declared_credential(&self, credential: &Credential) -> Result<&super::RegisteredCredential> {
        self.credentials.get(credential.credential_type()).ok_or_else(|| {
            let known = built_with(self.credential_types());
            Error::invalid_input("type", format!("is no credential type that is known; {known}"))
        })
    }
}
