//! New, empty, expired (where the store still knows), not found, corrupt, denied, throttled, too large, undecryptable:
//! different results. Unreadable is never empty. One bad row is reported by its key and does not hide the rest.
//!
//! Undecryptable is decided before there is a store, where a credential is opened.

use std::sync::Arc;

use futures_util::TryStreamExt;

use super::suite::{
    SAID, Stop, Suite, Verdict, append, ensure, ensure_discreet, ensure_holds, ensure_same, everything, fail,
    fill, last_turns, not_proven, small_turn, streamed,
};
use super::{Fault, Hook, Refusal, Requests};
use crate::error::{Error, ErrorKind, Result};
use crate::message::Message;
use crate::session::{Scope, SessionKey, Turn};
use crate::store::{ChatStore, MessageRef, Page, SessionState, TurnPage};

pub(super) async fn check(suite: &Suite<'_>) {
    suite.check(5, "new, present and cleared", states(suite)).await;
    suite.check(5, "a refused append leaves a session new", refused_append(suite)).await;
    suite.check(5, "a bad row does not hide the rest", one_bad_row(suite)).await;
    suite.check(5, "a bad row is left as it is", bad_row_stays(suite)).await;
    suite.check(5, "nothing but bad rows is corrupt, not empty", all_bad(suite)).await;
    for (name, refusal) in [
        ("denied", Refusal::Denied),
        ("unauthenticated", Refusal::Unauthenticated),
        ("no such table", Refusal::NotFound),
        ("a table of another shape", Refusal::Mismatch),
        ("nothing listens", Refusal::Unavailable),
    ] {
        suite.check(5, name, refused(suite, refusal)).await;
    }
    for (name, fault, kinds) in [
        ("throttled reads", Fault::Throttle, &["throttled"] as &[_]),
        ("server errors to reads", Fault::ServerError, &["unavailable"]),
        ("reads that are lost", Fault::LoseRequest, &["unavailable"]),
        ("replies to reads that are lost", Fault::LoseReply, &["unavailable"]),
        ("no answers to reads", Fault::Nothing, &["unavailable"]),
        ("answers to reads cut off", Fault::Truncate, &["protocol", "unavailable"]),
        ("web pages for reads", Fault::Html, &["protocol"]),
        ("slow answers to reads", Fault::Slow, &["unavailable"]),
    ] {
        suite.check(5, name, faulty_reads(suite, fault, kinds)).await;
    }
    for (name, fault, code) in
        [("throttled appends", Fault::Throttle, "throttled"), ("unreachable appends", Fault::LoseRequest, "")]
    {
        suite.check(5, name, faulty_appends(suite, fault, code)).await;
    }
    suite.check(5, "too large is refused, and nothing lost", too_large(suite)).await;
    suite.check(5, "what is not declared is refused", undeclared(suite)).await;
    suite.check(5, "a message that is not there", missing_message(suite)).await;
    suite.check(5, "a token of another store", foreign_token(suite)).await;
}

async fn states(suite: &Suite<'_>) -> Verdict {
    let (store, key) = (suite.store().await, suite.key()?);
    let new = everything(&*store, &key).await?;
    ensure(new.state == SessionState::New && new.complete, || {
        format!("a session without turns is {:?}", new.state)
    })?;
    ensure(new.turns.is_empty() && new.unreadable.is_empty(), || "a new session has turns".to_owned())?;
    append(&*store, &key, &small_turn(0)).await?;
    let present = everything(&*store, &key).await?;
    ensure(present.state == SessionState::Present, || {
        format!("a session with a turn is {:?}", present.state)
    })?;
    ensure(present.position.is_some(), || "a session with a turn has no position".to_owned())?;
    store.clear(&key).await?;
    let cleared = everything(&*store, &key).await?;
    // A backend that keeps nothing of a cleared session can't tell it from a new one.
    ensure(
        matches!(cleared.state, SessionState::Empty | SessionState::New) && cleared.turns.is_empty(),
        || format!("a cleared session is {:?} with {} turns", cleared.state, cleared.turns.len()),
    )
}

