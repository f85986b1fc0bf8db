use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;
use uuid::Uuid;

use super::EngineError;

/// A secret of 244 random bits, as 64 hexadecimal digits.
pub(crate) fn random() -> SecretString {
    format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple()).into()
}

/// The secret that was given; a random one when none was.
pub(super) fn given_or_random(
    given: Option<SecretString>,
    name: &'static str,
) -> Result<SecretString, EngineError> {
    match given {
        Some(secret) if secret.expose_secret().is_empty() => Err(EngineError::EmptySecret { name }),
        Some(secret) => Ok(secret),
        None => Ok(random()),
    }
}

/// Whether `given` is the secret, in a time that depends on the length of `given` alone.
pub(super) fn matches(secret: &SecretString, given: &[u8]) -> bool {
    secret.expose_secret().as_bytes().ct_eq(given).into()
}
