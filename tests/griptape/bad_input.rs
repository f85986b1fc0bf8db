//! What can't be read is told by its place, and never taken for nothing, and never overwritten.

use aws_sdk_dynamodb::types::AttributeValue;
use canvas_memory::dynamodb::griptape::{
    FixedSortKey, GriptapeStore, ItemSlot, ItemSlotConfig, SortKeyValue, table,
};
use canvas_memory::dynamodb::size::Item;
use canvas_memory::dynamodb::tables::{KeyAttribute, TableDefinition};
use canvas_memory::error::{Error, ErrorKind};
use canvas_memory::griptape::{FileSlot, GriptapeConfig, GriptapeFiles};
use canvas_memory::message::Message;
use canvas_memory::session::{Position, Scope, SessionKey};
use canvas_memory::store::{Append, ChatStore, Consistency, MessageRef, Page, Window};

use crate::bench::{Bench, NOW, OLD, TABLE, all, key, s, texts, turn};

const RUN: &str = r#"{"type": "Run", "id": "a", "meta": null, "input": {"type": "TextArtifact", "value": "secret"}, "output": {"type": "TextArtifact", "value": "fine"}}"#;

/// Each way to read and write a session whose value can't be read.
async fn errors(bench: &Bench, session: &str) -> Vec<Error> {
    let (store, key) = (&bench.store, key(session));
    let at = MessageRef { position: Position::new("2.a"), turn_id: None, index: 0 };
    let mut errors = vec![
        store.recent(&key, Window::Everything, Consistency::Strong).await.unwrap_err(),
        store.append(&key, Append::new(turn("new"))).await.unwrap_err(),
        store.delete_message(&key, &at).await.unwrap_err(),
        store.edit_message(&key, &at, Message::user("new")).await.unwrap_err(),
    ];
    errors.push(store.set_note(&key, "summary", "new", 0).await.unwrap_err());
    errors.push(store.note(&key, "summary").await.unwrap_err());
    errors
}

