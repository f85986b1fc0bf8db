//! Sessions, newest first, each once.

use canvas_memory::ErrorKind;
use canvas_memory::session::Scope;
use canvas_memory::store::{Append, ChatStore, PageToken, SessionOrder};

use crate::bench::{Bench, NOW, key, page, turn_as};

async fn listed(bench: &Bench, limit: u32) -> Vec<String> {
    let (mut sessions, mut token) = (Vec::new(), None);
    loop {
        let found = bench.store.sessions(&Scope::default(), page(limit, token)).await.unwrap();
        sessions.extend(found.sessions.into_iter().map(|entry| entry.session.to_string()));
        token = found.next;
        if token.is_none() {
            return sessions;
        }
    }
}

#[tokio::test]
async fn sessions_come_newest_first_and_each_once() {
    let bench = Bench::start().await;
    assert_eq!(bench.store.capabilities().sessions, SessionOrder::NewestFirst);
    for hour in 0..6 {
        for session in 0..=hour {
            bench.say(&key(&format!("s{session}")), "x").await;
        }
        bench.say(&key(&format!("once{hour}")), "x").await;
        bench.pass(3_600);
    }
    for limit in [1, 2, 3, 100] {
        let sessions = listed(&bench, limit).await;
        let mut newest: Vec<_> = sessions.iter().take(7).cloned().collect();
        newest.sort();
        assert_eq!(newest, ["once5", "s0", "s1", "s2", "s3", "s4", "s5"]);
        assert_eq!(sessions[7..], ["once4", "once3", "once2", "once1", "once0"]);
    }
    let again = bench.store.sessions(&Scope::default(), page(100, None)).await.unwrap();
    assert_eq!((again.usage.requests, again.usage.write_units), (1, 0.0), "there is nothing left to tidy");
    assert_eq!(again.sessions[0].last_active_epoch_secs, Some((NOW / 3_600 + 5) * 3_600));
}

#[tokio::test]
async fn listing_costs_one_unit_a_session_and_hour() {
    let bench = Bench::start().await;
    let key = key("s");
    let mut units = Vec::new();
    let mut position = bench.say(&key, "first").await.position;
    for secs in [0, 600, 3_600, 600] {
        bench.pass(secs);
        let done = bench.say_after(&key, "x", &position).await;
        units.push(done.usage.write_units);
        position = done.position;
    }
    assert_eq!(units, [1.0, 1.0, 2.0, 1.0]);
}

#[tokio::test]
async fn a_session_whose_writer_died_before_listing_it_is_listed_by_the_retry() {
    let bench = Bench::start().await;
    let key = key("s");
    let append = Append::new(turn_as("mine", "x"));
    bench.store.append(&key, append.clone()).await.unwrap();
    let page_one = || bench.store.sessions(&key.scope, page(10, None));
    let listing = "canvas-memory:sessions:local";
    let rows = bench.client.sdk().query().table_name(crate::bench::TABLE);
    let rows = rows
        .key_condition_expression("SessionId = :p")
        .expression_attribute_values(":p", crate::bench::s(listing))
        .send()
        .await
        .unwrap();
    let sort = rows.items()[0]["SK"].as_s().unwrap().clone();
    bench.delete(listing, &sort).await;
    assert!(page_one().await.unwrap().sessions.is_empty());
    assert!(bench.store.append(&key, append).await.unwrap().duplicate);
    assert_eq!(page_one().await.unwrap().sessions.len(), 1);
}

#[tokio::test]
async fn a_session_cleared_and_filled_in_the_same_hour_is_listed() {
    let bench = Bench::start().await;
    let key = key("s");
    bench.say(&key, "old").await;
    bench.store.clear(&key).await.unwrap();
    assert!(listed(&bench, 10).await.is_empty());
    let position = bench.all(&key).await.position.unwrap();
    bench.say_after(&key, "new", &position).await;
    assert_eq!(listed(&bench, 10).await, ["s"]);
}

#[tokio::test]
async fn a_page_token_of_another_store_is_refused() {
    let bench = Bench::start().await;
    let other = page(10, Some(PageToken("nonsense".to_owned())));
    let key = key("s");
    bench.say(&key, "x").await;
    for error in [
        bench.store.sessions(&Scope::default(), other.clone()).await.unwrap_err(),
        bench.store.inspect(&key, other.clone()).await.unwrap_err(),
        bench.store.sweep(&key, other).await.unwrap_err(),
    ] {
        assert!(matches!(error.kind(), ErrorKind::InvalidInput { field } if field == "page"), "{error:?}");
    }
}
