//! What the layout costs, exactly.

use canvas_memory::dynamodb::griptape::ItemSlotConfig;
use canvas_memory::dynamodb::size::item_bytes;
use canvas_memory::store::{After, Append, ChatStore};
use canvas_memory::usage::Usage;

use crate::bench::{Bench, OLD, TABLE, all, key, last, turn};

/// Requests, and units read and written.
fn figures(usage: Usage) -> (u64, f64, f64) {
    (usage.requests, usage.read_units, usage.write_units)
}

async fn bytes(bench: &Bench, session: &str) -> u64 {
    bench.item(session).await.map_or(0, |item| item_bytes(&item))
}

/// Read units of a strong read, by the rules of DynamoDB; nothing costs as much as the smallest item.
fn read_units(bytes: u64) -> f64 {
    bytes.div_ceil(4_096).max(1) as f64
}

fn write_units(bytes: u64) -> f64 {
    bytes.div_ceil(1_024) as f64
}

#[tokio::test]
async fn an_append_is_one_read_and_one_write_of_the_item() {
    for config in [Default::default(), OLD] {
        let bench = Bench::with(ItemSlotConfig::new(TABLE, "id"), config).await;
        let mut turns = 0;
        // 500 messages in the end.
        for wanted in [1, 2, 10, 250] {
            while turns + 1 < wanted {
                bench.say("s", &format!("{turns}: {}", "x".repeat(200))).await;
                turns += 1;
            }
            let before = bytes(&bench, "s").await;
            let appended = bench.say("s", "and now?").await;
            turns += 1;
            let after = bytes(&bench, "s").await;
            assert_eq!(figures(appended.usage), (2, read_units(before), write_units(after)), "turn {turns}");
        }
        let loaded = last(&bench.store, "s", 20).await;
        let item = bytes(&bench, "s").await;
        assert_eq!(figures(loaded.usage), (1, read_units(item), 0.0));
        assert_eq!(loaded.turns.len(), 20);
        assert_eq!(loaded.fill.unwrap().bytes, item);
        assert!(item < 200_000, "{item} bytes for 250 turns of 230");
    }
}

#[tokio::test]
async fn a_position_costs_nothing_and_saves_nothing() {
    let bench = Bench::start().await;
    bench.say("s", "a").await;
    for exactly in [false, true] {
        let end = all(&bench.store, "s").await.position.unwrap();
        let place = if exactly { After::Exactly(Some(end)) } else { After::Near(end) };
        let before = bytes(&bench, "s").await;
        let appended = bench.store.append(&key("s"), Append::new(turn("b")).after(place)).await.unwrap();
        let after = bytes(&bench, "s").await;
        assert_eq!(figures(appended.usage), (2, read_units(before), write_units(after)));
    }
}

#[tokio::test]
async fn a_repeated_append_only_reads_and_a_clear_reads_nothing() {
    let bench = Bench::start().await;
    let turn = turn("a");
    bench.store.append(&key("s"), Append::new(turn.clone())).await.unwrap();
    let again = bench.store.append(&key("s"), Append::new(turn)).await.unwrap();
    assert_eq!(figures(again.usage), (1, 1.0, 0.0));
    let item = bytes(&bench, "s").await;
    let cleared = bench.store.clear(&key("s")).await.unwrap();
    // Its attributes, and then the item that holds its key alone.
    assert_eq!(figures(cleared.usage), (2, 0.0, write_units(item) + 1.0));
    assert_eq!(bench.item("s").await, None);
    let nothing = bench.store.clear(&key("s")).await.unwrap();
    assert_eq!(figures(nothing.usage), (1, 0.0, 1.0));
}

/// Text artifacts of ours hold what they must; Griptape gives each an id and a name when it loads them.
#[tokio::test]
async fn a_turn_adds_little_to_what_was_said() {
    for (config, most) in [(Default::default(), 260), (OLD, 190)] {
        let bench = Bench::with(ItemSlotConfig::new(TABLE, "id"), config).await;
        bench.say("s", "first").await;
        let before = bytes(&bench, "s").await;
        bench.say("s", "second").await;
        let added = bytes(&bench, "s").await - before - "secondre: second".len() as u64;
        assert!(added <= most, "{added} bytes");
        assert_eq!(all(&bench.store, "s").await.turns.len(), 2);
    }
}
