//! Expired turns are never returned, even before the database removes them, and are not revived by an append. Expiry
//! is set in the write itself.

use futures_util::TryStreamExt;

use super::suite::{
    Stop, Suite, Verdict, append, append_all, ensure, ensure_holds, ensure_same, everything, fail,
    last_turns, not_proven, small_turn, streamed,
};
use super::{Expiring, Fault, Requests};
use crate::error::ErrorKind;
use crate::session::{SessionKey, Turn};
use crate::store::{After, Append, ChatStore, SessionState, TurnPage};

pub(super) async fn check(suite: &Suite<'_>) {
    suite.check(8, "expired turns are not returned", not_returned(suite)).await;
    suite.check(8, "an append does not revive", not_revived(suite)).await;
    suite.check(8, "an append by an old position does not revive", not_revived_by_position(suite)).await;
    suite.check(8, "a repetition does not revive", not_revived_by_repetition(suite)).await;
    suite.check(8, "a turn lives as long as it should", lives(suite)).await;
    suite.check(8, "a big turn expires whole", big_turn(suite)).await;
    suite.check(8, "expiry is set by the write itself", set_by_write(suite)).await;
    suite.check(8, "notes go with the session", notes(suite)).await;
    suite.check(8, "a note before any turn expires", note_before_any_turn(suite)).await;
    suite.check(8, "turns without expiry stay", stay(suite)).await;
}

async fn expiring(suite: &Suite<'_>) -> Verdict<Expiring> {
    let Some(expiring) = suite.harness.expiring().await else {
        return not_proven("the harness has no store whose turns expire");
    };
    ensure(expiring.store.capabilities().expiry, || {
        "a store whose turns expire does not declare expiry".to_owned()
    })?;
    // Fails here, before anything is written, where the clock can't be shifted.
    suite.shift_clock(0).await?;
    Ok(expiring)
}

/// Runs a part of a check some time later.
async fn later(suite: &Suite<'_>, secs: u64, then: impl Future<Output = Verdict>) -> Verdict {
    let secs = i64::try_from(secs).unwrap_or(i64::MAX);
    suite.shift_clock(secs).await?;
    let verdict = then.await;
    suite.shift_clock(-secs).await?;
    verdict
}

/// Fails when anything of a session is returned.
async fn ensure_expired(store: &dyn ChatStore, key: &SessionKey) -> Verdict {
    let found = everything(store, key).await?;
    ensure(found.turns.is_empty() && found.unreadable.is_empty(), || {
        format!("{} expired turns are returned", found.turns.len())
    })?;
    ensure(matches!(found.state, SessionState::Expired | SessionState::New), || {
        format!("an expired session is {:?}", found.state)
    })?;
    let window = last_turns(store, key, 1).await?.turns.len();
    ensure(window == 0, || "an expired turn is returned in a window".to_owned())?;
    let pages: Vec<TurnPage> = store.turns(key).try_collect().await?;
    ensure(pages.iter().all(|page| page.turns.is_empty()), || "expired turns are streamed".to_owned())
}

async fn not_returned(suite: &Suite<'_>) -> Verdict {
    let Expiring { store, ttl_secs } = expiring(suite).await?;
    let key = suite.key()?;
    let turns = [small_turn(0), small_turn(1)];
    append_all(&*store, &key, &turns).await?;
    let found = everything(&*store, &key).await?.turns;
    ensure_same(&found, &turns.iter().collect::<Vec<_>>())?;
    ensure(found.last().is_some_and(|turn| turn.expires_at_epoch_secs.is_some()), || {
        "a turn that expires does not say when".to_owned()
    })?;
    later(suite, ttl_secs + 1, ensure_expired(&*store, &key)).await
}

async fn not_revived(suite: &Suite<'_>) -> Verdict {
    let Expiring { store, ttl_secs } = expiring(suite).await?;
    for exact in [false, true] {
        let key = suite.key()?;
        append_all(&*store, &key, &[small_turn(0), small_turn(1)]).await?;
        later(suite, ttl_secs + 1, async {
            let turn = small_turn(2);
            let append = Append::new(turn.clone());
            let append = if exact { append.exact() } else { append };
            store.append(&key, append).await?;
            ensure_holds(&*store, &key, &[&turn]).await?;
            ensure_same(&streamed(&*store, &key).await?, &[&turn])
        })
        .await?;
    }
    Ok(())
}

async fn not_revived_by_position(suite: &Suite<'_>) -> Verdict {
    let Expiring { store, ttl_secs } = expiring(suite).await?;
    let (key, exactly) = (suite.key()?, suite.key()?);
    let end = append_all(&*store, &key, &[small_turn(0), small_turn(1)]).await?;
    append(&*store, &exactly, &small_turn(0)).await?;
    later(suite, ttl_secs + 1, async {
        let turn = small_turn(2);
        let near = end.map_or(After::End, After::Near);
        store.append(&key, Append::new(turn.clone()).after(near)).await?;
        ensure_holds(&*store, &key, &[&turn]).await?;
        // To a caller, an expired session has no turns.
        let end = everything(&*store, &exactly).await?.position;
        store.append(&exactly, Append::new(turn.clone()).after(After::Exactly(end))).await?;
        ensure_holds(&*store, &exactly, &[&turn]).await
    })
    .await
}

