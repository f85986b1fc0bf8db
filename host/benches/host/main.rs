//! What the program costs: its start, its memory, its size, and what a run adds to the load and the append that it makes.
//! A bare axum server, this bench itself as a child, stands beside it.
//!
//! `cargo bench -p canvas-memory-host` measures the release build; `-- --program FILE` another one. Memory is what Linux
//! says in `/proc`.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a bench fails by them")]

mod client;
mod hello;
#[path = "../../../benches/support/pair.rs"]
#[allow(dead_code, reason = "each bench uses a part of this module")]
mod pair;
mod runs;
mod server;
mod start;

use std::path::PathBuf;
use std::time::Duration;

/// How much is done. Without `--bench` a little of everything shows that it works.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    /// Starts of each program.
    pub(crate) starts: usize,
    /// Runs that are timed.
    pub(crate) runs: usize,
    /// How long many runs go on at once.
    pub(crate) load: Duration,
    /// Runs before memory is looked at for the first and for the second time.
    pub(crate) memory_after: [usize; 2],
}

impl Effort {
    fn new(in_earnest: bool) -> Self {
        if in_earnest {
            Self { starts: 21, runs: 1_000, load: Duration::from_secs(60), memory_after: [1_000, 10_000] }
        } else {
            Self { starts: 3, runs: 5, load: Duration::from_secs(1), memory_after: [20, 60] }
        }
    }
}

fn milliseconds(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1e3)
}

fn megabytes(kibibytes: u64) -> String {
    format!("{:.1} MB", kibibytes as f64 * 1024.0 / 1e6)
}

fn main() {
    let args: Vec<_> = std::env::args().collect();
    if args.iter().any(|arg| arg == hello::OPTION) {
        return hello::serve();
    }
    let program = match args.iter().position(|arg| arg == "--program") {
        Some(at) => PathBuf::from(&args[at + 1]),
        None => PathBuf::from(env!("CARGO_BIN_EXE_canvas-memory")),
    };
    let effort = Effort::new(args.iter().any(|arg| arg == "--bench"));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        println!("\n{}, {effort:?}", program.display());
        start::measure(&program, effort).await;
        runs::cost_of_a_run(&program, effort).await;
        runs::many_at_once(&program, effort).await;
        runs::memory_after_many(&program, effort).await;
    });
}
