//! Where a flow finds the credentials that it names.

use std::collections::BTreeMap;
use std::fmt;

use async_trait::async_trait;

use crate::declare::Credential;
use crate::error::{Error, ErrorKind, Result};

/// Hands out saved credentials by id.
#[async_trait]
pub trait CredentialSource: fmt::Debug + Send + Sync {
    /// The credential with this id.
    ///
    /// # Errors
    /// `MissingCredential` when there is none; `Undecryptable` when its key is not there.
    async fn credential(&self, id: &str) -> Result<Credential>;
}

/// Tells the types of saved credentials, without opening one.
pub trait CredentialTypes {
    /// The type of the credential with this id; `None` when there is none.
    fn credential_type(&self, id: &str) -> Option<String>;
}

/// Types by id.
impl CredentialTypes for BTreeMap<String, String> {
    fn credential_type(&self, id: &str) -> Option<String> {
        self.get(id).cloned()
    }
}

/// For a host that keeps no credentials.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoCredentials;

#[async_trait]
impl CredentialSource for NoCredentials {
    async fn credential(&self, id: &str) -> Result<Credential> {
        let message = "no credentials are kept here; open the flow in a host that has a vault";
        Err(Error::new(ErrorKind::MissingCredential, message).with("credential", id))
    }
}

impl CredentialTypes for NoCredentials {
    fn credential_type(&self, _: &str) -> Option<String> {
        None
    }
}
