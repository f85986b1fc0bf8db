//! Clearing, also against writers that loaded before.

use canvas_memory::ErrorKind;
use canvas_memory::message::Message;
use canvas_memory::session::{SessionKey, Turn};
use canvas_memory::store::{After, Append, ChatStore, SessionState};

use crate::bench::{Bench, key, page, place, turn, turn_as};
use crate::figures::noise;

#[tokio::test]
async fn a_clear_is_complete_and_says_how_much() {
    let bench = Bench::start().await;
    let key = key("s");
    bench.say(&key, "one").await;
    bench.store.append(&key, Append::new(turn_as("kept-id", "two")).exact()).await.unwrap();
    let big = Turn::new([Message::user(noise().take(900_000).collect::<String>())]);
    bench.store.append(&key, Append::new(big)).await.unwrap();
    bench.store.set_note(&key, "summary", "about one and two", 0).await.unwrap();
    bench
        .put([("SessionId", "s"), ("SK", "SK")].map(|(k, v)| (k.to_owned(), crate::bench::s(v))).into())
        .await;

    let cleared = bench.store.clear(&key).await.unwrap();
    assert_eq!((cleared.turns, cleared.messages), (3, 5));
    let loaded = bench.all(&key).await;
    assert_eq!((loaded.turns.len(), loaded.notes.len(), loaded.state), (0, 0, SessionState::Empty));
    assert!(loaded.complete);
    assert!(bench.store.sessions(&key.scope, page(10, None)).await.unwrap().sessions.is_empty());
    for row in bench.rows(&key).await {
        let empty = row.bytes < 100 && (row.key.starts_with("SK#0000") || row.key == "!barrier");
        assert!(empty, "{} is left with {} bytes: {:?}", row.key, row.bytes, row.raw);
    }
    let again = bench.store.clear(&key).await.unwrap();
    assert_eq!((again.turns, again.messages), (0, 0));
    assert_eq!(bench.store.clear(&SessionKey::local("never").unwrap()).await.unwrap().usage.write_units, 0.0);
}

#[tokio::test]
async fn writers_that_loaded_before_a_clear_write_after_it_or_conflict() {
    let bench = Bench::start().await;
    let key = key("s");
    let mut positions = Vec::new();
    for n in 0..5 {
        positions.push(bench.say(&key, &n.to_string()).await.position);
    }
    bench.store.clear(&key).await.unwrap();
    for position in &positions {
        let stale = Append::new(turn("stale")).after(After::Exactly(Some(position.clone())));
        let error = bench.store.append(&key, stale).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Conflict { position: Some(_) }), "{error:?}");
    }
    assert!(bench.texts(&key).await.is_empty());
    for (n, position) in positions.iter().enumerate() {
        bench.say_after(&key, &format!("late {n}"), position).await;
    }
    assert_eq!(bench.texts(&key).await, ["late 0", "late 1", "late 2", "late 3", "late 4"]);
    let repeated = Append::new(turn("stale")).after(After::Exactly(Some(positions[4].clone())));
    assert!(bench.store.append(&key, repeated).await.is_err(), "as long as before, yet another session");
}

#[tokio::test]
async fn a_session_filled_again_after_days_is_not_taken_for_the_one_before() {
    let bench = Bench::start().await;
    let key = key("s");
    let stale = bench.say(&key, "old").await.position;
    bench.store.clear(&key).await.unwrap();
    bench.pass(3 * 86_400);
    while bench.store.sweep(&key, page(100, None)).await.unwrap().next.is_some() {}
    assert_eq!(bench.sort_keys(&key).await, [place(2), "!barrier".to_owned()]);
    bench.say(&key, "new").await;
    let append = Append::new(turn("stale"));
    let exactly = append.clone().after(After::Exactly(Some(stale.clone())));
    assert!(matches!(
        bench.store.append(&key, exactly).await.unwrap_err().kind(),
        ErrorKind::Conflict { .. }
    ));
    bench.store.append(&key, append.after(After::Near(stale))).await.unwrap();
    assert_eq!(bench.texts(&key).await, ["new", "stale"]);
}

#[tokio::test]
async fn an_empty_session_takes_a_first_turn_and_forgets_ids() {
    let bench = Bench::start().await;
    let key = key("s");
    let mine = Append::new(turn_as("mine", "before")).exact();
    let first = bench.store.append(&key, mine.clone()).await.unwrap();
    bench.store.clear(&key).await.unwrap();
    let end = bench.all(&key).await.position.unwrap();
    assert_ne!(end, first.position);
    let exactly = Append::new(turn("after")).after(After::Exactly(Some(end)));
    bench.store.append(&key, exactly).await.unwrap();
    assert_eq!(bench.texts(&key).await, ["after"]);
    // The id alone is forgotten with the session; a retry of the cleared turn itself has no second effect.
    assert!(!bench.store.append(&key, mine).await.unwrap().duplicate);

    let base = bench.all(&key).await.position.unwrap();
    let tried = Append::new(turn_as("other", "x")).after(After::Near(base));
    bench.store.append(&key, tried.clone()).await.unwrap();
    bench.store.clear(&key).await.unwrap();
    assert!(bench.store.append(&key, tried).await.unwrap().duplicate);
    let none = Append::new(turn("anew")).after(After::Exactly(None));
    bench.store.append(&key, none).await.unwrap();
    assert_eq!(bench.texts(&key).await, ["anew"]);
}

#[tokio::test]
async fn a_clear_that_was_cut_off_is_complete_to_readers_and_is_finished_by_the_next() {
    let bench = Bench::start().await;
    let key = key("s");
    for n in 0..3 {
        bench.say(&key, &n.to_string()).await;
    }
    let kept = bench.item("s", &place(2)).await.unwrap();
    bench.store.clear(&key).await.unwrap();
    bench.put(kept).await;
    assert!(bench.texts(&key).await.is_empty());
    assert!(bench.streamed(&key).await.is_empty());
    let again = bench.store.clear(&key).await.unwrap();
    assert_eq!(again.turns, 0, "it was not visible");
    let left = bench.rows(&key).await;
    assert!(left.iter().all(|row| row.bytes < 100), "{left:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_turn_acknowledged_after_a_clear_is_there() {
    let bench = Bench::start().await;
    let key = key("s");
    let start = bench.say(&key, "start").await.position;
    for round in 0..10 {
        let (store, start) = (bench.store.clone(), start.clone());
        let (one, two) = (bench.store.clone(), bench.store.clone());
        let name = format!("round {round}");
        let append = Append::new(turn(&name)).after(After::Near(start));
        let (k1, k2, k3) = (key.clone(), key.clone(), key.clone());
        let appended = tokio::spawn(async move { store.append(&k1, append).await.unwrap() });
        let clear = tokio::spawn(async move { one.clear(&k2).await.unwrap() });
        let other = tokio::spawn(async move { two.clear(&k3).await.unwrap() });
        let (appended, first, second) = (appended.await.unwrap(), clear.await.unwrap(), other.await.unwrap());
        let there = bench.texts(&key).await.iter().filter(|text| **text == name).count() as u64;
        let counted = first.turns + second.turns;
        let before = u64::from(round == 0);
        assert!(!appended.duplicate);
        // Each turn is seen by readers or was counted by a clear, and never both.
        assert!(there == 1 || counted > before, "round {round}: {there} there, {counted} cleared");
        bench.store.clear(&key).await.unwrap();
    }
}
