use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use futures_util::{StreamExt, TryStreamExt};
use tracing::debug;

use super::random::Random;
use super::{Check, Fault, Harness, Hook, Options, Outcome, Report, Requests};
use crate::error::{Error, Result};
use crate::message::Message;
use crate::session::{Position, Scope, SessionId, SessionKey, StoredTurn, Turn};
use crate::store::{After, Append, Appended, Capabilities, ChatStore, Consistency, Recent, TurnPage, Window};

pub(super) use super::verdict::{Stop, Verdict, ensure, fail, not_proven};

/// Stands in every message that the suite writes by itself, and so must stand in no error.
pub(super) const SAID: &str = "violet heron";

/// What all checks of a run share.
pub(super) struct Suite<'a> {
    pub(super) harness: &'a dyn Harness,
    pub(super) options: Options,
    pub(super) capabilities: Capabilities,
    run: String,
    keys_made: AtomicU64,
    keys: Mutex<Vec<SessionKey>>,
    checks: Mutex<Vec<Check>>,
}

impl<'a> Suite<'a> {
    pub(super) async fn start(harness: &'a dyn Harness, options: Options) -> Self {
        Self {
            harness,
            options,
            capabilities: harness.store().await.capabilities(),
            run: uuid::Uuid::new_v4().simple().to_string(),
            keys_made: AtomicU64::new(0),
            keys: Mutex::default(),
            checks: Mutex::default(),
        }
    }

    /// Runs a check and notes how it ended.
    pub(super) async fn check(&self, promise: u8, name: &'static str, check: impl Future<Output = Verdict>) {
        let started = Instant::now();
        let outcome = match check.await {
            Ok(()) => Outcome::Passed,
            Err(Stop::NotProven(why)) => Outcome::NotProven(why),
            Err(Stop::Failed(what)) => match self.harness.lack(&what) {
                Some(lack) => Outcome::NotProven(lack.to_owned()),
                None => Outcome::Failed(what),
            },
        };
        debug!(promise, name, ?outcome, millis = started.elapsed().as_millis(), "checked");
        self.harness.heal().await;
        let mut checks = self.checks.lock().unwrap_or_else(PoisonError::into_inner);
        checks.push(Check { promise, name, outcome });
    }

    pub(super) async fn finish(self) -> Report {
        let store = self.store().await;
        let keys = self.keys.into_inner().unwrap_or_else(PoisonError::into_inner);
        for key in keys {
            // Tidying up: what the store can't clear is no news here.
            let _ = store.clear(&key).await;
        }
        Report {
            layout: self.capabilities.layout,
            seed: Some(self.options.seed),
            checks: self.checks.into_inner().unwrap_or_else(PoisonError::into_inner),
        }
    }

    pub(super) async fn store(&self) -> Arc<dyn ChatStore> {
        self.harness.store().await
    }

    /// A session of its own.
    pub(super) fn key(&self) -> Verdict<SessionKey> {
        self.key_like("", Scope::default())
    }

    /// A session of its own whose id ends in `suffix`.
    pub(super) fn key_like(&self, suffix: &str, scope: Scope) -> Verdict<SessionKey> {
        let number = self.keys_made.fetch_add(1, Ordering::Relaxed);
        let session = SessionId::new(format!("conformance-{}-{number}{suffix}", self.run))?;
        Ok(self.keep(SessionKey { scope, session }))
    }

    /// Has a session cleared in the end.
    pub(super) fn keep(&self, key: SessionKey) -> SessionKey {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner).push(key.clone());
        key
    }

    pub(super) fn random(&self, salt: u64) -> Random {
        Random::new(self.options.seed.wrapping_add(salt))
    }

    /// A turn too big for one row of most backends, or as big as the layout allows.
    pub(super) fn big_turn(&self) -> Turn {
        let bytes = self.capabilities.session_limit_bytes.map_or(700_000, |limit| limit / 4);
        let text = self.random(1).text(usize::try_from(bytes).unwrap_or(100_000));
        Turn::new([Message::user(format!("{SAID} {text}")), Message::assistant(SAID)])
    }

    pub(super) async fn inject(&self, fault: Fault, requests: Requests) -> Verdict {
        match self.harness.inject(fault, requests).await {
            Hook::Done => Ok(()),
            Hook::NotOffered => not_proven(format!("the harness can't inject {fault:?}")),
        }
    }

    pub(super) async fn shift_clock(&self, secs: i64) -> Verdict {
        match self.harness.shift_clock(secs).await {
            Hook::Done => Ok(()),
            Hook::NotOffered => not_proven("the harness can't shift the clock"),
        }
    }

    pub(super) async fn reopen(&self) -> Verdict {
        match self.harness.reopen().await {
            Hook::Done => Ok(()),
            Hook::NotOffered => not_proven("the harness can't restart the backend"),
        }
    }
}

