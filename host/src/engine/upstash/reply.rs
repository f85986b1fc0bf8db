//! A command's answer in the shapes of RESP2, and its JSON form over REST.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

/// What a command answers.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Reply {
    Nil,
    Int(i64),
    /// A word of the server itself, such as `OK`.
    Status(String),
    /// Bytes that a client stored.
    Bulk(Vec<u8>),
    Array(Vec<Reply>),
    /// A refusal, beginning with its code: `WRONGTYPE …`.
    Error(String),
}

impl Reply {
    pub(super) fn ok() -> Self {
        Self::Status("OK".to_owned())
    }

    pub(super) fn flag(value: bool) -> Self {
        Self::Int(i64::from(value))
    }

    pub(super) fn count(count: usize) -> Self {
        Self::Int(i64::try_from(count).unwrap_or(i64::MAX))
    }

    pub(super) fn text(text: impl ToString) -> Self {
        Self::Bulk(text.to_string().into_bytes())
    }

    /// The stored bytes, or nil.
    pub(super) fn bulk_or_nil(value: Option<Vec<u8>>) -> Self {
        value.map_or(Self::Nil, Self::Bulk)
    }
}

/// How strings stand in a JSON answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    /// As text; bytes that are not UTF-8 are replaced.
    Plain,
    /// As base64, except the status `OK`.
    Base64,
}

/// `{"result": …}` or `{"error": "…"}`.
pub(super) struct Envelope<'r> {
    pub(super) reply: &'r Reply,
    pub(super) encoding: Encoding,
}

impl Serialize for Envelope<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        match self.reply {
            Reply::Error(text) => map.serialize_entry("error", text)?,
            reply => map.serialize_entry("result", &Body { reply, encoding: self.encoding })?,
        }
        map.end()
    }
}

struct Body<'r> {
    reply: &'r Reply,
    encoding: Encoding,
}

impl Serialize for Body<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let encoding = self.encoding;
        match self.reply {
            Reply::Nil => serializer.serialize_unit(),
            Reply::Int(number) => serializer.serialize_i64(*number),
            Reply::Status(text) if text == "OK" => serializer.serialize_str(text),
            Reply::Status(text) | Reply::Error(text) => string(text.as_bytes(), encoding, serializer),
            Reply::Bulk(bytes) => string(bytes, encoding, serializer),
            Reply::Array(items) => {
                let mut seq = serializer.serialize_seq(Some(items.len()))?;
                for reply in items {
                    seq.serialize_element(&Self { reply, encoding })?;
                }
                seq.end()
            }
        }
    }
}

fn string<S: Serializer>(bytes: &[u8], encoding: Encoding, serializer: S) -> Result<S::Ok, S::Error> {
    match encoding {
        Encoding::Plain => serializer.serialize_str(&String::from_utf8_lossy(bytes)),
        Encoding::Base64 => serializer.serialize_str(&BASE64.encode(bytes)),
    }
}
