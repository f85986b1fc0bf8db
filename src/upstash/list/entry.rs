//! Entries of a list, ours and those of others.

use serde::{Deserialize, Serialize};
use sha1::{Digest, Sha1};

use crate::error::{Error, ErrorKind, Result};
use crate::json::RawJson;
use crate::langchain::{self, Dialect};
use crate::message::Message;
use crate::session::{Position, TokenCount, Turn, TurnId};

/// The field that makes an entry ours. It comes first, so that a script finds it without parsing the message.
const MARK: &str = "cm";

/// What the first entry of a turn says of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct TurnMark {
    pub(super) turn: TurnId,
    /// Messages.
    pub(super) n: u32,
    /// Tells the turn from another under the same id.
    pub(super) sum: String,
    /// Seconds since 1970.
    pub(super) at: u64,
    /// Tells the turn from itself, appended again after a clear: positions must differ.
    pub(super) rnd: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) tokens: Option<TokenCount>,
}

/// The mark of an entry.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Mark {
    /// It opens a turn.
    First(TurnMark),
    /// It belongs to the turn with this `rnd`.
    Inside(String),
}

/// A turn as entries.
pub(super) struct Encoded {
    /// How the first entry begins, and no entry of another turn.
    pub(super) start: String,
    pub(super) sum: String,
    /// Oldest first.
    pub(super) entries: Vec<String>,
}

pub(super) fn encode(turn: &Turn, dialect: Dialect, epoch_secs: u64) -> Result<Encoded> {
    let mut rnd = uuid::Uuid::new_v4().simple().to_string();
    rnd.truncate(12);
    let sum = checksum(&turn.messages)?;
    let inside = RawJson::from(&*rnd);
    let mark = TurnMark {
        turn: turn.id.clone(),
        n: u32::try_from(turn.messages.len()).unwrap_or(u32::MAX),
        sum: sum.clone(),
        at: epoch_secs,
        rnd,
        tokens: turn.tokens.clone(),
    };
    let mark = RawJson::of(&mark).map_err(no_json)?;
    let entry = |(index, message)| {
        langchain::write_entry(message, dialect, &[(MARK, if index == 0 { &mark } else { &inside })])
    };
    let entries = turn.messages.iter().enumerate().map(entry).collect::<Result<_>>()?;
    let start = format!("{{\"{MARK}\":{{\"turn\":{},", RawJson::from(turn.id.as_str()).as_str());
    Ok(Encoded { start, sum, entries })
}

fn checksum(messages: &[Message]) -> Result<String> {
    let mut sum = Sha1::new();
    serde_json::to_writer(&mut sum, messages).map_err(no_json)?;
    Ok(hex(sum))
}

fn no_json(source: serde_json::Error) -> Error {
    Error::invalid_input("messages", "holds what has no JSON form").with_source(source)
}

/// The first 16 digits.
fn hex(sum: Sha1) -> String {
    sum.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// Reads an entry.
pub(super) fn decode(entry: &[u8]) -> Result<(Message, Option<Mark>)> {
    let text = std::str::from_utf8(entry)
        .map_err(|_| Error::new(ErrorKind::Corrupt, "not a stored message but bytes that are not UTF-8"))?;
    let mut read = langchain::read_entry(text)?;
    let mark = read.beside.remove(MARK).and_then(|mark| mark.decode_exact());
    Ok((read.message, mark))
}

/// The end of a session just after `entry`, which is the `ordinal`th from its tail, counted from 1.
pub(super) fn position(ordinal: u64, entry: &[u8]) -> Position {
    Position::new(format!("{ordinal}.{}", hex(Sha1::new().chain_update(entry))))
}

/// How many entries a session had at a position of ours.
pub(super) fn length_at(position: &Position) -> Option<u64> {
    position.as_str().split_once('.')?.0.parse().ok()
}
