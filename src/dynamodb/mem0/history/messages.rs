//! The newest messages of a session scope: one row, written anew by each call, on the condition that nobody else did.

use std::collections::BTreeSet;
use std::num::NonZeroU32;

use aws_sdk_dynamodb::types::AttributeValue;

use super::record::{self, Listed};
use super::requests::{Condition, Transacted, Write, pause};
use super::{Mem0HistoryStore, keys};
use crate::dynamodb::size::{Item, MAX_ITEM_BYTES, item_bytes};
use crate::error::{Error, ErrorKind, Result};
use crate::history::{AddedMessages, Deleted, NewSessionMessage, RecentMessages, SessionMessage, mint_id};
use crate::session::Scope;
use crate::usage::Usage;

/// How often the row is written when other writers come between.
const MAX_TRIES: u32 = 10;

/// The row of a session scope.
#[derive(Clone, Debug, Default)]
pub(super) struct Held {
    /// Counts the writes; `None` where there is no row.
    version: Option<u64>,
    /// The place of the newest message that ever was in the row.
    sequence: u64,
    messages: Vec<SessionMessage>,
}

impl Held {
    fn users(&self) -> BTreeSet<&str> {
        self.messages.iter().map(|message| message.user.as_str()).collect()
    }
}

impl Mem0HistoryStore {
    pub(super) async fn add_to_session(
        &self,
        scope: &Scope,
        session_scope: &str,
        messages: Vec<NewSessionMessage>,
    ) -> Result<AddedMessages> {
        for message in &messages {
            message.check()?;
        }
        let now = self.now();
        let messages: Vec<_> = messages.into_iter().map(|message| complete(message, scope, &now)).collect();
        let partition = keys::session(scope, session_scope);
        let kept = self.config.kept_messages.get() as usize;
        let add = |held: &Held| {
            let is_known =
                |message: &SessionMessage| held.messages.iter().any(|known| known.id == message.id);
            // A call is made as a whole: what stands before a message that is known was stored with it.
            let known = messages.iter().rposition(is_known).map_or(0, |last| last + 1);
            let new = messages.iter().skip(known).zip(held.sequence.saturating_add(1)..);
            let new = new.map(|(message, sequence)| SessionMessage { sequence, ..message.clone() });
            let mut all: Vec<_> = held.messages.iter().cloned().chain(new).collect();
            let sequence = all.last().map_or(held.sequence, |newest| newest.sequence.max(held.sequence));
            all.drain(..all.len().saturating_sub(kept));
            Held { version: held.version, sequence, messages: all }
        };
        let (before, after, usage) = self.change(scope, &partition, add).await?;
        let added = after.sequence - before.sequence;
        Ok(AddedMessages { added, sequence: after.sequence, usage })
    }

    pub(super) async fn newest_messages(
        &self,
        scope: &Scope,
        session_scope: &str,
        limit: NonZeroU32,
    ) -> Result<RecentMessages> {
        let mut usage = Usage::default();
        let partition = keys::session(scope, session_scope);
        let mut messages = self.held(&partition, &mut usage).await?.messages;
        messages.drain(..messages.len().saturating_sub(limit.get() as usize));
        Ok(RecentMessages { messages, usage })
    }

    pub(super) async fn delete_messages(&self, scope: &Scope, session_scope: &str) -> Result<Deleted> {
        self.forget(scope, &keys::session(scope, session_scope), |_| false).await
    }

    /// Removes the messages of a row that are not to stay.
    pub(super) async fn forget(
        &self,
        scope: &Scope,
        partition: &str,
        stays: impl Fn(&SessionMessage) -> bool,
    ) -> Result<Deleted> {
        let remove = |held: &Held| {
            let mut held = held.clone();
            held.messages.retain(&stays);
            held
        };
        let (before, after, usage) = self.change(scope, partition, remove).await?;
        let messages = (before.messages.len() - after.messages.len()) as u64;
        Ok(Deleted { messages, usage, ..Deleted::default() })
    }

