//! Rows as DynamoDB items. Attribute names are short because each turn pays for them.

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;

use super::payload::{Form, MAX_CHUNKS, Payload, Sum};
use super::position::Mark;
use crate::dynamodb::size::Item;
use crate::session::{TokenCount, TurnId};

/// The names of attributes.
pub(super) mod attr {
    /// S: the turn's id. On a barrier, the id of the turn that was there, or of the clear.
    pub(crate) const TURN: &str = "tid";
    /// S: the messages as JSON.
    pub(crate) const MESSAGES: &str = "msgs";
    /// B: the messages as JSON, compressed.
    pub(crate) const DEFLATED: &str = "zip";
    /// N: how many pieces hold the messages.
    pub(crate) const CHUNKS: &str = "parts";
    /// BOOL: whether the pieces together are compressed.
    pub(crate) const CHUNKS_DEFLATED: &str = "parts_zip";
    /// B: the SHA-256 of the messages as JSON, where they are not plain; its start in the row of a turn id.
    pub(crate) const SUM: &str = "sum";
    /// N: how many messages there are, where they are not plain.
    pub(crate) const COUNT: &str = "count";
    /// S: tokens and tokenizer, parted by a space.
    pub(crate) const TOKENS: &str = "tok";
    /// N: epoch seconds of the write.
    pub(crate) const AT: &str = "at";
    /// N: on a barrier, epoch seconds of the clear.
    pub(crate) const BARRIER: &str = "barrier";
    /// N: the place of a turn, in rows that point to one.
    pub(crate) const SEQ: &str = "pos";
    /// B: a piece of a turn's messages.
    pub(crate) const PIECE: &str = "part";
    /// S: a note's text.
    pub(crate) const NOTE: &str = "note";
    /// N: a note's version.
    pub(crate) const VERSION: &str = "ver";
    /// S: the session that a row of the listing stands for.
    pub(crate) const LISTED: &str = "listed";
    /// N: the hour of the row of the listing that this one replaces, or of that which a clear removes.
    pub(crate) const PREVIOUS_HOUR: &str = "prev";

    /// All of them: no key or expiry attribute can have such a name.
    pub(crate) const ALL: [&str; 16] = [
        TURN,
        MESSAGES,
        DEFLATED,
        CHUNKS,
        CHUNKS_DEFLATED,
        SUM,
        COUNT,
        TOKENS,
        AT,
        BARRIER,
        SEQ,
        PIECE,
        NOTE,
        VERSION,
        LISTED,
        PREVIOUS_HOUR,
    ];
}

/// How many bytes of a SHA-256 the row of a turn id keeps: enough to tell content apart, not to prove it.
const ID_SUM_BYTES: usize = 8;

/// A row among the turns.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) seq: u64,
    /// Epoch seconds of the write; 0 where they can't be read.
    pub(super) at: u64,
    pub(super) expires_at: Option<u64>,
    pub(super) what: What,
}

#[derive(Debug)]
pub(super) enum What {
    Turn(TurnRow),
    /// Everything below was cleared.
    Barrier {
        /// The turn that stood here and was cleared; of the newest barrier, what tells it from another's.
        turn: Option<TurnId>,
        /// The hour in which the cleared session was listed.
        listed_hour: Option<u64>,
    },
    /// Not a turn as this layout writes it, with the reason.
    Unreadable(String),
}

/// A turn whose messages may still have to be fetched.
#[derive(Debug)]
pub(super) struct TurnRow {
    pub(super) id: TurnId,
    pub(super) tokens: Option<TokenCount>,
    pub(super) body: Body,
}

#[derive(Debug)]
pub(super) enum Body {
    Plain(String),
    Deflated { bytes: Vec<u8>, sum: Sum, messages: usize },
    Chunks { count: u32, deflated: bool, sum: Sum, messages: usize },
}

impl Row {
    /// The end of a session whose newest row this is.
    pub(super) fn mark(&self) -> Mark {
        match self.what {
            What::Barrier { .. } => Mark::barrier(self.seq),
            What::Turn(_) | What::Unreadable(_) => Mark { seq: self.seq, at: self.at },
        }
    }

    /// The turn id that has its effect here.
    pub(super) fn turn_id(&self) -> Option<&TurnId> {
        match &self.what {
            What::Turn(turn) => Some(&turn.id),
            What::Barrier { turn, .. } => turn.as_ref(),
            What::Unreadable(_) => None,
        }
    }

    pub(super) fn is_barrier(&self) -> bool {
        matches!(self.what, What::Barrier { .. })
    }

    /// Whether DynamoDB may remove it at any time.
    pub(super) fn has_expired(&self, now: u64) -> bool {
        !self.is_barrier() && self.expires_at.is_some_and(|at| at <= now)
    }

    pub(super) fn decode(seq: u64, mut item: Item, expiry_attribute: Option<&str>) -> Self {
        let expires_at = expiry_attribute.and_then(|name| epoch_secs(&item, name));
        if let Some(at) = number(&item, attr::BARRIER) {
            let turn = text(&item, attr::TURN).and_then(|id| TurnId::new(id).ok());
            let listed_hour = number(&item, attr::PREVIOUS_HOUR);
            return Self { seq, at, expires_at, what: What::Barrier { turn, listed_hour } };
        }
        let at = number(&item, attr::AT).unwrap_or_default();
        let what = TurnRow::decode(&mut item).map_or_else(|why| What::Unreadable(why.to_owned()), What::Turn);
        Self { seq, at, expires_at, what }
    }
}

