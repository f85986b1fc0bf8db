//! Running messages: in this process, or in the host that has the data directory.

use std::sync::Arc;

use async_trait::async_trait;
use canvas_memory::chain::{Chain, Outcome, RunRequest, Stored};
use canvas_memory::json::RawJson;
use canvas_memory::message::Message;
use canvas_memory::session::{SessionId, TurnId};
use canvas_memory::store::Append;
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::failure::Failure;

/// A message of a person.
#[derive(Debug)]
pub(super) struct Said<'a> {
    pub(super) message: &'a Message,
    /// The session that `--session` names.
    pub(super) session: Option<&'a SessionId>,
    /// The session of this chat, where nothing else names one.
    pub(super) chat: &'a SessionId,
    pub(super) turn_id: Option<&'a TurnId>,
}

/// What became of a message. As text, so that what a message holds is kept to the letter.
#[derive(Debug)]
pub(super) struct Ran<A> {
    pub(super) turn: RawJson,
    pub(super) session: RawJson,
    pub(super) kept: Kept<A>,
    pub(super) usage: RawJson,
}

/// Whether the turn is kept.
#[derive(Debug)]
pub(super) enum Kept<A> {
    /// As the store said; null for a flow without memory.
    Yes(RawJson),
    /// It is not, or no one knows; with what it takes to store it again.
    No(Failure, A),
}

/// Runs messages through a flow.
#[async_trait]
pub(super) trait Runs: Sync {
    /// What it takes to store a turn again.
    type Again: Send + Sync;

    /// Answers a message, and shows each event as JSON while it works.
    async fn run(
        &self,
        said: Said<'_>,
        show: &mut (dyn FnMut(RawJson) + Send),
    ) -> Result<Ran<Self::Again>, Failure>;

    /// Stores a turn again whose append had failed.
    async fn store_again(&self, again: &Self::Again) -> Result<RawJson, Failure>;
}

/// A flow that is connected in this process.
#[async_trait]
impl Runs for Arc<dyn Chain> {
    type Again = (SessionId, Box<Append>);

    async fn run(
        &self,
        said: Said<'_>,
        show: &mut (dyn FnMut(RawJson) + Send),
    ) -> Result<Ran<Self::Again>, Failure> {
        let request = RunRequest {
            message: said.message.clone(),
            session: said.session.cloned(),
            chat: said.chat.clone(),
            turn_id: said.turn_id.cloned(),
            stop: CancellationToken::new(),
        };
        let Outcome { turn, session, stored, usage, .. } =
            Chain::run(&**self, request, &mut |event| show(to_json(&event))).await?;
        let kept = match (stored, &session) {
            (Stored::No { error, append }, Some(session)) => {
                Kept::No(error.into(), (session.id.clone(), append))
            }
            (Stored::No { error, .. }, None) => return Err(error.into()),
            (Stored::Yes(appended), _) => Kept::Yes(to_json(&appended)),
            (Stored::Nothing | Stored::NoMemory, _) => Kept::Yes(null()),
        };
        Ok(Ran { turn: to_json(&turn), session: to_json(&session), kept, usage: to_json(&usage) })
    }

    async fn store_again(&self, (session, append): &Self::Again) -> Result<RawJson, Failure> {
        Ok(to_json(&self.retry(session, Append::clone(append)).await?))
    }
}

/// What a flow without memory stores.
pub(super) fn null() -> RawJson {
    to_json(&())
}

/// What the library serializes always has a JSON form.
fn to_json(value: &impl Serialize) -> RawJson {
    RawJson::of(value).unwrap_or_else(|_| RawJson::from(""))
}
