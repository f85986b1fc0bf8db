//! Random calls through several connections, compared with a plain list after each.

use std::num::NonZeroU32;
use std::sync::Arc;

use super::random::Random;
use super::suite::{Stop, Suite, Verdict, ensure, ensure_same, fail, small_turn, streamed};
use crate::error::ErrorKind;
use crate::session::{Position, SessionKey, Turn};
use crate::store::{After, Append, ChatStore, Consistency, Recent, SessionState, Window};

const STEPS: usize = 60;

/// What the session should be.
struct Model {
    turns: Vec<Turn>,
    /// The end of the session, where it is known.
    end: Option<Position>,
    /// Ends that once were, clears included.
    past: Vec<Position>,
    made: usize,
}

pub(super) async fn interleave(suite: &Suite<'_>, seed: u64) -> Verdict {
    let mut random = Random::new(seed);
    let stores = [suite.store().await, suite.store().await, suite.store().await];
    let key = suite.key()?;
    let mut model = Model { turns: Vec::new(), end: None, past: Vec::new(), made: 0 };
    for step in 0..STEPS {
        let Some(store) = random.pick(&stores) else { break };
        let what = random.below(20);
        let done = match what {
            0..8 => append_new(&mut model, &mut random, store, &key).await,
            8..10 => append_again(&model, &mut random, store, &key).await,
            10 => append_reused(&model, &mut random, store, &key).await,
            11..13 => append_stale(&model, &mut random, store, &key).await,
            13..18 => load(&mut model, &mut random, store, &key).await,
            18 => stream(&model, store, &key).await,
            _ => clear(&mut model, store, &key).await,
        };
        done.map_err(|stop: Stop| stop.when(|| format!("step {step}, call {what}")))?;
    }
    let expected: Vec<_> = model.turns.iter().collect();
    ensure_same(&streamed(&*suite.store().await, &key).await?, &expected)
}

async fn append_new(
    model: &mut Model,
    random: &mut Random,
    store: &Arc<dyn ChatStore>,
    key: &SessionKey,
) -> Verdict {
    model.made += 1;
    let turn = small_turn(model.made);
    let after = match (random.below(4), &model.end) {
        (1, Some(end)) => After::Near(end.clone()),
        (2, Some(end)) => After::Exactly(Some(end.clone())),
        (2, None) if model.turns.is_empty() => After::Exactly(None),
        (3, _) => random.pick(&model.past).cloned().map_or(After::End, After::Near),
        _ => After::End,
    };
    let append = Append::new(turn.clone()).after(after);
    let append = if random.below(3) == 0 { append.exact() } else { append };
    let appended = store.append(key, append).await?;
    ensure(!appended.duplicate, || "a new turn is called a duplicate".to_owned())?;
    model.turns.push(turn);
    model.past.extend(model.end.replace(appended.position));
    Ok(())
}

/// One of the newest turns, which even a lean append must know.
fn newest<'a>(model: &'a Model, random: &mut Random) -> Option<&'a Turn> {
    let from = model.turns.len().saturating_sub(4);
    random.pick(model.turns.get(from..).unwrap_or_default())
}

async fn append_again(
    model: &Model,
    random: &mut Random,
    store: &Arc<dyn ChatStore>,
    key: &SessionKey,
) -> Verdict {
    let Some(turn) = newest(model, random) else { return Ok(()) };
    let append = Append::new(turn.clone());
    let append = if random.below(2) == 0 { append.exact() } else { append };
    let appended = store.append(key, append).await?;
    ensure(appended.duplicate, || "a turn was taken a second time".to_owned())
}

async fn append_reused(
    model: &Model,
    random: &mut Random,
    store: &Arc<dyn ChatStore>,
    key: &SessionKey,
) -> Verdict {
    let Some(turn) = newest(model, random) else { return Ok(()) };
    let other = Turn::with_id(turn.id.clone(), small_turn(999_999).messages);
    match store.append(key, Append::new(other)).await {
        Ok(_) => fail("an id was taken for other content"),
        Err(error) => ensure(*error.kind() == ErrorKind::TurnIdReused, || error.to_string()),
    }
}

async fn append_stale(
    model: &Model,
    random: &mut Random,
    store: &Arc<dyn ChatStore>,
    key: &SessionKey,
) -> Verdict {
    let stale = match random.pick(&model.past) {
        Some(past) => Some(past.clone()),
        None if model.turns.is_empty() => return Ok(()),
        None => None,
    };
    let append = Append::new(small_turn(999_999)).after(After::Exactly(stale));
    match store.append(key, append).await {
        Ok(_) => fail("an append exactly at a position of the past was accepted"),
        Err(error) => ensure(matches!(error.kind(), ErrorKind::Conflict { .. }), || error.to_string()),
    }
}

async fn load(
    model: &mut Model,
    random: &mut Random,
    store: &Arc<dyn ChatStore>,
    key: &SessionKey,
) -> Verdict {
    let size = NonZeroU32::MIN.saturating_add(random.below(12) as u32);
    let (window, turns) = match random.below(3) {
        0 => (Window::Everything, model.turns.len()),
        1 => (Window::LastTurns(size), size.get() as usize),
        // Each turn has two messages.
        _ => (Window::LastMessages(size), size.get().div_ceil(2) as usize),
    };
    let found = store.recent(key, window, Consistency::Strong).await?;
    let from = model.turns.len().saturating_sub(turns);
    let expected: Vec<_> = model.turns.iter().skip(from).collect();
    ensure_same(&found.turns, &expected).map_err(|stop| stop.when(|| format!("{window:?}")))?;
    ensure_marks(&found, &model.turns)?;
    if !model.turns.is_empty() {
        model.end = found.position;
    }
    Ok(())
}

/// Fails unless state and completeness fit.
fn ensure_marks(found: &Recent, turns: &[Turn]) -> Verdict {
    ensure((found.state == SessionState::Present) != turns.is_empty(), || {
        format!("{} turns, and the state is {:?}", turns.len(), found.state)
    })?;
    ensure(!found.complete || found.turns.len() == turns.len(), || {
        format!("{} of {} turns are called complete", found.turns.len(), turns.len())
    })
}

async fn stream(model: &Model, store: &Arc<dyn ChatStore>, key: &SessionKey) -> Verdict {
    let expected: Vec<_> = model.turns.iter().collect();
    ensure_same(&streamed(&**store, key).await?, &expected)
}

async fn clear(model: &mut Model, store: &Arc<dyn ChatStore>, key: &SessionKey) -> Verdict {
    let cleared = store.clear(key).await?;
    let (turns, messages) = (model.turns.len() as u64, 2 * model.turns.len() as u64);
    ensure(cleared.turns == turns && cleared.messages == messages, || {
        format!(
            "clear says {} turns and {} messages of {turns} and {messages}",
            cleared.turns, cleared.messages
        )
    })?;
    model.turns.clear();
    model.past.extend(model.end.take());
    Ok(())
}
