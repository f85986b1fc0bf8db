//! A turn is there whole or not at all, in the order of the store, never of a clock.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::task::JoinSet;

use super::Fault;
use super::faulty::{Way, append_under};
use super::interleaving::interleave;
use super::suite::{
    Stop, Suite, Verdict, append, append_all, ensure, ensure_holds, ensure_messages, everything, fail,
    last_turns, small_turn, streamed,
};
use crate::error::ErrorKind;
use crate::session::{SessionKey, StoredTurn, Turn, TurnId};
use crate::store::ChatStore;

pub(super) async fn check(suite: &Suite<'_>) {
    for (name, fault) in [
        ("requests lost", Fault::LoseRequest),
        ("server errors", Fault::ServerError),
        ("server errors after the commit", Fault::ServerErrorAfterCommit),
        ("transactions cancelled", Fault::CancelTransaction),
        ("answers cut off", Fault::Truncate),
        ("web pages for answers", Fault::Html),
        ("no answers", Fault::Nothing),
        ("throttled", Fault::Throttle),
    ] {
        suite.check(3, name, whole_under(suite, fault, &[Way::Near, Way::ExactId])).await;
    }
    for (name, fault) in [
        ("requests of a big turn lost", Fault::LoseRequest),
        ("server errors amid a big turn", Fault::ServerError),
        ("server errors after parts of a big turn", Fault::ServerErrorAfterCommit),
    ] {
        suite.check(3, name, whole_under(suite, fault, &[Way::Big])).await;
    }
    suite.check(3, "no reader sees a part of a big turn", big_turns_while_reading(suite)).await;
    suite.check(3, "writers at once make one order for all readers", one_order(suite)).await;
    suite.check(3, "order is not the clock's", not_the_clocks(suite)).await;
    suite.check(3, "random interleavings", interleavings(suite)).await;
}

async fn whole_under(suite: &Suite<'_>, fault: Fault, ways: &[Way]) -> Verdict {
    let (mut proven, mut unproven) = (false, None);
    for way in ways {
        match append_under(suite, fault, *way).await {
            Ok(_) => proven = true,
            // A layout without exact ids, or without transactions, still has its other ways.
            Err(not_proven @ Stop::NotProven(_)) => unproven = Some(not_proven),
            Err(failed) => return Err(failed),
        }
    }
    unproven.filter(|_| !proven).map_or(Ok(()), Err)
}

async fn big_turns_while_reading(suite: &Suite<'_>) -> Verdict {
    let key = suite.key()?;
    let turns = vec![small_turn(0), suite.big_turn(), small_turn(2)];
    let done = Arc::new(AtomicBool::new(false));
    let mut readers = JoinSet::new();
    for reader in 0..3 {
        let (store, key, done) = (suite.store().await, key.clone(), done.clone());
        let expected = turns.clone();
        readers.spawn(async move {
            let mut last = 0;
            while !done.load(Ordering::SeqCst) {
                let found = match reader {
                    0 => everything(&*store, &key).await?.turns,
                    1 => last_turns(&*store, &key, 3).await?.turns,
                    _ => streamed(&*store, &key).await?,
                };
                // A store that never waits would leave the writer no thread.
                tokio::task::yield_now().await;
                ensure(found.len() >= last, || "a turn was there and then was not".to_owned())?;
                last = found.len();
                for (found, expected) in found.iter().zip(&expected) {
                    ensure_messages(&found.messages, &expected.messages)?;
                }
            }
            Ok::<_, Stop>(())
        });
    }
    let store = suite.store().await;
    let written = append_all(&*store, &key, &turns).await;
    done.store(true, Ordering::SeqCst);
    written?;
    for reader in readers.join_all().await {
        reader?;
    }
    ensure_holds(&*store, &key, &turns.iter().collect::<Vec<_>>()).await
}

async fn one_order(suite: &Suite<'_>) -> Verdict {
    const WRITERS: usize = 6;
    const TURNS: usize = 6;
    let key = suite.key()?;
    let done = Arc::new(AtomicBool::new(false));
    let mut readers = JoinSet::new();
    for _ in 0..2 {
        let (store, key, done) = (suite.store().await, key.clone(), done.clone());
        readers.spawn(async move {
            let mut seen: Vec<Vec<TurnId>> = Vec::new();
            while !done.load(Ordering::SeqCst) {
                let found = everything(&*store, &key).await?.turns;
                seen.push(found.into_iter().filter_map(|turn| turn.id).collect());
                tokio::task::yield_now().await;
            }
            Ok::<_, Stop>(seen)
        });
    }
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let (store, key) = (suite.store().await, key.clone());
        writers.spawn(async move {
            let turns: Vec<_> = (0..TURNS).map(|turn| small_turn(writer * 100 + turn)).collect();
            for turn in &turns {
                append_until_there(&*store, &key, turn).await?;
            }
            Ok::<_, Stop>(turns)
        });
    }
    let written: Vec<Verdict<Vec<Turn>>> = writers.join_all().await;
    done.store(true, Ordering::SeqCst);
    let written = written.into_iter().collect::<Verdict<Vec<_>>>()?;

    let end = everything(&*suite.store().await, &key).await?.turns;
    let place: HashMap<_, _> = end.iter().enumerate().map(|(at, turn)| (turn.id.clone(), at)).collect();
    ensure(end.len() == WRITERS * TURNS && place.len() == end.len(), || {
        format!("{} turns, {} of them different, instead of {}", end.len(), place.len(), WRITERS * TURNS)
    })?;
    for turns in written {
        let places: Vec<_> = turns.iter().map(|turn| place.get(&Some(turn.id.clone()))).collect();
        ensure(places.is_sorted(), || format!("a writer's turns came to stand at {places:?}"))?;
    }
    let order: Vec<_> = end.into_iter().filter_map(|turn: StoredTurn| turn.id).collect();
    for seen in readers.join_all().await {
        for seen in seen? {
            ensure(order.starts_with(&seen), || {
                format!("a reader saw {} turns in an order that later was another", seen.len())
            })?;
        }
    }
    Ok(())
}

/// Appends, again as long as the store says that this helps.
pub(super) async fn append_until_there(store: &dyn ChatStore, key: &SessionKey, turn: &Turn) -> Verdict {
    for _ in 0..20 {
        match append(store, key, turn).await {
            Ok(_) => return Ok(()),
            Err(error) => match error.kind() {
                ErrorKind::Unknown { .. } | ErrorKind::Throttled | ErrorKind::Unavailable => {}
                _ => return Err(error.into()),
            },
        }
    }
    fail("20 attempts were not enough for an append")
}

async fn not_the_clocks(suite: &Suite<'_>) -> Verdict {
    let (store, key) = (suite.store().await, suite.key()?);
    let mut turns = Vec::new();
    let mut shifted = 0;
    for secs in [0, -7_200, 10, -86_400, 3_600] {
        shifted += secs;
        suite.shift_clock(secs).await?;
        let turn = small_turn(turns.len());
        append(&*store, &key, &turn).await?;
        turns.push(turn);
    }
    suite.shift_clock(-shifted).await?;
    let turns: Vec<_> = turns.iter().collect();
    ensure_holds(&*suite.store().await, &key, &turns).await
}

async fn interleavings(suite: &Suite<'_>) -> Verdict {
    for number in 0..suite.options.interleavings {
        let seed = suite.options.seed.wrapping_add(number.into());
        interleave(suite, seed).await.map_err(|stop| stop.when(|| format!("seed {seed}")))?;
    }
    Ok(())
}
