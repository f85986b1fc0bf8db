//! The events of one run, kept so that a reader can come late, or again.

use std::collections::VecDeque;
use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use canvas_memory::chain::RunEvent;
use futures_util::Stream;
use futures_util::stream;
use serde::Serialize;
use tokio::sync::watch;

use super::result::{RunResult, SharedError};

/// Text is kept in pieces of about this size, so that old text can go in steps.
const TEXT_PIECE_BYTES: usize = 16 << 10;

/// Where a reader stands: so many entries are read, and so many bytes of the text in the next.
///
/// Its text form is the `id` of a server-sent event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cursor {
    entry: u64,
    text_bytes: usize,
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.entry, self.text_bytes)
    }
}

impl FromStr for Cursor {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (entry, text_bytes) = text.split_once('-').ok_or(())?;
        Ok(Self { entry: entry.parse().map_err(drop)?, text_bytes: text_bytes.parse().map_err(drop)? })
    }
}

/// An event as a reader gets it.
#[derive(Debug)]
pub struct Logged {
    /// Where the reader stands after it.
    pub after: Cursor,
    /// What kind of event it is: `started`, `step`, `text`, `done` or `error`.
    pub name: &'static str,
    /// Its data.
    pub json: Arc<str>,
}

#[derive(Debug)]
enum Entry {
    Event { name: &'static str, json: Arc<str> },
    Text(String),
    Done(Arc<RunResult>, usize),
    Failed(SharedError, usize),
}

impl Entry {
    fn bytes(&self) -> usize {
        match self {
            Self::Event { json, .. } => json.len(),
            Self::Text(text) => text.len(),
            Self::Done(_, bytes) | Self::Failed(_, bytes) => *bytes,
        }
    }
}

/// The events of one run. Writing never waits for a reader, and readers at any pace cost no memory of their own.
#[derive(Debug)]
pub(super) struct EventLog {
    kept: Mutex<Kept>,
    changed: watch::Sender<()>,
    max_bytes: usize,
}

#[derive(Debug, Default)]
struct Kept {
    entries: VecDeque<Entry>,
    /// How many entries have gone before the first.
    gone: u64,
    bytes: usize,
    ended: bool,
}

enum Read {
    Event(Logged),
    Wait,
    End,
}

impl EventLog {
    pub(super) fn new(max_bytes: usize) -> Self {
        Self { kept: Mutex::default(), changed: watch::Sender::new(()), max_bytes }
    }

    pub(super) fn record(&self, event: RunEvent) {
        let mut kept = self.lock();
        match event {
            RunEvent::Text { text } => kept.push_text(text),
            RunEvent::Started { .. } => kept.push(Entry::Event { name: "started", json: to_json(&event) }),
            _ => kept.push(Entry::Event { name: "step", json: to_json(&event) }),
        }
        self.told(kept);
    }

    /// The last event of a run that answered. Told again, it takes the place of what was told before.
    pub(super) fn done(&self, result: Arc<RunResult>) {
        let bytes = to_json(&*result).len();
        self.end(Entry::Done(result, bytes));
    }

    /// The last event of a run that did not.
    pub(super) fn failed(&self, error: SharedError) {
        let bytes = to_json(&error).len();
        self.end(Entry::Failed(error, bytes));
    }

    fn end(&self, last: Entry) {
        let mut kept = self.lock();
        if kept.ended {
            kept.pop_last();
        }
        kept.push(last);
        kept.ended = true;
        self.told(kept);
    }

    fn told(&self, mut kept: MutexGuard<'_, Kept>) {
        kept.shrink(self.max_bytes);
        drop(kept);
        self.changed.send_replace(());
    }

    /// Bytes that are kept.
    pub(super) fn bytes(&self) -> usize {
        self.lock().bytes
    }

