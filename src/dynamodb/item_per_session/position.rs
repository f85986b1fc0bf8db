//! Where a session in one item ends.
//!
//! `{length}.{start}.{turn id}` where the newest turn is ours and begins at `start`; `{length}~{digest}` where another
//! program wrote the last element. Length and place alone would be fooled by a session that was cleared and written
//! again.

use aws_sdk_dynamodb::types::AttributeValue;
use sha2::{Digest, Sha256};

use super::Codec;
use super::mark::hex16;
use crate::dynamodb::attribute;
use crate::error::{Error, Result};
use crate::session::{Position, TurnId};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::dynamodb) enum End {
    Ours { length: usize, start: usize, turn: TurnId },
    Theirs { length: usize, digest: String },
}

impl End {
    pub(in crate::dynamodb) fn parse(position: &Position) -> Result<Self> {
        let text = position.as_str();
        let ours = || {
            let mut parts = text.splitn(3, '.');
            let (length, start) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
            Some(Self::Ours { length, start, turn: TurnId::new(parts.next()?).ok()? })
        };
        let theirs = || {
            let (length, digest) = text.split_once('~')?;
            Some(Self::Theirs { length: length.parse().ok()?, digest: digest.to_owned() })
        };
        ours().or_else(theirs).ok_or_else(|| {
            Error::invalid_input("position", "is not of this store; load the session to learn its position")
        })
    }

    /// The end after the first `length` elements; `None` before the first.
    pub(in crate::dynamodb) fn at<C: Codec>(elements: &[AttributeValue], length: usize) -> Option<Self> {
        let elements = elements.get(..length)?;
        let last = elements.last()?;
        let newest =
            elements.iter().enumerate().rev().find_map(|(at, element)| Some((at, C::mark(element)?)));
        Some(match newest {
            Some((start, mark)) if start.saturating_add(mark.count) >= length => {
                Self::Ours { length, start, turn: mark.turn }
            }
            _ => Self::theirs(last, length),
        })
    }

    /// The end after `length` elements of which another program wrote the last.
    pub(in crate::dynamodb) fn theirs(last: &AttributeValue, length: usize) -> Self {
        let text = attribute::to_dynamodb_json(last);
        Self::Theirs { length, digest: hex16(&Sha256::digest(text.as_str())) }
    }

    pub(in crate::dynamodb) fn length(&self) -> usize {
        match self {
            Self::Ours { length, .. } | Self::Theirs { length, .. } => *length,
        }
    }
}

impl From<End> for Position {
    fn from(end: End) -> Self {
        Self::new(match end {
            End::Ours { length, start, turn } => format!("{length}.{start}.{turn}"),
            End::Theirs { length, digest } => format!("{length}~{digest}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_parsed_as_it_was_made_and_others_are_refused() {
        let turn = TurnId::new("a.b~c.d").unwrap();
        for end in [
            End::Ours { length: 12, start: 10, turn },
            End::Theirs { length: 3, digest: "0123456789abcdef".to_owned() },
        ] {
            assert_eq!(End::parse(&Position::from(end.clone())).unwrap(), end);
        }
        for other in ["", "7", "000000000001", "1.2", "x~y", "1.2.with space"] {
            assert!(End::parse(&Position::new(other)).is_err(), "{other}");
        }
    }
}
