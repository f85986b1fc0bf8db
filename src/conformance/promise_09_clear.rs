//! Clear is at once and complete, also against a writer that loaded before it, and says how much it removed.

use tokio::task::JoinSet;

use super::promise_04_newest_part::listed;
use super::promise_07_kept_unknown::inspect;
use super::suite::{
    SAID, Stop, Suite, Verdict, append, append_all, ensure, ensure_holds, ensure_same, everything, fail,
    fill, not_proven, small_turn, streamed,
};
use super::{Fault, Requests};
use crate::error::ErrorKind;
use crate::message::Message;
use crate::session::{Position, Turn};
use crate::store::{After, Append, SessionState};

pub(super) async fn check(suite: &Suite<'_>) {
    suite.check(9, "clear is complete and counts", complete(suite)).await;
    suite.check(9, "clear leaves nothing of what was said", leaves_nothing(suite)).await;
    suite.check(9, "clear of nothing", nothing_to_clear(suite)).await;
    suite.check(9, "a cleared session begins anew", begins_anew(suite)).await;
    suite.check(9, "notes go with the session", notes(suite)).await;
    suite.check(9, "a cleared session is not listed", not_listed(suite)).await;
    suite.check(9, "exactly at a position from before is a conflict", stale_exactly(suite)).await;
    suite.check(9, "near a position from before is not lost", stale_near(suite)).await;
    suite.check(9, "the same again after a clear is not the same", same_again(suite)).await;
    suite.check(9, "clear while others write", while_writing(suite)).await;
    suite.check(9, "a clear cut short leaves all or nothing", cut_short(suite)).await;
    suite.check(9, "a clear can be repeated", repeated(suite)).await;
    suite.check(9, "a restart does not undo a clear", after_restart(suite)).await;
}

/// Fails when a session shows any turn.
async fn ensure_clear(suite: &Suite<'_>, key: &crate::session::SessionKey) -> Verdict {
    let store = suite.store().await;
    let found = everything(&*store, key).await?;
    ensure(found.turns.is_empty() && found.notes.is_empty(), || {
        format!("{} turns and {} notes after a clear", found.turns.len(), found.notes.len())
    })?;
    ensure(matches!(found.state, SessionState::Empty | SessionState::New), || {
        format!("a cleared session is {:?}", found.state)
    })?;
    let streamed = streamed(&*store, key).await?.len();
    ensure(streamed == 0, || format!("{streamed} turns are streamed after a clear"))
}

async fn complete(suite: &Suite<'_>) -> Verdict {
    let store = suite.store().await;
    for count in [1, 2, 30, 130] {
        let key = suite.key()?;
        let mut turns: Vec<_> = (0..count).map(small_turn).collect();
        let wordy = Turn::new([Message::user("a"), Message::assistant("b"), Message::assistant("c")]);
        turns.push(wordy);
        append_all(&*store, &key, &turns).await?;
        let cleared = suite.store().await.clear(&key).await?;
        let messages: usize = turns.iter().map(|turn| turn.messages.len()).sum();
        ensure(cleared.turns == turns.len() as u64 && cleared.messages == messages as u64, || {
            let counted = format!("{} turns and {} messages", cleared.turns, cleared.messages);
            format!("{counted} were counted of {} and {messages}", turns.len())
        })?;
        ensure_clear(suite, &key).await?;
    }
    Ok(())
}

async fn leaves_nothing(suite: &Suite<'_>) -> Verdict {
    let (store, key) = (suite.store().await, suite.key()?);
    fill(&*store, &key, 3).await?;
    let big = suite.big_turn();
    append(&*store, &key, &big).await?;
    store.append(&key, Append::new(small_turn(5)).exact()).await?;
    store.clear(&key).await?;
    let raw = inspect(suite, &key).await?;
    ensure(!raw.contains(SAID), || "a record still holds text of the conversation".to_owned())?;
    ensure(raw.len() < 20_000, || format!("{} bytes are left", raw.len()))
}

async fn nothing_to_clear(suite: &Suite<'_>) -> Verdict {
    let (store, key) = (suite.store().await, suite.key()?);
    let none = store.clear(&key).await?;
    ensure(none.turns == 0 && none.messages == 0, || format!("{} turns of a new session", none.turns))?;
    ensure_clear(suite, &key).await?;
    fill(&*store, &key, 2).await?;
    store.clear(&key).await?;
    let again = store.clear(&key).await?;
    ensure(again.turns == 0 && again.messages == 0, || format!("{} turns a second time", again.turns))?;
    ensure_clear(suite, &key).await
}

