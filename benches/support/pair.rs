//! Two ways to the same result, measured in turn, so that a drift of the machine meets both.

use std::time::{Duration, Instant};

/// A call of ours beside the bare call.
pub(crate) trait Pair {
    /// What is done.
    fn what(&self) -> &'static str;

    /// The bare request.
    fn request(&self) -> &'static str;

    /// Makes the input of the next calls; not measured.
    async fn prepare(&mut self) {}

    async fn ours(&mut self);

    /// Makes what the bare call needs of ours; not measured.
    async fn prepare_bare(&mut self) {}

    async fn bare(&mut self);
}

/// Medians.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Times {
    pub(crate) ours: Duration,
    pub(crate) bare: Duration,
}

impl Times {
    /// Medians of equally many samples.
    pub(crate) fn medians(ours: Vec<Duration>, bare: Vec<Duration>) -> Self {
        Self { ours: median(ours), bare: median(bare) }
    }

    pub(crate) fn ratio(self) -> f64 {
        self.ours.as_secs_f64() / self.bare.as_secs_f64()
    }
}

fn median(mut samples: Vec<Duration>) -> Duration {
    samples.sort_unstable();
    samples[samples.len() / 2]
}

/// Makes both calls in turn, a tenth more often than `rounds`, and leaves the first tenth out.
pub(crate) async fn measure(pair: &mut impl Pair, rounds: usize) -> Times {
    let warm_up = rounds / 10;
    let (mut ours, mut bare) = (Vec::with_capacity(rounds), Vec::with_capacity(rounds));
    for round in 0..warm_up + rounds {
        pair.prepare().await;
        let start = Instant::now();
        pair.ours().await;
        let took_ours = start.elapsed();
        pair.prepare_bare().await;
        let start = Instant::now();
        pair.bare().await;
        let took_bare = start.elapsed();
        if round >= warm_up {
            ours.push(took_ours);
            bare.push(took_bare);
        }
    }
    Times::medians(ours, bare)
}

/// Microseconds, for a table.
pub(crate) fn micros(time: Duration) -> String {
    format!("{:.1} µs", time.as_secs_f64() * 1e6)
}

/// `PASS` up to a target; nothing fails by a time.
pub(crate) fn verdict(value: f64, target: f64) -> &'static str {
    if value <= target { "PASS" } else { "over" }
}

/// Prints rows under a head, the first two columns to the left, numbers to the right.
pub(crate) fn print_table(title: &str, head: &[&str], rows: &[Vec<String>]) {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(String::as_str).chain([head[column]]);
        cells.map(|cell| cell.chars().count()).max().unwrap_or_default()
    };
    let widths: Vec<_> = (0..head.len()).map(width).collect();
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        for (column, (cell, width)) in cells.zip(&widths).enumerate() {
            if column < 2 { print!("  {cell:<width$}") } else { print!("  {cell:>width$}") }
        }
        println!();
    };
    println!("\n{title}\n");
    line(&mut head.iter().copied());
    for row in rows {
        line(&mut row.iter().map(String::as_str));
    }
}
