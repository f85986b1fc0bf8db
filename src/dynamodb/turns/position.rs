//! Where a session ends.

use crate::error::{Error, Result};
use crate::session::Position;

const HOUR_SECS: u64 = 3_600;

/// The end of a session: its newest row and when that was written.
///
/// The time tells a place that was emptied by expiry and filled anew from the one that a caller had seen, and in
/// which hour the session was last listed. It orders nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Mark {
    /// The place of the newest row, from 1; 0 where only LangChain JS wrote, or nobody.
    pub(super) seq: u64,
    /// Epoch seconds of a turn; 0 of a barrier; where only LangChain JS wrote, what tells its item from another.
    pub(super) at: u64,
}

impl Mark {
    pub(super) fn barrier(seq: u64) -> Self {
        Self { seq, at: 0 }
    }

    pub(super) fn langchain(checksum: u64) -> Self {
        Self { seq: 0, at: checksum }
    }

    /// Whether the newest row is a turn.
    fn is_turn(self) -> bool {
        self.seq > 0 && self.at > 0
    }

    /// The hour in which the newest turn was written.
    pub(super) fn hour(self) -> Option<u64> {
        self.is_turn().then(|| hour(self.at))
    }

    /// Whether the row after this one can be written without looking first: no row that stood there can have been
    /// removed since, so that the database itself refuses a second one.
    pub(super) fn is_fresh(self, now: u64, fresh_secs: u64) -> bool {
        self.is_turn() && now < self.at.saturating_add(fresh_secs)
    }

    pub(super) fn position(self) -> Position {
        Position::new(format!("{}.{}", self.seq, self.at))
    }

    pub(super) fn parse(position: &Position) -> Result<Self> {
        let text = position.as_str();
        text.split_once('.')
            .and_then(|(seq, at)| Some(Self { seq: seq.parse().ok()?, at: at.parse().ok()? }))
            .filter(|mark| mark.position().as_str() == text && mark.seq <= super::keys::MAX_SEQ)
            .ok_or_else(|| {
                Error::invalid_input(
                    "position",
                    "is not one of this layout; hand back one that this store gave",
                )
            })
    }
}

/// Whole hours since 1970.
pub(super) fn hour(epoch_secs: u64) -> u64 {
    epoch_secs / HOUR_SECS
}

/// When an hour began, in seconds since 1970.
pub(super) fn hour_start(hour: u64) -> u64 {
    hour.saturating_mul(HOUR_SECS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_comes_back_as_it_was_given() {
        for mark in [Mark { seq: 12, at: 1_795_000_000 }, Mark::barrier(3), Mark::langchain(4)] {
            assert_eq!(Mark::parse(&mark.position()).unwrap(), mark);
        }
        for other in ["", "1", "01.2", "1.2.3", "-1.2", "1.", "9999999999999.1", "+1.2"] {
            assert!(Mark::parse(&Position::new(other)).is_err(), "{other}");
        }
    }

    #[test]
    fn only_a_recent_turn_is_fresh() {
        let day = 86_400;
        assert!(Mark { seq: 1, at: 100 }.is_fresh(99 + day, day));
        assert!(!Mark { seq: 1, at: 100 }.is_fresh(100 + day, day));
        assert!(!Mark::barrier(1).is_fresh(1, day));
        assert!(!Mark::langchain(2).is_fresh(1, day));
    }
}
