//! What the first message of a turn of ours carries beside its message.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::dynamodb::size::Item;
use crate::error::{Error, Result};
use crate::message::Message;
use crate::session::{TokenCount, Turn, TurnId};

/// Which turn begins at an element of the list, and what is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The turn's id.
    pub turn: TurnId,
    /// How many elements of the list it has.
    pub count: usize,
    /// What tells its messages from others under the same id: 16 hexadecimal digits.
    pub checksum: String,
    /// When it was stored, in seconds since 1970.
    pub at_epoch_secs: Option<u64>,
    /// Its size, where it was counted.
    pub tokens: Option<TokenCount>,
}

impl Mark {
    /// The mark of a turn that is stored at `now_epoch_secs`.
    pub(crate) fn of(turn: &Turn, now_epoch_secs: u64) -> Result<Self> {
        Ok(Self {
            turn: turn.id.clone(),
            count: turn.messages.len(),
            checksum: checksum(&turn.messages)?,
            at_epoch_secs: Some(now_epoch_secs),
            tokens: turn.tokens.clone(),
        })
    }

    /// The mark's fields, each name with `prefix` before it.
    pub(crate) fn fields(&self, prefix: &str) -> Item {
        let mut fields = HashMap::from([
            (format!("{prefix}turn"), AttributeValue::S(self.turn.to_string())),
            (format!("{prefix}count"), AttributeValue::N(self.count.to_string())),
            (format!("{prefix}sum"), AttributeValue::S(self.checksum.clone())),
        ]);
        if let Some(at) = self.at_epoch_secs {
            fields.insert(format!("{prefix}at"), AttributeValue::N(at.to_string()));
        }
        if let Some(TokenCount { tokenizer, count }) = &self.tokens {
            fields.insert(format!("{prefix}tokens"), AttributeValue::S(format!("{count} {tokenizer}")));
        }
        fields
    }

    /// Reads the fields back; `None` where there is no mark.
    pub(crate) fn read(fields: &Item, prefix: &str) -> Option<Self> {
        let field = |name: &str| fields.get(&format!("{prefix}{name}"));
        let text = |name: &str| field(name)?.as_s().ok();
        let number = |name: &str| field(name)?.as_n().ok()?.parse::<u64>().ok();
        Some(Self {
            turn: TurnId::new(text("turn")?.as_str()).ok()?,
            count: usize::try_from(number("count")?).ok()?,
            checksum: text("sum").cloned().unwrap_or_default(),
            at_epoch_secs: number("at"),
            tokens: text("tokens").and_then(|text| {
                let (count, tokenizer) = text.split_once(' ')?;
                Some(TokenCount { tokenizer: tokenizer.to_owned(), count: count.parse().ok()? })
            }),
        })
    }

    /// Removes the fields.
    pub(crate) fn strip(fields: &mut Item, prefix: &str) {
        for name in ["turn", "count", "sum", "at", "tokens"] {
            fields.remove(&format!("{prefix}{name}"));
        }
    }
}

/// What tells one turn's messages from another's.
fn checksum(messages: &[Message]) -> Result<String> {
    struct Hashing(Sha256);
    impl std::io::Write for Hashing {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.update(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut json = serde_json::Serializer::new(Hashing(Sha256::new()));
    messages.serialize(&mut json).map_err(|source| {
        Error::invalid_input("messages", "holds a message that has no JSON form").with_source(source)
    })?;
    Ok(hex16(&json.into_inner().0.finalize()))
}

/// The first 16 hexadecimal digits.
pub(crate) fn hex16(digest: &[u8]) -> String {
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_read_as_it_was_written_and_told_from_others() {
        let mut turn =
            Turn::with_id(TurnId::new("t-1").unwrap(), [Message::user("a"), Message::assistant("b")]);
        turn.tokens = Some(TokenCount { tokenizer: "o200k base".to_owned(), count: 7 });
        let mark = Mark::of(&turn, 1_700_000_000).unwrap();
        let mut fields = mark.fields("cm_");
        assert_eq!(Mark::read(&fields, "cm_").unwrap(), mark);
        assert_eq!(Mark::read(&fields, ""), None);
        turn.messages[1] = Message::assistant("c");
        assert_ne!(Mark::of(&turn, 1_700_000_000).unwrap().checksum, mark.checksum);
        Mark::strip(&mut fields, "cm_");
        assert!(fields.is_empty());
    }
}
