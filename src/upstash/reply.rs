use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::{self, Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// What a command returned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// Nothing.
    Null,
    /// A number.
    Integer(i64),
    /// A string, decoded.
    Bytes(Vec<u8>),
    /// A list.
    Array(Vec<Reply>),
}

impl Reply {
    /// The number.
    #[must_use]
    pub fn integer(&self) -> Option<i64> {
        match self {
            Self::Integer(number) => Some(*number),
            _ => None,
        }
    }

    /// The string, where it is Unicode.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Bytes(bytes) => std::str::from_utf8(bytes).ok(),
            _ => None,
        }
    }

    /// With its strings decoded; `None` where one is not encoded. As the official clients know, `OK` never is.
    fn decoded(&self) -> Option<Self> {
        Some(match self {
            Self::Null => Self::Null,
            Self::Integer(number) => Self::Integer(*number),
            Self::Bytes(bytes) if bytes == b"OK" => Self::Bytes(bytes.clone()),
            Self::Bytes(bytes) => Self::Bytes(STANDARD.decode(bytes).ok()?),
            Self::Array(replies) => Self::Array(replies.iter().map(Self::decoded).collect::<Option<_>>()?),
        })
    }

    /// The list.
    #[must_use]
    pub fn into_array(self) -> Option<Vec<Reply>> {
        match self {
            Self::Array(replies) => Some(replies),
            _ => None,
        }
    }
}

/// What the commands of one request returned, with the strings decoded. An endpoint that does not encode, although it was
/// asked to, is told by a string that is no base64: then none is decoded, since a plain word may look like base64.
pub(super) fn decode(replies: Vec<Reply>) -> Vec<Reply> {
    let decoded = replies.iter().map(Reply::decoded).collect();
    Option::unwrap_or(decoded, replies)
}

/// Strings as they came.
impl<'de> Deserialize<'de> for Reply {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ReplyVisitor;

        impl<'de> Visitor<'de> for ReplyVisitor {
            type Value = Reply;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string, a whole number, an array or null")
            }

            fn visit_unit<E: de::Error>(self) -> Result<Reply, E> {
                Ok(Reply::Null)
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Reply, E> {
                Ok(Reply::Integer(number))
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Reply, E> {
                i64::try_from(number).map(Reply::Integer).map_err(E::custom)
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Reply, E> {
                Ok(Reply::Bytes(text.as_bytes().to_vec()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Reply, A::Error> {
                let mut replies = Vec::new();
                while let Some(reply) = seq.next_element()? {
                    replies.push(reply);
                }
                Ok(Reply::Array(replies))
            }
        }

        deserializer.deserialize_any(ReplyVisitor)
    }
}

/// The answer to one command.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Result(Reply),
    Error(String),
}

impl<'de> Deserialize<'de> for Answer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnswerVisitor;

        impl<'de> Visitor<'de> for AnswerVisitor {
            type Value = Answer;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object with `result` or `error`")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Answer, A::Error> {
                let mut answer = None;
                while let Some(field) = map.next_key::<String>()? {
                    match field.as_str() {
                        "error" => {
                            if let Some(text) = map.next_value::<Option<String>>()? {
                                answer = Some(Answer::Error(text));
                            }
                        }
                        "result" => {
                            let result = map.next_value()?;
                            answer.get_or_insert(Answer::Result(result));
                        }
                        _ => _ = map.next_value::<IgnoredAny>()?,
                    }
                }
                answer.ok_or_else(|| de::Error::missing_field("result"))
            }
        }

        deserializer.deserialize_map(AnswerVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(bytes: &[u8]) -> Reply {
        Reply::Bytes(bytes.to_vec())
    }

    #[test]
    fn answers_are_results_and_errors() {
        let answers: Vec<Answer> =
            serde_json::from_str(r#"[{"result":["aGk=",null,3]},{"error":"ERR x"},{"result":null}]"#)
                .unwrap();
        assert_eq!(
            answers,
            [
                Answer::Result(Reply::Array(vec![bytes(b"aGk="), Reply::Null, Reply::Integer(3)])),
                Answer::Error("ERR x".to_owned()),
                Answer::Result(Reply::Null),
            ]
        );
    }

    #[test]
    fn all_strings_of_an_answer_are_decoded_or_none() {
        let decoded = |text| decode(serde_json::from_str(text).unwrap());
        assert_eq!(
            decoded(r#"["OK",["aGk=",null,3,["/w==",""]]]"#),
            [
                bytes(b"OK"),
                Reply::Array(vec![
                    bytes(b"hi"),
                    Reply::Null,
                    Reply::Integer(3),
                    Reply::Array(vec![bytes(b"\xff"), bytes(b"")]),
                ]),
            ]
        );
        assert_eq!(
            decoded(r#"[["conflict","3"],"abcd"]"#),
            [Reply::Array(vec![bytes(b"conflict"), bytes(b"3")]), bytes(b"abcd")]
        );
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        for text in ["", "{}", "<html>", r#"{"result":"#, r#"{"result":{"a":1}}"#, "[]", "null"] {
            assert!(serde_json::from_str::<Answer>(text).is_err(), "{text}");
        }
    }
}
