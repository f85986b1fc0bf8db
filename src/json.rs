//! JSON kept as the text it was read from, so that what we do not understand survives.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

/// A JSON value as text: numbers of any length and strings with lone surrogates stay as they were written.
///
/// Two values are equal when their texts are.
#[derive(Clone)]
pub struct RawJson(Box<RawValue>);

impl RawJson {
    /// Takes JSON text over. White space around the value is dropped, inside it is kept.
    ///
    /// # Errors
    /// When `text` is not one JSON value.
    pub fn parse(text: impl Into<String>) -> Result<Self, serde_json::Error> {
        RawValue::from_string(text.into()).map(Self)
    }

    /// Serializes `value`.
    ///
    /// # Errors
    /// When `value` has no JSON form, such as a map with keys that are not strings.
    pub fn of(value: &impl Serialize) -> Result<Self, serde_json::Error> {
        serde_json::value::to_raw_value(value).map(Self)
    }

    /// The text as it was read.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.get()
    }

    /// Decodes the value; a lone surrogate comes as U+FFFD, which other readers of such data show too.
    ///
    /// # Errors
    /// When the value does not fit `T`.
    pub fn decode<T: for<'de> Deserialize<'de>>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(&mend_surrogates(self.as_str()))
    }

    /// Decodes the value where that loses nothing: `None` when it does not fit `T` or holds a lone surrogate that `T`
    /// can't.
    #[must_use]
    pub fn decode_exact<T: for<'de> Deserialize<'de>>(&self) -> Option<T> {
        serde_json::from_str(self.as_str()).ok()
    }

    /// Whether the value is `null`, `""`, `{}` or `[]`: what writers leave where they have nothing to say.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        match self.as_str() {
            "null" | "\"\"" => true,
            text => {
                let mut inner = text.bytes().filter(|byte| !byte.is_ascii_whitespace());
                matches!(
                    (inner.next(), inner.next(), inner.next()),
                    (Some(b'{'), Some(b'}'), None) | (Some(b'['), Some(b']'), None)
                )
            }
        }
    }
}

impl From<&str> for RawJson {
    /// The JSON string that holds `text`.
    fn from(text: &str) -> Self {
        Self::of(&text).unwrap_or_else(|_| Self(RawValue::NULL.to_owned()))
    }
}

impl PartialEq for RawJson {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for RawJson {}

impl fmt::Debug for RawJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for RawJson {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for RawJson {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Box::<RawValue>::deserialize(deserializer).map(Self)
    }
}

impl schemars::JsonSchema for RawJson {
    fn schema_name() -> Cow<'static, str> {
        "AnyJson".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        true.into()
    }
}

/// Replaces each `\uD800`–`\uDFFF` escape that has no partner by `\ufffd`, in JSON text.
///
/// JSON text cut inside an emoji holds such escapes; `serde_json` refuses them.
#[must_use]
pub fn mend_surrogates(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let mut lone = Vec::new();
    let mut at = 0;
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        at += match rest {
            [b'\\', b'u', ..] => match surrogate(rest) {
                Some(0xD800..=0xDBFF)
                    if matches!(rest.get(6..).and_then(surrogate), Some(0xDC00..=0xDFFF)) =>
                {
                    12
                }
                Some(_) => {
                    lone.push(at);
                    6
                }
                None => 2,
            },
            [b'\\', _, ..] => 2,
            _ => 1,
        };
    }
    if lone.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut mended = String::with_capacity(text.len());
    let mut from = 0;
    for at in lone {
        mended.push_str(text.get(from..at).unwrap_or_default());
        mended.push_str("\\ufffd");
        from = at + 6;
    }
    mended.push_str(text.get(from..).unwrap_or_default());
    Cow::Owned(mended)
}

/// The code unit of a `\u` escape and its four digits at the start of `bytes`, if it is a surrogate.
fn surrogate(bytes: &[u8]) -> Option<u16> {
    let digits = bytes.strip_prefix(b"\\u")?.get(..4)?;
    let unit = u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    (0xD800..=0xDFFF).contains(&unit).then_some(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lone_surrogate_is_mended_and_its_neighbours_are_left_alone() {
        assert_eq!(mend_surrogates(r#""cut \ud83d""#), r#""cut \ufffd""#);
        assert_eq!(mend_surrogates(r#""\ud83d\ud83d\ude00é""#), r#""\ufffd\ud83d\ude00é""#);
        assert_eq!(mend_surrogates(r#""\\ud83d \udc00""#), r#""\\ud83d \ufffd""#);
        assert!(matches!(mend_surrogates(r#""\ud83d\ude00 plain""#), Cow::Borrowed(_)));
    }

    #[test]
    fn text_is_kept_as_it_was_read() {
        let text = r#"{"n":12345678901234567890.10,"s":"\ud83d","e":1e400}"#;
        let raw = RawJson::parse(text).unwrap();
        assert_eq!(raw.as_str(), text);
        assert_eq!(serde_json::to_string(&raw).unwrap(), text);
        let read: RawJson = serde_json::from_str(text).unwrap();
        assert_eq!(read, raw);
    }

    #[test]
    fn blank_is_what_says_nothing() {
        for blank in ["null", "\"\"", "{}", "[ ]", "{\n}"] {
            assert!(RawJson::parse(blank).unwrap().is_blank(), "{blank}");
        }
        for said in ["0", "false", "[0]", r#"{"a":null}"#] {
            assert!(!RawJson::parse(said).unwrap().is_blank(), "{said}");
        }
    }
}
