//! Adding a run.

use super::super::document::Document;
use super::super::kept;
use super::super::run::Run;
use super::super::{Lifetime, Slot};
use super::write::Decision;
use super::{Current, GriptapeStore};
use crate::error::{Error, ErrorKind, Result};
use crate::session::{Position, SessionId, Turn};
use crate::store::{After, Append, Appended};
use crate::usage::Usage;

impl<S: Slot> GriptapeStore<S> {
    pub(super) async fn append_turn(&self, session: &SessionId, append: Append) -> Result<Appended> {
        append.check()?;
        let Append { turn, after, .. } = &append;
        let run = Run::of(turn, self.slot.now_epoch_secs())?;
        let run = run.brought_to(self.config.generation, false, 0)?;
        let position = run.position_with(turn.messages.len());
        let sum = kept::checksum(&turn.messages)?;
        let tried = match after {
            After::End | After::Exactly(None) => None,
            After::Near(position) | After::Exactly(Some(position)) => Some(position.clone()),
        };
        let decide = |current: &Current, _: bool| {
            if let Some(document) = current.document()
                && let Some(position) = known(document, turn, &sum)?
            {
                return Ok(Decision::Done((position, true)));
            }
            if let After::Exactly(wanted) = after {
                let position = current.position();
                if position != *wanted {
                    let message = "the session has moved on from the position that was expected; load it and decide anew";
                    return Err(Error::new(ErrorKind::Conflict { position }, message));
                }
            }
            let document = self.with_run(current.document().cloned().unwrap_or_default(), run.clone())?;
            Ok(Decision::Write { document, lifetime: Lifetime::Renew, result: (position.clone(), false) })
        };
        let in_doubt = |error: Error| {
            let kind = ErrorKind::Unknown { turn_id: turn.id.clone(), position: tried.clone() };
            let message = "the answer was lost, so the turn may or may not be stored; append it again under the same \
                           turn id";
            let usage = error.usage();
            Error::new(kind, message).with("cause", error.kind().code()).with_source(error).with_usage(usage)
        };
        let ((position, duplicate), usage): ((Position, bool), Usage) =
            self.change(session, decide, in_doubt).await?;
        Ok(Appended { position, duplicate, dedupe: self.dedupe(), usage })
    }

    /// The session with one run more, in the generation that is written and with no more runs than it keeps.
    fn with_run(&self, document: Document, run: Run) -> Result<Document> {
        let mut document = document.brought_to(self.config.generation)?;
        document.runs.push(run);
        let most = self.config.max_runs.map(|runs| runs.get() as usize).or_else(|| document.max_runs());
        if let Some(too_many) =
            most.and_then(|most| document.runs.len().checked_sub(most)).filter(|many| *many > 0)
        {
            document.drop_oldest(too_many)?;
        }
        Ok(document)
    }
}

/// Where the turn is, if it is stored already.
fn known(document: &Document, turn: &Turn, sum: &str) -> Result<Option<Position>> {
    let Some(run) = document.runs.iter().find(|run| run.id() == Some(turn.id.as_str())) else {
        // It is gone, and had its effect all the same.
        let was_there = document.was_removed(turn.id.as_str())?;
        let end =
            || document.runs.last().map_or_else(|| Position::new(format!("0.{}", turn.id)), Run::position);
        return Ok(was_there.then(end));
    };
    let read = run.read().ok();
    let is_same = read.as_ref().is_some_and(|read| match &read.kept.sum {
        Some(stored) => stored == sum,
        None => read.messages == turn.messages,
    });
    if !is_same {
        let message = "the turn id stands for other messages already; use a new id for a new turn";
        return Err(Error::new(ErrorKind::TurnIdReused, message).with("turn", &turn.id));
    }
    Ok(Some(run.position()))
}
