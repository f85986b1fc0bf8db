//! Recall gives the newest part, oldest first, and never splits a tool call from its result.

use std::num::NonZeroU32;

use super::suite::{
    SAID, Suite, Verdict, append, append_all, ensure, ensure_holds, ensure_same, everything, fill,
    last_turns, not_proven, small_turn, streamed,
};
use crate::json::RawJson;
use crate::message::{Message, ToolCall};
use crate::session::{Scope, SessionId, SessionKey, StoredTurn, Turn};
use crate::store::{Append, Consistency, Page, SessionOrder, Window};

pub(super) async fn check(suite: &Suite<'_>) {
    suite.check(4, "the last turns, oldest first", turn_windows(suite)).await;
    suite.check(4, "the last messages, in whole turns", message_windows(suite)).await;
    suite.check(4, "tool calls stay with their results", tool_calls(suite)).await;
    suite.check(4, "a session of more than a page", many_big_turns(suite)).await;
    suite.check(4, "the stream of turns is the whole session", whole_stream(suite)).await;
    suite.check(4, "an eventual read is a part of the session", eventual(suite)).await;
    suite.check(4, "odd session ids, each a session of its own", odd_ids(suite)).await;
    suite.check(4, "scopes are kept apart", scopes(suite)).await;
    suite.check(4, "sessions are listed, each once", listing(suite)).await;
    suite.check(4, "sessions are listed newest first", listing_order(suite)).await;
}

