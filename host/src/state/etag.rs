//! Tags that tell two states of a document apart.

use std::fmt;

use canvas_memory::{Error, ErrorKind, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// So many bytes of the hash are taken: nobody meets two documents that share them.
const HASH_BYTES: usize = 16;
/// The name under which an error of kind `Conflict` carries the tag.
const CONTEXT: &str = "etag";

/// The state of a document: a hash of its bytes, in hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Etag(String);

impl Etag {
    pub(super) fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).iter().take(HASH_BYTES).map(|byte| format!("{byte:02x}")).collect())
    }

    /// Reads a tag as HTTP's headers write it, in quotes; also one without.
    #[must_use]
    pub fn from_header(text: &str) -> Self {
        let text = text.trim();
        let strong = text.strip_prefix("W/").unwrap_or(text);
        let inner = strong.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
        Self(inner.unwrap_or(strong).to_owned())
    }

    /// The tag as HTTP's headers write it, in quotes.
    #[must_use]
    pub fn to_header(&self) -> String {
        format!("\"{}\"", self.0)
    }

    /// The tag that a document has now, out of the error that says that it changed.
    #[must_use]
    pub fn in_conflict(error: &Error) -> Option<Self> {
        let carried = error.context().iter().find(|(name, _)| *name == CONTEXT);
        carried.map(|(_, tag)| Self(tag.clone()))
    }
}

impl fmt::Display for Etag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// In which state a document has to be for a change to happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IfMatch {
    /// Any.
    Any,
    /// One of these.
    Etags(Vec<Etag>),
}

impl From<Etag> for IfMatch {
    fn from(etag: Etag) -> Self {
        Self::Etags(vec![etag])
    }
}

impl IfMatch {
    /// Reads the header `If-Match`: tags with commas between, or `*`.
    #[must_use]
    pub fn from_header(text: &str) -> Self {
        if text.trim() == "*" {
            return Self::Any;
        }
        Self::Etags(text.split(',').map(Etag::from_header).collect())
    }

    pub(super) fn require(&self, current: &Etag, flow: &str) -> Result<()> {
        match self {
            Self::Etags(expected) if !expected.contains(current) => {
                let message =
                    "the flow has changed since it was read; read it again and make the change anew";
                Err(Error::new(ErrorKind::Conflict { position: None }, message)
                    .with("flow", flow)
                    .with(CONTEXT, current))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_goes_through_a_header() {
        let tag = Etag::of(b"one");
        assert_ne!(tag, Etag::of(b"two"));
        for text in [tag.to_header(), tag.to_string(), format!("W/{}", tag.to_header()), format!(" {tag} ")] {
            assert_eq!(IfMatch::from_header(&text), IfMatch::from(tag.clone()), "{text}");
        }
        let other = Etag::of(b"two");
        let list = IfMatch::from_header(&format!("{}, W/{}", other.to_header(), tag.to_header()));
        assert_eq!(list, IfMatch::Etags(vec![other, tag]));
        assert_eq!(IfMatch::from_header(" * "), IfMatch::Any);
        assert_eq!(IfMatch::from_header("\""), IfMatch::from(Etag("\"".to_owned())));
    }

    #[test]
    fn a_conflict_carries_the_present_tag() {
        let (old, new) = (Etag::of(b"old"), Etag::of(b"new"));
        IfMatch::Any.require(&new, "a").unwrap();
        IfMatch::from(new.clone()).require(&new, "a").unwrap();
        IfMatch::Etags(vec![old.clone(), new.clone()]).require(&new, "a").unwrap();
        let error = IfMatch::from(old).require(&new, "a").unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::Conflict { position: None });
        assert_eq!(Etag::in_conflict(&error), Some(new));
    }
}
