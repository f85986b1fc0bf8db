//! Appends of two writers both survive; a caller who asked for an expected position gets `Conflict` instead.

use std::collections::HashSet;

use tokio::task::JoinSet;

use super::promise_03_whole_and_ordered::append_until_there;
use super::suite::{
    Stop, Suite, Verdict, append, ensure, ensure_holds, everything, fail, fill, not_proven, position,
    small_turn,
};
use crate::error::ErrorKind;
use crate::message::Message;
use crate::session::{SessionKey, Turn};
use crate::store::{After, Append, Dedupe, MessageRef};

pub(super) async fn check(suite: &Suite<'_>) {
    suite.check(6, "many writers at once all survive", many_writers(suite, false)).await;
    suite.check(6, "many writers with exact ids all survive", many_writers(suite, true)).await;
    suite.check(6, "writers near the same position all survive", same_position(suite)).await;
    suite.check(6, "exactly: one of many wins", exactly_one_wins(suite)).await;
    suite.check(6, "exactly: first turn of a session", first_turn(suite)).await;
    suite.check(6, "exactly: the past is a conflict", past_is_conflict(suite)).await;
    suite.check(6, "exactly: the position of a load", position_of_load(suite)).await;
    suite.check(6, "notes change only from the version given", notes(suite)).await;
    suite.check(6, "a message changes only in the turn meant", guarded_change(suite)).await;
}

async fn ensure_all_there(suite: &Suite<'_>, key: &SessionKey, turns: &[Turn]) -> Verdict {
    let found = everything(&*suite.store().await, key).await?.turns;
    let there: HashSet<_> = found.iter().filter_map(|turn| turn.id.clone()).collect();
    let lost = turns.iter().filter(|turn| !there.contains(&turn.id)).count();
    ensure(lost == 0, || format!("{lost} of {} turns are lost", turns.len()))?;
    ensure(found.len() == turns.len(), || format!("{} turns instead of {}", found.len(), turns.len()))?;
    for turn in turns {
        let stored = found.iter().filter(|stored| stored.id.as_ref() == Some(&turn.id)).cloned();
        super::suite::ensure_same(&stored.collect::<Vec<_>>(), &[turn])?;
    }
    Ok(())
}

async fn many_writers(suite: &Suite<'_>, exact: bool) -> Verdict {
    if exact && suite.capabilities.dedupe != Dedupe::Exact {
        return not_proven("the layout does not declare exact turn ids");
    }
    let key = suite.key()?;
    let stores = [suite.store().await, suite.store().await, suite.store().await, suite.store().await];
    let turns: Vec<_> = (0..suite.options.writers as usize).map(small_turn).collect();
    let mut writers = JoinSet::new();
    for (turn, store) in turns.iter().zip(stores.iter().cycle()) {
        let (store, key, turn) = (store.clone(), key.clone(), turn.clone());
        writers.spawn(async move {
            if exact {
                // An exact append that is throttled or in doubt is repeated as it was.
                for _ in 0..20 {
                    match store.append(&key, Append::new(turn.clone()).exact()).await {
                        Ok(_) => return Ok(()),
                        Err(error) => match error.kind() {
                            ErrorKind::Unknown { .. } | ErrorKind::Throttled | ErrorKind::Unavailable => {}
                            _ => return Err(error.into()),
                        },
                    }
                }
                return fail("20 attempts were not enough for an append");
            }
            append_until_there(&*store, &key, &turn).await
        });
    }
    for written in writers.join_all().await {
        written?;
    }
    ensure_all_there(suite, &key, &turns).await
}

async fn same_position(suite: &Suite<'_>) -> Verdict {
    let (store, key) = (suite.store().await, suite.key()?);
    let mut turns = fill(&*store, &key, 2).await?;
    let position = position(&*store, &key).await?;
    let new: Vec<_> = (10..10 + suite.options.writers as usize / 4).map(small_turn).collect();
    let mut writers = JoinSet::new();
    for turn in &new {
        let (store, key) = (suite.store().await, key.clone());
        let append = Append::new(turn.clone()).after(After::Near(position.clone()));
        writers.spawn(async move { store.append(&key, append).await });
    }
    for written in writers.join_all().await {
        written?;
    }
    turns.extend(new);
    ensure_all_there(suite, &key, &turns).await
}

async fn exactly_one_wins(suite: &Suite<'_>) -> Verdict {
    for exact in [false, true] {
        let (store, key) = (suite.store().await, suite.key()?);
        let first = small_turn(0);
        let end = append(&*store, &key, &first).await?.position;
        let mut writers = JoinSet::new();
        for number in 1..=12 {
            let (store, key, turn) = (suite.store().await, key.clone(), small_turn(number));
            let append = Append::new(turn.clone()).after(After::Exactly(Some(end.clone())));
            let append = if exact { append.exact() } else { append };
            writers.spawn(async move { (turn, store.append(&key, append).await) });
        }
        let mut winners = Vec::new();
        for (turn, result) in writers.join_all().await {
            match result {
                Ok(_) => winners.push(turn),
                Err(error) => {
                    ensure(matches!(error.kind(), ErrorKind::Conflict { .. }), || error.to_string())?
                }
            }
        }
        match winners.as_slice() {
            [winner] => ensure_holds(&*store, &key, &[&first, winner]).await?,
            winners => {
                fail(format!("{} of 12 appends exactly at one position were accepted", winners.len()))?
            }
        }
    }
    Ok(())
}

