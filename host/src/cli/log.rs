//! What goes to standard error besides a command's own words.

use std::io::IsTerminal;

use tracing::{Level, Metadata};
use tracing_subscriber::filter::{EnvFilter, FilterExt, filter_fn};
use tracing_subscriber::prelude::*;

/// In the form of tracing's filters.
const VARIABLE: &str = "CANVAS_MEMORY_LOG";

/// Logs warnings, or what [`VARIABLE`] asks for, as far as it [may be shown](may_be_shown).
pub(super) fn to_stderr() {
    let asked = EnvFilter::try_from_env(VARIABLE).unwrap_or_else(|_| EnvFilter::new("warn,aws_config=error"));
    let layer = tracing_subscriber::fmt::layer()
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .with_filter(asked.and(filter_fn(may_be_shown)));
    let _ = tracing_subscriber::registry().with(layer).try_init();
}

/// The libraries beneath write requests and answers into their finer logs, keys and conversations included, and genai
/// also into its warnings. No filter brings those out.
fn may_be_shown(metadata: &Metadata<'_>) -> bool {
    match metadata.target().split("::").next() {
        Some("canvas_memory" | "canvas_memory_host") => true,
        Some("genai") => false,
        _ => *metadata.level() <= Level::WARN,
    }
}