    fn read(&self, cursor: Cursor) -> Read {
        self.lock().read(cursor)
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn push(&mut self, entry: Entry) {
        self.bytes += entry.bytes();
        self.entries.push_back(entry);
    }

    fn push_text(&mut self, text: String) {
        match self.entries.back_mut() {
            Some(Entry::Text(piece)) if piece.len() < TEXT_PIECE_BYTES => {
                self.bytes += text.len();
                piece.push_str(&text);
            }
            _ => self.push(Entry::Text(text)),
        }
    }

    fn pop_last(&mut self) {
        if let Some(last) = self.entries.pop_back() {
            self.bytes -= last.bytes();
        }
    }

    fn shrink(&mut self, max_bytes: usize) {
        while self.bytes > max_bytes && self.entries.len() > 1 {
            if let Some(oldest) = self.entries.pop_front() {
                self.bytes -= oldest.bytes();
                self.gone += 1;
            }
        }
    }

    fn read(&self, cursor: Cursor) -> Read {
        let end = self.gone + self.entries.len() as u64;
        // An id that was never given out stands for the beginning, as does one whose event is gone.
        let mut cursor = if cursor.entry > end { Cursor::default() } else { cursor };
        if cursor.entry < self.gone {
            cursor = Cursor { entry: self.gone, text_bytes: 0 };
        }
        loop {
            let at = usize::try_from(cursor.entry - self.gone).unwrap_or(usize::MAX);
            let Some(entry) = self.entries.get(at) else {
                return if self.ended { Read::End } else { Read::Wait };
            };
            let next = Cursor { entry: cursor.entry + 1, text_bytes: 0 };
            let (name, json) = match entry {
                Entry::Event { name, json } => (*name, json.clone()),
                Entry::Done(result, _) => ("done", to_json(&**result)),
                Entry::Failed(error, _) => ("error", to_json(&error.in_body())),
                Entry::Text(text) => match text.get(cursor.text_bytes..).unwrap_or(text) {
                    "" if at + 1 < self.entries.len() => {
                        cursor = next;
                        continue;
                    }
                    "" => return Read::Wait,
                    rest => {
                        let after = Cursor { entry: cursor.entry, text_bytes: text.len() };
                        let event = RunEvent::Text { text: rest.to_owned() };
                        return Read::Event(Logged { after, name: "text", json: to_json(&event) });
                    }
                },
            };
            return Read::Event(Logged { after: next, name, json });
        }
    }
}

/// The events after `cursor`, and those to come; it ends after the last event of the run.
pub(super) fn follow(
    log: impl AsRef<EventLog> + Send + 'static,
    cursor: Cursor,
) -> impl Stream<Item = Logged> + Send {
    let changes = log.as_ref().changed.subscribe();
    stream::unfold((log, changes, cursor), |(log, mut changes, cursor)| async move {
        loop {
            changes.mark_unchanged();
            match log.as_ref().read(cursor) {
                Read::Event(logged) => {
                    let after = logged.after;
                    return Some((logged, (log, changes, after)));
                }
                Read::End => return None,
                Read::Wait => changes.changed().await.ok()?,
            }
        }
    })
}

/// Keys are text in everything that is logged, so that nothing can fail here.
fn to_json(value: &impl Serialize) -> Arc<str> {
    serde_json::to_string(value).unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt;
    use serde_json::Value;

    use super::*;

    fn text(text: &str) -> RunEvent {
        RunEvent::Text { text: text.to_owned() }
    }

    fn error() -> SharedError {
        SharedError::new(canvas_memory::Error::invalid_input("x", "is wrong"))
    }

    async fn all(log: &Arc<EventLog>, from: Cursor) -> Vec<(Cursor, String)> {
        let told = |logged: Logged| {
            let data: Value = serde_json::from_str(&logged.json).unwrap();
            (logged.after, data["text"].as_str().unwrap_or(logged.name).to_owned())
        };
        follow(log.clone(), from).map(told).collect().await
    }

    #[tokio::test]
    async fn a_reader_goes_on_where_it_was_whatever_the_pieces() {
        let log = Arc::new(EventLog::new(1 << 20));
        log.record(text("Grüße, "));
        log.record(text("Welt"));
        let mut live = Box::pin(follow(log.clone(), Cursor::default()));
        let first = live.next().await.unwrap();
        log.record(text("!"));
        log.failed(error());
        let rest: String = live.map(|logged| logged.name.to_owned() + " ").collect().await;
        assert_eq!(rest, "text error ");
        let seen: Cursor = first.after.to_string().parse().unwrap();
        let again: Vec<_> = all(&log, seen).await.into_iter().map(|(_, text)| text).collect();
        assert_eq!(again, ["!", "error"]);
        let whole: Vec<_> = all(&log, Cursor::default()).await.into_iter().map(|(_, text)| text).collect();
        assert_eq!(whole, ["Grüße, Welt!", "error"]);
    }

    #[tokio::test]
    async fn an_id_that_was_never_given_out_is_the_beginning() {
        let log = Arc::new(EventLog::new(1 << 20));
        log.record(text("é"));
        log.failed(error());
        for id in ["99-0", "0-1", "0-77"] {
            let told: Vec<_> = all(&log, id.parse().unwrap()).await.into_iter().map(|it| it.1).collect();
            assert_eq!(told, ["é", "error"], "{id}");
        }
        assert!("x".parse::<Cursor>().is_err());
    }

    #[tokio::test]
    async fn the_oldest_goes_and_the_last_stays() {
        let log = Arc::new(EventLog::new(40_000));
        for piece in 0..10_000 {
            log.record(text(&format!("{piece:010}")));
        }
        assert!(log.bytes() <= 40_000, "{}", log.bytes());
        log.failed(error());
        let told = all(&log, Cursor::default()).await;
        let (last, texts) = told.split_last().unwrap();
        assert_eq!(last.1, "error");
        let kept: String = texts.iter().map(|(_, text)| text.as_str()).collect();
        assert!(kept.ends_with("0000009999") && kept.len() > 20_000, "{}", kept.len());
        assert!(kept.starts_with("000000"), "whole pieces go");
    }
}
