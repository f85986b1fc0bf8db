use std::error::Error as StdError;

use crate::error::{Error, ErrorKind};
use crate::reach;

use super::client::Intent;
use super::transport::SendError;

/// Why an attempt brought no result.
#[derive(Debug)]
pub(super) enum Failure {
    /// Nothing was sent.
    NotSent(Box<dyn StdError + Send + Sync>),
    /// The address must not be dialled, with the reason.
    Forbidden(String),
    /// It was sent and may have been carried out: no answer came.
    Lost { timed_out: bool, source: Option<Box<dyn StdError + Send + Sync>> },
    /// It was sent and may have been carried out: what came is not an answer.
    Garbled { problem: String, source: Option<Box<dyn StdError + Send + Sync>> },
    /// The endpoint failed while or before carrying it out.
    Failed { status: u16 },
    /// The endpoint did not carry it out.
    Refused { kind: ErrorKind, message: String, passing: bool },
}

impl From<SendError> for Failure {
    fn from(error: SendError) -> Self {
        match error {
            SendError::NotSent(source) => Self::NotSent(source),
            SendError::Forbidden(reason) => Self::Forbidden(reason),
            SendError::TimedOut => Self::Lost { timed_out: true, source: None },
            SendError::Lost(source) => Self::Lost { timed_out: false, source: Some(source) },
            SendError::Garbled(source) => Self::Garbled {
                problem: "the endpoint's answer ended too early or was too long".to_owned(),
                source: Some(source),
            },
        }
    }
}

impl Failure {
    pub(super) fn was_sent(&self) -> bool {
        !matches!(self, Self::NotSent(_) | Self::Forbidden(_))
    }

    /// Whether the next attempt may succeed, and does no harm.
    pub(super) fn is_worth_repeating(&self, intent: &Intent<'_>) -> bool {
        match self {
            Self::NotSent(_) => true,
            Self::Forbidden(_) => false,
            Self::Refused { passing, .. } => *passing,
            Self::Lost { .. } | Self::Garbled { .. } | Self::Failed { .. } => intent.is_repeatable(),
        }
    }

    /// Whether the command may have been carried out.
    pub(super) fn leaves_doubt(&self) -> bool {
        matches!(self, Self::Lost { .. } | Self::Garbled { .. } | Self::Failed { .. })
    }

    /// The error of the last attempt; `doubt` tells whether that or one before may have been carried out.
    pub(super) fn into_error(self, intent: &Intent<'_>, endpoint: &str, doubt: bool) -> Error {
        let error = |kind, message: &str| {
            if doubt { intent.in_doubt(kind, message) } else { Error::new(kind, message) }
        };
        let error = match self {
            Self::NotSent(source) => {
                let why = reach::obstacle(&*source).map_or_else(String::new, |why| format!(": {why}"));
                let message = format!("the endpoint can't be reached{why}; check `baseURL` and the network");
                error(ErrorKind::Unavailable, &message).with_source(source)
            }
            Self::Forbidden(reason) => {
                let field = "baseURL".to_owned();
                error(ErrorKind::InvalidInput { field }, &format!("`baseURL` {reason}"))
            }
            Self::Lost { timed_out, source } => {
                let problem = if timed_out {
                    "the endpoint did not answer in time"
                } else {
                    "the connection broke before the answer"
                };
                with_source(error(ErrorKind::Unavailable, problem), source)
            }
            Self::Garbled { problem, source } => with_source(error(ErrorKind::Protocol, &problem), source),
            Self::Failed { status } => {
                error(ErrorKind::Unavailable, &format!("the endpoint failed with HTTP status {status}"))
            }
            Self::Refused { kind, message, .. } => error(kind, &message),
        };
        error.with("endpoint", endpoint)
    }
}

fn with_source(error: Error, source: Option<Box<dyn StdError + Send + Sync>>) -> Error {
    match source {
        Some(source) => error.with_source(source),
        None => error,
    }
}

/// What an answer says that is no answer to the command, by its HTTP status.
pub(super) fn by_status(status: u16) -> Failure {
    let refused =
        |kind, message: &str| Failure::Refused { kind, message: message.to_owned(), passing: false };
    match status {
        300..=399 => refused(
            ErrorKind::Protocol,
            "the endpoint redirects, and redirects are not followed; set `baseURL` to where it leads",
        ),
        401 => by_text(401, "WRONGPASS"),
        403 => refused(ErrorKind::Denied, "the endpoint refuses access; check the token and its access list"),
        413 => by_text(413, "request size exceeded"),
        429 => by_text(429, "too many requests"),
        400..=499 => refused(
            ErrorKind::Protocol,
            &format!("HTTP status {status} without a Redis answer; check that `baseURL` is a Redis REST URL"),
        ),
        500..=599 => Failure::Failed { status },
        _ => Failure::Garbled {
            problem: "the endpoint answered something that is not a Redis answer, such as a web page; check `baseURL`"
                .to_owned(),
            source: None,
        },
    }
}