/// The `number`th exchange of a conversation.
pub(super) fn small_turn(number: usize) -> Turn {
    Turn::new([
        Message::user(format!("{SAID} {number:06}?")),
        Message::assistant(format!("{SAID} {number:06}.")),
    ])
}

/// Appends turns one after the other, each at the position that the one before gave.
pub(super) async fn fill(store: &dyn ChatStore, key: &SessionKey, turns: usize) -> Verdict<Vec<Turn>> {
    let turns: Vec<_> = (0..turns).map(small_turn).collect();
    append_all(store, key, &turns).await?;
    Ok(turns)
}

/// Appends turns one after the other; returns the end of the session.
pub(super) async fn append_all(
    store: &dyn ChatStore,
    key: &SessionKey,
    turns: &[Turn],
) -> Verdict<Option<Position>> {
    let mut end = None;
    for turn in turns {
        let after = end.map_or(After::End, After::Near);
        end = Some(store.append(key, Append::new(turn.clone()).after(after)).await?.position);
    }
    Ok(end)
}

pub(super) async fn append(store: &dyn ChatStore, key: &SessionKey, turn: &Turn) -> Result<Appended> {
    store.append(key, Append::new(turn.clone())).await
}

pub(super) async fn everything(store: &dyn ChatStore, key: &SessionKey) -> Result<Recent> {
    store.recent(key, Window::Everything, Consistency::Strong).await
}

pub(super) async fn last_turns(store: &dyn ChatStore, key: &SessionKey, turns: u32) -> Result<Recent> {
    let turns = NonZeroU32::new(turns).unwrap_or(NonZeroU32::MIN);
    store.recent(key, Window::LastTurns(turns), Consistency::Strong).await
}

pub(super) async fn streamed(store: &dyn ChatStore, key: &SessionKey) -> Result<Vec<StoredTurn>> {
    let pages: Vec<TurnPage> = store.turns(key).boxed().try_collect().await?;
    Ok(pages.into_iter().flat_map(|page| page.turns).collect())
}

/// Where a session ends, as a caller learns it.
pub(super) async fn position(store: &dyn ChatStore, key: &SessionKey) -> Verdict<Position> {
    last_turns(store, key, 1).await?.position.map_or_else(|| fail("a session with turns has no position"), Ok)
}

/// Fails unless a session holds just these turns, in this order and unchanged.
pub(super) async fn ensure_holds(store: &dyn ChatStore, key: &SessionKey, turns: &[&Turn]) -> Verdict {
    let found = everything(store, key).await?;
    ensure_same(&found.turns, turns)
}

/// Fails unless stored turns are these, in this order and unchanged.
pub(super) fn ensure_same(found: &[StoredTurn], expected: &[&Turn]) -> Verdict {
    let places = || {
        let place = |stored: &StoredTurn| {
            let at = expected.iter().position(|turn| stored.id.as_ref() == Some(&turn.id));
            at.map_or_else(|| "?".to_owned(), |at| at.to_string())
        };
        let places: Vec<_> = found.iter().take(40).map(place).collect();
        format!("of turns 0 to {} these are there: {}", expected.len().saturating_sub(1), places.join(" "))
    };
    ensure(found.len() == expected.len(), || {
        format!("{} turns instead of {}; {}", found.len(), expected.len(), places())
    })?;
    for (at, (stored, turn)) in found.iter().zip(expected).enumerate() {
        ensure(stored.id.as_ref() == Some(&turn.id), || {
            format!("another turn than expected stands at place {at}; {}", places())
        })?;
        ensure_messages(&stored.messages, &turn.messages)
            .map_err(|stop| stop.when(|| format!("turn {at}")))?;
    }
    Ok(())
}

/// Fails unless messages are equal, as values and as text.
pub(super) fn ensure_messages(found: &[Message], expected: &[Message]) -> Verdict {
    ensure(found.len() == expected.len(), || {
        format!("{} messages instead of {}", found.len(), expected.len())
    })?;
    for (at, (found, expected)) in found.iter().zip(expected).enumerate() {
        let (found_text, expected_text) = (to_json(found), to_json(expected));
        ensure(found == expected && found_text == expected_text, || {
            let shown = |text: &str| text.chars().take(300).collect::<String>();
            format!("message {at} was {} and became {}", shown(&expected_text), shown(&found_text))
        })?;
    }
    Ok(())
}

fn to_json(message: &Message) -> String {
    serde_json::to_string(message).unwrap_or_else(|error| error.to_string())
}

/// Fails when an error shows what was said.
pub(super) fn ensure_discreet(error: &Error) -> Verdict {
    let text = format!("{error} {error:?}");
    ensure(!text.contains(SAID), || format!("a {} error shows text of the conversation", error.kind().code()))
}
