//! Where rows lie: partition and sort key values, and back.

use sha2::{Digest, Sha256};

use crate::error::{Error, Result};
use crate::session::{Scope, SessionId, SessionKey, TurnId};

/// What partition key values of our own start with.
const OWN: &str = "canvas-memory:";

/// The most bytes of a partition key value.
const MAX_PARTITION_BYTES: usize = 2_048;

/// The most bytes of a note's name.
const MAX_NOTE_NAME_BYTES: usize = 64;

/// The highest place in a session: twelve digits.
pub(super) const MAX_SEQ: u64 = 999_999_999_999;

/// The range of all remembered turn ids; its ends are no keys of ids.
pub(super) const IDS: (&str, &str) = ("!id#", "!id$");

/// The row that tells where the newest barrier stands.
pub(super) const BARRIER_POINTER: &str = "!barrier";

const CHUNKS: &str = "!chunk#";

/// The partition of a session. Different sessions of different scopes never share one.
pub(super) fn partition(key: &SessionKey) -> Result<String> {
    let session = key.session.as_str();
    let value = if !key.scope.is_local() {
        format!("{OWN}scope:{}:{session}", key.scope.as_str())
    } else if session.starts_with(OWN) {
        format!("{OWN}local:{session}")
    } else {
        session.to_owned()
    };
    if value.len() > MAX_PARTITION_BYTES {
        let fits = MAX_PARTITION_BYTES.saturating_sub(value.len() - session.len());
        let problem =
            format!("has {} bytes; in its scope at most {fits} fit beside the scope's name", session.len());
        return Err(Error::invalid_input("sessionId", problem));
    }
    Ok(value)
}

/// The partition that lists the sessions of a scope.
pub(super) fn listing_partition(scope: &Scope) -> String {
    format!("{OWN}sessions:{}", scope.as_str())
}

/// The sort key value of a session in its scope's listing; later hours sort higher.
pub(super) fn listing(hour: u64, session: &SessionId) -> String {
    format!("{hour:010}#{}", hex(&Sha256::digest(session.as_str()), 8))
}

/// The hour in a listing's sort key value.
pub(super) fn listing_hour(sort: &str) -> Option<u64> {
    let (hour, _) = sort.split_once('#')?;
    hour.parse().ok()
}

/// The first `bytes` of `digest` in hexadecimal digits.
fn hex(digest: &[u8], bytes: usize) -> String {
    digest.iter().take(bytes).map(|byte| format!("{byte:02x}")).collect()
}

/// The name of the table's sort key, which turns and notes carry in its value.
#[derive(Clone, Debug)]
pub(super) struct SortKeys(String);

/// What a row of a session's partition is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Kind<'a> {
    Turn(u64),
    Note(&'a str),
    /// The one item that LangChain JS keeps a session in.
    LangChain,
    Id,
    Chunk,
    BarrierPointer,
    /// Not ours: never read, counted or changed.
    Foreign,
}

impl SortKeys {
    pub(super) fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    pub(super) fn turn(&self, seq: u64) -> String {
        format!("{}#{seq:012}", self.0)
    }

    pub(super) fn note(&self, name: &str) -> Result<String> {
        let known = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
        if name.is_empty() || name.len() > MAX_NOTE_NAME_BYTES || !name.bytes().all(known) {
            let problem = format!("is not 1 to {MAX_NOTE_NAME_BYTES} letters, digits, `_`, `-` or `.`");
            return Err(Error::invalid_input("name", problem));
        }
        Ok(format!("{}#~{name}", self.0))
    }

    /// Below this are no turns, and here is what LangChain JS left.
    pub(super) fn lowest(&self) -> &str {
        &self.0
    }

    /// Above this are no turns; notes are.
    pub(super) fn highest_turn(&self) -> String {
        self.turn(MAX_SEQ)
    }

    /// Above this are neither turns nor notes.
    pub(super) fn highest(&self) -> String {
        format!("{}#~~", self.0)
    }

    pub(super) fn kind<'a>(&self, sort: &'a str) -> Kind<'a> {
        if let Some(rest) = sort.strip_prefix(self.0.as_str()) {
            return match rest.strip_prefix('#') {
                None if rest.is_empty() => Kind::LangChain,
                None => Kind::Foreign,
                Some(rest) => match rest.strip_prefix('~') {
                    Some(name) => Kind::Note(name),
                    None if rest.len() == 12 && rest.bytes().all(|byte| byte.is_ascii_digit()) => {
                        rest.parse().map_or(Kind::Foreign, Kind::Turn)
                    }
                    None => Kind::Foreign,
                },
            };
        }
        if sort.starts_with(IDS.0) {
            Kind::Id
        } else if sort.starts_with(CHUNKS) {
            Kind::Chunk
        } else if sort == BARRIER_POINTER {
            Kind::BarrierPointer
        } else {
            Kind::Foreign
        }
    }
}

