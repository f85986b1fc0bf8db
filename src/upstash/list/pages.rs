//! Listings, a page at a time.

use std::collections::BTreeSet;

use futures_util::stream::{self, BoxStream, StreamExt};

use crate::error::{Error, Result};
use crate::json::RawJson;
use crate::session::{SessionId, SessionKey};
use crate::store::{Inspection, Page, PageToken, Record, SessionEntry, Sessions, TurnPage};
use crate::upstash::client::{Command, Intent};
use crate::upstash::reply::Reply;
use crate::usage::Usage;

use super::group::{Placed, entry_key, group};
use super::store::{malformed, only, place, script};
use super::{Keys, UpstashListStore, is_side_key, scripts};

/// Entries a page of turns reads.
const TURN_PAGE_ENTRIES: u64 = 64;

/// Requests that a page of sessions makes at most, so that a database full of other keys does not hold it up.
const SCANS_A_PAGE: u32 = 16;

/// Keys a scan looks at, at least.
const SCAN_COUNT: u32 = 100;

impl UpstashListStore {
    /// A page of sessions. Its token is `CURSOR.SKIP`: `SCAN` may give more keys than asked, and the rest comes by
    /// asking again at the same cursor.
    pub(super) async fn session_page(&self, page: Page) -> Result<Sessions> {
        let (mut cursor, mut skip) = match &page.token {
            None => (0, 0),
            Some(PageToken(token)) => token
                .split_once('.')
                .and_then(|(cursor, skip)| Some((cursor.parse::<u64>().ok()?, skip.parse::<usize>().ok()?)))
                .ok_or_else(|| foreign_token(token))?,
        };
        let limit = usize::try_from(page.limit.get()).unwrap_or(usize::MAX);
        let pattern = format!("{}*", escape_glob(&self.options.key_prefix));
        let mut found = BTreeSet::new();
        let mut usage = Usage::default();
        for _ in 0..SCANS_A_PAGE {
            let command = Command::new("SCAN")
                .number(cursor)
                .arg("MATCH")
                .arg(&*pattern)
                .arg("COUNT")
                .number(page.limit.get().max(SCAN_COUNT))
                .arg("TYPE")
                .arg("list");
            let (replies, cost) =
                self.client.run(&[command], Intent::Read).await.map_err(|error| error.with_usage(usage))?;
            usage += cost;
            let scanned = only(replies).and_then(scanned);
            let (next, keys) = scanned.ok_or_else(|| malformed(&Intent::Read).with_usage(usage))?;
            for (index, key) in keys.iter().enumerate().skip(skip) {
                if found.len() == limit {
                    return Ok(session_list(found, Some(PageToken(format!("{cursor}.{index}"))), usage));
                }
                found.extend(self.session_of(key));
            }
            if next == 0 {
                return Ok(session_list(found, None, usage));
            }
            (cursor, skip) = (next, 0);
            if found.len() == limit {
                break;
            }
        }
        Ok(session_list(found, Some(PageToken(format!("{cursor}.0"))), usage))
    }

    fn session_of(&self, key: &Reply) -> Option<SessionId> {
        let id = key.text()?.strip_prefix(&self.options.key_prefix)?;
        if is_side_key(id) { None } else { SessionId::new(id).ok() }
    }

    /// All turns, oldest first. Pages go from the tail, where appends move nothing.
    pub(super) fn turn_pages<'a>(&'a self, key: &'a SessionKey) -> BoxStream<'a, Result<TurnPage>> {
        let start = Some(Walk { done: 0, carried: Vec::new() });
        stream::try_unfold(start, move |walk| async move {
            match walk {
                Some(walk) => self.turn_page(&self.keys(key)?, walk).await.map(Some),
                None => Ok(None),
            }
        })
        .boxed()
    }

    async fn turn_page(&self, keys: &Keys, walk: Walk) -> Result<(TurnPage, Option<Walk>)> {
        let newest = walk.done.saturating_add(TURN_PAGE_ENTRIES);
        let indexes = (format!("-{newest}"), format!("-{}", walk.done.saturating_add(1)));
        let (read, usage) = self.read_range(keys, indexes, Some(newest)).await?;
        let Range { mut entries, pttl_millis } = read;
        let is_last = u64::try_from(entries.len()).is_ok_and(|read| read < TURN_PAGE_ENTRIES);
        let mut all = walk.carried;
        all.append(&mut entries);
        let mut grouped = group(&keys.list, &all, self.expires_at(pttl_millis));
        let mut next = None;
        if !is_last {
            // The newest turn of the page may go on in the next.
            let from = grouped.turns.pop().map_or(u64::MAX, |group| group.first);
            grouped.unreadable.retain(|(ordinal, _)| *ordinal < from);
            all.retain(|(ordinal, _)| *ordinal >= from);
            next = Some(Walk { done: newest, carried: all });
        }
        let turns = grouped.turns.into_iter().map(|group| group.turn).collect();
        let unreadable = grouped.unreadable.into_iter().map(|(_, unreadable)| unreadable).collect();
        Ok((TurnPage { turns, unreadable, usage }, next))
    }

