//! Groups the entries of a list into turns.

use crate::message::Message;
use crate::session::{StoredTurn, TokenCount, TurnId, split_turns};
use crate::store::Unreadable;

use super::entry::{self, Mark};

/// An entry, and its place from the tail of the list, counted from 1: appends don't change it.
pub(super) type Placed = (u64, Vec<u8>);

/// Entries as turns.
#[derive(Default)]
pub(super) struct Grouped {
    /// Oldest first.
    pub(super) turns: Vec<Group>,
    /// With their places.
    pub(super) unreadable: Vec<(u64, Unreadable)>,
}

pub(super) struct Group {
    /// The place of its oldest entry.
    pub(super) first: u64,
    pub(super) turn: StoredTurn,
}

/// Groups consecutive entries, oldest first.
pub(super) fn group(key: &str, entries: &[Placed], expires_at_epoch_secs: Option<u64>) -> Grouped {
    let mut grouping =
        Grouping { done: Grouped::default(), ours: None, others: Vec::new(), expires_at_epoch_secs };
    for (ordinal, raw) in entries {
        match entry::decode(raw) {
            Ok((message, mark)) => grouping.take(Member { ordinal: *ordinal, raw, message }, mark),
            Err(error) => {
                let unreadable =
                    Unreadable { key: entry_key(key, *ordinal), reason: error.message().to_owned() };
                grouping.done.unreadable.push((*ordinal, unreadable));
            }
        }
    }
    grouping.close();
    grouping.done
}

/// The name of an entry; `LINDEX` takes the number.
pub(super) fn entry_key(key: &str, ordinal: u64) -> String {
    format!("{key}[-{ordinal}]")
}

struct Member<'a> {
    ordinal: u64,
    raw: &'a [u8],
    message: Message,
}

/// A turn of ours that is being read. Its first entry may be gone, and its id with it.
struct Ours<'a> {
    id: Option<TurnId>,
    rnd: String,
    at: Option<u64>,
    tokens: Option<TokenCount>,
    members: Vec<Member<'a>>,
}

struct Grouping<'a> {
    done: Grouped,
    ours: Option<Ours<'a>>,
    others: Vec<Member<'a>>,
    expires_at_epoch_secs: Option<u64>,
}

impl<'a> Grouping<'a> {
    fn take(&mut self, member: Member<'a>, mark: Option<Mark>) {
        match mark {
            None => {
                self.close_ours();
                self.others.push(member);
            }
            Some(Mark::First(mark)) => {
                self.close();
                let (id, at) = (Some(mark.turn), Some(mark.at));
                self.ours = Some(Ours { id, rnd: mark.rnd, at, tokens: mark.tokens, members: vec![member] });
            }
            Some(Mark::Inside(rnd)) => match &mut self.ours {
                Some(ours) if ours.rnd == rnd => ours.members.push(member),
                _ => {
                    self.close();
                    self.ours = Some(Ours { id: None, rnd, at: None, tokens: None, members: vec![member] });
                }
            },
        }
    }

    fn close(&mut self) {
        self.close_ours();
        self.close_others();
    }

    fn close_ours(&mut self) {
        if let Some(Ours { id, at, tokens, members, .. }) = self.ours.take() {
            let (places, messages) = unzip(members);
            self.push(id, at, tokens, &places, messages);
        }
    }

    fn close_others(&mut self) {
        let (places, messages) = unzip(std::mem::take(&mut self.others));
        let mut rest = places.as_slice();
        for messages in split_turns(messages) {
            let (places, after) = rest.split_at_checked(messages.len()).unwrap_or((rest, &[]));
            rest = after;
            self.push(None, None, None, places, messages);
        }
    }

    fn push(
        &mut self,
        id: Option<TurnId>,
        stored_at_epoch_secs: Option<u64>,
        tokens: Option<TokenCount>,
        places: &[(u64, &[u8])],
        messages: Vec<Message>,
    ) {
        let (Some((first, _)), Some((last, raw))) = (places.first(), places.last()) else { return };
        let turn = StoredTurn {
            id,
            position: entry::position(*last, raw),
            messages,
            tokens,
            stored_at_epoch_secs,
            expires_at_epoch_secs: self.expires_at_epoch_secs,
        };
        self.done.turns.push(Group { first: *first, turn });
    }
}

fn unzip(members: Vec<Member<'_>>) -> (Vec<(u64, &[u8])>, Vec<Message>) {
    members.into_iter().map(|member| ((member.ordinal, member.raw), member.message)).unzip()
}