/// The row that remembers a turn id.
pub(super) fn id(turn: &TurnId) -> String {
    format!("!id#{turn}")
}

/// A piece of the turn at `seq`. The place is part of the key, so that a barrier parts the pieces that a clear may
/// remove from those of a turn that came after it.
pub(super) fn chunk(seq: u64, turn: &TurnId, sha256: &[u8], index: u32) -> String {
    format!("{CHUNKS}{seq:012}#{turn}#{}#{index:04}", hex(sha256, 8))
}

/// The place of the turn that a piece belongs to.
pub(super) fn chunk_seq(sort: &str) -> Option<u64> {
    sort.strip_prefix(CHUNKS)?.get(..12)?.parse().ok()
}

/// The range of all rows below the turns that this layout writes.
pub(super) const BELOW_TURNS: (&str, &str) = ("!barrier", IDS.1);

/// The range of all pieces of turns below `seq`; its ends are no keys of pieces.
pub(super) fn chunks_below(seq: u64) -> (String, String) {
    (CHUNKS.to_owned(), format!("{CHUNKS}{seq:012}"))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_a_row_is_stands_in_its_key() {
        let keys = SortKeys::new("SK");
        assert_eq!(keys.kind(&keys.turn(7)), Kind::Turn(7));
        assert_eq!(keys.kind(&keys.note("summary").unwrap()), Kind::Note("summary"));
        assert_eq!(keys.kind("SK"), Kind::LangChain);
        let turn = TurnId::new("a#b").unwrap();
        assert_eq!(keys.kind(&id(&turn)), Kind::Id);
        let piece = chunk(9, &turn, &[0xAB; 32], 3);
        assert_eq!(keys.kind(&piece), Kind::Chunk);
        assert_eq!(chunk_seq(&piece), Some(9));
        for foreign in ["SK#", "SK#1", "SK#00000000000x", "SKX", "META", "SK2#000000000001", "!other"] {
            assert_eq!(keys.kind(foreign), Kind::Foreign, "{foreign}");
        }
    }

    #[test]
    fn notes_sort_above_turns_and_ids_below() {
        let keys = SortKeys::new("SK");
        let turn = TurnId::new("~~~").unwrap();
        let order = [
            keys.highest(),
            keys.note("zzz").unwrap(),
            keys.highest_turn(),
            keys.turn(1),
            keys.lowest().to_owned(),
            IDS.1.to_owned(),
            id(&turn),
            IDS.0.to_owned(),
            chunks_below(2).1,
            chunk(1, &turn, &[0xFF; 32], 9_999),
            chunks_below(2).0,
        ];
        assert!(order.is_sorted_by(|high, low| high > low), "{order:?}");
        for name in ["", "~", "a b", "é"] {
            assert!(keys.note(name).is_err(), "{name}");
        }
    }

    #[test]
    fn a_session_id_too_long_for_its_scope_is_named() {
        let key = SessionKey {
            scope: Scope::new("team").unwrap(),
            session: SessionId::new("x".repeat(2_048)).unwrap(),
        };
        let error = partition(&key).unwrap_err().to_string();
        assert!(error.contains("`sessionId`") && error.contains("2023"), "{error}");
    }

    fn any_scope() -> impl Strategy<Value = Scope> {
        prop_oneof![Just(Scope::default()), "[a-c]{1,2}|local2|scope".prop_map(|s| Scope::new(s).unwrap())]
    }

    fn any_session() -> impl Strategy<Value = SessionId> {
        prop_oneof![
            "(canvas-memory:)?(canvas-memory:|scope:|local:|sessions:)?[a-c]{0,2}:?[a-c]{1,2}",
            "\\PC{1,12}"
        ]
        .prop_map(|id| SessionId::new(id).unwrap())
    }

    proptest! {
        #[test]
        fn no_two_sessions_share_a_partition(
            keys in proptest::collection::vec((any_scope(), any_session()), 2..40)
        ) {
            let mut taken: HashMap<String, SessionKey> = HashMap::new();
            for (scope, session) in keys {
                let key = SessionKey { scope, session };
                let value = partition(&key).unwrap();
                prop_assert!(!value.starts_with("canvas-memory:sessions:"));
                if let Some(other) = taken.insert(value, key.clone()) {
                    prop_assert_eq!(other, key);
                }
            }
        }
    }
}
