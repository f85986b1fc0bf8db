//! The reference store with a network of calls: each call is one request, which may meet a fault.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use canvas_memory::clock::Clock;
use canvas_memory::conformance::{Expiring, Fault, Harness, Hook, Requests};
use canvas_memory::error::{Error, ErrorKind, Result};
use canvas_memory::message::Message;
use canvas_memory::session::{Position, Scope, SessionKey, TurnId};
use canvas_memory::store::*;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;

use crate::mutant::{Mutant, Mutation};

const TTL_SECS: u64 = 60;

/// Counts calls and says which of them go wrong.
#[derive(Debug, Default)]
struct Line(Mutex<Option<Injected>>);

#[derive(Debug)]
struct Injected {
    fault: Fault,
    requests: Requests,
    seen: u32,
    met: bool,
}

impl Line {
    fn next(&self) -> Option<Fault> {
        let mut injected = self.0.lock().unwrap();
        let injected = injected.as_mut()?;
        injected.seen += 1;
        let meets = injected.requests.include(injected.seen);
        injected.met |= meets;
        meets.then_some(injected.fault)
    }
}

/// A store behind a line.
#[derive(Clone, Debug)]
pub(crate) struct Distant {
    inner: InProcessStore,
    line: Arc<Line>,
}

impl Distant {
    /// Makes a call over the line; `turn` is set where it writes one.
    async fn call<T, F: Future<Output = Result<T>> + Send>(
        &self,
        turn: Option<(TurnId, Option<Position>)>,
        call: impl Fn() -> F + Send + Sync,
    ) -> Result<T> {
        tokio::task::yield_now().await;
        let lost = || match &turn {
            Some((turn_id, position)) => Error::new(
                ErrorKind::Unknown { turn_id: turn_id.clone(), position: position.clone() },
                "the reply was lost; append the same turn again",
            ),
            None => Error::new(ErrorKind::Unavailable, "no answer; try again"),
        };
        match self.line.next() {
            None | Some(Fault::CancelTransaction) => call().await,
            Some(Fault::LoseReply | Fault::Slow | Fault::ServerErrorAfterCommit | Fault::Truncate) => {
                call().await?;
                Err(lost())
            }
            Some(Fault::LoseRequest | Fault::Nothing) => Err(lost()),
            Some(Fault::TwiceFirstAnswer) => {
                let first = call().await;
                let _ = call().await;
                first
            }
            Some(Fault::TwiceSecondAnswer) => {
                let _ = call().await;
                call().await
            }
            Some(Fault::Throttle) => Err(Error::new(ErrorKind::Throttled, "too many requests; wait")),
            Some(Fault::Html) => Err(Error::new(ErrorKind::Protocol, "a web page; check the URL")),
            Some(_) => Err(Error::new(ErrorKind::Unavailable, "the service fails; try again")),
        }
    }
}

#[async_trait]
impl ChatStore for Distant {
    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    async fn append(&self, key: &SessionKey, append: Append) -> Result<Appended> {
        let position = match &append.after {
            After::Near(position) | After::Exactly(Some(position)) => Some(position.clone()),
            _ => None,
        };
        let turn = (append.turn.id.clone(), position);
        self.call(Some(turn), || self.inner.append(key, append.clone())).await
    }

    async fn recent(&self, key: &SessionKey, window: Window, consistency: Consistency) -> Result<Recent> {
        self.call(None, || self.inner.recent(key, window, consistency)).await
    }

    async fn clear(&self, key: &SessionKey) -> Result<Cleared> {
        self.call(None, || self.inner.clear(key)).await
    }

    async fn note(&self, key: &SessionKey, name: &str) -> Result<NoteRead> {
        self.call(None, || self.inner.note(key, name)).await
    }

    async fn set_note(
        &self,
        key: &SessionKey,
        name: &str,
        text: &str,
        if_version: u64,
    ) -> Result<NoteWritten> {
        self.call(None, || self.inner.set_note(key, name, text, if_version)).await
    }

    async fn sessions(&self, scope: &Scope, page: Page) -> Result<Sessions> {
        self.call(None, || self.inner.sessions(scope, page.clone())).await
    }

    fn turns<'a>(&'a self, key: &'a SessionKey) -> BoxStream<'a, Result<TurnPage>> {
        let broken = self.line.next().map(|fault| match fault {
            Fault::Throttle => ErrorKind::Throttled,
            Fault::Html => ErrorKind::Protocol,
            _ => ErrorKind::Unavailable,
        });
        match broken {
            Some(kind) => {
                let error = Error::new(kind, "no answer; try again");
                futures_util::stream::iter([Err(error)]).boxed()
            }
            None => self.inner.turns(key),
        }
    }

    async fn inspect(&self, key: &SessionKey, page: Page) -> Result<Inspection> {
        self.call(None, || self.inner.inspect(key, page.clone())).await
    }

    async fn delete_message(&self, key: &SessionKey, at: &MessageRef) -> Result<Mended> {
        self.call(None, || self.inner.delete_message(key, at)).await
    }

    async fn edit_message(&self, key: &SessionKey, at: &MessageRef, message: Message) -> Result<Mended> {
        self.call(None, || self.inner.edit_message(key, at, message.clone())).await
    }
}

/// The reference store, or what a mutation makes of it.
pub(crate) struct InProcess {
    store: InProcessStore,
    clock: Clock,
    line: Arc<Line>,
    mutation: Option<Mutation>,
}

impl InProcess {
    pub(crate) fn new(mutation: Option<Mutation>) -> Self {
        let clock = Clock::manual(1_800_000_000);
        let store = InProcessStore::new().with_clock(clock.clone());
        Self { store, clock, line: Arc::default(), mutation }
    }

    fn connect(&self, store: InProcessStore) -> Arc<dyn ChatStore> {
        let distant = Distant { inner: store, line: self.line.clone() };
        match self.mutation {
            Some(mutation) => Arc::new(Mutant::new(mutation, distant)),
            None => Arc::new(distant),
        }
    }
}

#[async_trait]
impl Harness for InProcess {
    async fn store(&self) -> Arc<dyn ChatStore> {
        self.connect(self.store.clone())
    }

    async fn inject(&self, fault: Fault, requests: Requests) -> Hook {
        if fault == Fault::CancelTransaction {
            return Hook::NotOffered;
        }
        *self.line.0.lock().unwrap() = Some(Injected { fault, requests, seen: 0, met: false });
        Hook::Done
    }

    async fn heal(&self) -> bool {
        self.line.0.lock().unwrap().take().is_some_and(|injected| injected.met)
    }

    async fn corrupt(&self, key: &SessionKey, nth: usize) -> Hook {
        assert!(self.store.damage(key, nth, r#"{"half a"#), "no such turn");
        Hook::Done
    }

    async fn expiring(&self) -> Option<Expiring> {
        let ttl = TTL_SECS.try_into().unwrap();
        let store = match self.mutation {
            Some(Mutation::NeverExpires) => self.store.clone(),
            _ => self.store.clone().with_ttl_secs(ttl),
        };
        Some(Expiring { store: self.connect(store), ttl_secs: TTL_SECS })
    }

    async fn shift_clock(&self, secs: i64) -> Hook {
        assert!(self.clock.set(self.clock.epoch_secs().checked_add_signed(secs).unwrap()));
        Hook::Done
    }
}