/// A turn of `2 + 2 * calls` messages.
fn tool_turn(number: usize, calls: usize) -> Turn {
    let id = |call: usize| format!("call_{number}_{call}");
    let mut wish = Message::assistant("");
    wish.tool_calls = (0..calls)
        .map(|call| {
            let arguments = RawJson::parse(r#"{"city":"Paris"}"#).unwrap_or_else(|_| RawJson::from("Paris"));
            ToolCall::new(id(call), "weather", arguments)
        })
        .collect();
    let mut messages = vec![Message::user(format!("{SAID} {number}"))];
    if calls > 0 {
        messages.push(wish);
    }
    messages.extend((0..calls).map(|call| Message::tool(id(call), "21.5")));
    messages.push(Message::assistant(format!("{SAID} 21.5")));
    Turn::new(messages)
}

/// Turns of 2 to 8 messages.
fn mixed_turns() -> Vec<Turn> {
    [0, 2, 0, 1, 3, 0, 1, 2].into_iter().enumerate().map(|(at, calls)| tool_turn(at, calls)).collect()
}

async fn turn_windows(suite: &Suite<'_>) -> Verdict {
    let (store, key) = (suite.store().await, suite.key()?);
    let turns = mixed_turns();
    append_all(&*store, &key, &turns).await?;
    for size in 1..=turns.len() + 3 {
        let found = last_turns(&*store, &key, size as u32).await?;
        let expected: Vec<_> = turns.iter().skip(turns.len().saturating_sub(size)).collect();
        ensure_same(&found.turns, &expected).map_err(|stop| stop.when(|| format!("last {size} turns")))?;
        ensure_complete(found.complete, size, turns.len())?;
    }
    let all = everything(&*store, &key).await?;
    ensure(all.complete, || "everything is called incomplete".to_owned())?;
    ensure_same(&all.turns, &turns.iter().collect::<Vec<_>>())
}

/// A window that ends just where the session does may not know that nothing lies beyond.
fn ensure_complete(complete: bool, window: usize, there: usize) -> Verdict {
    ensure(window == there || complete == (window > there), || {
        format!("{window} of {there}: complete is {complete}")
    })
}

async fn message_windows(suite: &Suite<'_>) -> Verdict {
    let (store, key) = (suite.store().await, suite.key()?);
    let turns = mixed_turns();
    append_all(&*store, &key, &turns).await?;
    let all: usize = turns.iter().map(|turn| turn.messages.len()).sum();
    for size in 1..=all as u32 + 2 {
        let window = Window::LastMessages(NonZeroU32::new(size).unwrap_or(NonZeroU32::MIN));
        let found = store.recent(&key, window, Consistency::Strong).await?;
        let (mut messages, mut from) = (0, turns.len());
        for turn in turns.iter().rev() {
            if messages >= size as usize {
                break;
            }
            messages += turn.messages.len();
            from -= 1;
        }
        let expected: Vec<_> = turns.iter().skip(from).collect();
        ensure_same(&found.turns, &expected).map_err(|stop| stop.when(|| format!("last {size} messages")))?;
        ensure(!found.complete || from == 0, || format!("last {size} messages are called complete"))?;
    }
    Ok(())
}

async fn tool_calls(suite: &Suite<'_>) -> Verdict {
    let (store, key) = (suite.store().await, suite.key()?);
    let turns: Vec<_> = (0..6).map(|number| tool_turn(number, 3)).collect();
    append_all(&*store, &key, &turns).await?;
    for size in 1..=50 {
        let size = NonZeroU32::new(size).unwrap_or(NonZeroU32::MIN);
        for window in [Window::LastTurns(size), Window::LastMessages(size)] {
            let found = store.recent(&key, window, Consistency::Strong).await?.turns;
            ensure(!found.is_empty(), || format!("{window:?} is empty"))?;
            ensure_answered(&found).map_err(|stop| stop.when(|| format!("{window:?}")))?;
        }
    }
    Ok(())
}

fn ensure_answered(turns: &[StoredTurn]) -> Verdict {
    let messages = || turns.iter().flat_map(|turn| &turn.messages);
    let called: Vec<_> = messages().flat_map(|message| &message.tool_calls).map(|call| &call.id).collect();
    let answered: Vec<_> = messages().filter_map(|message| message.tool_call_id.as_ref()).collect();
    ensure(called == answered, || format!("{} calls and {} results", called.len(), answered.len()))
}

async fn many_big_turns(suite: &Suite<'_>) -> Verdict {
    const TURNS: u32 = 12;
    let (store, key) = (suite.store().await, suite.key()?);
    let bytes = suite.capabilities.session_limit_bytes.map_or(200_000, |limit| limit / 16);
    let mut random = suite.random(4);
    let turns: Vec<_> = (0..TURNS)
        .map(|_| Turn::new([Message::user(random.text(bytes as usize)), Message::assistant(SAID)]))
        .collect();
    append_all(&*store, &key, &turns).await?;
    let turns: Vec<_> = turns.iter().collect();
    ensure_holds(&*store, &key, &turns).await?;
    ensure_same(&streamed(&*store, &key).await?, &turns)?;
    for size in [1, 4, 9, TURNS] {
        let found = last_turns(&*store, &key, size).await?;
        let expected = turns.get((TURNS - size) as usize..).unwrap_or_default();
        ensure_same(&found.turns, expected).map_err(|stop| stop.when(|| format!("last {size} turns")))?;
        ensure_complete(found.complete, size as usize, turns.len())?;
    }
    Ok(())
}

async fn whole_stream(suite: &Suite<'_>) -> Verdict {
    let (store, key) = (suite.store().await, suite.key()?);
    ensure(streamed(&*store, &key).await?.is_empty(), || "a new session streams turns".to_owned())?;
    let turns = fill(&*store, &key, suite.options.long_session_turns as usize).await?;
    let turns: Vec<_> = turns.iter().collect();
    ensure_same(&streamed(&*store, &key).await?, &turns)?;
    ensure_holds(&*store, &key, &turns).await
}

async fn eventual(suite: &Suite<'_>) -> Verdict {
    let (store, key) = (suite.store().await, suite.key()?);
    let turns = fill(&*store, &key, 6).await?;
    let found = store.recent(&key, Window::Everything, Consistency::Eventual).await?.turns;
    let expected: Vec<_> = turns.iter().take(found.len()).collect();
    ensure_same(&found, &expected)
}

async fn odd_ids(suite: &Suite<'_>) -> Verdict {
    let store = suite.store().await;
    let mut keys = Vec::new();
    let plain = suite.key()?;
    for suffix in [
        "",
        " ",
        "#",
        "#0",
        ":1",
        "/",
        "~",
        "!id#",
        "日本語 😀",
        "\u{0}\u{7f}\n\t",
        "é",
        "e\u{301}",
        "*?[a]",
        "{x}",
    ] {
        let id = format!("{}{suffix}", plain.session);
        keys.push(suite.keep(SessionKey { scope: Scope::default(), session: SessionId::new(id)? }));
    }
    // What a layout might use for keys of its own.
    keys.push(suite.keep(SessionKey::local(format!("canvas-memory:sessions:{}", plain.session))?));
    keys.push(suite.keep(SessionKey::local(format!("canvas-memory:scope:a:{}", plain.session))?));
    keys.push(suite.keep(SessionKey::local(format!("canvas-memory:local:{}", plain.session))?));
    keys.push(suite.keep(SessionKey::local(format!("message_store:{}", plain.session))?));
    let room = SessionId::MAX_BYTES - plain.session.as_str().len();
    keys.push(suite.keep(SessionKey::local(format!("{}{}", plain.session, "x".repeat(room)))?));

    let turns: Vec<_> = (0..keys.len()).map(small_turn).collect();
    for (key, turn) in keys.iter().zip(&turns) {
        store.append(key, Append::new(turn.clone()).exact()).await?;
    }
    for (key, turn) in keys.iter().zip(&turns) {
        let id = key.session.as_str().replace(plain.session.as_str(), "…");
        ensure_holds(&*store, key, &[turn]).await.map_err(|stop| stop.when(|| format!("id {id:.40?}")))?;
    }
    if let (Some(first), Some((second, turn))) = (keys.first(), keys.iter().zip(&turns).nth(1)) {
        store.clear(first).await?;
        ensure_holds(&*store, second, &[turn]).await?;
    }
    Ok(())
}

async fn scopes(suite: &Suite<'_>) -> Verdict {
    let (store, local) = (suite.store().await, suite.key()?);
    let scoped = |scope: &str| -> Verdict<SessionKey> {
        let key = SessionKey { scope: Scope::new(scope)?, session: local.session.clone() };
        Ok(suite.keep(key))
    };
    if !suite.capabilities.scopes {
        return not_proven("the layout does not declare scopes");
    }
    let keys = [local.clone(), scoped("anna")?, scoped("anna.b")?, scoped("ann")?];
    let turns: Vec<_> = (0..keys.len()).map(small_turn).collect();
    for (key, turn) in keys.iter().zip(&turns) {
        append(&*store, key, turn).await?;
    }
    for (key, turn) in keys.iter().zip(&turns) {
        ensure_holds(&*store, key, &[turn]).await?;
    }
    store.clear(&local).await?;
    for (key, turn) in keys.iter().zip(&turns).skip(1) {
        ensure_holds(&*store, key, &[turn]).await?;
        let listed = listed(suite, &key.scope, std::slice::from_ref(key)).await?;
        ensure(listed == [key.session.clone()], || "a scope does not list its session".to_owned())?;
    }
    Ok(())
}

/// Those of `keys` that a scope lists, in its order.
pub(super) async fn listed(suite: &Suite<'_>, scope: &Scope, keys: &[SessionKey]) -> Verdict<Vec<SessionId>> {
    let store = suite.store().await;
    let mut found = Vec::new();
    let limit = NonZeroU32::MIN.saturating_add(6);
    let mut page = Page { limit, token: None };
    loop {
        let sessions = store.sessions(scope, page).await?;
        ensure(sessions.sessions.len() <= limit.get() as usize, || "a page is longer than asked".to_owned())?;
        let ours = |session: &SessionId| keys.iter().any(|key| key.session == *session);
        found.extend(sessions.sessions.into_iter().map(|entry| entry.session).filter(ours));
        match sessions.next {
            Some(token) => page = Page { limit, token: Some(token) },
            None => return Ok(found),
        }
    }
}

async fn listing(suite: &Suite<'_>) -> Verdict {
    let store = suite.store().await;
    let mut keys = Vec::new();
    for number in 0..17 {
        let key = suite.key()?;
        append_all(&*store, &key, &[small_turn(number), small_turn(number + 1)]).await?;
        keys.push(key);
    }
    let mut found = listed(suite, &Scope::default(), &keys).await?;
    found.sort();
    let mut expected: Vec<_> = keys.into_iter().map(|key| key.session).collect();
    expected.sort();
    ensure(found == expected, || format!("{} entries for {} sessions", found.len(), expected.len()))
}

async fn listing_order(suite: &Suite<'_>) -> Verdict {
    if suite.capabilities.sessions != SessionOrder::NewestFirst {
        return not_proven("the layout does not declare an order of sessions");
    }
    let store = suite.store().await;
    let keys = [suite.key()?, suite.key()?, suite.key()?];
    let mut shifted = 0;
    let mut result = Ok(());
    for at in [0, 1, 2, 0, 1] {
        // Layouts may keep the time to the hour.
        suite.shift_clock(7_200).await?;
        shifted += 7_200;
        if let Some(key) = keys.get(at) {
            result = result.and(append(&*store, key, &small_turn(shifted as usize)).await.map(|_| ()));
        }
    }
    let found = listed(suite, &Scope::default(), &keys).await;
    suite.shift_clock(-shifted).await?;
    result?;
    let [first, second, third] = keys.map(|key| key.session);
    let found = found?;
    ensure(found == [second.clone(), first.clone(), third.clone()], || {
        let place = |id: &SessionId| [&first, &second, &third].iter().position(|other| *other == id);
        format!("expected 1 0 2, found {:?}", found.iter().filter_map(place).collect::<Vec<_>>())
    })
}
