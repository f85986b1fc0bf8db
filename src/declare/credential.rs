//! Credential types, and the fillings that a host keeps of them.

use std::fmt;

use futures_util::future::BoxFuture;
use schemars::JsonSchema;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize as _;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::context::ConnectContext;
use super::health::Health;
use super::manifest;
use super::secret::SecretJson;
use super::validate::Validation;
use crate::error::{Error, ErrorKind, Result};

/// Which secret fields a service needs, and how to test them.
///
/// The doc comment of [`CredentialType::Fields`] gives title and description.
pub trait CredentialType: 'static {
    /// The fields of the dialog. Secret ones are [`Secret`](super::Secret).
    type Fields: DeserializeOwned + JsonSchema + Send;

    /// The type's name in slots and saved credentials, such as `dynamodbMemoryApi`.
    const TYPE: &'static str;
    /// Counts changes to the fields.
    const VERSION: u32 = 1;
    /// Fields that are no secrets and say where the secrets go, such as a host. A change to one is refused unless it
    /// brings the secrets anew: whoever may change a credential, and does not know its secrets, can't send them to a
    /// place of his own.
    const BINDING: &'static [&'static str] = &[];
    /// The help of the dialog, in Markdown: where to get what is asked for.
    const DOCS: &'static str;

    /// Asks the service whether it knows the credential, as cheaply as it can be asked, leaving nothing behind.
    ///
    /// # Errors
    /// `Unauthenticated` when the service does not know it; `InvalidInput` when `target` lacks what the service needs.
    fn test(
        fields: Self::Fields,
        target: &Target,
        context: &ConnectContext,
    ) -> impl Future<Output = Result<Health>> + Send;
}

/// Where a credential is tested, as far as it does not say itself: taken from the node that uses it, or asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// The service's address.
    pub endpoint: Option<String>,
    /// The cloud region.
    pub region: Option<String>,
    /// The provider, where one type of credential serves many.
    pub provider: Option<String>,
}

/// One saved filling of a credential type: secret fields that cannot be printed.
#[derive(Clone)]
pub struct Credential {
    id: String,
    credential_type: String,
    revision: u64,
    fields: SecretString,
}

impl Credential {
    /// A credential as a host keeps it. `fields` is a JSON object; `revision` counts its changes.
    #[must_use]
    pub fn new(
        id: impl Into<String>,
        credential_type: impl Into<String>,
        revision: u64,
        fields: impl Into<SecretString>,
    ) -> Self {
        Self { id: id.into(), credential_type: credential_type.into(), revision, fields: fields.into() }
    }

    /// The id that flows refer to.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The credential type's name.
    #[must_use]
    pub fn credential_type(&self) -> &str {
        &self.credential_type
    }

    /// Counts the changes.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// The fields, checked.
    ///
    /// # Errors
    /// `InvalidInput` when the credential is of another type, or names the field that does not fit.
    pub fn fields<C: CredentialType>(&self) -> Result<C::Fields> {
        if self.credential_type != C::TYPE {
            let problem = format!("is of type `{}`; choose one of type `{}`", self.credential_type, C::TYPE);
            return Err(Error::invalid_input("credential", problem));
        }
        let fields = self.checked(&manifest::credential_schema::<C>())?;
        // The text of a decoding error may quote the value, so it is not passed on.
        C::Fields::deserialize(&fields.0).map_err(|_| {
            Error::invalid_input(
                "credential",
                format!("has fields that do not fit `{}`; enter them again", C::TYPE),
            )
        })
    }

    /// Checks the fields against the schema of their type.
    pub(crate) fn check(&self, schema: &Value) -> Result<()> {
        self.checked(schema).map(drop)
    }

    fn checked(&self, schema: &Value) -> Result<SecretJson> {
        let mut fields = self.json()?;
        let validation = Validation::of_credential(&self.credential_type, schema)?;
        validation.fill_tag(&mut fields.0);
        validation.require(&fields.0)?;
        Ok(fields)
    }

    pub(crate) fn json(&self) -> Result<SecretJson> {
        serde_json::from_str(self.fields.expose_secret()).map(SecretJson).map_err(|_| {
            Error::new(ErrorKind::Corrupt, "the saved credential is not JSON; enter it again")
                .with("credential", &self.id)
        })
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential")
            .field("id", &self.id)
            .field("credential_type", &self.credential_type)
            .field("revision", &self.revision)
            .finish_non_exhaustive()
    }
}

/// A credential type as the registry holds it. Made by [`register_credential_type!`](crate::register_credential_type).
#[derive(Clone, Copy)]
pub struct CredentialEntry {
    pub(crate) credential_type: &'static str,
    pub(crate) rust_type: fn() -> &'static str,
    pub(crate) schema: fn() -> Value,
    pub(crate) test:
        for<'a> fn(&'a Credential, &'a Target, &'a ConnectContext) -> BoxFuture<'a, Result<Health>>,
}

impl CredentialEntry {
    /// The entry of `C`.
    #[must_use]
    pub const fn of<C: CredentialType>() -> Self {
        Self {
            credential_type: C::TYPE,
            rust_type: std::any::type_name::<C>,
            schema: manifest::credential_schema::<C>,
            test: |credential, target, context| {
                Box::pin(async move {
                    let fields = credential.fields::<C>().map_err(|error| error.in_operation("test"))?;
                    C::test(fields, target, context).await.map_err(|error| error.in_operation("test"))
                })
            },
        }
    }
}

impl fmt::Debug for CredentialEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CredentialEntry({}, {})", self.credential_type, (self.rust_type)())
    }
}

inventory::collect!(CredentialEntry);