/// What the endpoint says in an `error`.
pub(super) fn by_text(status: u16, text: &str) -> Failure {
    let has = |needle: &str| text.contains(needle);
    let lower = text.to_lowercase();
    let said = |needle: &str| lower.contains(needle);
    let mut passing = false;
    let (kind, message) = if status == 401 || has("WRONGPASS") || has("NOAUTH") {
        (
            ErrorKind::Unauthenticated,
            "the endpoint does not know the token; copy `UPSTASH_REDIS_REST_TOKEN` again".into(),
        )
    } else if has("NOPERM") || has("READONLY") || said("read only") || said("read-only") {
        let message = "the token may not do this; use the database's standard token, not a read-only one";
        (ErrorKind::Denied, message.into())
    } else if said("disk is full") || said("no space left on device") {
        let message =
            "the disk that holds the database is full, and nothing was written; free some space there";
        (ErrorKind::Storage, message.into())
    } else if has("WRONGTYPE") {
        let message =
            "the key holds something that is not a list of messages; use another session or key prefix";
        (ErrorKind::Mismatch, message.into())
    } else if status == 413 || has("OOM ") || (said("exceeded") && (said("size") || said("capacity"))) {
        let message =
            "more than the database takes; send less, set `trim` or a lifetime, or use a larger plan";
        (ErrorKind::TooLarge, format!("{message}: {}", excerpt(text)))
    } else if status == 429 || (said("max ") && said("exceeded")) {
        passing = status == 429 || said("second") || said("concurrent");
        let message = "the database's limit is reached; wait or use a larger plan";
        (ErrorKind::Throttled, format!("{message}: {}", excerpt(text)))
    } else if said("unknown command") || said("command is not available") || said("not allowed") {
        let message = "the endpoint does not know a command that this layout needs; it needs EVAL";
        (ErrorKind::Unsupported, message.into())
    } else if ["LOADING", "BUSY", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN", "MISCONF"]
        .iter()
        .any(|&code| has(code))
    {
        passing = true;
        (ErrorKind::Unavailable, format!("the database is not ready; try again: {}", excerpt(text)))
    } else if status >= 500 {
        return Failure::Failed { status };
    } else {
        (ErrorKind::Protocol, format!("the endpoint refuses the command: {}", excerpt(text)))
    };
    Failure::Refused { kind, message, passing }
}

/// The start of an error's text, up to what may quote an argument.
fn excerpt(text: &str) -> String {
    const MAX_CHARS: usize = 120;
    let is_plain = |c: &char| c.is_ascii_alphanumeric() || " .,:;_-/()".contains(*c);
    text.chars().take(MAX_CHARS).take_while(is_plain).collect::<String>().trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(status: u16, text: &str) -> (ErrorKind, bool) {
        match by_text(status, text) {
            Failure::Refused { kind, passing, .. } => (kind, passing),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn each_text_has_its_kind() {
        for (status, text, expected, passing) in [
            (401, "Unauthorized", ErrorKind::Unauthenticated, false),
            (400, "WRONGPASS invalid or missing auth token", ErrorKind::Unauthenticated, false),
            (400, "NOPERM this user has no permissions to run the 'eval' command", ErrorKind::Denied, false),
            (400, "READONLY You can't write against a read only replica.", ErrorKind::Denied, false),
            (400, "WRONGTYPE Operation against a key", ErrorKind::Mismatch, false),
            (
                400,
                "ERR Error running script: @user_script:5: WRONGTYPE Operation",
                ErrorKind::Mismatch,
                false,
            ),
            (
                400,
                "ERR max daily request limit exceeded. Limit: 10000, Usage: 10000.",
                ErrorKind::Throttled,
                false,
            ),
            (429, "ERR max requests per second limit exceeded", ErrorKind::Throttled, true),
            (400, "ERR max request size exceeded. Limit: 1048576 bytes", ErrorKind::TooLarge, false),
            (400, "ERR DB capacity quota exceeded", ErrorKind::TooLarge, false),
            (400, "OOM command not allowed when used memory > 'maxmemory'.", ErrorKind::TooLarge, false),
            (400, "ERR unknown command 'EVAL', with args beginning with: 'x'", ErrorKind::Unsupported, false),
            (400, "BUSY Redis is busy running a script.", ErrorKind::Unavailable, true),
            (400, "ERR syntax error", ErrorKind::Protocol, false),
        ] {
            assert_eq!(kind(status, text), (expected, passing), "{text}");
        }
        assert!(matches!(by_text(503, "upstream"), Failure::Failed { status: 503 }));
    }

    #[test]
    fn a_quoted_argument_is_not_repeated() {
        let failure = by_text(400, "ERR Protocol error, got 'my secret words' as command");
        let Failure::Refused { message, .. } = failure else { panic!("{failure:?}") };
        assert!(message.ends_with("ERR Protocol error, got"), "{message}");
    }
}