async fn begins_anew(suite: &Suite<'_>) -> Verdict {
    let (store, key) = (suite.store().await, suite.key()?);
    for round in 0..3_u64 {
        let turns: Vec<_> = (0..3).map(small_turn).collect();
        append_all(&*store, &key, &turns).await?;
        ensure_holds(&*store, &key, &turns.iter().collect::<Vec<_>>()).await?;
        let cleared = store.clear(&key).await?;
        ensure(cleared.turns == 3, || format!("{} of 3 turns counted in round {round}", cleared.turns))?;
        let position = everything(&*store, &key).await?.position;
        let turn = small_turn(9);
        let first = Append::new(turn.clone()).after(match round {
            0 => After::End,
            1 => After::Exactly(None),
            _ => After::Exactly(position),
        });
        store.append(&key, first).await?;
        ensure_holds(&*store, &key, &[&turn]).await?;
        store.clear(&key).await?;
    }
    Ok(())
}

async fn notes(suite: &Suite<'_>) -> Verdict {
    if !suite.capabilities.notes {
        return not_proven("the layout does not declare notes");
    }
    let (store, key) = (suite.store().await, suite.key()?);
    append(&*store, &key, &small_turn(0)).await?;
    store.set_note(&key, "summary", "birds", 0).await?;
    store.clear(&key).await?;
    ensure_clear(suite, &key).await?;
    ensure(store.note(&key, "summary").await?.note.is_none(), || "the note is still there".to_owned())?;
    append(&*store, &key, &small_turn(1)).await?;
    let notes = everything(&*store, &key).await?.notes.len();
    ensure(notes == 0, || "an append brings the note back".to_owned())?;
    store.set_note(&key, "summary", "cats", 0).await?;
    Ok(())
}

async fn not_listed(suite: &Suite<'_>) -> Verdict {
    let store = suite.store().await;
    let keys = [suite.key()?, suite.key()?, suite.key()?];
    for key in &keys {
        append(&*store, key, &small_turn(0)).await?;
    }
    let [first, cleared, last] = &keys;
    store.clear(cleared).await?;
    let mut found = listed(suite, &cleared.scope, &keys).await?;
    found.sort();
    let mut expected = vec![first.session.clone(), last.session.clone()];
    expected.sort();
    ensure(found == expected, || format!("{} sessions are listed instead of 2", found.len()))?;
    append(&*store, cleared, &small_turn(1)).await?;
    let found = listed(suite, &cleared.scope, std::slice::from_ref(cleared)).await?;
    ensure(found.len() == 1, || "a session that began anew is not listed".to_owned())
}

/// Every position a writer could have loaded before a clear.
async fn positions_before_clear(
    suite: &Suite<'_>,
    key: &crate::session::SessionKey,
) -> Verdict<Vec<Position>> {
    let store = suite.store().await;
    let mut positions = Vec::new();
    for number in 0..5 {
        positions.push(append(&*store, key, &small_turn(number)).await?.position);
    }
    store.clear(key).await?;
    Ok(positions)
}

async fn stale_exactly(suite: &Suite<'_>) -> Verdict {
    for exact in [false, true] {
        for after_clear in 0..3 {
            let key = suite.key()?;
            let positions = positions_before_clear(suite, &key).await?;
            let store = suite.store().await;
            let turns = fill(&*store, &key, after_clear).await?;
            for (at, position) in positions.into_iter().enumerate() {
                let append = Append::new(small_turn(9)).after(After::Exactly(Some(position)));
                let append = if exact { append.exact() } else { append };
                match store.append(&key, append).await {
                    Ok(_) => fail(format!(
                        "after turn {at} of 5 that were cleared, {after_clear} turns later, exact id {exact}: accepted"
                    ))?,
                    Err(error) => {
                        ensure(matches!(error.kind(), ErrorKind::Conflict { .. }), || error.to_string())?;
                    }
                }
            }
            ensure_holds(&*store, &key, &turns.iter().collect::<Vec<_>>()).await?;
        }
    }
    Ok(())
}

async fn stale_near(suite: &Suite<'_>) -> Verdict {
    for exact in [false, true] {
        for after_clear in [0, 2] {
            for at in 0..5 {
                let key = suite.key()?;
                let position = positions_before_clear(suite, &key).await?.into_iter().nth(at);
                let store = suite.store().await;
                let mut turns = fill(&*store, &key, after_clear).await?;
                let turn = small_turn(9);
                let append = Append::new(turn.clone()).after(position.map_or(After::End, After::Near));
                let append = if exact { append.exact() } else { append };
                let circumstances = || {
                    format!(
                        "near turn {at} of 5 that were cleared, {after_clear} turns later, exact id {exact}"
                    )
                };
                match store.append(&key, append).await {
                    Ok(_) => turns.push(turn),
                    Err(error) => {
                        ensure(matches!(error.kind(), ErrorKind::Conflict { .. }), || error.to_string())?;
                    }
                }
                let held = ensure_holds(&*store, &key, &turns.iter().collect::<Vec<_>>()).await;
                held.map_err(|stop: Stop| stop.when(circumstances))?;
            }
        }
    }
    Ok(())
}

