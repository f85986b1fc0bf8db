//! What the exit code tells a script.

use std::process::ExitCode;

/// The turn was answered, and storing it failed.
pub(super) const NOT_STORED: u8 = 10;

/// The doctor found what keeps the node or flow from working.
pub(super) const NOT_WORKING: u8 = 12;

/// The exit code for a kind of error, named by its code.
pub(super) fn code(kind: &str) -> ExitCode {
    ExitCode::from(match kind {
        "invalid_input" | "unsupported" => 2,
        "missing_credential" | "undecryptable" | "unauthenticated" | "denied" => 3,
        "not_found" | "mismatch" => 4,
        "corrupt" => 5,
        "conflict" | "turn_id_reused" => 6,
        "unknown" => 7,
        "throttled" | "unavailable" | "protocol" => 8,
        "storage" => 9,
        "too_large" => 11,
        _ => 1,
    })
}