async fn refused_append(suite: &Suite<'_>) -> Verdict {
    let (store, key) = (suite.store().await, suite.key()?);
    match append(&*store, &key, &Turn::new([])).await {
        Ok(_) => fail("a turn without messages was accepted"),
        Err(error) => ensure(matches!(error.kind(), ErrorKind::InvalidInput { .. }), || error.to_string()),
    }?;
    let state = everything(&*store, &key).await?.state;
    ensure(state == SessionState::New, || format!("the session is {state:?}"))
}

async fn corrupt(suite: &Suite<'_>, key: &SessionKey, nth: usize) -> Verdict {
    match suite.harness.corrupt(key, nth).await {
        Hook::Done => Ok(()),
        Hook::NotOffered => not_proven("the harness can't corrupt a row"),
    }
}

async fn one_bad_row(suite: &Suite<'_>) -> Verdict {
    let (store, key) = (suite.store().await, suite.key()?);
    let turns = fill(&*store, &key, 5).await?;
    corrupt(suite, &key, 2).await?;
    let rest: Vec<_> = turns.iter().enumerate().filter(|(at, _)| *at != 2).map(|(_, turn)| turn).collect();
    for store in [store, suite.store().await] {
        let found = everything(&*store, &key).await?;
        ensure_same(&found.turns, &rest)?;
        ensure(found.state == SessionState::Present, || format!("the state is {:?}", found.state))?;
        ensure(!found.unreadable.is_empty(), || "the bad row is not reported".to_owned())?;
        for bad in &found.unreadable {
            ensure(!bad.key.is_empty() && !bad.reason.is_empty(), || {
                "reported without key or reason".to_owned()
            })?;
            ensure(!bad.reason.contains(SAID), || "the reason shows text of the conversation".to_owned())?;
        }
        let window = last_turns(&*store, &key, 2).await?;
        ensure_same(&window.turns, rest.get(2..).unwrap_or_default())?;
        ensure_same(&streamed(&*store, &key).await?, &rest)?;
        let pages: Vec<TurnPage> = store.turns(&key).try_collect().await?;
        ensure(pages.iter().any(|page| !page.unreadable.is_empty()), || {
            "the stream does not report the bad row".to_owned()
        })?;
        store.inspect(&key, Page::default()).await?;
    }
    Ok(())
}

async fn bad_row_stays(suite: &Suite<'_>) -> Verdict {
    let (store, key) = (suite.store().await, suite.key()?);
    let mut turns = fill(&*store, &key, 3).await?;
    corrupt(suite, &key, 0).await?;
    let bad = everything(&*store, &key).await?.unreadable;
    for number in 3..6 {
        let turn = small_turn(number);
        append(&*store, &key, &turn).await?;
        turns.push(turn);
    }
    let found = everything(&*suite.store().await, &key).await?;
    ensure_same(&found.turns, &turns.iter().skip(1).collect::<Vec<_>>())?;
    ensure(!bad.is_empty() && found.unreadable == bad, || {
        format!("{:?} was reported, and after appends {:?}", bad, found.unreadable)
    })
}

async fn all_bad(suite: &Suite<'_>) -> Verdict {
    let (store, key) = (suite.store().await, suite.key()?);
    append(&*store, &key, &small_turn(0)).await?;
    corrupt(suite, &key, 0).await?;
    for _ in 0..2 {
        match everything(&*store, &key).await {
            Ok(found) => fail(format!("no error; the session is {:?}", found.state)),
            Err(error) => {
                ensure_discreet(&error)?;
                ensure(*error.kind() == ErrorKind::Corrupt, || error.to_string())
            }
        }?;
    }
    store.inspect(&key, Page::default()).await?;
    let cleared = store.clear(&key).await.map_err(Stop::from);
    cleared.map_err(|stop| stop.when(|| "a corrupt session can't be cleared".to_owned()))?;
    let state = everything(&*store, &key).await?.state;
    ensure(state != SessionState::Present, || format!("the cleared session is {state:?}"))
}