    async fn read_range(
        &self,
        keys: &Keys,
        (first, last): (String, String),
        newest: Option<u64>,
    ) -> Result<(Range, Usage)> {
        let command = script(&scripts::PAGE, &[&keys.list]).arg(first).arg(last);
        self.run(keys, &[command], Intent::Read, |replies| Range::of(only(replies)?, newest)).await
    }

    /// A page of raw entries, newest first. Its token is the place of its first entry, from the tail.
    pub(super) async fn entry_page(&self, keys: &Keys, page: Page) -> Result<Inspection> {
        let limit = u64::from(page.limit.get());
        let (indexes, newest) = match &page.token {
            None => (("0".to_owned(), (limit - 1).to_string()), None),
            Some(PageToken(token)) => {
                let newest = token.parse::<u64>().ok().filter(|newest| *newest > 0);
                let newest = newest.ok_or_else(|| foreign_token(token))?;
                let oldest = newest.saturating_sub(limit) + 1;
                ((format!("-{newest}"), format!("-{oldest}")), Some(newest))
            }
        };
        let (Range { entries, pttl_millis }, usage) = self.read_range(keys, indexes, newest).await?;
        let next = entries.first().map(|(oldest, _)| oldest - 1).filter(|newest| *newest > 0);
        let expires_at_epoch_secs = self.expires_at(pttl_millis);
        let record = |(ordinal, raw): Placed| Record {
            key: entry_key(&keys.list, ordinal),
            raw: as_json(&raw),
            bytes: u64::try_from(raw.len()).unwrap_or(u64::MAX),
            limit_bytes: None,
            expires_at_epoch_secs,
        };
        let records = entries.into_iter().rev().map(record).collect();
        Ok(Inspection { records, next: next.map(|newest| PageToken(newest.to_string())), usage })
    }
}

/// What is between two indexes of a list.
struct Range {
    entries: Vec<Placed>,
    pttl_millis: i64,
}

impl Range {
    /// `newest` is the place of the first index from the tail, where the range does not begin at the head.
    fn of(reply: Reply, newest: Option<u64>) -> Option<Self> {
        let [entries, length, pttl] = <[Reply; 3]>::try_from(reply.into_array()?).ok()?;
        let length = u64::try_from(length.integer()?).ok()?;
        let newest = newest.map_or(length, |newest| newest.min(length));
        Some(Self { entries: place(entries, newest)?, pttl_millis: pttl.integer()? })
    }
}

/// How far a walk from the tail has come.
struct Walk {
    /// Entries read.
    done: u64,
    /// The last of them, which may belong to a turn that goes on.
    carried: Vec<Placed>,
}

fn scanned(reply: Reply) -> Option<(u64, Vec<Reply>)> {
    let [cursor, keys] = <[Reply; 2]>::try_from(reply.into_array()?).ok()?;
    let cursor = match cursor.integer() {
        Some(cursor) => u64::try_from(cursor).ok()?,
        None => cursor.text()?.parse().ok()?,
    };
    Some((cursor, keys.into_array()?))
}

fn session_list(found: BTreeSet<SessionId>, next: Option<PageToken>, usage: Usage) -> Sessions {
    let entry = |session| SessionEntry { session, last_active_epoch_secs: None };
    Sessions { sessions: found.into_iter().map(entry).collect(), next, usage }
}

fn foreign_token(token: &str) -> Error {
    Error::invalid_input("page", format!("is not of this listing: {} bytes; start without one", token.len()))
}

/// The entry itself where any JSON reader takes it, else a JSON string of it.
fn as_json(raw: &[u8]) -> RawJson {
    let text = String::from_utf8_lossy(raw);
    let readable = serde_json::from_str::<serde_json::Value>(&text).is_ok();
    let json = if readable { RawJson::parse(&*text).ok() } else { None };
    json.unwrap_or_else(|| RawJson::from(&*text))
}

/// Takes the special meaning from characters in a `MATCH` pattern.
fn escape_glob(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '*' | '?' | '[' | ']' | '\\') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}
