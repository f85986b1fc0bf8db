//! Changing and removing one message.

use super::ConversationStore;
use super::codec;
use super::draft::Draft;
use super::marks::Element;
use super::requests::{OfTurn, WriteFailure};
use super::snapshot::Snapshot;
use crate::dynamodb::item_per_session::position::End;
use crate::dynamodb::item_per_session::snapshot::Group;
use crate::dynamodb::size::Item;
use crate::error::{Error, ErrorKind, Result};
use crate::message::Message;
use crate::session::{Position, SessionKey};
use crate::store::{Consistency, Mended, MessageRef};
use crate::usage::Usage;

impl ConversationStore {
    /// Puts `message` in place of the one at `at`, or removes that one.
    pub(super) async fn change_message(
        &self,
        key: &SessionKey,
        at: &MessageRef,
        message: Option<Message>,
    ) -> Result<Mended> {
        let key = self.session_key(key)?;
        let mut usage = Usage::default();
        match self.change(&key, at, message, &mut usage).await {
            Ok(position) => Ok(Mended { position, usage }),
            Err(error) => Err(error.with_usage(usage)),
        }
    }

    async fn change(
        &self,
        key: &Item,
        at: &MessageRef,
        message: Option<Message>,
        usage: &mut Usage,
    ) -> Result<Option<Position>> {
        let item = self.read_item(key, Consistency::Strong, usage).await?;
        let read = item.map(|item| self.snapshot(item)).transpose()?;
        let Some(read) = read.filter(|read| !read.expired) else {
            return Err(self.located(Error::new(ErrorKind::NotFound, "the session is not there")));
        };
        let after = plan(&read, at, message).map_err(|error| self.located(error))?;
        let draft = self.spoken(self.now()).messages(&after.elements, &after.marks, &after.strange);
        // Expiry is for what is said; a message that is mended does not make the conversation live longer.
        let draft = Draft {
            set: draft.set.into_iter().filter(|(name, _)| *name != self.config.ttl_attribute).collect(),
            ..draft
        };
        self.check_size(&draft.applied(&read.item))?;
        match self.update_item(key, &read, &draft, OfTurn::default(), usage).await {
            Ok(()) => Ok(after.position()),
            Err(WriteFailure::Failed(error)) => Err(error),
            Err(WriteFailure::Refused(met)) => {
                let met = self.met(key, met, usage).await?;
                if met.as_ref().is_some_and(|met| draft.is_made(met)) {
                    // By an attempt whose answer was lost.
                    return Ok(after.position());
                }
                let now = met.and_then(|item| self.snapshot(item).ok()).filter(|now| !now.expired);
                let kind = ErrorKind::Conflict { position: now.and_then(|now| now.position()) };
                let message = "the session changed meanwhile; load it and try again";
                Err(self.located(Error::new(kind, message)))
            }
        }
    }
}

/// What the change makes of the conversation.
fn plan(read: &Snapshot, at: &MessageRef, message: Option<Message>) -> Result<Snapshot> {
    let wanted = End::parse(&at.position)?;
    let (groups, _) = read.groups();
    let group = groups.iter().find(|group| is_meant(read, group, &wanted, at)).ok_or_else(|| {
        Error::new(ErrorKind::NotFound, "no turn of the session is at this position; load it and try again")
    })?;
    if let End::Ours { length, start, .. } = wanted
        && length.checked_sub(start) != Some(group.range.len())
    {
        let message = "a message of the turn was removed meanwhile; load it and try again";
        return Err(Error::new(ErrorKind::Conflict { position: read.position() }, message));
    }
    let place = group.messages.get(at.index as usize).map(|(place, _)| *place);
    let place = place.ok_or_else(|| {
        let count = group.messages.len();
        Error::new(ErrorKind::NotFound, "the turn has no message at this index").with("messages", count)
    })?;
    let mut after = read.clone();
    match &message {
        Some(message) => {
            let raw =
                if group.mark.is_some() { codec::encode(message) } else { codec::encode_whole(message) };
            if let Some(element) = after.elements.get_mut(place) {
                *element = Element::of(raw?);
            }
        }
        None => {
            after.elements.remove(place);
        }
    }
    for mark in &mut after.marks {
        let Some(range) = mark.range.clone() else { continue };
        if range.contains(&place) {
            match (&message, after.elements.get(place)) {
                (Some(message), Some(element)) => mark.replace(place - range.start, message, element)?,
                _ => mark.remove(place - range.start),
            }
        }
        let moved = |end: usize| if message.is_none() && end > place { end - 1 } else { end };
        let range = moved(range.start)..moved(range.end);
        mark.settle((!range.is_empty()).then_some(range), &after.elements);
    }
    Ok(after)
}

/// Whether the position is that of the turn. A turn of ours keeps its place among the others when a message before it is
/// removed, so that its id tells it.
fn is_meant(read: &Snapshot, group: &Group, wanted: &End, at: &MessageRef) -> bool {
    let id = group.mark.as_ref().map(|mark| &mark.turn);
    let is_there = match wanted {
        End::Ours { turn, .. } => id == Some(turn),
        End::Theirs { .. } => read.end_of(group).as_ref() == Some(wanted),
    };
    is_there && (at.turn_id.is_none() || at.turn_id.as_ref() == id)
}
