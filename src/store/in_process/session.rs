use std::collections::{BTreeMap, HashMap};

use crate::error::{Error, ErrorKind, Result};
use crate::json::RawJson;
use crate::message::Message;
use crate::session::{Position, StoredTurn, TokenCount, TurnId};
use crate::store::{
    After, Append, Cleared, MessageRef, Note, Recent, Record, SessionState, TurnPage, Unreadable, Window,
};
use crate::usage::Usage;

#[derive(Default)]
pub(super) struct Session {
    /// Oldest first.
    pub(super) rows: Vec<Row>,
    /// What each turn id stands for, edits and expiry notwithstanding.
    taken: HashMap<TurnId, Taken>,
    notes: BTreeMap<String, Note>,
    /// When notes expire that came before any turn.
    notes_expire_at: Option<u64>,
    /// The mark of the newest append or clear.
    end: Option<u64>,
}

pub(super) struct Row {
    mark: u64,
    id: TurnId,
    /// A JSON array: text, so that a row can be damaged like a row on a disk.
    pub(super) messages: String,
    tokens: Option<TokenCount>,
    stored_at: u64,
    expires_at: Option<u64>,
}

struct Taken {
    mark: u64,
    messages: String,
}

impl Row {
    fn is_alive(&self, now: u64) -> bool {
        self.expires_at.is_none_or(|expires_at| expires_at > now)
    }

    fn read(&self) -> std::result::Result<StoredTurn, Unreadable> {
        let messages = serde_json::from_str(&self.messages).map_err(|error| Unreadable {
            key: self.mark.to_string(),
            reason: format!("is not an array of messages ({:?} error)", error.classify()),
        })?;
        Ok(StoredTurn {
            id: Some(self.id.clone()),
            position: position(self.mark),
            messages,
            tokens: self.tokens.clone(),
            stored_at_epoch_secs: Some(self.stored_at),
            expires_at_epoch_secs: self.expires_at,
        })
    }

    fn record(&self) -> Record {
        Record {
            key: self.mark.to_string(),
            raw: RawJson::parse(self.messages.as_str())
                .unwrap_or_else(|_| RawJson::from(self.messages.as_str())),
            bytes: self.messages.len() as u64,
            limit_bytes: None,
            expires_at_epoch_secs: self.expires_at,
        }
    }
}

impl Session {
    pub(super) fn cleared_at(mark: u64) -> Self {
        Self { end: Some(mark), ..Self::default() }
    }

    pub(super) fn position(&self) -> Option<Position> {
        self.end.map(position)
    }

    fn alive(&self, now: u64) -> impl DoubleEndedIterator<Item = &Row> {
        self.rows.iter().filter(move |row| row.is_alive(now))
    }

    fn is_expired(&self, now: u64) -> bool {
        if self.rows.is_empty() {
            return self.notes_expire_at.is_some_and(|expire_at| expire_at <= now);
        }
        self.alive(now).next().is_none()
    }

    fn state(&self, now: u64) -> SessionState {
        if self.alive(now).next().is_some() {
            SessionState::Present
        } else if self.is_expired(now) {
            SessionState::Expired
        } else if self.end.is_some() || !self.notes.is_empty() {
            SessionState::Empty
        } else {
            SessionState::New
        }
    }

    /// Forgets what has expired, so that nothing revives it.
    fn sweep(&mut self, now: u64) {
        if self.is_expired(now) {
            self.notes.clear();
            self.notes_expire_at = None;
        }
        self.rows.retain(|row| row.is_alive(now));
    }

    pub(super) fn append(
        &mut self,
        append: Append,
        mark: u64,
        now: u64,
        expires_at: Option<u64>,
    ) -> Result<(Position, bool)> {
        let messages = to_json(&append.turn.messages)?;
        if let Some(taken) = self.taken.get(&append.turn.id) {
            return if taken.messages == messages {
                Ok((position(taken.mark), true))
            } else {
                Err(Error::new(
                    ErrorKind::TurnIdReused,
                    "the turn id stands for other messages; use a new one for a new turn",
                ))
            };
        }
        self.sweep(now);
        if let After::Exactly(expected) = &append.after {
            let holds = match expected {
                Some(expected) => Some(expected) == self.position().as_ref(),
                None => self.rows.is_empty(),
            };
            if !holds {
                return Err(Error::new(
                    ErrorKind::Conflict { position: self.position() },
                    "the session has moved on; load it again and decide anew",
                ));
            }
        }
        self.taken.insert(append.turn.id.clone(), Taken { mark, messages: messages.clone() });
        let (id, tokens) = (append.turn.id, append.turn.tokens);
        self.rows.push(Row { mark, id, messages, tokens, stored_at: now, expires_at });
        self.end = Some(mark);
        self.notes_expire_at = None;
        Ok((position(mark), false))
    }

