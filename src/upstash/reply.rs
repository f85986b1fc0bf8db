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

    /// The list.
    #[must_use]
    pub fn into_array(self) -> Option<Vec<Reply>> {
        match self {
            Self::Array(replies) => Some(replies),
            _ => None,
        }
    }
}

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
                // As the official clients: `OK` never comes encoded, and an endpoint may not encode at all.
                let plain = || text.as_bytes().to_vec();
                Ok(Reply::Bytes(match text {
                    "OK" => plain(),
                    text => STANDARD.decode(text).unwrap_or_else(|_| plain()),
                }))
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

    #[test]
    fn answers_are_decoded_as_the_official_clients_do() {
        let answers: Vec<Answer> = serde_json::from_str(
            r#"[{"result":"OK"},{"result":["aGk=",null,3,["/w=="]]},{"result":null},{"error":"ERR x"},{"result":"{\"a\":1}"}]"#,
        )
        .unwrap();
        let bytes = |bytes: &[u8]| Reply::Bytes(bytes.to_vec());
        assert_eq!(
            answers,
            [
                Answer::Result(bytes(b"OK")),
                Answer::Result(Reply::Array(vec![
                    bytes(b"hi"),
                    Reply::Null,
                    Reply::Integer(3),
                    Reply::Array(vec![bytes(b"\xff")]),
                ])),
                Answer::Result(Reply::Null),
                Answer::Error("ERR x".to_owned()),
                Answer::Result(bytes(br#"{"a":1}"#)),
            ]
        );
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        for text in ["", "{}", "<html>", r#"{"result":"#, r#"{"result":{"a":1}}"#, "[]", "null"] {
            assert!(serde_json::from_str::<Answer>(text).is_err(), "{text}");
        }
    }
}
