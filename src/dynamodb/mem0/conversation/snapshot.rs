//! An item, read: its messages, and which of them make which turn.

use aws_sdk_dynamodb::types::AttributeValue;

use super::config::ConversationConfig;
use super::marks::{self, Element, TURNS, TurnMark};
use crate::dynamodb::item_per_session::position::End;
use crate::dynamodb::item_per_session::snapshot::{Group, Turns, in_window, split_run};
use crate::dynamodb::size::{Item, item_bytes};
use crate::error::{Error, ErrorKind, Result};
use crate::json::RawJson;
use crate::session::Position;
use crate::store::Window;

pub(super) const MESSAGES: &str = "messages";
pub(super) const VERSION: &str = "cm_version";

/// One conversation's item.
#[derive(Clone, Debug)]
pub(super) struct Snapshot {
    /// All attributes, as they were read.
    pub(super) item: Item,
    pub(super) elements: Vec<Element>,
    pub(super) marks: Vec<TurnMark>,
    /// What stands among the marks and is none that we can read.
    pub(super) strange: Vec<AttributeValue>,
    pub(super) bytes: u64,
    pub(super) expired: bool,
}

impl Snapshot {
    /// Reads an item at `now_epoch_secs`.
    ///
    /// # Errors
    /// `Corrupt` when its messages are no JSON array, or its marks no list.
    pub(super) fn read(item: Item, config: &ConversationConfig, now_epoch_secs: u64) -> Result<Self> {
        let corrupt = |message: &str, attribute: &str| {
            Err(Error::new(ErrorKind::Corrupt, message).with("attribute", attribute))
        };
        let elements: Vec<RawJson> = match item.get(MESSAGES) {
            None => Vec::new(),
            Some(AttributeValue::S(text)) => match serde_json::from_str(text) {
                Ok(elements) => elements,
                Err(_) => {
                    let message = "the messages are no JSON array, and they are left as they are; inspect the \
                                   conversation, and mend or clear it";
                    return corrupt(message, MESSAGES);
                }
            },
            Some(_) => {
                let message = "the attribute that should hold the messages as text holds something else, and it is \
                               left as it is; check that the table is Mem0's";
                return corrupt(message, MESSAGES);
            }
        };
        let elements: Vec<_> = elements.into_iter().map(Element::of).collect();
        let (mut marks, mut strange) = (Vec::new(), Vec::new());
        match item.get(TURNS) {
            None => {}
            Some(AttributeValue::L(values)) => {
                for value in values {
                    match TurnMark::read(value) {
                        Some(mark) => marks.push(mark),
                        None => strange.push(value.clone()),
                    }
                }
            }
            Some(_) => {
                let message = "the attribute that should tell the turns holds something else, and it is left as it \
                               is; inspect the conversation, and mend or clear it";
                return corrupt(message, TURNS);
            }
        }
        marks::place(&mut marks, &elements);
        let (bytes, expired) = (item_bytes(&item), config.is_expired(&item, now_epoch_secs));
        Ok(Self { item, elements, marks, strange, bytes, expired })
    }

    /// Where the conversation ends.
    pub(super) fn end(&self) -> Option<End> {
        let length = self.elements.len();
        let newest = self.marks.iter().find(|mark| mark.range.as_ref().is_some_and(|at| at.end == length));
        match newest {
            Some(TurnMark { mark, range: Some(range), .. }) => {
                Some(End::Ours { length, start: range.start, turn: mark.turn.clone() })
            }
            _ => self.theirs(length),
        }
    }

    pub(super) fn position(&self) -> Option<Position> {
        self.end().map(Position::from)
    }

    /// The end after `length` messages of which Mem0 wrote the last.
    fn theirs(&self, length: usize) -> Option<End> {
        let last = self.elements.get(..length)?.last()?;
        Some(End::Theirs { length, digest: format!("{:016x}", last.digest) })
    }

    /// Where the conversation ended just after a turn.
    pub(super) fn end_of(&self, group: &Group) -> Option<End> {
        match &group.mark {
            Some(mark) => {
                let (start, length) = (group.range.start, group.range.end);
                Some(End::Ours { length, start, turn: mark.turn.clone() })
            }
            None => self.theirs(group.range.end),
        }
    }

    /// All turns, and what can't be read with its place.
    pub(super) fn groups(&self) -> (Vec<Group>, Vec<(usize, String)>) {
        let mut groups = Vec::new();
        let mut unreadable = Vec::new();
        let mut at = 0;
        let ours = self.marks.iter().filter_map(|mark| Some((mark.range.clone()?, mark)));
        for (range, mark) in ours {
            self.split_theirs(at..range.start, &mut groups, &mut unreadable);
            let mut messages = Vec::new();
            for (nth, place) in range.clone().enumerate() {
                match self.elements.get(place).map(|element| mark.message(nth, element)) {
                    Some(Ok(message)) => messages.push((place, message)),
                    Some(Err(reason)) => unreadable.push((place, reason)),
                    None => {}
                }
            }
            at = range.end;
            groups.push(Group { range, mark: Some(mark.mark.clone()), messages });
        }
        self.split_theirs(at..self.elements.len(), &mut groups, &mut unreadable);
        groups.retain(|group| !group.messages.is_empty());
        (groups, unreadable)
    }

    fn split_theirs(
        &self,
        range: std::ops::Range<usize>,
        groups: &mut Vec<Group>,
        unreadable: &mut Vec<(usize, String)>,
    ) {
        let mut messages = Vec::new();
        for (place, element) in self.elements.iter().enumerate().take(range.end).skip(range.start) {
            match &element.message {
                Ok(message) => messages.push((place, message.clone())),
                Err(reason) => unreadable.push((place, reason.clone())),
            }
        }
        split_run(range, messages, groups);
    }

    /// The turns of `window`, oldest first.
    pub(super) fn turns(&self, expires_at_epoch_secs: Option<u64>, window: Window) -> Turns {
        let (groups, unreadable) = self.groups();
        in_window(groups, unreadable, MESSAGES, expires_at_epoch_secs, window, |group| self.end_of(group))
    }
}

/// The text of messages, with those as they are that were read.
pub(super) fn text_of(elements: &[Element]) -> String {
    let raws: Vec<_> = elements.iter().map(|element| element.raw.as_str()).collect();
    format!("[{}]", raws.join(", "))
}
