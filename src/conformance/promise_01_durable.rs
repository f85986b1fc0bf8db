//! Acknowledged means durable. A lost reply is `Unknown { turn_id }`, and appending that turn again is safe.

use std::time::Duration;

use super::faulty::{Way, append_under};
use super::suite::{Suite, Verdict, append, append_all, ensure, ensure_holds, everything, fill, small_turn};
use super::{Fault, Requests};
use crate::error::ErrorKind;
use crate::store::Append;

pub(super) async fn check(suite: &Suite<'_>) {
    suite.check(1, "another connection sees it at once", seen_at_once(suite)).await;
    suite.check(1, "a restart keeps what was acknowledged", kept_by_restart(suite)).await;
    suite.check(1, "a restart in mid-reply", restart_in_mid_reply(suite)).await;
    for (name, way) in [
        ("lost replies of an append at the end", Way::End),
        ("lost replies of a first append", Way::First),
        ("lost replies of an append near a position", Way::Near),
        ("lost replies of an append exactly at a position", Way::Exactly),
        ("lost replies of an append with an exact id", Way::ExactId),
        ("lost replies of a big turn", Way::Big),
        ("lost replies of a big turn with an exact id", Way::BigExactId),
    ] {
        suite.check(1, name, uncertain(suite, Fault::LoseReply, way)).await;
    }
    suite.check(1, "answers that come too late", uncertain(suite, Fault::Slow, Way::Near)).await;
    suite.check(1, "an append given up on can be repeated", given_up(suite)).await;
}

async fn seen_at_once(suite: &Suite<'_>) -> Verdict {
    let key = suite.key()?;
    let mut turns = Vec::new();
    for number in 0..5 {
        turns.push(small_turn(number));
        append_all(&*suite.store().await, &key, turns.get(number..).unwrap_or_default()).await?;
        ensure_holds(&*suite.store().await, &key, &turns.iter().collect::<Vec<_>>()).await?;
    }
    Ok(())
}

async fn kept_by_restart(suite: &Suite<'_>) -> Verdict {
    let (store, key) = (suite.store().await, suite.key()?);
    let mut turns = fill(&*store, &key, 5).await?;
    let big = suite.big_turn();
    append(&*store, &key, &big).await?;
    turns.push(big);
    let exact = small_turn(6);
    store.append(&key, Append::new(exact.clone()).exact()).await?;
    turns.push(exact);
    if suite.capabilities.notes {
        store.set_note(&key, "summary", "birds", 0).await?;
    }
    suite.reopen().await?;

    let store = suite.store().await;
    ensure_holds(&*store, &key, &turns.iter().collect::<Vec<_>>()).await?;
    if suite.capabilities.notes {
        let note = store.note(&key, "summary").await?.note;
        ensure(note.is_some_and(|note| note.text == "birds"), || "the note is gone".to_owned())?;
    }
    turns.push(small_turn(7));
    append_all(&*store, &key, turns.get(7..).unwrap_or_default()).await?;
    ensure_holds(&*store, &key, &turns.iter().collect::<Vec<_>>()).await
}

async fn restart_in_mid_reply(suite: &Suite<'_>) -> Verdict {
    let (store, key) = (suite.store().await, suite.key()?);
    let (first, turn) = (small_turn(0), small_turn(1));
    append(&*store, &key, &first).await?;
    suite.inject(Fault::LoseReply, Requests::From(1)).await?;
    let result = append(&*store, &key, &turn).await;
    suite.reopen().await?;
    suite.harness.heal().await;
    ensure(result.is_err(), || "acknowledged although every reply was lost".to_owned())?;

    let store = suite.store().await;
    append(&*store, &key, &turn).await?;
    ensure_holds(&*store, &key, &[&first, &turn]).await
}

async fn uncertain(suite: &Suite<'_>, fault: Fault, way: Way) -> Verdict {
    let results = append_under(suite, fault, way).await?;
    let unknown = |result: &Result<(), ErrorKind>| matches!(result, Err(ErrorKind::Unknown { .. }));
    ensure(results.iter().any(unknown), || format!("no lost reply was `Unknown`: {results:?}"))
}

/// A caller that stops waiting leaves a request on its way, which may arrive after the repetition.
async fn given_up(suite: &Suite<'_>) -> Verdict {
    let store = suite.store().await;
    for micros in [0, 50, 200, 500, 1_000, 2_000, 4_000, 8_000] {
        let first = small_turn(0);
        for turn in [small_turn(1), suite.big_turn()] {
            let key = suite.key()?;
            append(&*store, &key, &first).await?;
            let call = append(&*store, &key, &turn);
            let given_up = tokio::time::timeout(Duration::from_micros(micros), call).await.is_err();
            let copies = everything(&*store, &key).await?.turns.len();
            ensure(given_up || copies == 2, || "acknowledged, and not there".to_owned())?;
            append(&*store, &key, &turn).await?;
            ensure_holds(&*store, &key, &[&first, &turn]).await?;
        }
    }
    Ok(())
}
