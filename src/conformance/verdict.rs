//! How a check ends early.

use crate::error::Error;

/// Why a check ended early.
pub(crate) enum Stop {
    NotProven(String),
    Failed(String),
}

pub(crate) type Verdict<T = ()> = std::result::Result<T, Stop>;

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Failed(format!("the store says {}: {error}", error.kind().code()))
    }
}

impl Stop {
    /// Says under which circumstances a promise was broken.
    pub(crate) fn when(self, circumstances: impl FnOnce() -> String) -> Self {
        match self {
            Self::Failed(what) => Self::Failed(format!("{}: {what}", circumstances())),
            not_proven @ Self::NotProven(_) => not_proven,
        }
    }
}

pub(crate) fn fail<T>(what: impl Into<String>) -> Verdict<T> {
    Err(Stop::Failed(what.into()))
}

pub(crate) fn not_proven<T>(why: impl Into<String>) -> Verdict<T> {
    Err(Stop::NotProven(why.into()))
}

pub(crate) fn ensure(holds: bool, otherwise: impl FnOnce() -> String) -> Verdict {
    if holds { Ok(()) } else { fail(otherwise()) }
}