/// The session looks as it did, and still is another.
async fn same_again(suite: &Suite<'_>) -> Verdict {
    let (store, key) = (suite.store().await, suite.key()?);
    let [first, second] = [small_turn(0), small_turn(1)];
    let old = append_all(&*store, &key, &[first.clone(), second.clone()]).await?;
    store.clear(&key).await?;
    let [first, second] = [Turn::new(first.messages), Turn::new(second.messages)];
    append_all(&*store, &key, &[first.clone(), second.clone()]).await?;
    match store.append(&key, Append::new(small_turn(2)).after(After::Exactly(old))).await {
        Ok(_) => fail("a position from before the clear is taken for one of now"),
        Err(error) => ensure(matches!(error.kind(), ErrorKind::Conflict { .. }), || error.to_string()),
    }?;
    ensure_holds(&*store, &key, &[&first, &second]).await
}

async fn while_writing(suite: &Suite<'_>) -> Verdict {
    let key = suite.key()?;
    let mut writers = JoinSet::new();
    for writer in 0..4 {
        let (store, key) = (suite.store().await, key.clone());
        writers.spawn(async move {
            let turns: Vec<_> = (0..12).map(|turn| small_turn(writer * 100 + turn)).collect();
            append_all(&*store, &key, &turns).await?;
            Ok::<_, Stop>(turns)
        });
    }
    let store = suite.store().await;
    let mut cleared = 0;
    for _ in 0..4 {
        cleared += store.clear(&key).await?.turns;
    }
    let mut written = Vec::new();
    for turns in writers.join_all().await {
        written.push(turns?);
    }
    let left = everything(&*store, &key).await?.turns;
    ensure(cleared as usize + left.len() <= 48, || {
        format!("{cleared} turns were cleared, and {} of 48 are left", left.len())
    })?;
    for turns in written {
        let of_writer: Vec<_> = left
            .iter()
            .filter(|left| turns.iter().any(|turn| left.id.as_ref() == Some(&turn.id)))
            .cloned()
            .collect();
        let expected: Vec<_> = turns.iter().skip(turns.len() - of_writer.len()).collect();
        ensure_same(&of_writer, &expected)
            .map_err(|stop| stop.when(|| "the turns left of a writer are not its newest".to_owned()))?;
    }
    store.clear(&key).await?;
    ensure_clear(suite, &key).await
}

async fn cut_short(suite: &Suite<'_>) -> Verdict {
    for fault in [Fault::LoseRequest, Fault::ServerError, Fault::LoseReply] {
        for number in 1..=12 {
            let (store, key) = (suite.store().await, suite.key()?);
            let mut turns = fill(&*store, &key, 40).await?;
            let big = suite.big_turn();
            append(&*store, &key, &big).await?;
            turns.push(big);
            suite.inject(fault, Requests::From(number)).await?;
            let result = store.clear(&key).await;
            let met = suite.harness.heal().await;

            let circumstances = || format!("{fault:?} from request {number} on");
            let found = everything(&*suite.store().await, &key).await?.turns;
            if result.is_ok() || !found.is_empty() {
                let expected: Vec<_> = if result.is_ok() { Vec::new() } else { turns.iter().collect() };
                ensure_same(&found, &expected).map_err(|stop| stop.when(circumstances))?;
            }
            let store = suite.store().await;
            store.clear(&key).await?;
            ensure_clear(suite, &key).await.map_err(|stop| stop.when(circumstances))?;
            let raw = inspect(suite, &key).await?;
            ensure(!raw.contains(SAID), || {
                format!("{}: text is left after a second clear", circumstances())
            })?;
            let turn = small_turn(1);
            append(&*store, &key, &turn).await?;
            ensure_holds(&*store, &key, &[&turn]).await?;
            if !met {
                break;
            }
        }
    }
    Ok(())
}

async fn repeated(suite: &Suite<'_>) -> Verdict {
    for fault in [Fault::TwiceSecondAnswer, Fault::LoseReply, Fault::Throttle] {
        for number in 1..=6 {
            let (store, key) = (suite.store().await, suite.key()?);
            fill(&*store, &key, 3).await?;
            suite.inject(fault, Requests::Nth(number)).await?;
            let result = store.clear(&key).await;
            let met = suite.harness.heal().await;
            if result.is_err() {
                store.clear(&key).await?;
            }
            ensure_clear(suite, &key).await.map_err(|stop| stop.when(|| format!("{fault:?} at {number}")))?;
            if !met {
                break;
            }
        }
    }
    Ok(())
}

async fn after_restart(suite: &Suite<'_>) -> Verdict {
    let (store, key) = (suite.store().await, suite.key()?);
    fill(&*store, &key, 4).await?;
    store.clear(&key).await?;
    suite.reopen().await?;
    ensure_clear(suite, &key).await
}
