//! The item in which LangChain JS keeps a session on a table with a sort key: the oldest part of the session.

use sha2::{Digest, Sha256};

use super::TurnsStore;
use super::codec::epoch_secs;
use super::position::Mark;
use crate::dynamodb::item_per_session::{Codec, ReadItem, read_item};
use crate::dynamodb::list::ListCodec;
use crate::dynamodb::size::Item;
use crate::session::StoredTurn;
use crate::store::Unreadable;

/// What was there before this layout.
#[derive(Debug)]
pub(super) struct OldestPart {
    /// Oldest first.
    pub(super) turns: Vec<StoredTurn>,
    pub(super) unreadable: Vec<Unreadable>,
    /// The end of the session while nothing follows.
    pub(super) mark: Mark,
    expires_at: Option<u64>,
}

impl OldestPart {
    /// Reads the item; `None` where it has no messages attribute and thus is none of a session.
    pub(super) fn read(store: &TurnsStore, item: Item) -> Option<Self> {
        let list = store.config.messages_attribute.as_deref().unwrap_or(ListCodec::ATTRIBUTE);
        if !item.contains_key(list) {
            return None;
        }
        let expires_at = store.expiry_attribute().and_then(|name| epoch_secs(&item, name));
        let ReadItem { mut turns, unreadable, elements } = read_item::<ListCodec>(item, list, expires_at)
            .unwrap_or_else(|error| {
                let reason = error.message().to_owned();
                let whole = Unreadable { key: store.keys.lowest().to_owned(), reason };
                ReadItem { turns: Vec::new(), unreadable: vec![whole], elements: 1 }
            });
        for (index, turn) in turns.iter_mut().enumerate() {
            turn.position = mark(index, Some(turn)).position();
        }
        let end = match elements {
            0 => Mark::default(),
            elements => mark(elements, turns.last()),
        };
        if let Some(newest) = turns.last_mut() {
            newest.position = end.position();
        }
        Some(Self { turns, unreadable, mark: end, expires_at })
    }

    pub(super) fn has_expired(&self, now: u64) -> bool {
        self.expires_at.is_some_and(|at| at <= now)
    }

    /// Whether nothing is in it, readable or not.
    pub(super) fn is_empty(&self) -> bool {
        self.turns.is_empty() && self.unreadable.is_empty()
    }
}

/// A mark that changes when other programs append to the item or replace it.
fn mark(count: usize, newest: Option<&StoredTurn>) -> Mark {
    let messages = newest.map(|turn| &turn.messages);
    let json = serde_json::to_vec(&(count, messages)).unwrap_or_default();
    let digest: [u8; 32] = Sha256::digest(json).into();
    let (start, _) = digest.split_at(8);
    Mark::langchain(start.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)))
}