    pub(super) fn recent(&self, window: Window, now: u64) -> Result<Recent> {
        let (mut turns, mut unreadable) = (Vec::new(), Vec::new());
        let (mut messages, mut complete) = (0, true);
        for row in self.alive(now).rev() {
            let full = match window {
                Window::Everything => false,
                Window::LastTurns(most) => turns.len() >= most.get() as usize,
                Window::LastMessages(enough) => messages >= enough.get() as usize,
            };
            if full {
                complete = false;
                break;
            }
            match row.read() {
                Ok(turn) => {
                    messages += turn.messages.len();
                    turns.push(turn);
                }
                Err(bad) => unreadable.push(bad),
            }
        }
        if let ([], Some(bad)) = (turns.as_slice(), unreadable.first()) {
            return Err(Error::new(
                ErrorKind::Corrupt,
                "nothing of the session can be read; inspect its rows",
            )
            .with("key", &bad.key)
            .with("reason", &bad.reason));
        }
        turns.reverse();
        unreadable.reverse();
        Ok(Recent {
            turns,
            position: self.position(),
            state: self.state(now),
            complete,
            unreadable,
            notes: self.notes(now).cloned().collect(),
            fill: None,
            usage: Usage::default(),
        })
    }

    /// The oldest turns after a mark, and the mark of the last of them; `None` after the end.
    pub(super) fn turns_after(&self, after: u64, most: usize, now: u64) -> Option<(TurnPage, u64)> {
        let mut page = TurnPage { turns: Vec::new(), unreadable: Vec::new(), usage: Usage::default() };
        let mut last = None;
        for row in self.alive(now).filter(|row| row.mark > after).take(most) {
            last = Some(row.mark);
            match row.read() {
                Ok(turn) => page.turns.push(turn),
                Err(bad) => page.unreadable.push(bad),
            }
        }
        last.map(|last| (page, last))
    }

    /// What a clear takes away.
    pub(super) fn removed(&self, now: u64) -> Cleared {
        let mut cleared = Cleared::default();
        for row in self.alive(now) {
            cleared.turns += 1;
            cleared.messages += row.read().map_or(0, |turn| turn.messages.len() as u64);
        }
        cleared
    }

    /// The mark of the newest turn and when it was stored.
    pub(super) fn newest(&self, now: u64) -> Option<(u64, u64)> {
        self.alive(now).next_back().map(|row| (row.mark, row.stored_at))
    }

    pub(super) fn notes(&self, now: u64) -> impl Iterator<Item = &Note> {
        let expired = self.is_expired(now);
        self.notes.values().filter(move |_| !expired)
    }

    pub(super) fn set_note(
        &mut self,
        name: &str,
        text: &str,
        if_version: u64,
        now: u64,
        expires_at: Option<u64>,
    ) -> Result<u64> {
        self.sweep(now);
        let stored = self.notes.get(name).map_or(0, |note| note.version);
        if stored != if_version {
            return Err(Error::new(
                ErrorKind::Conflict { position: self.position() },
                "the note has another version; read it again",
            )
            .with("version", stored));
        }
        let note = Note { name: name.to_owned(), text: text.to_owned(), version: stored + 1 };
        self.notes.insert(name.to_owned(), note);
        if self.rows.is_empty() {
            self.notes_expire_at = expires_at;
        }
        Ok(stored + 1)
    }

    /// What is stored, expired rows included: newest turns first, then the notes.
    pub(super) fn records(&self) -> Vec<Record> {
        let notes = self.notes.values().map(|note| Record {
            key: format!("note {}", note.name),
            raw: RawJson::from(note.text.as_str()),
            bytes: note.text.len() as u64,
            limit_bytes: None,
            expires_at_epoch_secs: None,
        });
        self.rows.iter().rev().map(Row::record).chain(notes).collect()
    }

    /// Replaces one message, or removes it, and its turn with the last one.
    pub(super) fn mend(&mut self, at: &MessageRef, message: Option<Message>, now: u64) -> Result<()> {
        let end = self.position();
        let missing = || Error::new(ErrorKind::NotFound, "the message is not there; load the session again");
        let place = self
            .rows
            .iter()
            .position(|row| row.is_alive(now) && position(row.mark) == at.position)
            .ok_or_else(missing)?;
        let row = self.rows.get_mut(place).ok_or_else(missing)?;
        if at.turn_id.as_ref().is_some_and(|id| *id != row.id) {
            return Err(Error::new(
                ErrorKind::Conflict { position: end },
                "another turn is at this position; load the session again",
            ));
        }
        let mut messages = row
            .read()
            .map_err(|bad| Error::new(ErrorKind::Corrupt, bad.reason).with("key", bad.key))?
            .messages;
        let index = at.index as usize;
        let old = messages.get_mut(index).ok_or_else(missing)?;
        match message {
            Some(message) => *old = message,
            None => {
                messages.remove(index);
            }
        }
        row.messages = to_json(&messages)?;
        row.tokens = None;
        if messages.is_empty() {
            self.rows.remove(place);
        }
        Ok(())
    }
}

fn position(mark: u64) -> Position {
    Position::new(mark.to_string())
}

fn to_json(messages: &[Message]) -> Result<String> {
    serde_json::to_string(messages)
        .map_err(|error| Error::invalid_input("messages", "can't be written as JSON").with_source(error))
}
