//! The messages of a turn as bytes: plain where they fit an item, else smaller, else in pieces.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use sha2::{Digest, Sha256};

use crate::error::{Error, ErrorKind, Result};
use crate::message::Message;

/// The most bytes of messages in one item: DynamoDB's 400 KB less room for keys and our fields.
pub(super) const MAX_INLINE_BYTES: usize = 390_000;

/// The most bytes that the messages of one turn may have as JSON.
pub const MAX_TURN_BYTES: usize = 32 * 1024 * 1024;

/// The most pieces of a turn.
pub(super) const MAX_CHUNKS: u32 = MAX_TURN_BYTES.div_ceil(MAX_INLINE_BYTES) as u32;

/// The SHA-256 of the messages as JSON.
pub(super) type Sum = [u8; 32];

/// The messages of a turn, ready to be written.
#[derive(Debug)]
pub(super) struct Payload {
    pub(super) json: String,
    pub(super) messages: usize,
    pub(super) form: Form,
}

/// How a payload is written.
#[derive(Debug)]
pub(super) enum Form {
    /// As the JSON itself.
    Plain,
    /// Compressed, in the turn's item.
    Deflated(Vec<u8>),
    /// In items of their own.
    Chunks { chunks: Vec<Vec<u8>>, deflated: bool },
}

impl Payload {
    pub(super) async fn new(messages: &[Message]) -> Result<Self> {
        let json = serde_json::to_string(messages).map_err(|source| {
            Error::invalid_input("messages", "can't be written as JSON").with_source(source)
        })?;
        let messages = messages.len();
        if json.len() <= MAX_INLINE_BYTES {
            return Ok(Self { json, messages, form: Form::Plain });
        }
        if json.len() > MAX_TURN_BYTES {
            return Err(Error::new(
                ErrorKind::TooLarge,
                "the turn is too large; keep big files elsewhere and put their address in the message",
            )
            .with("bytes", json.len())
            .with("limit_bytes", MAX_TURN_BYTES));
        }
        // Compressing megabytes would hold up the other tasks of this thread.
        tokio::task::spawn_blocking(move || Self { form: pack(json.as_bytes()), json, messages })
            .await
            .map_err(|source| {
                Error::new(ErrorKind::Unavailable, "the program is shutting down; nothing was written")
                    .with_source(source)
            })
    }

    pub(super) fn sum(&self) -> Sum {
        Sha256::digest(&self.json).into()
    }
}

fn pack(json: &[u8]) -> Form {
    let small = deflate(json);
    let (bytes, deflated) = match &small {
        Some(small) if small.len() <= MAX_INLINE_BYTES => return Form::Deflated(small.clone()),
        Some(small) => (small.as_slice(), true),
        None => (json, false),
    };
    Form::Chunks { chunks: bytes.chunks(MAX_INLINE_BYTES).map(<[u8]>::to_vec).collect(), deflated }
}

/// Compressed bytes, where that saves a tenth.
fn deflate(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).ok()?;
    let small = encoder.finish().ok()?;
    (small.len() <= bytes.len() / 10 * 9).then_some(small)
}

/// The JSON that was packed.
///
/// # Errors
/// What is wrong with the bytes.
pub(super) fn unpack(bytes: Vec<u8>, deflated: bool, sum: &Sum) -> Result<String, &'static str> {
    let bytes = if deflated {
        let mut inflated = Vec::new();
        DeflateDecoder::new(bytes.as_slice())
            .take(MAX_TURN_BYTES as u64)
            .read_to_end(&mut inflated)
            .map_err(|_| "its compressed messages are damaged")?;
        inflated
    } else {
        bytes
    };
    if Sum::from(Sha256::digest(&bytes)) != *sum {
        return Err("its messages do not match their SHA-256");
    }
    String::from_utf8(bytes).map_err(|_| "its messages are not text")
}

/// Reads messages. The reason of a failure quotes nothing of them.
pub(super) fn parse(json: &str) -> Result<Vec<Message>, String> {
    serde_json::from_str::<Vec<Message>>(json).map_err(|error| {
        format!("its messages are not JSON of messages from line {} column {}", error.line(), error.column())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Text that compresses to about three quarters, as Base64 does.
    fn noise(bytes: usize) -> String {
        let mut state = 0x9E37_79B9_7F4A_7C15_u64;
        let next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            char::from(b'#' + (state % 57) as u8)
        };
        std::iter::repeat_with(next).take(bytes).collect()
    }

    async fn round_trip(text: String) -> Payload {
        let messages = [Message::user(text), Message::assistant("seen")];
        let payload = Payload::new(&messages).await.unwrap();
        let json = match &payload.form {
            Form::Plain => payload.json.clone(),
            Form::Deflated(bytes) => unpack(bytes.clone(), true, &payload.sum()).unwrap(),
            Form::Chunks { chunks, deflated } => unpack(chunks.concat(), *deflated, &payload.sum()).unwrap(),
        };
        assert_eq!(parse(&json).unwrap(), messages);
        payload
    }

    #[tokio::test]
    async fn each_size_takes_the_least_that_holds_it() {
        assert!(matches!(round_trip("short".to_owned()).await.form, Form::Plain));
        assert!(matches!(round_trip("again ".repeat(400_000)).await.form, Form::Deflated(_)));
        let Form::Chunks { chunks, .. } = round_trip(noise(1_000_000)).await.form else {
            panic!("noise does not fit an item")
        };
        assert!(chunks.len() >= 2 && chunks.iter().all(|chunk| chunk.len() <= MAX_INLINE_BYTES));
    }

    #[tokio::test]
    async fn damage_is_seen_and_not_quoted() {
        let payload = round_trip("again ".repeat(400_000)).await;
        let Form::Deflated(bytes) = &payload.form else { panic!("it compresses") };
        let mut damaged = bytes.clone();
        damaged[bytes.len() / 2] ^= 1;
        assert!(unpack(damaged, true, &payload.sum()).is_err());
        assert!(unpack(bytes.clone(), true, &[0; 32]).is_err());
        let reason = parse(r#"[{"role":"user","content":"x"},"secret words"]"#).unwrap_err();
        assert!(!reason.contains("secret"), "{reason}");
    }

    #[tokio::test]
    async fn a_turn_beyond_the_limit_is_refused() {
        let error = Payload::new(&[Message::user("x".repeat(MAX_TURN_BYTES))]).await.unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::TooLarge);
    }
}
