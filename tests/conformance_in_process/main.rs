//! The suite on the reference store, and on stores that each break a promise.

#![allow(clippy::unwrap_used, reason = "clippy.toml exempts tests, but not the functions that they share")]

mod harness;
mod mutant;

use canvas_memory::conformance::{self, Options, Outcome};
use harness::InProcess;
use mutant::Mutation;

#[tokio::test(flavor = "multi_thread")]
async fn the_reference_store_keeps_its_promises() {
    let report = conformance::run(&InProcess::new(None)).await;
    println!("{report}");
    for promise in 1..=10 {
        let checks = report.checks.iter().filter(|check| check.promise == promise);
        let passed = checks.filter(|check| check.outcome == Outcome::Passed).count();
        // It costs nothing, so that nothing is proven of its cost.
        assert!(passed >= 4 || promise == 10, "only {passed} checks of promise {promise} could be made");
    }
    report.into_result().unwrap();
}

async fn breaks(mutation: Mutation, promise: u8) {
    let options = Options {
        writers: 16,
        long_session_turns: 40,
        interleavings: 1,
        promises: vec![promise],
        ..Options::default()
    };
    let report = conformance::run_with(&InProcess::new(Some(mutation)), options).await;
    let failed: Vec<_> = report.failed().map(|check| check.name).collect();
    assert!(!failed.is_empty(), "{mutation:?} goes unnoticed:\n{report}");
}

macro_rules! mutants {
    ($($name:ident: $mutation:ident breaks $promise:literal,)*) => {$(
        #[tokio::test(flavor = "multi_thread")]
        async fn $name() {
            breaks(Mutation::$mutation, $promise).await;
        }
    )*};
}

mutants! {
    a_dropped_turn_is_noticed: DropsATurn breaks 1,
    a_lost_reply_that_is_denied_is_noticed: DeniesDoubt breaks 1,
    a_repetition_that_is_stored_is_noticed: StoresRepeats breaks 2,
    other_content_under_an_id_is_noticed: IgnoresContent breaks 2,
    a_turn_in_two_writes_is_noticed: WritesInTwo breaks 3,
    an_order_by_the_clock_is_noticed: SortsByClock breaks 3,
    a_turn_that_is_cut_is_noticed: CutsTurns breaks 4,
    the_oldest_part_is_noticed: GivesOldest breaks 4,
    a_hidden_bad_row_is_noticed: HidesBadRows breaks 5,
    an_error_shown_as_empty_is_noticed: EmptyForError breaks 5,
    an_ignored_expectation_is_noticed: IgnoresExactly breaks 6,
    a_lost_update_is_noticed: LastWriterWins breaks 6,
    lost_digits_are_noticed: ForgetsDigits breaks 7,
    an_ignored_expiry_is_noticed: NeverExpires breaks 8,
    a_revival_is_noticed: Revives breaks 8,
    a_turn_left_by_a_clear_is_noticed: LeavesATurn breaks 9,
    positions_that_come_again_are_noticed: CountsForPosition breaks 9,
    a_cost_that_grows_is_noticed: ReadsEverything breaks 10,
}
