//! Keeping the turn.

use std::time::Instant;

use super::{Outcome, Run, StepKind, Stored, stop};
use crate::error::{Error, ErrorKind, Result};
use crate::memory::ChatMemory;
use crate::session::{SessionId, Turn};
use crate::store::{After, Append, Appended};

impl Run<'_> {
    /// Keeps the turn. An append that has begun is finished even when the run is stopped meanwhile.
    ///
    /// # Errors
    /// `Protocol` when the model gave no answer. A turn that could not be stored is no error, see [`Stored::No`].
    pub async fn finish(mut self) -> Result<Outcome> {
        if self.stopped {
            stop::close(&mut self.answers);
        } else if !self.is_answered() {
            let message = "the model gave no answer in words; ask again, or try another model";
            return Err(Error::new(ErrorKind::Protocol, message)
                .in_operation("answer")
                .with_usage(self.usage));
        }
        let stored = match (self.memory, self.session.clone()) {
            (Some(_), _) if self.answers.is_empty() => Stored::Nothing,
            (Some(memory), Some(session)) => self.store(memory, &session.id).await,
            _ => Stored::NoMemory,
        };
        Ok(self.into_outcome(stored))
    }

    async fn store(&mut self, memory: &ChatMemory, session: &SessionId) -> Stored {
        let position = self.recalled.as_mut().and_then(|recalled| recalled.position.take());
        let after = position.map_or(After::End, After::Near);
        let mut messages = vec![self.question.clone()];
        messages.extend(self.answers.iter().cloned());
        let append =
            Append { turn: Turn::with_id(self.turn_id.clone(), messages), after, dedupe: self.dedupe };
        let started = Instant::now();
        match memory.append(session, append.clone()).await {
            Ok(appended) => {
                let kind = StepKind::Stored { duplicate: appended.duplicate };
                self.step(kind, started.elapsed(), appended.usage);
                if let (Some(recalled), false) = (&self.recalled, appended.duplicate) {
                    memory.summarize_after(session, recalled);
                }
                Stored::Yes(appended)
            }
            Err(error) => {
                self.usage += error.usage();
                // A retry is exact where it carries the position that was first tried.
                let after = match error.kind() {
                    ErrorKind::Unknown { position: Some(tried), .. } => After::Near(tried.clone()),
                    _ => append.after.clone(),
                };
                Stored::No { error, append: Box::new(append.after(after)) }
            }
        }
    }
}

/// Stores a turn again whose append had failed: what [`Chain::retry`](super::Chain::retry) does.
///
/// # Errors
/// As [`ChatMemory::append`]; `Unsupported` without a memory.
pub async fn store_again(
    memory: Option<&ChatMemory>,
    session: &SessionId,
    append: Append,
) -> Result<Appended> {
    match memory {
        Some(memory) => memory.append(session, append).await,
        None => Err(Error::new(
            ErrorKind::Unsupported,
            "this chain has no memory to store the turn in; connect one",
        )),
    }
}
