//! What the exit code tells a script.

use std::process::ExitCode;

use canvas_memory::ErrorKind;

/// The turn was answered, and storing it failed.
pub(super) const NOT_STORED: u8 = 10;

pub(super) fn code(kind: &ErrorKind) -> ExitCode {
    ExitCode::from(match kind {
        ErrorKind::InvalidInput { .. } | ErrorKind::Unsupported => 2,
        ErrorKind::MissingCredential
        | ErrorKind::Undecryptable
        | ErrorKind::Unauthenticated
        | ErrorKind::Denied => 3,
        ErrorKind::NotFound | ErrorKind::Mismatch => 4,
        ErrorKind::Corrupt => 5,
        ErrorKind::Conflict { .. } | ErrorKind::TurnIdReused => 6,
        ErrorKind::Unknown { .. } => 7,
        ErrorKind::Throttled | ErrorKind::Unavailable | ErrorKind::Protocol => 8,
        ErrorKind::Storage => 9,
        ErrorKind::TooLarge => 11,
        _ => 1,
    })
}
