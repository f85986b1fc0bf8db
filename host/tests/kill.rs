//! Kill -9 at any moment: every acknowledged turn is there, once.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that fails should say where"
)]

mod support;

use std::collections::BTreeMap;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use support::{Program, Ran};

/// What is typed beside the session and the message.
struct Typed<'a> {
    node: &'a [&'a str],
    /// Whether each message bears an id under which it can be said again.
    turn_ids: bool,
}

#[test]
fn the_first_conversation_survives_a_hundred_kills() {
    survives(100, &Typed { node: &[], turn_ids: false });
}

#[test]
fn turns_survive_a_hundred_kills() {
    let inputs = r#"{"tableName":"chat","partitionKey":"id","sortKey":"sk","endpoint":"builtin"}"#;
    survives(100, &Typed { node: &["--inputs", inputs], turn_ids: true });
}

#[test]
fn a_list_survives_kills() {
    let inputs = r#"{"tableName":"chat","partitionKey":"id","endpoint":"builtin"}"#;
    survives(40, &Typed { node: &["--inputs", inputs], turn_ids: true });
}

#[test]
fn an_upstash_list_survives_kills() {
    survives(40, &Typed { node: &["--node", "upstashRedisBackedChatMemory"], turn_ids: true });
}

fn survives(kills: u64, typed: &Typed<'_>) {
    let program = Program::new();
    let args = |turn: &str, text: &str| {
        let turn_id = if typed.turn_ids { vec!["--turn-id", turn] } else { Vec::new() };
        let args = [&["chat", "--json", "--session", "s"], typed.node, &turn_id, &[text]].concat();
        args.into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    program.run(&as_strs(&args("first", "the first run makes the table"))).ok();
    let started = Instant::now();
    program.run(&as_strs(&args("second", "the second takes as long as all others"))).ok();
    let whole_run = started.elapsed();

    let mut random = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().subsec_nanos().into();
    println!("seed {random}");
    let mut acknowledged = Vec::new();
    let mut in_doubt = Vec::new();
    for kill in 0..kills {
        let (turn, text) = (format!("t{kill}"), format!("message {kill}"));
        let mut child = program
            .command(&as_strs(&args(&turn, &text)))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        thread::sleep(pause(&mut random, whole_run));
        child.kill().unwrap();
        let ran = Ran::of(child.wait_with_output().unwrap());
        let done =
            ran.stdout.lines().any(|line| line.starts_with(r#"{"event":"done""#) && line.ends_with('}'));
        if done { acknowledged.push(text) } else { in_doubt.push((turn, text)) }
    }
    println!("{} acknowledged, {} in doubt", acknowledged.len(), in_doubt.len());

    let stored = count(&program, typed);
    for text in &acknowledged {
        assert_eq!(stored.get(text), Some(&1), "{text} was acknowledged");
    }
    for (_, text) in &in_doubt {
        assert!(stored.get(text).is_none_or(|times| *times == 1), "{text} is there {stored:?}");
    }
    if !typed.turn_ids {
        return;
    }
    for (turn, text) in &in_doubt {
        program.run(&as_strs(&args(turn, text))).ok();
    }
    let stored = count(&program, typed);
    assert_eq!(stored.len() as u64, kills + 2, "{stored:?}");
    assert!(stored.values().all(|times| *times == 1), "{stored:?}");
}

/// How often each message of the user is stored.
fn count(program: &Program, typed: &Typed<'_>) -> BTreeMap<String, u32> {
    let loaded = program.run(&[&["memory", "load", "--session", "s"], typed.node].concat()).ok();
    let mut counts = BTreeMap::new();
    for turn in loaded.json()["turns"].as_array().unwrap() {
        let messages = turn["messages"].as_array().unwrap();
        assert_eq!(messages.len(), 2, "a turn is there whole: {turn}");
        *counts.entry(messages[0]["content"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    counts
}

/// Somewhere between nothing and twice what a whole run takes.
fn pause(random: &mut u64, whole_run: Duration) -> Duration {
    *random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    whole_run.mul_f64((*random >> 33) as f64 / (1_u64 << 31) as f64 * 2.0)
}

fn as_strs(args: &[String]) -> Vec<&str> {
    args.iter().map(String::as_str).collect()
}