fn ensure_conflict<T>(result: crate::error::Result<T>, what: &str) -> Verdict {
    match result {
        Ok(_) => fail(format!("{what}: accepted")),
        Err(error) => ensure(matches!(error.kind(), ErrorKind::Conflict { .. }), || {
            format!("{what}: {}: {error}", error.kind().code())
        }),
    }
}

async fn first_turn(suite: &Suite<'_>) -> Verdict {
    let (store, key) = (suite.store().await, suite.key()?);
    let first = small_turn(0);
    let at_start = |turn: &Turn| Append::new(turn.clone()).after(After::Exactly(None));
    store.append(&key, at_start(&first)).await?;
    ensure_conflict(store.append(&key, at_start(&small_turn(1))).await, "a second first turn")?;
    ensure_conflict(
        store.append(&key, at_start(&small_turn(2)).exact()).await,
        "an exact second first turn",
    )?;
    ensure_holds(&*store, &key, &[&first]).await
}

async fn past_is_conflict(suite: &Suite<'_>) -> Verdict {
    let (store, key) = (suite.store().await, suite.key()?);
    let mut positions = Vec::new();
    let turns: Vec<_> = (0..6).map(small_turn).collect();
    for turn in &turns {
        positions.push(append(&*store, &key, turn).await?.position);
    }
    positions.pop();
    for (at, position) in positions.into_iter().enumerate() {
        for exact in [false, true] {
            let append = Append::new(small_turn(9)).after(After::Exactly(Some(position.clone())));
            let append = if exact { append.exact() } else { append };
            ensure_conflict(store.append(&key, append).await, &format!("after turn {at}, exact {exact}"))?;
        }
    }
    ensure_holds(&*store, &key, &turns.iter().collect::<Vec<_>>()).await
}

async fn position_of_load(suite: &Suite<'_>) -> Verdict {
    let (store, key) = (suite.store().await, suite.key()?);
    let mut turns = Vec::new();
    for number in 0..4 {
        let loaded = everything(&*store, &key).await?.position;
        let turn = small_turn(number);
        suite.store().await.append(&key, Append::new(turn.clone()).after(After::Exactly(loaded))).await?;
        turns.push(turn);
    }
    let stored = everything(&*store, &key).await?.turns;
    let newest = stored.last().map(|turn| turn.position.clone());
    let turn = small_turn(4);
    store.append(&key, Append::new(turn.clone()).after(After::Exactly(newest))).await?;
    turns.push(turn);
    ensure_holds(&*store, &key, &turns.iter().collect::<Vec<_>>()).await
}

async fn notes(suite: &Suite<'_>) -> Verdict {
    if !suite.capabilities.notes {
        return not_proven("the layout does not declare notes");
    }
    let (store, key) = (suite.store().await, suite.key()?);
    let turns = fill(&*store, &key, 2).await?;
    ensure(store.note(&key, "summary").await?.note.is_none(), || "a note that nobody wrote".to_owned())?;
    ensure_conflict(store.set_note(&key, "summary", "b", 1).await, "version 1 of no note")?;
    let first = store.set_note(&key, "summary", "birds", 0).await?.version;
    ensure_conflict(store.set_note(&key, "summary", "cats", 0).await, "a second first version")?;
    let mut writers = JoinSet::new();
    for writer in 0..8 {
        let (store, key) = (suite.store().await, key.clone());
        writers.spawn(async move {
            let text = format!("birds {writer}");
            let written = store.set_note(&key, "summary", &text, first).await;
            Ok::<_, Stop>((text, written))
        });
    }
    let mut winners = Vec::new();
    for result in writers.join_all().await {
        match result? {
            (text, Ok(written)) => winners.push((text, written.version)),
            (_, Err(error)) => {
                ensure(matches!(error.kind(), ErrorKind::Conflict { .. }), || error.to_string())?;
            }
        }
    }
    let note = store.note(&key, "summary").await?.note;
    let found = note.map(|note| (note.text, note.version));
    ensure(winners.len() == 1 && winners.first() == found.as_ref(), || {
        format!("{} of 8 writers won, and {found:?} is there", winners.len())
    })?;
    let other = store.note(&key, "other").await?.note;
    ensure(other.is_none(), || "a note is found under another name".to_owned())?;
    ensure_holds(&*store, &key, &turns.iter().collect::<Vec<_>>()).await
}

async fn guarded_change(suite: &Suite<'_>) -> Verdict {
    let can = &suite.capabilities;
    if !can.edit_message {
        return not_proven("the layout does not declare changes of a message");
    }
    let (store, key) = (suite.store().await, suite.key()?);
    let turns = fill(&*store, &key, 2).await?;
    let position = position(&*store, &key).await?;
    let other = turns.first().map(|turn| turn.id.clone());
    let at = MessageRef { position, turn_id: other, index: 0 };
    match store.edit_message(&key, &at, Message::user("x")).await {
        Ok(_) => fail("a message of another turn was changed"),
        Err(error) => {
            ensure(matches!(error.kind(), ErrorKind::Conflict { .. } | ErrorKind::NotFound), || {
                error.to_string()
            })
        }
    }?;
    ensure_holds(&*store, &key, &turns.iter().collect::<Vec<_>>()).await
}
