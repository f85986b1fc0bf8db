//! What the benches share: pairs of a call of ours and the bare call that makes the same request, measured in turn.
#![allow(dead_code, reason = "each bench uses a part of this module")]

pub(crate) mod dynamodb;
pub(crate) mod pair;
pub(crate) mod upstash;

use canvas_memory::message::Message;
use canvas_memory::session::Turn;

/// Turns of the sessions that are loaded and appended to: 20 messages.
pub(crate) const TURNS: u32 = 10;

/// A question and an answer of everyday length, different for each number.
pub(crate) fn exchange(number: usize) -> Turn {
    let question =
        format!("Question {number:06}: which of the two trains gets me to Lyon before noon on Friday?");
    let answer = format!(
        "Answer {number:06}: the one at 08:14 does. It arrives at 11:02, and a change in Dijon leaves you nineteen \
         minutes. {}",
        "The other one is cheaper, but it stops everywhere and arrives past one o'clock. ".repeat(5)
    );
    Turn::new([Message::user(question), Message::assistant(answer)])
}

/// How often something is done: `cargo bench` says that it runs a bench; without, a few times show that it works.
pub(crate) fn rounds(in_a_bench: usize) -> usize {
    if std::env::args().any(|argument| argument == "--bench") { in_a_bench } else { 3 }
}
