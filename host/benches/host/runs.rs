//! What runs cost, alone and many at once, and what they leave behind.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use futures_util::stream;
use serde_json::Value;

use crate::client::{Api, Flow, TEMPLATES};
use crate::pair::{Pair, measure, print_table, verdict};
use crate::server::Server;
use crate::{Effort, megabytes, milliseconds};

const MAX_OVERHEAD: Duration = Duration::from_millis(2);
const AT_ONCE: usize = 64;
/// Runs at a time while memory is watched, and the sessions that they go round.
const WATCHED_AT_ONCE: usize = 8;
/// After so many more runs memory may be so much more.
const MAX_GROWTH: f64 = 1.10;

const MESSAGE: &str = "Which of the two trains gets me to Lyon before noon on Friday?";

/// A run, beside a load and an append of the same turn. Either needs two requests, but a request to a memory connects the
/// node anew.
struct RunBesideItsMemory {
    api: Api,
    flow: Flow,
    what: &'static str,
    /// The newest turn that a run made.
    turn: Value,
    /// What each run took over its own load and append.
    over: Vec<Duration>,
}

impl Pair for RunBesideItsMemory {
    fn what(&self) -> &'static str {
        self.what
    }

    fn request(&self) -> &'static str {
        "memory/load, memory/append"
    }

    async fn ours(&mut self) {
        let started = Instant::now();
        let ran = self.api.run(&self.flow, "run", MESSAGE).await.unwrap();
        self.over.push(started.elapsed().saturating_sub(ran.in_memory));
        self.turn = ran.messages;
    }

    async fn bare(&mut self) {
        self.api.load(&self.flow, "bare").await.unwrap();
        self.api.append(&self.flow, "bare", &self.turn).await.unwrap();
    }
}

pub(crate) async fn cost_of_a_run(program: &Path, effort: Effort) {
    let home = tempfile::tempdir().unwrap();
    let host = Server::host(program, home.path());
    let api = Api::new(&host);
    let mut rows = Vec::new();
    for (what, template) in TEMPLATES {
        let flow = api.flow_from(template).await;
        let mut pair =
            RunBesideItsMemory { api: api.clone(), flow, what, turn: Value::Null, over: Vec::new() };
        let times = measure(&mut pair, effort.runs).await;
        pair.over.sort_unstable();
        let over = pair.over[pair.over.len() / 2];
        rows.push(vec![
            pair.what().to_owned(),
            pair.request().to_owned(),
            milliseconds(times.bare),
            milliseconds(times.ours),
            milliseconds(over),
            milliseconds(MAX_OVERHEAD),
            verdict(over.as_secs_f64(), MAX_OVERHEAD.as_secs_f64()).to_owned(),
        ]);
    }
    let head = ["", "requests", "requests", "run", "over its load and append", "at most", ""];
    print_table("A run with the Echo model, in turn with requests to its memory; medians", &head, &rows);
}

pub(crate) async fn many_at_once(program: &Path, effort: Effort) {
    let mut rows = Vec::new();
    for (what, template) in TEMPLATES {
        let home = tempfile::tempdir().unwrap();
        let host = Server::host(program, home.path());
        let api = Api::new(&host);
        let flow = api.flow_from(template).await;
        let until = Instant::now() + effort.load;
        let workers = (0..AT_ONCE).map(|worker| work(api.clone(), flow.clone(), worker, until));
        let done = futures_util::future::join_all(workers).await;
        let mut times: Vec<_> = done.iter().flat_map(|done| done.times.iter().copied()).collect();
        times.sort_unstable();
        let errors: usize = done.iter().map(|done| done.errors).sum();
        let lost: usize = done.iter().map(|done| done.lost).sum();
        let at = |part: usize| times.get(times.len() * part / 100).copied().unwrap_or_default();
        rows.push(vec![
            what.to_owned(),
            format!("{} runs", times.len()),
            format!("{:.0}/s", times.len() as f64 / effort.load.as_secs_f64()),
            milliseconds(at(50)),
            milliseconds(at(99)),
            errors.to_string(),
            lost.to_string(),
            if errors + lost == 0 { "PASS" } else { "failed" }.to_owned(),
        ]);
    }
    let head = ["", "", "throughput", "median", "99 %", "errors", "turns lost", ""];
    print_table(&format!("{AT_ONCE} runs at once for {:?}", effort.load), &head, &rows);
}

/// What one of many did.
struct Done {
    times: Vec<Duration>,
    errors: usize,
    /// Runs that were said to be stored and are not there.
    lost: usize,
}

async fn work(api: Api, flow: Flow, worker: usize, until: Instant) -> Done {
    let mut done = Done { times: Vec::new(), errors: 0, lost: 0 };
    let session = format!("worker {worker}");
    while Instant::now() < until {
        let started = Instant::now();
        match api.run(&flow, &session, MESSAGE).await {
            Ok(_) => done.times.push(started.elapsed()),
            Err(error) => {
                done.errors += 1;
                eprintln!("{session}: {error}");
            }
        }
    }
    // A page of the API holds no more.
    done.lost = done.times.len().min(1_000).saturating_sub(api.turns(&flow, &session).await);
    done
}

pub(crate) async fn memory_after_many(program: &Path, effort: Effort) {
    let mut rows = Vec::new();
    for (what, template) in TEMPLATES {
        let home = tempfile::tempdir().unwrap();
        let host = Server::host(program, home.path());
        let api = Api::new(&host);
        let flow = api.flow_from(template).await;
        let run = Arc::new(AtomicUsize::new(0));
        let mut memory = Vec::new();
        for wanted in effort.memory_after {
            let before = run.load(Ordering::Relaxed);
            let runs = stream::iter(before..wanted).map(|number| {
                let (api, flow, run) = (api.clone(), flow.clone(), run.clone());
                async move {
                    // A session of its own every ten runs: conversations come and go.
                    api.run(&flow, &format!("session {}", number / 10), MESSAGE).await.unwrap();
                    run.fetch_add(1, Ordering::Relaxed);
                }
            });
            runs.buffer_unordered(WATCHED_AT_ONCE).collect::<Vec<()>>().await;
            memory.push(host.resident_kib());
        }
        let growth = memory[1] as f64 / memory[0] as f64;
        rows.push(vec![
            what.to_owned(),
            format!("after {} and {} runs", effort.memory_after[0], effort.memory_after[1]),
            megabytes(memory[0]),
            megabytes(memory[1]),
            format!("{growth:.2}×"),
            format!("{MAX_GROWTH:.2}×"),
            verdict(growth, MAX_GROWTH).to_owned(),
        ]);
    }
    let head = ["", "", "first", "second", "growth", "at most", ""];
    print_table("Memory that runs leave behind", &head, &rows);
}
