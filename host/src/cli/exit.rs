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

#[cfg(test)]
mod tests {
    use canvas_memory::ErrorKind;
    use canvas_memory::session::TurnId;

    use super::*;

    #[test]
    fn every_kind_has_the_code_that_the_help_lists() {
        let turn_id = TurnId::new("t").unwrap();
        for (kind, expected) in [
            (ErrorKind::InvalidInput { field: String::new() }, 2),
            (ErrorKind::Unsupported, 2),
            (ErrorKind::MissingCredential, 3),
            (ErrorKind::Undecryptable, 3),
            (ErrorKind::Unauthenticated, 3),
            (ErrorKind::Denied, 3),
            (ErrorKind::NotFound, 4),
            (ErrorKind::Mismatch, 4),
            (ErrorKind::Corrupt, 5),
            (ErrorKind::Conflict { position: None }, 6),
            (ErrorKind::TurnIdReused, 6),
            (ErrorKind::Unknown { turn_id, position: None }, 7),
            (ErrorKind::Throttled, 8),
            (ErrorKind::Unavailable, 8),
            (ErrorKind::Protocol, 8),
            (ErrorKind::Storage, 9),
            (ErrorKind::TooLarge, 11),
        ] {
            assert_eq!(code(kind.code()), ExitCode::from(expected), "{kind:?}");
        }
    }
}