async fn refused(suite: &Suite<'_>, refusal: Refusal) -> Verdict {
    let Some(store) = suite.harness.refused(refusal).await else {
        return not_proven(format!("the harness has no store that meets {refusal:?}"));
    };
    let key = suite.key()?;
    let expected = match refusal {
        Refusal::Denied => ErrorKind::Denied,
        Refusal::Unauthenticated => ErrorKind::Unauthenticated,
        Refusal::NotFound => ErrorKind::NotFound,
        Refusal::Mismatch => ErrorKind::Mismatch,
        Refusal::Unavailable => ErrorKind::Unavailable,
    };
    let mut results = reads(&store, &key).await;
    if refusal == Refusal::Mismatch {
        // A listing asks for no key, and so meets no other shape.
        results.retain(|(operation, _)| *operation != "sessions");
    }
    results.push(("append", append(&*store, &key, &small_turn(0)).await.map(|_| ())));
    results.push(("clear", store.clear(&key).await.map(|_| ())));
    for (operation, result) in results {
        match result {
            Ok(()) => fail(format!("{operation} is not refused"))?,
            Err(error) => {
                ensure_discreet(&error)?;
                ensure(*error.kind() == expected, || {
                    format!("{operation}: {}: {error}", error.kind().code())
                })?;
            }
        }
    }
    Ok(())
}

/// Each way to read, as what went wrong.
async fn reads(store: &Arc<dyn ChatStore>, key: &SessionKey) -> Vec<(&'static str, Result<()>)> {
    vec![
        ("everything", everything(&**store, key).await.map(|_| ())),
        ("last turns", last_turns(&**store, key, 2).await.map(|_| ())),
        ("stream", streamed(&**store, key).await.map(|_| ())),
        ("sessions", store.sessions(&key.scope, Page::default()).await.map(|_| ())),
        ("inspect", store.inspect(key, Page::default()).await.map(|_| ())),
    ]
}

async fn faulty_reads(suite: &Suite<'_>, fault: Fault, kinds: &[&str]) -> Verdict {
    let (store, key) = (suite.store().await, suite.key()?);
    let turns = fill(&*store, &key, 3).await?;
    let turns: Vec<_> = turns.iter().collect();
    suite.inject(fault, Requests::From(1)).await?;
    let results = reads(&store, &key).await;
    ensure(suite.harness.heal().await, || "no read met the fault".to_owned())?;
    for (operation, result) in results {
        match result {
            Ok(()) => fail(format!("{operation} had no answer, and is no error"))?,
            Err(error) => {
                ensure_discreet(&error)?;
                let code = error.kind().code();
                ensure(kinds.contains(&code), || {
                    format!("{operation}: {code} instead of {kinds:?}: {error}")
                })?;
            }
        }
    }
    // One fault may be bridged by a retry, but never lead to another content.
    suite.inject(fault, Requests::Nth(1)).await?;
    let bridged = everything(&*store, &key).await;
    suite.harness.heal().await;
    if let Ok(found) = bridged {
        ensure_same(&found.turns, &turns)?;
    }
    ensure_holds(&*store, &key, &turns).await
}

async fn faulty_appends(suite: &Suite<'_>, fault: Fault, code: &str) -> Verdict {
    let (store, key) = (suite.store().await, suite.key()?);
    let (first, second) = (small_turn(0), small_turn(1));
    append(&*store, &key, &first).await?;
    suite.inject(fault, Requests::From(1)).await?;
    let result = append(&*store, &key, &second).await;
    suite.harness.heal().await;
    match result {
        Ok(_) => fail("no request got through, and the append is acknowledged"),
        Err(error) => ensure(code.is_empty() || error.kind().code() == code, || error.to_string()),
    }?;
    append(&*store, &key, &second).await?;
    ensure_holds(&*store, &key, &[&first, &second]).await
}

async fn too_large(suite: &Suite<'_>) -> Verdict {
    let Some(limit) = suite.capabilities.session_limit_bytes else {
        return not_proven("the layout declares no limit");
    };
    let (store, key) = (suite.store().await, suite.key()?);
    let mut turns = Vec::new();
    let mut random = suite.random(5);
    let part = usize::try_from(limit / 5).unwrap_or(80_000);
    let refusal = loop {
        let turn =
            Turn::new([Message::user(format!("{SAID} {}", random.text(part))), Message::assistant("")]);
        match append(&*store, &key, &turn).await {
            Ok(_) => turns.push(turn),
            Err(error) => break error,
        }
        ensure(turns.len() < 8, || format!("{} bytes fit in a session of {limit}", turns.len() * part))?;
    };
    ensure_discreet(&refusal)?;
    ensure(*refusal.kind() == ErrorKind::TooLarge, || refusal.to_string())?;
    ensure(turns.len() >= 3, || format!("only {} of 5 parts fit", turns.len()))?;
    let small = small_turn(1);
    append(&*store, &key, &small).await?;
    turns.push(small);
    ensure_holds(&*store, &key, &turns.iter().collect::<Vec<_>>()).await?;

    let key = suite.key()?;
    let huge = Turn::new([Message::user(random.text(part * 6))]);
    match append(&*store, &key, &huge).await {
        Ok(_) => fail("a turn larger than a session was accepted"),
        Err(error) => ensure(*error.kind() == ErrorKind::TooLarge, || error.to_string()),
    }?;
    ensure_holds(&*store, &key, &[]).await
}