#[tokio::test]
async fn a_value_that_is_no_session_is_an_error_and_stays() {
    let bench = Bench::start().await;
    let deep = "[".repeat(100_000);
    let values = [
        s(""),
        s("secret {"),
        s(&RUN[..20]),
        s("null"),
        s("17"),
        s("[]"),
        s("\"secret\""),
        s("{}"),
        s(r#"{"runs": null}"#),
        s(r#"{"runs": {"secret": 1}, "metadata": {}}"#),
        s(r#"{"runs": [], "metadata": []}"#),
        s(r#"{"runs": [], "metadata": {"cm": "secret"}}"#),
        s(r#"{"runs": [], "runs": [], "metadata": {}}"#),
        s(r#"{"runs": [], "metadata": {"x": NaN}}"#),
        s(deep),
        AttributeValue::N("17".to_owned()),
        AttributeValue::Null(true),
        AttributeValue::L(vec![s("secret")]),
        AttributeValue::M(Item::from([("runs".to_owned(), s("secret"))])),
    ];
    for (at, value) in values.into_iter().enumerate() {
        let item =
            Item::from([("id".to_owned(), s("bad")), ("value".to_owned(), value), ("x".to_owned(), s("y"))]);
        bench.put(item.clone()).await;
        for error in errors(&bench, "bad").await {
            assert_eq!(*error.kind(), ErrorKind::Corrupt, "{at}: {error}");
            let text = format!("{error} {error:?}");
            assert!(!text.contains("secret"), "{at}: {text}");
            for fact in [("table", TABLE), ("key", "bad"), ("attribute", "value")] {
                assert!(
                    error.context().iter().any(|(name, value)| (*name, value.as_str()) == fact),
                    "{at}: {error}"
                );
            }
            assert!(error.usage().requests > 0);
        }
        assert_eq!(bench.item("bad").await.unwrap(), item, "{at}");
        let raw = bench.store.inspect(&key("bad"), Page::default()).await.unwrap().records;
        assert_eq!(raw.len(), 1, "{at}");
    }
    let cleared = bench.store.clear(&key("bad")).await.unwrap();
    assert_eq!((cleared.turns, cleared.messages), (0, 0));
    assert_eq!(bench.item("bad").await.unwrap().len(), 2, "what is not ours stays");
    bench.say("bad", "anew").await;
    assert_eq!(texts(&bench.all("bad").await.turns), ["anew", "re: anew"]);
}

#[tokio::test]
async fn a_bad_run_is_told_by_its_place_and_hides_no_other() {
    let bench = Bench::start().await;
    let text = r#"{"type": "TextArtifact", "value": "secret"}"#;
    let ends = |input: &str, output: &str| {
        format!(r#"{{"type": "Run", "id": "b", "meta": null, "input": {input}, "output": {output}}}"#)
    };
    for (bad, reason) in [
        (ends(text, "null"), "`output` is null"),
        (ends("17", text), "`input` is a number"),
        (ends(r#"{"type": "TextArtifact", "value": 17}"#, text), "a number and not a string"),
        (ends(text, r#"{"type": "BlobArtifact", "value": "secret!"}"#), "not base64"),
        (ends(text, r#"{"type": "ImageArtifact", "value": "a", "format": "png"}"#), "not base64"),
        (ends(text, r#"{"value": "secret"}"#), "without a `type`"),
        (r#"{"type": "Run", "id": "b"}"#.to_owned(), "without `input`"),
        ("null".to_owned(), "null and no run"),
        ("\"secret\"".to_owned(), "a string and no run"),
        (ends(text, text).replace("null", "[]"), "`meta` is an array"),
        (ends(text, text).replace("null", r#"{"cm": {"messages": "secret"}}"#), "can't be read"),
    ] {
        let value = format!(r#"{{"runs": [{RUN}, {bad}], "metadata": {{}}}}"#);
        bench.put_value("s", value).await;
        let recent = bench.all("s").await;
        assert_eq!(texts(&recent.turns), ["secret", "fine"], "{bad}");
        let [unreadable] = &recent.unreadable[..] else { panic!("{bad}: {:?}", recent.unreadable) };
        assert_eq!(unreadable.key, "runs[1]");
        assert!(unreadable.reason.contains(reason), "{bad}: {}", unreadable.reason);
        assert!(!unreadable.reason.contains("secret"), "{}", unreadable.reason);
        bench.say("s", "next").await;
        let runs = crate::bench::raw_runs(&bench.value("s").await);
        assert_eq!(runs[..2], [RUN.to_owned(), bad.clone()], "a bad run stays as it is");
        assert_eq!(bench.all("s").await.unreadable, recent.unreadable);

        // Brought into another generation it would be lost: nothing is written.
        let before = bench.item("s").await;
        let error = bench.node(OLD).append(&key("s"), Append::new(turn("old"))).await.unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::Corrupt, "{bad}: {error}");
        assert_eq!(bench.item("s").await, before, "{bad}");
    }
}

#[tokio::test]
async fn names_of_modules_are_text_like_any_other() {
    let bench = Bench::start().await;
    let run = RUN.replace(
        r#""value": "secret""#,
        r#""module_name": "os.path", "value": "harmless", "__class__": "x""#,
    );
    bench.put_value("s", format!(r#"{{"runs": [{run}], "metadata": {{}}}}"#)).await;
    assert_eq!(texts(&bench.all("s").await.turns), ["harmless", "fine"]);
    bench.say("s", "next").await;
    assert_eq!(crate::bench::raw_runs(&bench.value("s").await)[0], run);
}

#[tokio::test]
async fn two_runs_under_one_id_are_two_turns() {
    let bench = Bench::start().await;
    let other = RUN.replace("secret", "other");
    bench.put_value("s", format!(r#"{{"runs": [{RUN}, {other}], "metadata": {{}}}}"#)).await;
    let turns = bench.all("s").await.turns;
    assert_eq!(texts(&turns), ["secret", "fine", "other", "fine"]);
    assert_ne!(turns[0].position, turns[1].position);
    assert_eq!((turns[0].id.is_some(), turns[1].id.is_some()), (true, false));
    let at = MessageRef { position: turns[1].position.clone(), turn_id: None, index: 0 };
    bench.store.edit_message(&key("s"), &at, Message::user("changed")).await.unwrap();
    assert_eq!(texts(&bench.all("s").await.turns), ["secret", "fine", "changed", "fine"]);
}

#[tokio::test]
async fn a_table_of_another_shape_is_a_mismatch() {
    let bench = Bench::start().await;
    let numbers = TableDefinition::new("numbers", KeyAttribute::number("id"), None);
    numbers.create(&bench.client).await.unwrap();
    table("sorted", "id", Some(KeyAttribute::text("part"))).create(&bench.client).await.unwrap();
    let on = |config: ItemSlotConfig| {
        GriptapeStore::new(ItemSlot::new(bench.client.clone(), config).unwrap(), GriptapeConfig::default())
            .unwrap()
    };
    let number = FixedSortKey { attribute: "part".to_owned(), value: SortKeyValue::Number("1".to_owned()) };
    for store in [
        on(ItemSlotConfig::new("numbers", "id")),
        on(ItemSlotConfig::new("sorted", "id")),
        on(ItemSlotConfig::new("sorted", "other")),
        on(ItemSlotConfig { sort_key: Some(number), ..ItemSlotConfig::new("sorted", "id") }),
    ] {
        let read = store.recent(&key("s"), Window::Everything, Consistency::Strong).await.unwrap_err();
        let written = store.append(&key("s"), Append::new(turn("a"))).await.unwrap_err();
        for error in [read, written] {
            assert_eq!(*error.kind(), ErrorKind::Mismatch, "{error}");
        }
    }
}

#[tokio::test]
async fn sort_keys_of_both_types_share_the_table_with_other_rows() {
    for (value, attribute) in [
        (SortKeyValue::Text("memory".to_owned()), s("memory")),
        (SortKeyValue::Number("7".to_owned()), AttributeValue::N("7".to_owned())),
    ] {
        let sort_key = Some(FixedSortKey { attribute: "part".to_owned(), value });
        let slot = ItemSlotConfig { sort_key, ..ItemSlotConfig::new(TABLE, "id") };
        let bench = Bench::with(slot, GriptapeConfig::default()).await;
        let other = match &attribute {
            AttributeValue::S(_) => s("other"),
            _ => AttributeValue::N("8".to_owned()),
        };
        let id = |part: &AttributeValue| {
            Item::from([("id".to_owned(), s("s")), ("part".to_owned(), part.clone())])
        };
        let mut row = id(&other);
        row.insert("value".to_owned(), s("not a session"));
        bench.put(row).await;
        bench.say("s", "a").await;
        bench.say("t", "b").await;
        let read = bench.client.sdk().get_item().table_name(TABLE).set_key(Some(id(&attribute)));
        assert!(read.send().await.unwrap().item.unwrap()["value"].as_s().unwrap().contains("re: a"));
        let mut found = Vec::new();
        let mut page = Page { limit: 1.try_into().unwrap(), token: None };
        loop {
            let sessions = bench.store.sessions(&Scope::default(), page.clone()).await.unwrap();
            found.extend(sessions.sessions.into_iter().map(|entry| entry.session.to_string()));
            match sessions.next {
                Some(token) => page.token = Some(token),
                None => break,
            }
        }
        found.sort();
        assert_eq!(found, ["s", "t"]);
        assert_eq!(bench.store.clear(&key("s")).await.unwrap().turns, 1);
        assert_eq!(texts(&bench.all("t").await.turns), ["b", "re: b"]);
    }
}

#[tokio::test]
async fn a_scope_of_its_own_has_no_place_here() {
    let bench = Bench::start().await;
    let scoped = SessionKey { scope: Scope::new("anna").unwrap(), ..key("s") };
    let error = bench.store.append(&scoped, Append::new(turn("a"))).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Unsupported);
}

#[tokio::test]
async fn a_file_has_no_place_for_what_f1_cant_hold() {
    let folder = tempfile::tempdir().unwrap();
    let error = GriptapeFiles::new(FileSlot::new(folder.path()), OLD).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::InvalidInput { field } if field == "generation"), "{error}");
}

#[tokio::test]
async fn what_lies_beside_is_corrupt_too_when_it_cant_be_read() {
    let bench = Bench::with(ItemSlotConfig::new(TABLE, "id"), OLD).await;
    bench.say("s", "a").await;
    let mut item = bench.item("s").await.unwrap();
    for bad in ["", "[]", r#"{"runs": []}"#, r#"{"metadata": 1}"#] {
        item.insert("cm_beside".to_owned(), s(bad));
        bench.put(item.clone()).await;
        let error = bench.store.append(&key("s"), Append::new(turn("b"))).await.unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::Corrupt, "{bad}");
        assert_eq!(bench.item("s").await.unwrap(), item);
    }
    // Without it, and with one of another program's making, the texts are there.
    item.insert("cm_beside".to_owned(), AttributeValue::N(NOW.to_string()));
    bench.put(item.clone()).await;
    assert_eq!(texts(&all(&bench.store, "s").await.turns), ["a", "re: a"]);
}
