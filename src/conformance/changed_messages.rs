//! A part of promise 7: changing or removing one message leaves the others as they are, and is made once.

use super::promise_07_kept_unknown::parsed;
use super::suite::{
    Suite, Verdict, append_all, ensure, ensure_holds, everything, fail, fill, not_proven, small_turn,
};
use super::{Fault, Requests};
use crate::error::{ErrorKind, Result};
use crate::message::Message;
use crate::session::{SessionKey, Turn};
use crate::store::{After, Append, ChatStore, MessageRef};

pub(super) async fn check(suite: &Suite<'_>) {
    suite.check(7, "a changed message leaves the others", edit_leaves_others(suite)).await;
    suite.check(7, "a removed message leaves the others", delete_leaves_others(suite)).await;
    suite.check(7, "a change whose answer was lost is made once", change_in_doubt(suite)).await;
    suite.check(7, "a removal whose answer was lost is made once", removal_in_doubt(suite)).await;
}

/// A session of two turns of all kinds of messages.
async fn varied(suite: &Suite<'_>, key: &SessionKey) -> Verdict<Vec<Turn>> {
    let messages: Vec<_> = parsed()?.into_iter().map(|(_, message)| message).collect();
    let turns: Vec<_> = messages.chunks(messages.len().div_ceil(2)).map(Turn::new).collect();
    append_all(&*suite.store().await, key, &turns).await?;
    Ok(turns)
}

/// A message of the turn at `place`, as a caller learns of it. A change may give other turns another position.
async fn message_at(
    store: &dyn ChatStore,
    key: &SessionKey,
    place: usize,
    index: u32,
) -> Verdict<MessageRef> {
    match everything(store, key).await?.turns.into_iter().nth(place) {
        Some(turn) => Ok(MessageRef { position: turn.position, turn_id: turn.id, index }),
        None => fail(format!("turn {place} is gone")),
    }
}

async fn edit_leaves_others(suite: &Suite<'_>) -> Verdict {
    if !suite.capabilities.edit_message {
        return not_proven("the layout does not declare changes of a message");
    }
    let (store, key) = (suite.store().await, suite.key()?);
    let mut turns = varied(suite, &key).await?;
    let mut last = None;
    for (place, turn) in turns.iter_mut().enumerate() {
        let message = Message::user("changed");
        let at = message_at(&*store, &key, place, 3).await?;
        last = store.edit_message(&key, &at, message.clone()).await?.position;
        if let Some(old) = turn.messages.get_mut(3) {
            *old = message;
        }
    }
    ensure_holds(&*suite.store().await, &key, &turns.iter().collect::<Vec<_>>()).await?;
    let turn = small_turn(0);
    store.append(&key, Append::new(turn.clone()).after(After::Exactly(last))).await?;
    turns.push(turn);
    ensure_holds(&*store, &key, &turns.iter().collect::<Vec<_>>()).await
}

async fn delete_leaves_others(suite: &Suite<'_>) -> Verdict {
    if !suite.capabilities.delete_message {
        return not_proven("the layout does not declare the removal of a message");
    }
    let (store, key) = (suite.store().await, suite.key()?);
    let mut turns = varied(suite, &key).await?;
    for (place, turn) in turns.iter_mut().enumerate() {
        let at = message_at(&*store, &key, place, 0).await?;
        store.delete_message(&key, &at).await?;
        turn.messages.remove(0);
    }
    ensure_holds(&*suite.store().await, &key, &turns.iter().collect::<Vec<_>>()).await?;
    let end = everything(&*store, &key).await?.position;
    let turn = small_turn(0);
    store.append(&key, Append::new(turn.clone()).after(After::Exactly(end))).await?;
    turns.push(turn);
    ensure_holds(&*store, &key, &turns.iter().collect::<Vec<_>>()).await
}

/// Requests of a change, of which each in turn loses its reply.
const REQUESTS_OF_A_CHANGE: u32 = 4;

/// A session of two turns and a change of it, of which the `nth` reply is lost.
async fn change_losing_a_reply<T>(
    suite: &Suite<'_>,
    nth: u32,
    change: impl AsyncFnOnce(&dyn ChatStore, &SessionKey, &MessageRef) -> Result<T>,
) -> Verdict<(SessionKey, Result<T>)> {
    let (store, key) = (suite.store().await, suite.key()?);
    fill(&*store, &key, 2).await?;
    let at = message_at(&*store, &key, 0, 0).await?;
    suite.inject(Fault::LoseReply, Requests::Nth(nth)).await?;
    let changed = change(&*store, &key, &at).await;
    suite.harness.heal().await;
    match &changed {
        // Nobody else was there.
        Err(error) if matches!(error.kind(), ErrorKind::Conflict { .. }) => {
            fail(format!("after reply {nth} was lost: {error}"))
        }
        _ => Ok((key, changed)),
    }
}

async fn change_in_doubt(suite: &Suite<'_>) -> Verdict {
    if !suite.capabilities.edit_message {
        return not_proven("the layout does not declare changes of a message");
    }
    let mut expected = [small_turn(0), small_turn(1)];
    if let Some(first) = expected[0].messages.first_mut() {
        *first = Message::user("changed");
    }
    for nth in 1..=REQUESTS_OF_A_CHANGE {
        let change = async |store: &dyn ChatStore, key: &SessionKey, at: &MessageRef| {
            store.edit_message(key, at, Message::user("changed")).await
        };
        let (key, changed) = change_losing_a_reply(suite, nth, change).await?;
        if changed.is_ok() {
            ensure_messages_are(suite, &key, &expected).await?;
        }
    }
    Ok(())
}

async fn removal_in_doubt(suite: &Suite<'_>) -> Verdict {
    if !suite.capabilities.delete_message {
        return not_proven("the layout does not declare the removal of a message");
    }
    let mut expected = [small_turn(0), small_turn(1)];
    expected[0].messages.remove(0);
    for nth in 1..=REQUESTS_OF_A_CHANGE {
        let change = async |store: &dyn ChatStore, key: &SessionKey, at: &MessageRef| {
            store.delete_message(key, at).await
        };
        let (key, changed) = change_losing_a_reply(suite, nth, change).await?;
        if changed.is_ok() {
            ensure_messages_are(suite, &key, &expected).await?;
        }
    }
    Ok(())
}

/// Fails unless the session's turns have these messages; their ids are new in each session.
async fn ensure_messages_are(suite: &Suite<'_>, key: &SessionKey, expected: &[Turn]) -> Verdict {
    let found = everything(&*suite.store().await, key).await?.turns;
    let found: Vec<_> = found.into_iter().map(|turn| turn.messages).collect();
    let expected: Vec<_> = expected.iter().map(|turn| turn.messages.clone()).collect();
    ensure(found == expected, || format!("{} turns, with other messages than expected", found.len()))
}
