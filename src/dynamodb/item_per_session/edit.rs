//! Changing and removing one message.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};

use super::expression::Expression;
use super::position::End;
use super::snapshot::{Group, Snapshot};
use super::update::Update;
use super::{Codec, ItemPerSession, Mark};
use crate::dynamodb::size::Item;
use crate::error::{Error, ErrorKind, Result};
use crate::message::Message;
use crate::session::SessionKey;
use crate::store::{Consistency, Mended, MessageRef};
use crate::usage::Usage;

/// Elements to set, and one to remove, by their place.
struct Change {
    place: usize,
    set: Vec<(usize, AttributeValue)>,
    remove: bool,
}

impl Change {
    /// What the change makes of a list.
    fn applied(&self, elements: &[AttributeValue]) -> Vec<AttributeValue> {
        let mut elements = elements.to_vec();
        for (place, element) in &self.set {
            if let Some(old) = elements.get_mut(*place) {
                old.clone_from(element);
            }
        }
        if self.remove && self.place < elements.len() {
            elements.remove(self.place);
        }
        elements
    }

    /// Whether a list that was `before` has been changed in this way, by an attempt whose answer was lost. Others may have
    /// added to it since.
    fn is_made(&self, before: &[AttributeValue], now: &[AttributeValue]) -> bool {
        let after = self.applied(before);
        // Without its last element a list begins as it did with it.
        now == after || (now.starts_with(&after) && now.get(self.place) != before.get(self.place))
    }
}

impl<C: Codec> ItemPerSession<C> {
    /// Puts `message` in place of the one at `at`, or removes that one.
    pub(super) async fn change_message(
        &self,
        key: &SessionKey,
        at: &MessageRef,
        message: Option<Message>,
    ) -> Result<Mended> {
        let (item, usage) = self.read(key, Consistency::Strong).await?;
        let changed = self.change_read(key, at, message, item, usage).await;
        changed.map_err(|error| self.located(error))
    }

    async fn change_read(
        &self,
        key: &SessionKey,
        at: &MessageRef,
        message: Option<Message>,
        item: Option<Item>,
        usage: Usage,
    ) -> Result<Mended> {
        let snapshot = item.map(|item| self.snapshot(item)).transpose();
        let snapshot = snapshot.map_err(|error| error.with_usage(usage))?;
        let Some(mut snapshot) = snapshot.filter(|snapshot| !snapshot.expired) else {
            return Err(Error::new(ErrorKind::NotFound, "the session is not there").with_usage(usage));
        };
        let change = plan(&snapshot, at, message).map_err(|error| error.with_usage(usage))?;
        let written = self.write_change(key, &snapshot, &change).await;
        let used = written.map_err(|error| error.with_usage(usage))?;
        snapshot.elements = change.applied(&snapshot.elements);
        Ok(Mended { position: snapshot.position(), usage: usage + used })
    }

    async fn write_change(&self, key: &SessionKey, snapshot: &Snapshot<C>, change: &Change) -> Result<Usage> {
        let mut ex = Expression::default();
        let list = ex.name(&self.list);
        let length = ex.number(snapshot.elements.len());
        let mut conditions = vec![format!("size({list}) = {length}")];
        let touched = change.set.iter().map(|(place, _)| *place).chain([change.place]);
        for place in touched.collect::<BTreeSet<_>>() {
            if let Some(element) = snapshot.elements.get(place) {
                let element = ex.value(element.clone());
                conditions.push(format!("{list}[{place}] = {element}"));
            }
        }
        let mut update = String::new();
        for (nth, (place, element)) in change.set.iter().enumerate() {
            let element = ex.value(element.clone());
            update.push_str(if nth == 0 { "SET " } else { ", " });
            update.push_str(&format!("{list}[{place}] = {element}"));
        }
        if change.remove {
            update.push_str(&format!(" REMOVE {list}[{}]", change.place));
        }
        let keys = self.key(key)?;
        let update = Update { expression: update, conditions, placeholders: ex, returned: ReturnValue::None };
        let written = self.update(keys.clone(), update).await;
        let error = match written {
            Ok((_, usage)) => return Ok(usage),
            Err(error) => error,
        };
        let Some(UpdateItemError::ConditionalCheckFailedException(refusal)) = error.service() else {
            let error = error.into_error();
            return Err(if *error.kind() == ErrorKind::TooLarge { self.too_large(error) } else { error });
        };
        let met = self.met(keys, refusal.item().cloned()).await;
        let (met, used) = met.map_err(|met| met.with_usage(error.usage()))?;
        let usage = error.usage() + used;
        let now = met.and_then(|item| self.snapshot(item).ok()).filter(|now| !now.expired);
        if now.as_ref().is_some_and(|now| change.is_made(&snapshot.elements, &now.elements)) {
            return Ok(usage);
        }
        let position = now.and_then(|now| now.position());
        let message = "the session changed meanwhile; load it and try again";
        Err(Error::new(ErrorKind::Conflict { position }, message).with_usage(usage))
    }
}

fn plan<C: Codec>(snapshot: &Snapshot<C>, at: &MessageRef, message: Option<Message>) -> Result<Change> {
    let wanted = End::parse(&at.position)?;
    let (groups, _) = snapshot.groups();
    let group = groups.iter().find(|group| is_meant(snapshot, group, &wanted, at)).ok_or_else(|| {
        Error::new(ErrorKind::NotFound, "no turn of the session is at this position; load it and try again")
    })?;
    if let End::Ours { length, start, .. } = wanted
        && length.checked_sub(start) != Some(group.range.len())
    {
        let message = "a message of the turn was removed meanwhile; load it and try again";
        return Err(Error::new(ErrorKind::Conflict { position: snapshot.position() }, message));
    }
    let place = group.messages.get(at.index as usize).map(|(place, _)| *place);
    let place = place.ok_or_else(|| {
        let count = group.messages.len();
        Error::new(ErrorKind::NotFound, "the turn has no message at this index").with("messages", count)
    })?;
    let carried = snapshot.elements.get(place).and_then(C::mark);
    if let Some(message) = message {
        let element = C::encode(&message, carried.as_ref())?;
        return Ok(Change { place, set: vec![(place, element)], remove: false });
    }
    let set = group.mark.as_ref().and_then(|mark| shortened(snapshot, group, place, mark));
    Ok(Change { place, set: set.into_iter().collect(), remove: true })
}

/// The element that carries the turn's mark when the one at `place` is gone; `None` when nothing is left of it.
fn shortened<C: Codec>(
    snapshot: &Snapshot<C>,
    group: &Group,
    place: usize,
    mark: &Mark,
) -> Option<(usize, AttributeValue)> {
    let count = group.range.len().checked_sub(1).filter(|count| *count > 0)?;
    let first = if place == group.range.start { place + 1 } else { group.range.start };
    let mut element = snapshot.elements.get(first)?.clone();
    C::set_mark(&mut element, &Mark { count, ..mark.clone() });
    Some((first, element))
}

/// Whether the position is that of the turn. A turn of ours keeps its place among the others when a message before it is
/// removed, so that its id tells it.
fn is_meant<C: Codec>(snapshot: &Snapshot<C>, group: &Group, wanted: &End, at: &MessageRef) -> bool {
    let id = group.mark.as_ref().map(|mark| &mark.turn);
    let is_there = match wanted {
        End::Ours { turn, .. } => id == Some(turn),
        End::Theirs { .. } => snapshot.end_of(group).as_ref() == Some(wanted),
    };
    is_there && (at.turn_id.is_none() || at.turn_id.as_ref() == id)
}
