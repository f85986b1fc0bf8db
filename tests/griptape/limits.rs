//! The limit of an item, and the most runs that a session keeps.

use std::num::{NonZeroU32, NonZeroU64};

use canvas_memory::dynamodb::griptape::ItemSlotConfig;
use canvas_memory::dynamodb::size::{MAX_ITEM_BYTES, item_bytes};
use canvas_memory::error::ErrorKind;
use canvas_memory::griptape::{GriptapeConfig, WhenFull};
use canvas_memory::message::Message;
use canvas_memory::session::Turn;
use canvas_memory::store::{Append, ChatStore, Dedupe};
use canvas_memory::summary::Summary;

use crate::bench::{Bench, OLD, TABLE, key, s, texts, turn, turn_as};

fn dropping() -> GriptapeConfig {
    GriptapeConfig { full: WhenFull::DropOldest, ..GriptapeConfig::default() }
}

fn keeping(runs: u32) -> GriptapeConfig {
    GriptapeConfig { max_runs: NonZeroU32::new(runs), ..GriptapeConfig::default() }
}

async fn with(config: GriptapeConfig) -> Bench {
    Bench::with(ItemSlotConfig::new(TABLE, "id"), config).await
}

/// A turn with a text of so many bytes.
fn long(id: &str, bytes: usize) -> Turn {
    Turn { messages: vec![Message::user("x".repeat(bytes)), Message::assistant("ok")], ..turn_as(id, "") }
}

#[tokio::test]
async fn a_full_session_refuses_with_the_way_out_and_loses_nothing() {
    let bench = with(GriptapeConfig::default()).await;
    for number in 0..4 {
        bench.store.append(&key("s"), Append::new(long(&number.to_string(), 90_000))).await.unwrap();
    }
    let before = bench.item("s").await.unwrap();
    let error = bench.store.append(&key("s"), Append::new(long("4", 90_000))).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::TooLarge);
    for part in ["400 KB", "dropOldest", "layout turns", TABLE] {
        assert!(error.to_string().contains(part), "{part}: {error}");
    }
    assert_eq!(
        (error.usage().requests, error.usage().write_units),
        (1, 0.0),
        "it is known before it is sent"
    );
    assert_eq!(bench.item("s").await.unwrap(), before);
    assert!(bench.all("s").await.fill.unwrap().is_near_limit());
    bench.say("s", "a small one").await;
    assert_eq!(bench.all("s").await.turns.len(), 5);
}

/// What would not fit is known before it is sent, and what is sent fits: to the byte, but for those that DynamoDB adds to an
/// update when it holds that to the limit.
#[tokio::test]
async fn all_but_the_last_bytes_of_an_item_can_be_used() {
    let expiring = ItemSlotConfig::new(TABLE, "id").expiring("expireAt", NonZeroU64::new(60).unwrap());
    for (slot, config) in [(ItemSlotConfig::new(TABLE, "id"), OLD), (expiring, GriptapeConfig::default())] {
        let bench = Bench::with(slot, config).await;
        for is_there in [false, true] {
            let most = usize::try_from(MAX_ITEM_BYTES).unwrap();
            // The longest text that fits, and the shortest that does not.
            let (mut fits, mut too_long) = (most - 1_500, most);
            while too_long - fits > 1 {
                let bytes = usize::midpoint(fits, too_long);
                let session = format!("{is_there}-{bytes}");
                if is_there {
                    bench.say(&session, "a").await;
                }
                match bench.store.append(&key(&session), Append::new(long("b", bytes))).await {
                    Ok(_) => fits = bytes,
                    Err(error) => {
                        assert_eq!((error.kind(), error.usage().requests), (&ErrorKind::TooLarge, 1));
                        too_long = bytes;
                    }
                }
            }
            let item = bench.item(&format!("{is_there}-{fits}")).await.unwrap();
            let left = MAX_ITEM_BYTES - item_bytes(&item);
            assert!(left < 200, "{left} bytes of the item can't be used");
        }
    }
}

#[tokio::test]
async fn a_full_session_lets_its_oldest_runs_go_where_the_node_says_so() {
    let bench = with(dropping()).await;
    for number in 0..9 {
        let appended =
            bench.store.append(&key("s"), Append::new(long(&number.to_string(), 90_000))).await.unwrap();
        assert_eq!((appended.usage.requests, appended.dedupe), (2, Dedupe::Lean));
    }
    let ids: Vec<_> =
        bench.all("s").await.turns.iter().map(|turn| turn.id.as_ref().unwrap().to_string()).collect();
    assert_eq!(ids, ["5", "6", "7", "8"]);
    let again = bench.store.append(&key("s"), Append::new(long("0", 90_000))).await.unwrap();
    assert!(again.duplicate, "a run that went by itself had its effect");

    let before = bench.item("s").await.unwrap();
    let error = bench.store.append(&key("s"), Append::new(long("9", 500_000))).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::TooLarge);
    assert!(!error.to_string().contains("dropOldest"), "{error}");
    assert_eq!(bench.item("s").await.unwrap(), before);
}

#[tokio::test]
async fn what_is_not_ours_takes_its_part_of_the_room() {
    let bench = with(dropping()).await;
    bench.say("s", "first").await;
    let mut item = bench.item("s").await.unwrap();
    item.insert("theirs".to_owned(), s("y".repeat(300_000)));
    bench.put(item).await;
    for number in 0..2 {
        bench.store.append(&key("s"), Append::new(long(&number.to_string(), 90_000))).await.unwrap();
    }
    assert_eq!(bench.all("s").await.turns.len(), 1);
    assert_eq!(bench.item("s").await.unwrap()["theirs"].as_s().unwrap().len(), 300_000);
}

#[tokio::test]
async fn no_more_runs_are_kept_than_asked_and_the_summary_moves_with_them() {
    let bench = with(keeping(3)).await;
    for text in ["a", "b", "c"] {
        bench.say("s", text).await;
    }
    let turns = bench.all("s").await.turns;
    let covering = |turns_covered: u64, through| Summary {
        text: "They met.".to_owned(),
        through,
        turns_covered,
        model: None,
    };
    let summary = covering(2, Some(turns[1].position.clone()));
    bench.store.set_note(&key("s"), "summary", &summary.to_note_text().unwrap(), 0).await.unwrap();
    for (text, index) in [("d", 1), ("e", 0), ("f", 0)] {
        bench.say("s", text).await;
        let json = bench.json("s").await;
        assert_eq!(json["runs"].as_array().unwrap().len(), 3);
        assert_eq!(json["metadata"]["summary_index"], index, "{text}");
        let (summary, _) = Summary::among(&bench.all("s").await.notes).unwrap().unwrap();
        let through = (index > 0).then(|| turns[1].position.clone());
        assert_eq!(summary, covering(2, through), "{text}");
    }
    assert_eq!(texts(&bench.all("s").await.turns), ["d", "re: d", "e", "re: e", "f", "re: f"]);
    let again = bench.store.append(&key("s"), Append::new(turn("a"))).await.unwrap();
    assert!(!again.duplicate, "another id is another turn");
}
