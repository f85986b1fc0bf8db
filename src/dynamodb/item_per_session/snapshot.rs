//! An item, read: which elements of its list make which turn.

use std::marker::PhantomData;
use std::ops::Range;

use aws_sdk_dynamodb::types::AttributeValue;

use super::position::End;
use super::{Codec, Mark, TURN_IDS};
use crate::dynamodb::size::{Item, item_bytes};
use crate::error::{Error, ErrorKind, Result};
use crate::message::Message;
use crate::session::{Position, StoredTurn, split_turns};
use crate::store::{Unreadable, Window};

/// One session's item.
pub(super) struct Snapshot<C> {
    /// All attributes but the list.
    pub(super) item: Item,
    pub(super) elements: Vec<AttributeValue>,
    pub(super) bytes: u64,
    pub(super) expired: bool,
    codec: PhantomData<C>,
}

/// A turn's place in the list and its readable messages, each with its place.
pub(in crate::dynamodb) struct Group {
    pub(in crate::dynamodb) range: Range<usize>,
    pub(in crate::dynamodb) mark: Option<Mark>,
    pub(in crate::dynamodb) messages: Vec<(usize, Message)>,
}

/// The turns of a window.
pub(in crate::dynamodb) struct Turns {
    pub(in crate::dynamodb) turns: Vec<StoredTurn>,
    pub(in crate::dynamodb) unreadable: Vec<Unreadable>,
    pub(in crate::dynamodb) complete: bool,
}

impl<C: Codec> Snapshot<C> {
    pub(super) fn new(mut item: Item, list: &str, expired: bool) -> Result<Self> {
        let bytes = item_bytes(&item);
        let elements = match item.remove(list) {
            None => Vec::new(),
            Some(AttributeValue::L(elements)) => elements,
            Some(_) => {
                let message = "the attribute that should hold the list of messages holds something else; correct \
                               the attribute's name or the layout";
                return Err(Error::new(ErrorKind::Corrupt, message).with("attribute", list));
            }
        };
        Ok(Self { item, elements, bytes, expired, codec: PhantomData })
    }

    /// Where the session ends.
    pub(super) fn end(&self) -> Option<End> {
        End::at::<C>(&self.elements, self.elements.len())
    }

    pub(super) fn position(&self) -> Option<Position> {
        self.end().map(Position::from)
    }

    /// The ids beside the list; `None` where another program has dropped them, or never had any.
    pub(super) fn turn_ids(&self) -> Option<&Vec<String>> {
        self.item.get(TURN_IDS)?.as_ss().ok()
    }

    /// The marks of our turns, each with the place of its first element.
    pub(super) fn marks(&self) -> impl DoubleEndedIterator<Item = (usize, Mark)> {
        self.elements.iter().enumerate().filter_map(|(at, element)| Some((at, C::mark(element)?)))
    }

    /// Where the session ended just after a turn.
    pub(super) fn end_of(&self, group: &Group) -> Option<End> {
        let Range { start, end: length } = group.range;
        match &group.mark {
            Some(mark) => Some(End::Ours { length, start, turn: mark.turn.clone() }),
            None => Some(End::theirs(self.elements.get(..length)?.last()?, length)),
        }
    }

    /// All turns, and what can't be read with its place.
    pub(super) fn groups(&self) -> (Vec<Group>, Vec<(usize, String)>) {
        let mut groups = Vec::new();
        let mut unreadable = Vec::new();
        for (range, mark) in self.ranges() {
            let mut messages = Vec::new();
            for (at, element) in self.elements.iter().enumerate().take(range.end).skip(range.start) {
                match C::decode(element) {
                    Ok(message) => messages.push((at, message)),
                    Err(reason) => unreadable.push((at, reason)),
                }
            }
            if mark.is_some() {
                groups.push(Group { range, mark, messages });
            } else {
                split_run(range, messages, &mut groups);
            }
        }
        groups.retain(|group| !group.messages.is_empty());
        (groups, unreadable)
    }

    /// Runs of elements: each turn of ours, and all that is between them.
    fn ranges(&self) -> Vec<(Range<usize>, Option<Mark>)> {
        let mut ranges = Vec::new();
        let mut marks = self.marks().peekable();
        let mut at = 0;
        while at < self.elements.len() {
            let mark = marks.next_if(|(start, _)| *start == at).map(|(_, mark)| mark);
            let next = marks.peek().map_or(self.elements.len(), |(start, _)| *start);
            let end = mark.as_ref().map_or(next, |mark| at.saturating_add(mark.count.max(1)).min(next));
            ranges.push((at..end, mark));
            at = end;
        }
        ranges
    }

    /// The turns of `window`, oldest first.
    pub(super) fn turns(&self, list: &str, expires_at_epoch_secs: Option<u64>, window: Window) -> Turns {
        let (groups, unreadable) = self.groups();
        in_window(groups, unreadable, list, expires_at_epoch_secs, window, |group| self.end_of(group))
    }
}

/// The turns of `window`, of all that are in the list, oldest first.
pub(in crate::dynamodb) fn in_window(
    mut groups: Vec<Group>,
    unreadable: Vec<(usize, String)>,
    list: &str,
    expires_at_epoch_secs: Option<u64>,
    window: Window,
    end_of: impl Fn(&Group) -> Option<End>,
) -> Turns {
    let left_out = groups.len() - newest(&groups, window);
    groups.drain(..left_out);
    let first = groups.first().map_or(0, |group| group.range.start);
    let turns = groups.into_iter().filter_map(|group| {
        let position = end_of(&group)?.into();
        let (id, tokens, at) = group
            .mark
            .map(|mark| (mark.turn, mark.tokens, mark.at_epoch_secs))
            .map_or_else(|| (None, None, None), |(turn, tokens, at)| (Some(turn), tokens, at));
        Some(StoredTurn {
            id,
            position,
            messages: group.messages.into_iter().map(|(_, message)| message).collect(),
            tokens,
            stored_at_epoch_secs: at,
            expires_at_epoch_secs,
        })
    });
    Turns {
        turns: turns.collect(),
        unreadable: unreadable
            .into_iter()
            .filter(|(at, _)| left_out == 0 || *at >= first)
            .map(|(at, reason)| Unreadable { key: format!("{list}[{at}]"), reason })
            .collect(),
        complete: left_out == 0,
    }
}

/// Splits what other programs wrote: a user message opens a turn.
pub(in crate::dynamodb) fn split_run(
    range: Range<usize>,
    messages: Vec<(usize, Message)>,
    groups: &mut Vec<Group>,
) {
    let (places, messages): (Vec<usize>, Vec<Message>) = messages.into_iter().unzip();
    let mut places = places.into_iter().peekable();
    let mut start = range.start;
    for turn in split_turns(messages) {
        let messages: Vec<_> = places.by_ref().take(turn.len()).zip(turn).collect();
        let end = places.peek().copied().unwrap_or(range.end);
        groups.push(Group { range: start..end, mark: None, messages });
        start = end;
    }
}

/// How many of the newest turns are in the window.
fn newest(groups: &[Group], window: Window) -> usize {
    match window {
        Window::Everything => groups.len(),
        Window::LastTurns(turns) => groups.len().min(turns.get() as usize),
        Window::LastMessages(messages) => {
            let mut missing = messages.get() as usize;
            let taken = groups.iter().rev().take_while(|group| {
                let wanted = missing > 0;
                missing = missing.saturating_sub(group.messages.len());
                wanted
            });
            taken.count()
        }
    }
}
