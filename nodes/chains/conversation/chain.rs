//! How a conversation chain runs.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;

use crate::chain::{Chain, Outcome, RunEvent, RunRequest, Step, StepKind, Stored};
use crate::error::{Error, ErrorKind, Result};
use crate::memory::{ChatMemory, EffectiveSession};
use crate::message::Message;
use crate::model::{self, ChatModel, Prompt};
use crate::prompt;
use crate::recall::Recalled;
use crate::session::{SessionId, StoredTurn, Turn, TurnId};
use crate::store::{After, Append, Appended, Dedupe};
use crate::usage::Usage;

/// A model with instructions and a memory.
#[derive(Debug)]
pub struct ConversationChain {
    /// Answers.
    pub model: Arc<dyn ChatModel>,
    /// Keeps the turns; without one each message stands alone.
    pub memory: Option<Arc<ChatMemory>>,
    /// Instructions. Where they name the memory's variable, the history comes there as text; else it comes as messages.
    pub system_prompt: String,
}

impl ConversationChain {
    fn prompt(&self, recalled: Option<&Recalled>, message: &Message) -> Prompt {
        let history = || recalled.iter().flat_map(|recalled| recalled.messages());
        let memory_key = self.memory.as_ref().map(|memory| memory.options().memory_key.0.as_str());
        let as_text = memory_key.filter(|key| prompt::mentions(&self.system_prompt, key));
        let instructions = match as_text {
            Some(key) => prompt::render(&self.system_prompt, key, &prompt::transcript(history())),
            None => self.system_prompt.clone(),
        };
        let mut messages = Vec::new();
        if !instructions.is_empty() {
            messages.push(Message::system(instructions));
        }
        if as_text.is_none() {
            messages.extend(history().cloned());
        }
        messages.push(message.clone());
        Prompt { messages, ..Prompt::default() }
    }
}

/// A request that comes again, after its turn was stored and the reply was lost, gets the answer that is stored.
fn repeat(
    stored: &StoredTurn,
    message: &Message,
    session: Option<EffectiveSession>,
    usage: Usage,
    events: &mut (dyn FnMut(RunEvent) + Send),
) -> Result<Outcome> {
    let (Some(id), Some((asked, rest))) = (&stored.id, stored.messages.split_first()) else {
        return Err(reused(usage));
    };
    let Some(answer) = rest.last().filter(|_| asked == message) else { return Err(reused(usage)) };
    events(RunEvent::Text { text: answer.text() });
    let kind = StepKind::Stored { duplicate: true };
    events(RunEvent::Step(Step { kind, took: Duration::ZERO, usage: Usage::default() }));
    let appended = Appended {
        position: stored.position.clone(),
        duplicate: true,
        dedupe: Dedupe::Exact,
        usage: Usage::default(),
    };
    let turn = Turn { id: id.clone(), messages: stored.messages.clone(), tokens: stored.tokens.clone() };
    Ok(Outcome { turn, session, stored: Stored::Yes(appended), stopped: false, usage })
}

fn reused(usage: Usage) -> Error {
    let message = "the turn id stands for another message already; take a new id for a new message";
    Error::new(ErrorKind::TurnIdReused, message).in_operation("chat").with_usage(usage)
}

#[async_trait]
impl Chain for ConversationChain {
    async fn run(&self, request: RunRequest, events: &mut (dyn FnMut(RunEvent) + Send)) -> Result<Outcome> {
        let mut usage = Usage::default();
        let dedupe = if request.turn_id.is_some() { Dedupe::Exact } else { Dedupe::Lean };
        let turn_id = request.turn_id.unwrap_or_else(TurnId::mint);
        let session =
            self.memory.as_ref().map(|memory| memory.effective_session(request.session, &request.chat));
        events(RunEvent::Started { turn_id: turn_id.clone(), session: session.clone() });

        let mut recalled = None;
        if let (Some(memory), Some(session)) = (&self.memory, &session) {
            let started = Instant::now();
            let loaded = memory.load(&session.id).await?;
            usage += loaded.usage;
            let kind = StepKind::Loaded {
                messages: loaded.messages().count() as u64,
                state: loaded.state,
                unreadable: loaded.unreadable.len() as u64,
            };
            events(RunEvent::Step(Step { kind, took: started.elapsed(), usage: loaded.usage }));
            recalled = Some(loaded);
        }

        if let (Dedupe::Exact, Some(stored)) = (dedupe, recalled.as_ref().and_then(|it| it.turn(&turn_id))) {
            return repeat(stored, &request.message, session, usage, events);
        }

        let started = Instant::now();
        let prompt = self.prompt(recalled.as_ref(), &request.message);
        let answer = async {
            let stream = self.model.answer(prompt).await?;
            model::collect(stream, |text| events(RunEvent::Text { text: text.to_owned() })).await
        };
        let answer = answer.await.map_err(|error| error.in_operation("answer").with_usage(usage))?;
        let kind = StepKind::Answered {
            model: self.model.name().to_owned(),
            input_tokens: answer.input_tokens,
            output_tokens: answer.output_tokens,
            tool_calls: 0,
        };
        events(RunEvent::Step(Step { kind, took: started.elapsed(), usage: Usage::default() }));

        let turn = Turn::with_id(turn_id, [request.message, answer.message]);
        let stored = match (&self.memory, &session) {
            (Some(memory), Some(session)) => {
                let position = recalled.and_then(|recalled| recalled.position);
                let after = position.map_or(After::End, After::Near);
                let append = Append { turn: turn.clone(), after, dedupe };
                let started = Instant::now();
                match memory.append(&session.id, append.clone()).await {
                    Ok(appended) => {
                        usage += appended.usage;
                        let kind = StepKind::Stored { duplicate: appended.duplicate };
                        events(RunEvent::Step(Step { kind, took: started.elapsed(), usage: appended.usage }));
                        Stored::Yes(appended)
                    }
                    Err(error) => {
                        usage += error.usage();
                        // A retry is exact where it carries the position that was first tried.
                        let after = match error.kind() {
                            ErrorKind::Unknown { position: Some(tried), .. } => After::Near(tried.clone()),
                            _ => append.after.clone(),
                        };
                        Stored::No { error, append: Box::new(append.after(after)) }
                    }
                }
            }
            _ => Stored::NoMemory,
        };
        Ok(Outcome { turn, session, stored, stopped: false, usage })
    }

    async fn retry(&self, session: &SessionId, append: Append) -> Result<Appended> {
        match &self.memory {
            Some(memory) => memory.append(session, append).await,
            None => Err(Error::new(
                ErrorKind::Unsupported,
                "this chain has no memory to store the turn in; connect one",
            )),
        }
    }
}
