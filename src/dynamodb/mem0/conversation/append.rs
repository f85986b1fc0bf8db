//! A turn at the end of a conversation: read, and written if nothing came between.

use aws_sdk_dynamodb::types::AttributeValue;

use super::ConversationStore;
use super::codec;
use super::draft::version_of;
use super::marks::{Element, TurnMark};
use super::requests::{OfTurn, WriteFailure, pause};
use super::snapshot::{Snapshot, VERSION};
use crate::dynamodb::item_per_session::Mark;
use crate::dynamodb::item_per_session::position::End;
use crate::dynamodb::size::Item;
use crate::error::{Error, ErrorKind, Result};
use crate::session::{Position, SessionId, SessionKey, Turn};
use crate::store::{After, Append, Appended, Consistency, Dedupe};
use crate::usage::Usage;

/// How often a write is tried when other writers come between. Each round one of them gets through.
pub(super) const MAX_TRIES: u32 = 64;

/// A turn on its way into the item.
struct Pending<'a> {
    session: &'a SessionId,
    turn: &'a Turn,
    mark: Mark,
    elements: Vec<Element>,
    after: &'a After,
    now: u64,
}

impl Pending<'_> {
    fn of_turn(&self) -> OfTurn<'_> {
        let tried = match self.after {
            After::End | After::Exactly(None) => None,
            After::Near(position) | After::Exactly(Some(position)) => Some(position),
        };
        OfTurn(Some((&self.turn.id, tried)))
    }

    /// The position when the turn begins at `start`.
    fn position_from(&self, start: usize) -> Position {
        let length = start + self.elements.len();
        End::Ours { length, start, turn: self.turn.id.clone() }.into()
    }
}

impl ConversationStore {
    pub(super) async fn append_turn(&self, key: &SessionKey, append: Append) -> Result<Appended> {
        append.check()?;
        let (session, key) = (&key.session, self.session_key(key)?);
        if let After::Near(position) | After::Exactly(Some(position)) = &append.after {
            End::parse(position)?;
        }
        let encode = |message| codec::encode(message).map(Element::of);
        let elements = append.turn.messages.iter().map(encode).collect::<Result<_>>()?;
        let (turn, now) = (&append.turn, self.now());
        let pending =
            Pending { session, turn, mark: Mark::of(turn, now)?, elements, after: &append.after, now };
        let mut usage = Usage::default();
        match self.try_append(&key, &pending, &mut usage).await {
            Ok((position, duplicate)) => Ok(Appended { position, duplicate, dedupe: Dedupe::Exact, usage }),
            Err(error) => Err(error.with_usage(usage)),
        }
    }

    async fn try_append(
        &self,
        key: &Item,
        pending: &Pending<'_>,
        usage: &mut Usage,
    ) -> Result<(Position, bool)> {
        let mut item = self.read_item(key, Consistency::Strong, usage).await?;
        for attempt in 0..MAX_TRIES {
            if attempt > 0 {
                pause(attempt).await;
            }
            let read = item.map(|item| self.snapshot(item)).transpose()?;
            if let Some(read) = &read
                && let Some(position) = self.known(pending, read)?
            {
                return Ok((position, true));
            }
            let live = read.as_ref().filter(|read| !read.expired);
            if let After::Exactly(wanted) = pending.after {
                let position = live.and_then(Snapshot::position);
                if position != *wanted {
                    let message = "the session has moved on from the position that was expected; load it and decide anew";
                    return Err(self.located(Error::new(ErrorKind::Conflict { position }, message)));
                }
            }
            let (start, written) = self.write_turn(key, pending, read.as_ref(), usage).await?;
            match written {
                Ok(()) => return Ok((pending.position_from(start), false)),
                Err(WriteFailure::Failed(error)) => return Err(error),
                Err(WriteFailure::Refused(met)) => item = self.met(key, met, usage).await?,
            }
        }
        Err(self.contended())
    }

    /// Writes the turn behind what was read, and tells where it begins.
    async fn write_turn(
        &self,
        key: &Item,
        pending: &Pending<'_>,
        read: Option<&Snapshot>,
        usage: &mut Usage,
    ) -> Result<(usize, Result<(), WriteFailure>)> {
        let live = read.filter(|read| !read.expired);
        let (mut elements, mut marks) =
            live.map_or_else(Default::default, |read| (read.elements.clone(), read.marks.clone()));
        let start = elements.len();
        for mark in &mut marks {
            mark.settle(mark.range.clone(), &elements);
        }
        let mark = pending.mark.clone();
        marks.push(TurnMark::new(mark, &pending.turn.messages, &pending.elements, start)?);
        elements.extend(pending.elements.iter().cloned());
        let written = match live {
            Some(read) => {
                let draft = self.spoken(pending.now).messages(&elements, &marks, &read.strange);
                self.check_size(&draft.applied(&read.item))?;
                self.update_item(key, read, &draft, pending.of_turn(), usage).await
            }
            None => {
                let draft = self.fresh_session(pending.session, pending.now).messages(&elements, &marks, &[]);
                let version = version_of(read).saturating_add(1);
                let draft = draft.set(VERSION, AttributeValue::N(version.to_string()));
                let item = draft.applied(key);
                self.check_size(&item)?;
                self.put_item(item, read, pending.of_turn(), usage).await
            }
        };
        Ok((start, written))
    }

    /// The end of the turn if it is stored already.
    fn known(&self, pending: &Pending<'_>, read: &Snapshot) -> Result<Option<Position>> {
        let id = &pending.turn.id;
        let Some(found) = read.marks.iter().find(|found| found.mark.turn == *id) else { return Ok(None) };
        if found.mark.checksum != pending.mark.checksum {
            let message = "the turn id stands for other messages already; use a new id for a new turn";
            return Err(self.located(Error::new(ErrorKind::TurnIdReused, message).with("turn", id)));
        }
        Ok(Some(match &found.range {
            Some(range) => End::Ours { length: range.end, start: range.start, turn: id.clone() }.into(),
            // Others removed or changed its messages since: it had its effect all the same.
            None => read.position().unwrap_or_else(|| pending.position_from(0)),
        }))
    }

    /// Others came between each time.
    pub(super) fn contended(&self) -> Error {
        let message = "other writers came between each time; try again in a while";
        self.located(Error::new(ErrorKind::Throttled, message))
    }
}
