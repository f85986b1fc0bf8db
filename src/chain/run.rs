//! A run from the load on: what every chain does in the same way.

use std::fmt;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use super::facts::KnownFacts;
use super::repeat::repeat;
use super::{Outcome, RunEvent, RunRequest, Step, StepKind, Stored, opening};
use crate::error::Result;
use crate::memory::{ChatMemory, EffectiveSession};
use crate::message::{Message, Role};
use crate::model::Prompt;
use crate::recall::Recalled;
use crate::session::{SessionId, Source, Turn, TurnId};
use crate::store::Dedupe;
use crate::usage::Usage;

/// A run under way: a chain starts it, asks models, adds the results of tools, and finishes it.
///
/// ```
/// # use std::ops::ControlFlow;
/// # use canvas_memory::chain::{Outcome, Run, RunEvent, RunRequest};
/// # use canvas_memory::memory::ChatMemory;
/// # use canvas_memory::model::ChatModel;
/// async fn run(
///     memory: Option<&ChatMemory>,
///     model: &dyn ChatModel,
///     request: RunRequest,
///     events: &mut (dyn FnMut(RunEvent) + Send),
/// ) -> canvas_memory::Result<Outcome> {
///     let mut run = match Run::start(memory, request, events).await? {
///         ControlFlow::Continue(run) => run,
///         ControlFlow::Break(outcome) => return Ok(outcome),
///     };
///     let prompt = run.prompt("You are terse.")?;
///     run.ask(model, prompt).await?;
///     run.finish().await
/// }
/// ```
pub struct Run<'a> {
    pub(super) memory: Option<&'a ChatMemory>,
    /// Where the turn goes; `None` without memory.
    pub(super) session: Option<EffectiveSession>,
    /// What `{{$flow.sessionId}}` stands for.
    pub(super) session_id: SessionId,
    /// What `{{$flow.chatId}}` stands for.
    pub(super) chat: SessionId,
    pub(super) recalled: Option<Recalled>,
    /// What a graph knew; `None` where none was asked.
    pub(super) facts: Option<KnownFacts>,
    pub(super) turn_id: TurnId,
    pub(super) dedupe: Dedupe,
    pub(super) question: Message,
    /// What follows the question.
    pub(super) answers: Vec<Message>,
    pub(super) stop: CancellationToken,
    pub(super) stopped: bool,
    pub(super) usage: Usage,
    pub(super) events: &'a mut (dyn FnMut(RunEvent) + Send),
}

impl<'a> Run<'a> {
    /// Tells the start, loads what memory recalls, and looks whether the turn is stored already.
    ///
    /// Breaks with an outcome where there is nothing to do: the turn is stored already, or the run was stopped while
    /// memory was read.
    ///
    /// # Errors
    /// As [`ChatMemory::load`]; `TurnIdReused` when the request's turn id stands for another question.
    pub async fn start(
        memory: Option<&'a ChatMemory>,
        request: RunRequest,
        events: &'a mut (dyn FnMut(RunEvent) + Send),
    ) -> Result<ControlFlow<Outcome, Self>> {
        let RunRequest { message, session, chat, turn_id, stop } = request;
        let dedupe = if turn_id.is_some() { Dedupe::Exact } else { Dedupe::Lean };
        let session_without_memory = session.clone();
        let session = memory.map(|memory| memory.effective_session(session, &chat));
        let session_id = session.as_ref().map(|session| session.id.clone());
        let mut run = Self {
            memory,
            session,
            session_id: session_id.or(session_without_memory).unwrap_or_else(|| chat.clone()),
            chat,
            recalled: None,
            facts: None,
            turn_id: turn_id.unwrap_or_else(TurnId::mint),
            dedupe,
            question: message,
            answers: Vec::new(),
            stop,
            stopped: false,
            usage: Usage::default(),
            events,
        };
        run.tell(RunEvent::Started { turn_id: run.turn_id.clone(), session: run.session.clone() });
        run.load().await?;
        if run.stopped {
            return run.finish().await.map(ControlFlow::Break);
        }
        let stored = run.recalled.as_ref().and_then(|recalled| recalled.turn(&run.turn_id));
        if let (Dedupe::Exact, Some(stored)) = (run.dedupe, stored.cloned()) {
            return repeat(run, stored).map(ControlFlow::Break);
        }
        Ok(ControlFlow::Continue(run))
    }