    async fn held(&self, partition: &str, usage: &mut Usage) -> Result<Held> {
        let Some(row) = self.get(keys::messages(partition), usage).await? else { return Ok(Held::default()) };
        decode(&row).ok_or_else(|| {
            let message = "the messages of the session scope can't be read, and they are left as they are; mend or \
                           remove the row";
            self.located(Error::new(ErrorKind::Corrupt, message).with("key", partition).with_usage(*usage))
        })
    }

    /// Makes a row what `change` makes of it, again when others come between; gives the row before and after.
    async fn change(
        &self,
        scope: &Scope,
        partition: &str,
        change: impl Fn(&Held) -> Held,
    ) -> Result<(Held, Held, Usage)> {
        let mut usage = Usage::default();
        for attempt in 0..MAX_TRIES {
            if attempt > 0 {
                pause(attempt).await;
            }
            let before = self.held(partition, &mut usage).await?;
            let after = change(&before);
            let is_same = after.messages == before.messages && after.sequence == before.sequence;
            if is_same || self.write(scope, partition, &before, &after, &mut usage).await? {
                return Ok((before, after, usage));
            }
        }
        Err(self.contended().with_usage(usage))
    }

    /// Writes a row where it still is as it was `before`, and lists it for the users whose messages it holds.
    async fn write(
        &self,
        scope: &Scope,
        partition: &str,
        before: &Held,
        after: &Held,
        usage: &mut Usage,
    ) -> Result<bool> {
        let unchanged = before.version.map_or(Condition::ABSENT, |version| {
            Condition::equal("version", AttributeValue::N(version.to_string()))
        });
        let listing = keys::listing(scope);
        let (had, has) = (before.users(), after.users());
        let listed = has.difference(&had).map(|user| {
            let mut row = keys::key(&listing, keys::listed_session(user, partition));
            row.extend(Listed { user, partition, sequence: None }.attributes());
            Write::Put(row, None)
        });
        let unlisted = had
            .difference(&has)
            .map(|user| Write::Delete(keys::key(&listing, keys::listed_session(user, partition)), None));
        let mut writes: Vec<_> = listed.chain(unlisted).collect();
        if after.messages.is_empty() {
            writes.push(Write::Delete(keys::messages(partition), Some(unchanged)));
        } else {
            let row = self.encode(partition, after, before.version.unwrap_or_default().saturating_add(1))?;
            if writes.is_empty() {
                return self.put_if(row, unchanged, usage).await;
            }
            writes.push(Write::Put(row, Some(unchanged)));
        }
        Ok(matches!(self.transact(writes, usage).await?, Transacted::Done))
    }

    fn encode(&self, partition: &str, held: &Held, version: u64) -> Result<Item> {
        let json = serde_json::to_string(&held.messages)
            .map_err(|source| Error::invalid_input("messages", "have no JSON form").with_source(source))?;
        let mut row = keys::messages(partition);
        row.insert("version".to_owned(), AttributeValue::N(version.to_string()));
        row.insert("sequence".to_owned(), AttributeValue::N(held.sequence.to_string()));
        row.insert("messages".to_owned(), AttributeValue::S(json));
        let bytes = item_bytes(&row);
        if bytes > MAX_ITEM_BYTES {
            let message = format!(
                "the newest {} messages of the session scope would pass DynamoDB's limit of 400 KB for an item, and \
                 nothing was written; keep fewer or shorter ones",
                held.messages.len()
            );
            return Err(self.located(Error::new(ErrorKind::TooLarge, message).with("bytes", bytes)));
        }
        Ok(row)
    }
}

fn complete(message: NewSessionMessage, scope: &Scope, now: &str) -> SessionMessage {
    let NewSessionMessage { id, user, role, content, name, created_at } = message;
    SessionMessage {
        id: id.unwrap_or_else(mint_id),
        sequence: 0,
        user: user.unwrap_or_else(|| scope.as_str().to_owned()),
        role,
        content,
        name,
        created_at: created_at.unwrap_or_else(|| now.to_owned()),
    }
}

fn decode(row: &Item) -> Option<Held> {
    let number = |name: &str| row.get(name)?.as_n().ok()?.parse().ok();
    Some(Held {
        version: Some(number("version")?),
        sequence: number("sequence")?,
        messages: serde_json::from_str(record::text(row, "messages")?).ok()?,
    })
}