async fn not_revived_by_repetition(suite: &Suite<'_>) -> Verdict {
    let Expiring { store, ttl_secs } = expiring(suite).await?;
    for exact in [false, true] {
        let key = suite.key()?;
        let (old, repeated) = (small_turn(0), small_turn(1));
        append(&*store, &key, &old).await?;
        let append = Append::new(repeated.clone());
        let append = if exact { append.exact() } else { append };
        store.append(&key, append.clone()).await?;
        later(suite, ttl_secs + 1, async {
            let again = store.append(&key, append).await?;
            // Either its effect has passed, or it is a turn of now; the turns beside it stay gone.
            let expected: &[&Turn] = if again.duplicate { &[] } else { &[&repeated] };
            ensure_holds(&*store, &key, expected).await
        })
        .await?;
    }
    Ok(())
}

async fn lives(suite: &Suite<'_>) -> Verdict {
    let Expiring { store, ttl_secs } = expiring(suite).await?;
    let key = suite.key()?;
    let (first, second) = (small_turn(0), small_turn(1));
    append(&*store, &key, &first).await?;
    later(suite, ttl_secs / 2, async {
        ensure_holds(&*store, &key, &[&first]).await?;
        append(&*store, &key, &second).await?;
        later(suite, ttl_secs / 2 + 1, async {
            // The first may live on with the second, or not; the second is there, and is the last.
            let found = everything(&*store, &key).await?.turns;
            match found.as_slice() {
                [_] => ensure_same(&found, &[&second]),
                [_, _] => ensure_same(&found, &[&first, &second]),
                other => fail(format!("{} turns while the second lives", other.len())),
            }
        })
        .await?;
        later(suite, ttl_secs + 1, ensure_expired(&*store, &key)).await
    })
    .await
}

async fn big_turn(suite: &Suite<'_>) -> Verdict {
    let Expiring { store, ttl_secs } = expiring(suite).await?;
    let key = suite.key()?;
    let big = suite.big_turn();
    append(&*store, &key, &big).await?;
    ensure_holds(&*store, &key, &[&big]).await?;
    later(suite, ttl_secs + 1, ensure_expired(&*store, &key)).await
}

async fn set_by_write(suite: &Suite<'_>) -> Verdict {
    let Expiring { store, ttl_secs } = expiring(suite).await?;
    let mut stored = 0;
    for number in 1..=4 {
        let key = suite.key()?;
        suite.inject(Fault::LoseReply, Requests::From(number)).await?;
        let result = append(&*store, &key, &small_turn(0)).await;
        let met = suite.harness.heal().await;
        ensure(met || result.is_ok(), || "failed without a fault".to_owned())?;
        if let Err(error) = &result {
            let code = error.kind().code();
            let expected = matches!(error.kind(), ErrorKind::Unknown { .. } | ErrorKind::Unavailable);
            ensure(expected, || format!("{code}: {error}"))?;
        }
        stored += everything(&*store, &key).await?.turns.len();
        let circumstances = || format!("every reply lost from request {number} on");
        let verdict = later(suite, ttl_secs + 1, ensure_expired(&*store, &key)).await;
        verdict.map_err(|stop: Stop| stop.when(circumstances))?;
        if !met {
            break;
        }
    }
    ensure(stored > 0, || "no turn got in".to_owned())
}

async fn notes(suite: &Suite<'_>) -> Verdict {
    let Expiring { store, ttl_secs } = expiring(suite).await?;
    if !suite.capabilities.notes {
        return not_proven("the layout does not declare notes");
    }
    let key = suite.key()?;
    append(&*store, &key, &small_turn(0)).await?;
    store.set_note(&key, "summary", "birds", 0).await?;
    later(suite, ttl_secs + 1, async {
        let with_turns = everything(&*store, &key).await?.notes.len();
        let alone = store.note(&key, "summary").await?.note;
        ensure(with_turns == 0 && alone.is_none(), || {
            "the note of an expired session is returned".to_owned()
        })?;
        append(&*store, &key, &small_turn(1)).await?;
        let notes = everything(&*store, &key).await?.notes.len();
        ensure(notes == 0, || "an append revives the note".to_owned())
    })
    .await
}

async fn note_before_any_turn(suite: &Suite<'_>) -> Verdict {
    let Expiring { store, ttl_secs } = expiring(suite).await?;
    if !suite.capabilities.notes {
        return not_proven("the layout does not declare notes");
    }
    let key = suite.key()?;
    store.set_note(&key, "summary", "birds", 0).await?;
    store.set_note(&key, "summary", "more birds", 1).await?;
    later(suite, ttl_secs + 1, async {
        let alone = store.note(&key, "summary").await?.note;
        let loaded = everything(&*store, &key).await?.notes.len();
        ensure(alone.is_none() && loaded == 0, || "an expired note is returned".to_owned())
    })
    .await
}

async fn stay(suite: &Suite<'_>) -> Verdict {
    suite.shift_clock(0).await?;
    let (store, key) = (suite.store().await, suite.key()?);
    let turn = small_turn(0);
    append(&*store, &key, &turn).await?;
    later(suite, 400 * 86_400, async {
        ensure_holds(&*store, &key, &[&turn]).await?;
        let expires =
            everything(&*store, &key).await?.turns.first().and_then(|turn| turn.expires_at_epoch_secs);
        ensure(expires.is_none(), || "a turn without expiry says when it expires".to_owned())
    })
    .await
}
