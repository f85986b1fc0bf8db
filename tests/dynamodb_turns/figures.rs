//! What the layout costs, exactly.

use std::num::NonZeroU32;

use canvas_memory::message::{Message, Part};
use canvas_memory::session::{SessionKey, TokenCount, Turn};
use canvas_memory::store::{After, Append, Appended, ChatStore, Consistency, Window};

use crate::bench::{Bench, key, place, turn};

/// Keys, names and our own fields of a turn.
const MAX_OVERHEAD_BYTES: u64 = 200;

fn kilobytes(bytes: u64) -> f64 {
    bytes.div_ceil(1_024) as f64
}

/// Appends once more where a load says the session ends.
async fn append_loaded(bench: &Bench, key: &SessionKey, turn: Turn, exact: bool) -> Appended {
    let loaded = bench.last(key, 20).await;
    assert_eq!(loaded.usage.requests, 1, "a load is one request");
    let append = Append::new(turn).after(After::Near(loaded.position.unwrap()));
    bench.store.append(key, if exact { append.exact() } else { append }).await.unwrap()
}

async fn item_bytes(bench: &Bench, key: &SessionKey, sort: &str) -> u64 {
    bench.rows(key).await.into_iter().find(|row| row.key == sort).unwrap().bytes
}

#[tokio::test]
async fn a_turn_is_one_write_of_its_own_size_at_turn_2_and_at_turn_10_000() {
    let bench = Bench::start().await;
    let key = key("user-id-123");
    let text = "x".repeat(2_400);
    let first = bench.say(&key, &text).await;
    assert_eq!(first.usage.write_units, kilobytes(item_bytes(&bench, &key, &place(1)).await) + 1.0);

    let mut seen = Vec::new();
    for (filled_to, seq) in [(1, 2), (9_999, 10_000)] {
        if filled_to > 3 {
            bench.fill("user-id-123", 4, filled_to).await;
        }
        let lean = append_loaded(&bench, &key, turn(&text), false).await;
        let exact = append_loaded(&bench, &key, turn(&text), true).await;
        let kb = kilobytes(item_bytes(&bench, &key, &place(seq)).await);
        assert_eq!((lean.usage.requests, lean.usage.write_units), (1, kb));
        assert_eq!((exact.usage.requests, exact.usage.write_units), (1, 2.0 * (kb + 1.0)));
        assert_eq!((lean.usage.read_units, exact.usage.read_units), (0.0, 0.0));
        assert_eq!(exact.position.as_str().split_once('.').unwrap().0, (seq + 1).to_string());
        seen.push((lean.usage.write_units, exact.usage.write_units));
    }
    assert_eq!(seen[0], seen[1]);
}

#[tokio::test]
async fn our_own_fields_stay_within_200_bytes_a_turn() {
    let bench = Bench::expiring(30 * 86_400).await;
    let key = key("s");
    let mut turn = turn("hello");
    turn.tokens = Some(TokenCount { tokenizer: "o200k_base".to_owned(), count: 12_345 });
    let json = serde_json::to_string(&turn.messages).unwrap().len() as u64;
    bench.say(&key, "first").await;
    bench.fill("s", 12_344, 12_344).await;
    append_loaded(&bench, &key, turn.clone(), true).await;

    let rows = bench.rows(&key).await;
    let bytes = |sort: String| rows.iter().find(|row| row.key == sort).unwrap().bytes - 1;
    let turn_row = bytes(place(12_345)) - json;
    let id_row = bench.item("s", &format!("!id#{}", turn.id)).await.unwrap();
    let id_row = canvas_memory::dynamodb::size::item_bytes(&id_row) - 1;
    assert!(turn_row + id_row <= MAX_OVERHEAD_BYTES, "{turn_row} and {id_row} bytes");
}

#[tokio::test]
async fn the_last_20_turns_cost_the_same_at_any_length() {
    let bench = Bench::start().await;
    let key = key("s");
    bench.say(&key, &"y".repeat(700)).await;
    let mut seen = Vec::new();
    for (from, to) in [(2, 30), (31, 1_000), (1_001, 10_000)] {
        bench.fill("s", from, to).await;
        let strong = bench.last(&key, 20).await;
        let window = Window::LastTurns(NonZeroU32::new(20).unwrap());
        let eventual = bench.store.recent(&key, window, Consistency::Eventual).await.unwrap();
        assert_eq!((strong.turns.len(), strong.usage.requests, eventual.usage.requests), (20, 1, 1));
        assert!(!strong.complete);
        assert_eq!(eventual.usage.read_units, strong.usage.read_units / 2.0);
        seen.push(strong.usage.read_units);
    }
    // 20 turns and the one that tells whether there are more.
    let read_bytes = 21 * item_bytes(&bench, &key, &place(10_000)).await;
    assert_eq!(seen, [read_bytes.div_ceil(4_096) as f64; 3]);
}

#[tokio::test]
async fn an_image_of_3_mb_in_one_message_is_kept_and_recalled() {
    let bench = Bench::start().await;
    let key = key("s");
    let image: String = noise().take(3 * 1024 * 1024).collect();
    let mut message = Message::user("What is this?");
    message.parts.push(Part::image("image/png", &image));
    let turn = Turn::new([message, Message::assistant("A picture.")]);
    bench.say(&key, "before").await;
    append_loaded(&bench, &key, turn.clone(), true).await;
    bench.say(&key, "after").await;

    let loaded = bench.last(&key, 2).await;
    assert_eq!(loaded.turns[0].messages, turn.messages);
    assert_eq!(loaded.turns[0].id, Some(turn.id));
    assert_eq!(loaded.usage.requests, 2, "the query and the pieces");
}

/// Base64 of nothing that compresses.
pub(crate) fn noise() -> impl Iterator<Item = char> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    std::iter::repeat_with(move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        char::from(ALPHABET[(state >> 58) as usize])
    })
}
