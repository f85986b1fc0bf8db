//! A request that comes again.

use std::time::Duration;

use super::{Outcome, Run, RunEvent, StepKind, Stored, stop};
use crate::error::{Error, ErrorKind, Result};
use crate::message::Role;
use crate::session::StoredTurn;
use crate::store::{Appended, Dedupe};
use crate::usage::Usage;

/// A request whose turn was stored while the reply was lost gets the answer that is stored.
pub(super) fn repeat(mut run: Run<'_>, stored: StoredTurn) -> Result<Outcome> {
    let mut messages = stored.messages.into_iter();
    let asked = messages.next();
    run.answers = messages.collect();
    if asked.as_ref() != Some(&run.question) || run.answers.is_empty() {
        let message = "the turn id stands for another message already; take a new id for a new message";
        let error = Error::new(ErrorKind::TurnIdReused, message);
        return Err(error.in_operation("chat").with_usage(run.usage));
    }
    run.stopped = run.answers.last().is_some_and(stop::is_stopped);
    let said = run.answers.iter().filter(|message| message.role == Role::Assistant).map(|it| it.text());
    for text in said.filter(|text| !text.is_empty()).collect::<Vec<_>>() {
        run.tell(RunEvent::Text { text });
    }
    run.step(StepKind::Stored { duplicate: true }, Duration::ZERO, Usage::default());
    let appended = Appended {
        position: stored.position,
        duplicate: true,
        dedupe: Dedupe::Exact,
        usage: Usage::default(),
    };
    let mut outcome = run.into_outcome(Stored::Yes(appended));
    outcome.turn.tokens = stored.tokens;
    Ok(outcome)
}
