//! Commands as they come over REST: JSON arrays, or a path.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Visitor};
use serde_json::value::RawValue;

/// A command: its name in lower case, and its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Command {
    name: String,
    args: Vec<Vec<u8>>,
}

impl Command {
    /// From the name and the arguments; `None` when there is no name.
    pub(super) fn new(words: impl IntoIterator<Item = Vec<u8>>) -> Option<Self> {
        let mut words = words.into_iter();
        let name = words.next().filter(|name| !name.is_empty())?;
        Some(Self { name: String::from_utf8_lossy(&name).to_ascii_lowercase(), args: words.collect() })
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn args(&self) -> &[Vec<u8>] {
        &self.args
    }

    pub(super) fn args_mut(&mut self) -> &mut [Vec<u8>] {
        &mut self.args
    }
}

const NOT_A_COMMAND: &str = "ERR failed to parse the request body: it must be a JSON array that holds a command's name and its arguments";
const NOT_COMMANDS: &str =
    "ERR failed to parse the request body: it must be a JSON array of commands, each an array";

/// The body of `POST /`.
pub(super) fn command_from_json(body: &[u8]) -> Result<Command, String> {
    let words: Vec<&RawValue> = serde_json::from_slice(body).map_err(|_| NOT_A_COMMAND.to_owned())?;
    command_from_words(&words)
}

/// The body of `POST /pipeline` and `POST /multi-exec`.
pub(super) fn commands_from_json(body: &[u8]) -> Result<Vec<Command>, String> {
    let commands: Vec<Vec<&RawValue>> = serde_json::from_slice(body).map_err(|_| NOT_COMMANDS.to_owned())?;
    if commands.is_empty() {
        return Err("ERR empty pipeline request: send at least one command".to_owned());
    }
    commands.iter().map(|words| command_from_words(words)).collect()
}

fn command_from_words(words: &[&RawValue]) -> Result<Command, String> {
    let words = words.iter().map(|word| argument(word)).collect::<Result<Vec<_>, _>>()?;
    Command::new(words)
        .ok_or_else(|| "ERR empty command: the array must begin with a command's name".to_owned())
}

/// Numbers are kept as they were written: a client may send more digits than a float holds.
fn argument(json: &RawValue) -> Result<Vec<u8>, String> {
    let text = json.get();
    match text.bytes().next() {
        Some(b'"') => {
            let JsonBytes(bytes) = serde_json::from_str(text).map_err(|_| NOT_A_COMMAND.to_owned())?;
            Ok(bytes)
        }
        Some(b'[') => Err("ERR unsupported argument type: an array; send strings and numbers".to_owned()),
        Some(b'{') => Err("ERR unsupported argument type: an object; send strings and numbers".to_owned()),
        Some(b'n') => Err("ERR unsupported argument type: null; send strings and numbers".to_owned()),
        _ => Ok(text.as_bytes().to_vec()),
    }
}

/// A JSON string as bytes, because it may hold half of a surrogate pair, which no Rust string can.
struct JsonBytes(Vec<u8>);

impl<'de> Deserialize<'de> for JsonBytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl Visitor<'_> for Bytes {
            type Value = JsonBytes;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<JsonBytes, E> {
                Ok(JsonBytes(bytes.to_vec()))
            }
        }
        deserializer.deserialize_bytes(Bytes)
    }
}

/// The path form: `/set/key/value`, then the body as the last argument, then the query as more (`?EX=10&NX`).
pub(super) fn command_from_path(path: &str, body: Option<&[u8]>, query: &str) -> Result<Command, String> {
    let mut words = Vec::new();
    for segment in path.trim_start_matches('/').split('/') {
        words.push(percent_decode(segment, false).into_owned());
    }
    words.extend(body.filter(|body| !body.is_empty()).map(<[u8]>::to_vec));
    for (name, value) in query_pairs(query).filter(|(name, _)| name.as_ref() != TOKEN_PARAMETER.as_bytes()) {
        words.push(name.into_owned());
        words.extend(value.filter(|value| !value.is_empty()).map(Cow::into_owned));
    }
    Command::new(words)
        .ok_or_else(|| "ERR empty command: the path must begin with a command's name".to_owned())
}

const TOKEN_PARAMETER: &str = "_token";

/// The token in the query string, the second way to authenticate.
pub(super) fn token_from_query(query: &str) -> Option<Vec<u8>> {
    query_pairs(query)
        .find(|(name, _)| name.as_ref() == TOKEN_PARAMETER.as_bytes())
        .and_then(|(_, value)| value.map(Cow::into_owned))
}

fn query_pairs(query: &str) -> impl Iterator<Item = (Cow<'_, [u8]>, Option<Cow<'_, [u8]>>)> {
    query.split('&').filter(|pair| !pair.is_empty()).map(|pair| match pair.split_once('=') {
        Some((name, value)) => (percent_decode(name, true), Some(percent_decode(value, true))),
        None => (percent_decode(pair, true), None),
    })
}

/// A `%` that does not begin an escape stands for itself, as in browsers.
fn percent_decode(text: &str, plus_is_space: bool) -> Cow<'_, [u8]> {
    let encoded = text.contains('%') || (plus_is_space && text.contains('+'));
    if !encoded {
        return Cow::Borrowed(text.as_bytes());
    }
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        match (byte, tail) {
            (b'%', [high, low, after @ ..]) => match (hex_digit(*high), hex_digit(*low)) {
                (Some(high), Some(low)) => {
                    decoded.push(high << 4 | low);
                    rest = after;
                }
                _ => decoded.push(byte),
            },
            (b'+', _) if plus_is_space => decoded.push(b' '),
            _ => decoded.push(byte),
        }
    }
    Cow::Owned(decoded)
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}