impl TurnRow {
    fn decode(item: &mut Item) -> Result<Self, &'static str> {
        let id = text(item, attr::TURN).ok_or("it has no turn id `tid` of type S")?;
        let id = TurnId::new(id).map_err(|_| "its `tid` is not a turn id")?;
        let tokens = match item.get(attr::TOKENS) {
            None => None,
            Some(tokens) => Some(decode_tokens(tokens).ok_or("its `tok` is not a token count")?),
        };
        Ok(Self { id, tokens, body: Body::decode(item)? })
    }

    /// Whether these are the messages of `payload`.
    pub(super) fn holds(&self, payload: &Payload) -> bool {
        match &self.body {
            Body::Plain(json) => *json == payload.json,
            Body::Deflated { sum, .. } | Body::Chunks { sum, .. } => *sum == payload.sum(),
        }
    }
}

impl Body {
    fn decode(item: &mut Item) -> Result<Self, &'static str> {
        if let Some(AttributeValue::S(json)) = item.remove(attr::MESSAGES) {
            return Ok(Self::Plain(json));
        }
        let messages = number(item, attr::COUNT).and_then(|count| usize::try_from(count).ok());
        let sum = bytes(item, attr::SUM).and_then(|sum| Sum::try_from(sum).ok());
        let (Some(messages), Some(sum)) = (messages, sum) else {
            return Err("it has no messages: neither `msgs` of type S nor `sum` and `count`");
        };
        if let Some(AttributeValue::B(blob)) = item.remove(attr::DEFLATED) {
            return Ok(Self::Deflated { bytes: blob.into_inner(), sum, messages });
        }
        let count = number(item, attr::CHUNKS).and_then(|count| u32::try_from(count).ok());
        let count = count.filter(|count| *count <= MAX_CHUNKS).ok_or("it has neither `zip` nor `parts`")?;
        let deflated = matches!(item.get(attr::CHUNKS_DEFLATED), Some(AttributeValue::Bool(true)));
        Ok(Self::Chunks { count, deflated, sum, messages })
    }
}

/// The attributes of a turn besides its keys and expiry.
pub(super) fn turn_attributes(
    id: &TurnId,
    tokens: Option<&TokenCount>,
    payload: &Payload,
    at: u64,
) -> Vec<(&'static str, AttributeValue)> {
    let mut attributes = vec![(attr::TURN, s(id.as_str())), (attr::AT, n(at))];
    if let Some(tokens) = tokens {
        attributes.push((attr::TOKENS, s(format!("{} {}", tokens.count, tokens.tokenizer))));
    }
    match &payload.form {
        Form::Plain => {
            attributes.push((attr::MESSAGES, s(payload.json.as_str())));
            return attributes;
        }
        Form::Deflated(bytes) => attributes.push((attr::DEFLATED, b(bytes.as_slice()))),
        Form::Chunks { chunks, deflated } => {
            attributes.push((attr::CHUNKS, n(chunks.len() as u64)));
            if *deflated {
                attributes.push((attr::CHUNKS_DEFLATED, AttributeValue::Bool(true)));
            }
        }
    }
    attributes.push((attr::SUM, b(payload.sum())));
    attributes.push((attr::COUNT, n(payload.messages as u64)));
    attributes
}

/// Where a remembered turn id has its effect, and for which messages.
#[derive(Debug)]
pub(super) struct IdRow {
    pub(super) mark: Mark,
    sum: Vec<u8>,
}

impl IdRow {
    pub(super) fn attributes(payload: &Payload, seq: u64, at: u64) -> Vec<(&'static str, AttributeValue)> {
        vec![(attr::SEQ, n(seq)), (attr::AT, n(at)), (attr::SUM, b(short(&payload.sum())))]
    }

    pub(super) fn decode(item: &Item) -> Option<Self> {
        let mark = Mark { seq: number(item, attr::SEQ)?, at: number(item, attr::AT)? };
        Some(Self { mark, sum: bytes(item, attr::SUM)?.to_vec() })
    }

    pub(super) fn holds(&self, payload: &Payload) -> bool {
        self.sum == short(&payload.sum())
    }
}

fn short(sum: &Sum) -> Vec<u8> {
    sum.iter().copied().take(ID_SUM_BYTES).collect()
}

fn decode_tokens(value: &AttributeValue) -> Option<TokenCount> {
    let (count, tokenizer) = value.as_s().ok()?.split_once(' ')?;
    Some(TokenCount { tokenizer: tokenizer.to_owned(), count: count.parse().ok()? })
}

/// Text as an attribute.
pub(super) fn s(text: impl Into<String>) -> AttributeValue {
    AttributeValue::S(text.into())
}

/// A number as an attribute.
pub(super) fn n(number: u64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

/// Bytes as an attribute.
pub(super) fn b(bytes: impl Into<Vec<u8>>) -> AttributeValue {
    AttributeValue::B(Blob::new(bytes))
}

/// The text of an attribute.
pub(super) fn text<'a>(item: &'a Item, name: &str) -> Option<&'a str> {
    item.get(name)?.as_s().ok().map(String::as_str)
}

/// The whole number of an attribute.
pub(super) fn number(item: &Item, name: &str) -> Option<u64> {
    item.get(name)?.as_n().ok()?.parse().ok()
}

/// The time of an attribute that other writers may write too, with fractions.
pub(super) fn epoch_secs(item: &Item, name: &str) -> Option<u64> {
    item.get(name)?.as_n().ok()?.parse::<f64>().ok().map(|secs| secs as u64)
}

/// The bytes of an attribute.
pub(super) fn bytes<'a>(item: &'a Item, name: &str) -> Option<&'a [u8]> {
    item.get(name)?.as_b().ok().map(AsRef::as_ref)
}
