//! Many writers on one session.

use std::collections::HashSet;

use canvas_memory::ErrorKind;
use canvas_memory::store::{After, Append, ChatStore};
use tokio::task::JoinSet;

use crate::bench::{Bench, key, turn, turn_as};

#[tokio::test(flavor = "multi_thread")]
async fn no_turn_of_many_writers_is_lost_and_their_places_are_dense() {
    let bench = Bench::start().await;
    let start = bench.say(&key("s"), "start").await.position;
    let mut writers = JoinSet::new();
    for writer in 0..16 {
        let (store, start) = (bench.store.clone(), start.clone());
        writers.spawn(async move {
            let mut after = if writer % 2 == 0 { After::End } else { After::Near(start) };
            for n in 0..6 {
                let append = Append::new(turn(&format!("{writer}/{n}"))).after(after);
                let append = if n % 2 == 0 { append } else { append.exact() };
                let done = store.append(&key("s"), append).await.unwrap();
                assert!(!done.duplicate);
                after = After::Near(done.position);
            }
        });
    }
    writers.join_all().await;
    let turns = bench.all(&key("s")).await.turns;
    let places: Vec<u64> =
        turns.iter().map(|turn| turn.position.as_str().split_once('.').unwrap().0.parse().unwrap()).collect();
    assert_eq!(places, (1..=97).collect::<Vec<_>>());
    let texts = bench.texts(&key("s")).await;
    assert_eq!(texts.iter().collect::<HashSet<_>>().len(), 97);
    for writer in 0..16 {
        let own: Vec<_> = texts.iter().filter_map(|text| text.strip_prefix(&format!("{writer}/"))).collect();
        assert_eq!(own, ["0", "1", "2", "3", "4", "5"], "each writer's turns are in its order");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_turn_from_many_tasks_is_stored_once() {
    let bench = Bench::start().await;
    for (name, exact) in [("lean", false), ("exact", true)] {
        let mut writers = JoinSet::new();
        for _ in 0..12 {
            let store = bench.store.clone();
            writers.spawn(async move {
                let append = Append::new(turn_as(name, "once"));
                store.append(&key(name), if exact { append.exact() } else { append }).await.unwrap().duplicate
            });
        }
        let duplicates = writers.join_all().await.into_iter().filter(|duplicate| *duplicate).count();
        assert_eq!(duplicates, 11);
        assert_eq!(bench.texts(&key(name)).await, ["once"]);
    }
}

#[tokio::test]
async fn an_expected_position_that_is_past_is_a_conflict() {
    let bench = Bench::start().await;
    let key = key("s");
    let none = Append::new(turn("first")).after(After::Exactly(None));
    let one = bench.store.append(&key, none.clone()).await.unwrap().position;
    let two = bench.say_after(&key, "second", &one).await.position;
    let late = Append::new(turn("late"));
    for after in [After::Exactly(None), After::Exactly(Some(one))] {
        let error = bench.store.append(&key, late.clone().after(after)).await.unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::Conflict { position: Some(two.clone()) });
    }
    let in_time = bench.store.append(&key, late.after(After::Exactly(Some(two)))).await.unwrap();
    assert_eq!(in_time.usage.requests, 1);
    assert_eq!(bench.texts(&key).await, ["first", "second", "late"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_writers_who_expect_the_same_end_one_wins() {
    let bench = Bench::start().await;
    for (session, exact) in [("a", false), ("b", true)] {
        let mut writers = JoinSet::new();
        for n in 0..8 {
            let store = bench.store.clone();
            writers.spawn(async move {
                let append = Append::new(turn(&n.to_string())).after(After::Exactly(None));
                store.append(&key(session), if exact { append.exact() } else { append }).await
            });
        }
        let (won, lost): (Vec<_>, Vec<_>) = writers.join_all().await.into_iter().partition(Result::is_ok);
        assert_eq!((won.len(), lost.len()), (1, 7));
        assert!(lost.iter().all(|lost| {
            matches!(lost.as_ref().unwrap_err().kind(), ErrorKind::Conflict { position: Some(_) })
        }));
    }
}