    async fn load(&mut self) -> Result<()> {
        let (Some(memory), Some(session)) = (self.memory, self.session.clone()) else { return Ok(()) };
        let started = Instant::now();
        let Some(loaded) = self.unless_stopped(memory.load(&session.id)).await else { return Ok(()) };
        let loaded = loaded?;
        let kind = StepKind::Loaded {
            messages: loaded.messages().count() as u64,
            state: loaded.state,
            unreadable: loaded.unreadable.len() as u64,
        };
        self.step(kind, started.elapsed(), loaded.usage);
        self.recalled = Some(loaded);
        Ok(())
    }

    /// The instructions with their variables filled in, facts, what memory recalled, and the turn so far. Without tools.
    ///
    /// `{{question}}`, `{{$flow.sessionId}}`, `{{$flow.chatId}}` and the own variables of memory and graph are known.
    /// Where the instructions name the memory's variable, the conversation comes there as text; else it comes as
    /// messages. Facts come where the instructions name their variable; else as a system message after them.
    ///
    /// # Errors
    /// `TooLarge` when the instructions hold more than 16 MiB with their variables filled in.
    pub fn prompt(&self, instructions: &str) -> Result<Prompt> {
        let mut messages =
            opening::messages(self, instructions).map_err(|error| error.with_usage(self.usage))?;
        messages.push(self.question.clone());
        messages.extend(self.answers.iter().cloned());
        Ok(Prompt { messages, ..Prompt::default() })
    }

    /// Does `work` unless the run is stopped before it is done: then it is dropped, and the answer is `None`.
    pub async fn unless_stopped<T>(&mut self, work: impl Future<Output = T>) -> Option<T> {
        let done = self.stop.run_until_cancelled(work).await;
        self.stopped |= done.is_none();
        done
    }

    /// Whether the run was stopped: nothing more is to be asked or called.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.stopped
    }

    /// Whether the turn ends with an answer in words, not with a call or a tool's result.
    #[must_use]
    pub fn is_answered(&self) -> bool {
        self.answers.last().is_some_and(|last| last.role == Role::Assistant && last.tool_calls.is_empty())
    }

    /// Where the run stands in the conversations: at its question and the newest message of the model.
    #[must_use]
    pub fn source(&self) -> Source {
        let id = |place: usize, message: &Message| {
            message.id.clone().unwrap_or_else(|| format!("{}:{place}", self.turn_id))
        };
        let said = self.answers.iter().rposition(|message| message.role == Role::Assistant);
        let said = said.and_then(|at| Some(id(at + 1, self.answers.get(at)?)));
        Source {
            session: self.session_id.clone(),
            turn_id: self.turn_id.clone(),
            message_ids: std::iter::once(id(0, &self.question)).chain(said).collect(),
        }
    }

    /// Adds a message to the turn.
    pub fn add(&mut self, message: Message) {
        self.answers.push(message);
    }

    /// Passes an event on.
    pub fn tell(&mut self, event: RunEvent) {
        (self.events)(event);
    }

    /// Tells that a step is done, and adds what it cost to what the run costs.
    pub fn step(&mut self, kind: StepKind, took: Duration, usage: Usage) {
        self.usage += usage;
        self.tell(RunEvent::Step(Step { kind, took, usage }));
    }

    pub(super) fn into_outcome(self, stored: Stored) -> Outcome {
        let mut messages = vec![self.question];
        messages.extend(self.answers);
        let turn = Turn::with_id(self.turn_id, messages);
        Outcome { turn, session: self.session, stored, stopped: self.stopped, usage: self.usage }
    }
}

impl fmt::Debug for Run<'_> {
    /// Without the conversation.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run").field("turn_id", &self.turn_id).finish_non_exhaustive()
    }
}
