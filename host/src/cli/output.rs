//! What goes to standard output and standard error. A reader that went away is no failure of ours.

use std::io::Write;

use canvas_memory::Error;
use serde::Serialize;
use serde_json::json;

/// How results are printed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Output {
    /// JSON, one object a line.
    pub(super) json: bool,
}

impl Output {
    /// Prints a piece of text at once.
    pub(super) fn text(self, text: &str) {
        let mut stdout = std::io::stdout().lock();
        let _ = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
    }

    /// Prints a value as JSON: on one line with `--json`, else for a person to read.
    pub(super) fn value(self, value: &impl Serialize) {
        let text = if self.json { serde_json::to_string(value) } else { serde_json::to_string_pretty(value) };
        if let Ok(text) = text {
            self.text(&(text + "\n"));
        }
    }

    /// Tells a person beside the output what is going on; says nothing with `--json`.
    pub(super) fn note(self, text: &str) {
        if !self.json {
            let _ = writeln!(std::io::stderr(), "{text}");
        }
    }

    /// Tells what went wrong.
    pub(super) fn error(self, error: &Error) {
        if self.json {
            self.value(&json!({"event": "error", "error": error}));
        } else {
            let _ = writeln!(std::io::stderr(), "error: {error}");
        }
    }
}
