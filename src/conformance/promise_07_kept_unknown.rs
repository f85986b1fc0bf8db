//! What we don't know is kept, byte for byte where it was not touched (raw JSON, lone surrogates and long numbers
//! included). A foreign reader of what we write gets the role and text that its own writer would have given it.

use super::changed_messages;
use super::suite::{
    Suite, Verdict, append, append_all, ensure, ensure_holds, ensure_same, everything, fail, not_proven,
    small_turn, streamed,
};
use crate::json::RawJson;
use crate::message::{Message, Role};
use crate::session::{SessionKey, TokenCount, Turn, TurnId};
use crate::store::{Append, Page};

/// Messages as their JSON text, each with something that is easily lost.
const MESSAGES: &[(&str, &str)] = &[
    ("a name", r#"{"role":"user","content":"Weather?","name":"bob"}"#),
    (
        "tool calls",
        r#"{"role":"assistant","content":"","tool_calls":[{"id":"c1","name":"w","arguments":{"city": "Paris"}},{"id":"c2","name":"w","arguments":{}}]}"#,
    ),
    (
        "text beside a tool call",
        r#"{"role":"assistant","content":"Let me look.","tool_calls":[{"id":"","name":"w","arguments":"not an object"}]}"#,
    ),
    (
        "unknown fields of a tool call",
        r#"{"role":"assistant","content":"","tool_calls":[{"id":"c1","name":"w","arguments":{},"index":0,"trace":{"n": 1.10},"type":"function"},{"id":"c2","name":"w","arguments":"text","args":1,"error":null}]}"#,
    ),
    ("a tool result", r#"{"role":"tool","content":"{\"temp\": 21.5}","tool_call_id":"c1","name":"w"}"#),
    (
        "long numbers",
        r#"{"role":"assistant","content":"","tool_calls":[{"id":"c","name":"n","arguments":{"n":12345678901234567890.10,"e":1E400,"z":-0.0}}],"seed":123456789012345678901234567890}"#,
    ),
    (
        "parts",
        r#"{"role":"user","content":[{"type":"text","text":"What is this?"},{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0KGgo="}}]}"#,
    ),
    (
        "one part with a field of its own",
        r#"{"role":"user","content":[{"type":"text","text":"a","cache_control":{"type":"ephemeral"}}]}"#,
    ),
    ("an empty part", r#"{"role":"user","content":[{"type":"text","text":""},{"type":"file","file":null}]}"#),
    ("a lone surrogate", r#"{"role":"user","content":"cut \ud83d"}"#),
    (
        "lone surrogates in parts and fields",
        r#"{"role":"user","content":[{"type":"text","text":"\udc00 x"}],"trace":{"t":"\ud83d\ud83d\ude00"}}"#,
    ),
    ("escapes as they were written", r#"{"role":"user","content":"a","trace":"\u0041\/\ud83d\ude00"}"#),
    (
        "unknown fields",
        r#"{"role":"assistant","content":"a","annotations":[],"refusal":null,"usage":{"input": 1.10, "output":2e0}}"#,
    ),
    ("a field twice in an object", r#"{"role":"assistant","content":"a","odd":{"a":1,"a":2}}"#),
    (
        "deep nesting",
        r#"{"role":"user","content":"a","deep":[[[[[[[[[[{"a":[{"b":[{"c":[{"d":1}]}]}]}]]]]]]]]]]}"#,
    ),
    (
        "fields that a layout may use",
        r#"{"role":"user","content":"a","additional_kwargs":{"x":1},"cm":"1","cm_turn":"t","data":{"content":"other"},"messages":[],"response_metadata":{},"text":"other","type":"ai"}"#,
    ),
    ("another role", r#"{"role":"critic","content":"no"}"#),
    ("a role that layouts use", r#"{"role":"human","content":"a"}"#),
    ("a developer", r#"{"role":"developer","content":"Be brief.","id":"m1"}"#),
    ("a system message", r#"{"role":"system","content":"Be brief."}"#),
    ("no content", r#"{"role":"assistant","content":""}"#),
    ("empty texts", r#"{"role":"tool","content":"","tool_call_id":"","name":"","id":""}"#),
    ("control characters", r#"{"role":"user","content":"a\u0000b\u001f\r\n\t\u007f\u2028"}"#),
    ("scripts", r#"{"role":"user","content":"日本語 😀 👩‍👩‍👧 שלום e\u0301"}"#),
    ("text that looks like JSON", r#"{"role":"user","content":"{\"type\":\"human\",\"data\":{}}"}"#),
    ("text that is null", r#"{"role":"user","content":"null"}"#),
    ("blanks", r#"{"role":"user","content":"  \n "}"#),
];

pub(super) async fn check(suite: &Suite<'_>) {
    suite.check(7, "messages of all kinds", messages(suite)).await;
    suite.check(7, "turns of all kinds of messages", turns(suite)).await;
    suite.check(7, "a big message", big_message(suite)).await;
    suite.check(7, "turn ids of all characters", turn_ids(suite)).await;
    suite.check(7, "token counts", token_counts(suite)).await;
    suite.check(7, "notes of all characters", notes(suite)).await;
    changed_messages::check(suite).await;
    suite.check(7, "what is stored can be inspected", inspected(suite)).await;
    suite.check(7, "a foreign reader gets role and text", foreign_reader(suite)).await;
}

/// Messages of all kinds, with what each of them is.
pub(super) fn parsed() -> Verdict<Vec<(&'static str, Message)>> {
    let mut messages = Vec::new();
    for (what, text) in MESSAGES {
        let message: Message = match serde_json::from_str(text) {
            Ok(message) => message,
            Err(error) => return fail(format!("{what}: {error}")),
        };
        // Other characters may be written in more than one way.
        let is_canonical = !text.contains("\\u");
        if is_canonical && serde_json::to_string(&message).ok().as_deref() != Some(*text) {
            return fail(format!("{what}: is not read and written as it was"));
        }
        messages.push((*what, message));
    }
    Ok(messages)
}

async fn messages(suite: &Suite<'_>) -> Verdict {
    let store = suite.store().await;
    for (what, message) in parsed()? {
        let key = suite.key()?;
        let turn = Turn::new([message]);
        let stored = async {
            append(&*store, &key, &turn).await?;
            ensure_holds(&*suite.store().await, &key, &[&turn]).await?;
            ensure_same(&streamed(&*store, &key).await?, &[&turn])?;
            let again = append(&*store, &key, &turn).await?;
            ensure(again.duplicate, || "the same turn is not known again".to_owned())
        };
        stored.await.map_err(|stop| stop.when(|| what.to_owned()))?;
    }
    Ok(())
}

async fn turns(suite: &Suite<'_>) -> Verdict {
    let (store, key) = (suite.store().await, suite.key()?);
    let messages: Vec<_> = parsed()?.into_iter().map(|(_, message)| message).collect();
    let mut turns: Vec<_> = messages.chunks(5).map(Turn::new).collect();
    turns.push(Turn::new(messages));
    append_all(&*store, &key, &turns).await?;
    let turns: Vec<_> = turns.iter().collect();
    ensure_holds(&*suite.store().await, &key, &turns).await?;
    ensure_same(&streamed(&*store, &key).await?, &turns)
}

async fn big_message(suite: &Suite<'_>) -> Verdict {
    let store = suite.store().await;
    let raw = RawJson::parse(r#"{"n": 1.10,"s":"\ud83d"}"#).unwrap_or_else(|_| RawJson::from(""));
    for exact in [false, true] {
        let key = suite.key()?;
        let mut turn = suite.big_turn();
        for message in &mut turn.messages {
            message.extra.insert("trace".to_owned(), raw.clone());
        }
        let append = Append::new(turn.clone());
        store.append(&key, if exact { append.exact() } else { append }).await?;
        ensure_holds(&*suite.store().await, &key, &[&turn]).await?;
    }
    Ok(())
}

async fn turn_ids(suite: &Suite<'_>) -> Verdict {
    let (store, key) = (suite.store().await, suite.key()?);
    let (low, high): (String, String) = (('!'..='O').collect(), ('P'..='~').collect());
    let mut turns = Vec::new();
    for id in [low.as_str(), &high, "a", "A", "a#b", "null", "0", &"x".repeat(TurnId::MAX_BYTES)] {
        let turn = Turn::with_id(TurnId::new(id)?, small_turn(turns.len()).messages);
        let append = Append::new(turn.clone());
        let append = if turns.len() % 2 == 0 { append.exact() } else { append };
        ensure(!store.append(&key, append).await?.duplicate, || {
            "another id is taken for this one".to_owned()
        })?;
        turns.push(turn);
    }
    ensure_holds(&*suite.store().await, &key, &turns.iter().collect::<Vec<_>>()).await
}

async fn token_counts(suite: &Suite<'_>) -> Verdict {
    let (store, key) = (suite.store().await, suite.key()?);
    let counts = [None, Some(("o200k_base", 17)), Some(("estimate:4", u64::from(u32::MAX)))];
    let counts = counts
        .map(|count| count.map(|(tokenizer, count)| TokenCount { tokenizer: tokenizer.to_owned(), count }));
    for (at, count) in counts.iter().enumerate() {
        let turn = Turn { tokens: count.clone(), ..small_turn(at) };
        append(&*store, &key, &turn).await?;
    }
    let found: Vec<_> = everything(&*store, &key).await?.turns.into_iter().map(|turn| turn.tokens).collect();
    ensure(found == counts, || format!("{counts:?} became {found:?}"))
}

async fn notes(suite: &Suite<'_>) -> Verdict {
    if !suite.capabilities.notes {
        return not_proven("the layout does not declare notes");
    }
    let (store, key) = (suite.store().await, suite.key()?);
    append(&*store, &key, &small_turn(0)).await?;
    for (version, text) in (0..).zip(["", "日本語 😀 \u{0}", "\"\\{}", &suite.random(7).text(20_000)]) {
        store.set_note(&key, "summary", text, version).await?;
        let note = suite.store().await.note(&key, "summary").await?.note;
        let found = note.map(|note| (note.text, note.version));
        ensure(found == Some((text.to_owned(), version + 1)), || format!("note {} changed", version + 1))?;
    }
    Ok(())
}

async fn inspected(suite: &Suite<'_>) -> Verdict {
    let (store, key) = (suite.store().await, suite.key()?);
    append(&*store, &key, &Turn::new([Message::user("a word like qxzzy")])).await?;
    append(&*store, &key, &Turn::new([Message::user("another like vwkkq")])).await?;
    let raw = inspect(suite, &key).await?;
    ensure(raw.contains("qxzzy") && raw.contains("vwkkq"), || "a stored text is in no record".to_owned())
}

/// All records of a session, a page of two at a time.
pub(super) async fn inspect(suite: &Suite<'_>, key: &SessionKey) -> Verdict<String> {
    let store = suite.store().await;
    let limit = std::num::NonZeroU32::MIN.saturating_add(1);
    let mut all = String::new();
    let mut token = None;
    loop {
        let page = store.inspect(key, Page { limit, token }).await?;
        ensure(page.records.len() <= limit.get() as usize, || "a page is longer than asked".to_owned())?;
        for record in page.records {
            ensure(record.bytes > 0, || "a record has no size".to_owned())?;
            all.push_str(record.raw.as_str());
        }
        token = page.next;
        if token.is_none() {
            return Ok(all);
        }
    }
}

async fn foreign_reader(suite: &Suite<'_>) -> Verdict {
    let (store, key) = (suite.store().await, suite.key()?);
    let said = [
        (Role::User, "Hello my name is Collin. 😀"),
        (Role::Assistant, "Hi!"),
        (Role::User, "What is\nmy \"name\"?"),
        (Role::Assistant, "Collin."),
    ];
    let turns: Vec<_> = said
        .chunks(2)
        .map(|pair| {
            Turn::new(pair.iter().map(|(role, text)| Message::new(role.clone(), *text)).collect::<Vec<_>>())
        })
        .collect();
    append_all(&*store, &key, &turns).await?;
    let Some(seen) = suite.harness.foreign_view(&key).await else {
        return not_proven("the harness has no other reader");
    };
    let said = said.map(|(role, text)| (role, text.to_owned()));
    ensure(seen == said, || format!("it reads {seen:?}"))
}
