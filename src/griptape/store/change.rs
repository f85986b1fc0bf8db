//! Changing and removing one message.

use super::super::document::Document;
use super::super::run::Run;
use super::super::{Lifetime, Slot};
use super::write::Decision;
use super::{Current, GriptapeStore};
use crate::error::{Error, ErrorKind, Result};
use crate::message::Message;
use crate::session::{Position, SessionId};
use crate::store::{Mended, MessageRef};

impl<S: Slot> GriptapeStore<S> {
    /// Puts `message` in place of the one at `at`, or removes that one.
    pub(super) async fn change_message(
        &self,
        session: &SessionId,
        at: &MessageRef,
        message: Option<Message>,
    ) -> Result<Mended> {
        let decide = |current: &Current, tried_before: bool| {
            let Some(document) = current.document() else {
                return Err(Error::new(ErrorKind::NotFound, "the session is not there"));
            };
            let mut document = document.clone().brought_to(self.config.generation)?;
            let done = change(&mut document, at, message.as_ref(), tried_before)?;
            let position = document.runs.last().map(Run::position);
            Ok(match done {
                Change::MadeBefore => Decision::Done(position),
                Change::Made => Decision::Write { document, lifetime: Lifetime::Keep, result: position },
            })
        };
        let (position, usage) = self.change(session, decide, |error| error).await?;
        Ok(Mended { position, usage })
    }
}

enum Change {
    Made,
    /// By an attempt whose answer was lost.
    MadeBefore,
}

fn change(
    document: &mut Document,
    at: &MessageRef,
    message: Option<&Message>,
    tried_before: bool,
) -> Result<Change> {
    let place = document.runs.iter().position(|run| is_meant(run, at));
    let Some((place, run)) = place.and_then(|place| Some((place, document.runs.get(place)?.clone()))) else {
        if tried_before && message.is_none() {
            return Ok(Change::MadeBefore);
        }
        let message = "no turn of the session is at this position; load it and try again";
        return Err(Error::new(ErrorKind::NotFound, message));
    };
    let read = run.read().map_err(|problem| {
        let message = format!("the turn can't be read: it is {problem}; inspect the session and mend it");
        Error::new(ErrorKind::Corrupt, message).with("run", place)
    })?;
    let index = at.index as usize;
    let mut messages = read.messages.clone();
    let count = messages.len();
    if run.position_with(count) != at.position {
        let is_one_less = run.position_with(count + 1) == at.position;
        if tried_before && message.is_none() && is_one_less {
            return Ok(Change::MadeBefore);
        }
        return Err(changed(document.runs.last().map(Run::position)));
    }
    let Some(stored) = messages.get_mut(index) else {
        let message = "the turn has no message at this index";
        return Err(Error::new(ErrorKind::NotFound, message).with("messages", count));
    };
    match message {
        Some(message) if tried_before && stored == message => return Ok(Change::MadeBefore),
        Some(message) => stored.clone_from(message),
        None => {
            messages.remove(index);
        }
    }
    document.touched(place)?;
    if messages.is_empty() {
        document.remove_run(place)?;
    } else if let Some(stored) = document.runs.get_mut(place) {
        *stored = run.with_messages(read, &messages)?;
    }
    Ok(Change::Made)
}

/// Whether the position is that of the run, perhaps before another message of it was removed.
fn is_meant(run: &Run, at: &MessageRef) -> bool {
    run.is_at(&at.position) && at.turn_id.as_ref().is_none_or(|id| run.id() == Some(id.as_str()))
}

fn changed(position: Option<Position>) -> Error {
    let message = "a message of the turn was removed meanwhile; load it and try again";
    Error::new(ErrorKind::Conflict { position }, message)
}