fn ensure_unsupported<T>(operation: &str, result: Result<T>) -> Verdict {
    match result {
        Ok(_) => fail(format!("{operation} is not declared, and done")),
        Err(error) => ensure(*error.kind() == ErrorKind::Unsupported, || format!("{operation}: {error}")),
    }
}

async fn undeclared(suite: &Suite<'_>) -> Verdict {
    let (store, key) = (suite.store().await, suite.key()?);
    let turn = small_turn(0);
    append(&*store, &key, &turn).await?;
    let can = &suite.capabilities;
    if !can.notes {
        ensure_unsupported("note", store.note(&key, "summary").await)?;
        ensure_unsupported("set_note", store.set_note(&key, "summary", "birds", 0).await)?;
    }
    if !can.scopes {
        let key = SessionKey { scope: Scope::new("anna")?, session: key.session.clone() };
        ensure_unsupported("append in a scope", append(&*store, &key, &turn).await)?;
        ensure_unsupported("load in a scope", everything(&*store, &key).await)?;
        ensure_unsupported("clear in a scope", store.clear(&key).await)?;
    }
    let at = MessageRef { position: super::suite::position(&*store, &key).await?, turn_id: None, index: 0 };
    if !can.delete_message {
        ensure_unsupported("delete_message", store.delete_message(&key, &at).await)?;
    }
    if !can.edit_message {
        ensure_unsupported("edit_message", store.edit_message(&key, &at, Message::user("x")).await)?;
    }
    ensure_holds(&*store, &key, &[&turn]).await
}

async fn missing_message(suite: &Suite<'_>) -> Verdict {
    let can = &suite.capabilities;
    if !can.delete_message && !can.edit_message {
        return not_proven("the layout does not declare changes of a message");
    }
    let (store, key) = (suite.store().await, suite.key()?);
    let turn = small_turn(0);
    append(&*store, &key, &turn).await?;
    let position = super::suite::position(&*store, &key).await?;
    let beyond = MessageRef { position, turn_id: Some(turn.id.clone()), index: 2 };
    let is_missing = |what: &str, result: std::result::Result<(), Error>| match result {
        Ok(()) => fail(format!("{what} of a message that is not there is done")),
        Err(error) => ensure(*error.kind() == ErrorKind::NotFound, || format!("{what}: {error}")),
    };
    if can.delete_message {
        is_missing("delete", store.delete_message(&key, &beyond).await.map(|_| ()))?;
    }
    if can.edit_message {
        is_missing("edit", store.edit_message(&key, &beyond, Message::user("x")).await.map(|_| ()))?;
    }
    ensure_holds(&*store, &key, &[&turn]).await
}

async fn foreign_token(suite: &Suite<'_>) -> Verdict {
    let (store, key) = (suite.store().await, suite.key()?);
    append(&*store, &key, &small_turn(0)).await?;
    let page =
        || Page { token: Some(crate::store::PageToken("☂ {\"not\": [ours".to_owned())), ..Page::default() };
    let is_refused = |what: &str, result: Result<()>| -> Result<(), Stop> {
        match result {
            Ok(()) => fail(format!("{what} takes it")),
            Err(error) => ensure(matches!(error.kind(), ErrorKind::InvalidInput { .. }), || {
                format!("{what}: {}: {error}", error.kind().code())
            }),
        }
    };
    is_refused("sessions", store.sessions(&key.scope, page()).await.map(|_| ()))?;
    is_refused("inspect", store.inspect(&key, page()).await.map(|_| ()))
}
