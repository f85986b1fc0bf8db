//! Which messages of the text are which turn of ours.
//!
//! A mark tells where the messages of its turn lay when they were written, and what they said. Mem0 may move them, by
//! leaving out older ones, or write the same text anew in another spelling: then they are found by what they say.

use std::collections::BTreeMap;
use std::ops::Range;

use aws_sdk_dynamodb::types::AttributeValue;
use sha2::{Digest, Sha256};

use super::codec;
use crate::dynamodb::item_per_session::{Mark, full_beside, read_beside};
use crate::dynamodb::size::Item;
use crate::error::Result;
use crate::json::RawJson;
use crate::message::Message;

/// The list of marks in an item.
pub(super) const TURNS: &str = "cm_turns";

const FIRST: &str = "first";
const SAYS: &str = "says";
const FULL: &str = "full";

/// A message in the text.
#[derive(Clone, Debug)]
pub(super) struct Element {
    pub(super) raw: RawJson,
    /// What can be read of it, or what is wrong with its shape.
    pub(super) message: Result<Message, String>,
    /// Stands for what it says, however that is spelt.
    pub(super) digest: u64,
}

impl Element {
    pub(super) fn of(raw: RawJson) -> Self {
        let message = codec::decode(&raw);
        let said = message.as_ref().ok().and_then(|message| serde_json::to_string(message).ok());
        let digest = Sha256::digest(said.as_deref().unwrap_or(raw.as_str()));
        let digest = digest.iter().take(8).fold(0, |all, byte| all << 8 | u64::from(*byte));
        Self { raw, message, digest }
    }
}

/// What messages together say.
pub(super) fn says(elements: &[Element]) -> u64 {
    elements.iter().fold(elements.len() as u64, |all, element| {
        (all ^ element.digest).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29)
    })
}

/// A turn of ours.
#[derive(Clone, Debug)]
pub(super) struct TurnMark {
    pub(super) mark: Mark,
    /// Where its messages begin, when they were written.
    first: usize,
    says: u64,
    /// What of its messages the text has no place for, by their place in the turn.
    full: BTreeMap<usize, AttributeValue>,
    /// The mark as it was read.
    stored: Item,
    /// Where its messages are now; `None` where others removed or changed them.
    pub(super) range: Option<Range<usize>>,
}

impl TurnMark {
    /// The mark of messages that are written at `range`.
    pub(super) fn new(mark: Mark, messages: &[Message], elements: &[Element], first: usize) -> Result<Self> {
        let mut full = BTreeMap::new();
        for (at, (message, element)) in messages.iter().zip(elements).enumerate() {
            if let Some(beside) = beside(message, element)? {
                full.insert(at, beside);
            }
        }
        let range = Some(first..first + elements.len());
        Ok(Self { mark, first, says: says(elements), full, stored: Item::new(), range })
    }

    pub(super) fn read(value: &AttributeValue) -> Option<Self> {
        let stored = value.as_m().ok()?;
        let full = stored.get(FULL).and_then(|full| full.as_m().ok());
        let full = full.into_iter().flatten().map(|(at, full)| Some((at.parse().ok()?, full.clone())));
        Some(Self {
            mark: Mark::read(stored, "")?,
            first: stored.get(FIRST)?.as_n().ok()?.parse().ok()?,
            says: u64::from_str_radix(stored.get(SAYS)?.as_s().ok()?, 16).ok()?,
            full: full.collect::<Option<_>>()?,
            stored: stored.clone(),
            range: None,
        })
    }

    pub(super) fn write(&self) -> AttributeValue {
        let mut fields = self.stored.clone();
        fields.extend(self.mark.fields(""));
        fields.insert(FIRST.to_owned(), AttributeValue::N(self.first.to_string()));
        fields.insert(SAYS.to_owned(), AttributeValue::S(format!("{:016x}", self.says)));
        fields.remove(FULL);
        if !self.full.is_empty() {
            let full = self.full.iter().map(|(at, full)| (at.to_string(), full.clone()));
            fields.insert(FULL.to_owned(), AttributeValue::M(full.collect()));
        }
        AttributeValue::M(fields)
    }

    /// The message at a place in the turn.
    pub(super) fn message(&self, at: usize, element: &Element) -> Result<Message, String> {
        let message = element.message.clone()?;
        Ok(read_beside(self.full.get(&at), &message.text()).unwrap_or(message))
    }

    /// Puts another message at a place in the turn.
    pub(super) fn replace(&mut self, at: usize, message: &Message, element: &Element) -> Result<()> {
        self.full.remove(&at);
        if let Some(beside) = beside(message, element)? {
            self.full.insert(at, beside);
        }
        Ok(())
    }

    /// Takes the message at a place out of the turn.
    pub(super) fn remove(&mut self, at: usize) {
        let full = std::mem::take(&mut self.full).into_iter().filter(|(place, _)| *place != at);
        self.full = full.map(|(place, full)| (if place > at { place - 1 } else { place }, full)).collect();
        self.mark.count = self.mark.count.saturating_sub(1);
    }

    /// Takes down where the messages lie now, and what they say.
    pub(super) fn settle(&mut self, range: Option<Range<usize>>, elements: &[Element]) {
        if let Some(there) = range.clone().and_then(|range| elements.get(range)) {
            self.says = says(there);
        }
        if let Some(range) = &range {
            self.first = range.start;
        }
        self.range = range;
    }
}

/// What has to stand beside the text for the message to come back as it is.
fn beside(message: &Message, element: &Element) -> Result<Option<AttributeValue>> {
    let is_exact = element.message.as_ref().is_ok_and(|read| read == message);
    let text = element.message.as_ref().map_or_else(|_| String::new(), Message::text);
    if is_exact { Ok(None) } else { full_beside(message, &text).map(Some) }
}

/// Finds the messages of each turn: where they were, or where those before have moved to, or else further on.
pub(super) fn place(marks: &mut [TurnMark], elements: &[Element]) {
    let mut from = 0;
    let mut moved = 0_isize;
    for mark in marks {
        let count = mark.mark.count;
        if count == 0 {
            continue;
        }
        let is_at = |start: &usize| {
            *start >= from
                && elements
                    .get(*start..start.saturating_add(count))
                    .is_some_and(|there| says(there) == mark.says)
        };
        let expected = mark.first.checked_add_signed(moved).filter(is_at);
        let Some(start) = expected.or_else(|| (from..elements.len()).find(is_at)) else { continue };
        moved = start.cast_signed().wrapping_sub(mark.first.cast_signed());
        from = start + count;
        mark.range = Some(start..from);
    }
}
