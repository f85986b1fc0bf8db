//! What every history store promises, and a suite that checks it on any of them.
//!
//! 1. A record comes back as it was added, and histories are oldest first with strictly increasing sequences, whatever
//!    times the records bear.
//! 2. An id has one effect: adding it again changes nothing; with other content it is refused.
//! 3. What several hosts add at a time is all there, each record once.
//! 4. Of a session scope the newest messages are there, in the order in which they came, also those of one batch.
//! 5. What is deleted of a user, a session scope or a scope is gone and counted, and nothing else is.
//! 6. What can't be kept is refused by its field.

use std::num::NonZeroU32;

use futures_util::future::try_join_all;

use super::{Deleted, HistoryEvent, HistoryStore, KEPT_MESSAGES, NewRecord, NewSessionMessage, StoredRecord};
use crate::error::{Error, ErrorKind};
use crate::session::Scope;
use crate::store::{Page, PageToken};

/// Checks all promises on a store, and on a second host's on the same data. Without one, what hosts do at a time is not
/// checked. The scopes that it writes are its own.
///
/// # Errors
/// The first promise that is broken, and how.
pub async fn check(store: &dyn HistoryStore, other: Option<&dyn HistoryStore>) -> Result<(), String> {
    let suite = Suite::new(store, other.unwrap_or(store)).map_err(|broken| broken.0)?;
    macro_rules! check {
        ($($promise:ident),* $(,)?) => {$(
            suite.$promise().await.map_err(|Broken(how)| format!("{}: {how}", stringify!($promise)))?;
        )*};
    }
    if other.is_some() {
        check!(hosts_add_at_a_time, hosts_speak_at_a_time);
    }
    check! {
        records_come_back_in_order, an_id_has_one_effect, batches_keep_their_order,
        the_newest_messages_are_kept, a_session_scope_is_deleted, a_user_is_deleted, a_scope_is_reset,
        bad_input_is_refused,
    }
    Ok(())
}

struct Broken(String);

type Verdict<T = ()> = Result<T, Broken>;

impl From<Error> for Broken {
    fn from(error: Error) -> Self {
        Self(format!("the store says {}: {error}", error.kind().code()))
    }
}

fn ensure(holds: bool, otherwise: impl FnOnce() -> String) -> Verdict {
    if holds { Ok(()) } else { Err(Broken(otherwise())) }
}

struct Suite<'a> {
    store: &'a dyn HistoryStore,
    other: &'a dyn HistoryStore,
    run: String,
    scope: Scope,
}

const ALL: NonZeroU32 = NonZeroU32::MAX;

impl<'a> Suite<'a> {
    fn new(store: &'a dyn HistoryStore, other: &'a dyn HistoryStore) -> Verdict<Self> {
        let run = uuid::Uuid::new_v4().simple().to_string();
        Ok(Self { store, other, scope: Scope::new(format!("history-{run}"))?, run })
    }

    fn name(&self, of: &str) -> String {
        format!("{of}-{}", self.run)
    }

    /// All records of a memory, some at a time.
    async fn history(&self, scope: &Scope, memory_id: &str, limit: NonZeroU32) -> Verdict<Vec<StoredRecord>> {
        let mut records = Vec::new();
        let mut token = None;
        loop {
            let page = self.other.history(scope, memory_id, Page { limit, token }).await?;
            ensure(page.records.len() <= limit.get() as usize, || "a page is longer than asked".to_owned())?;
            ensure(page.unreadable.is_empty(), || format!("rows can't be read: {:?}", page.unreadable))?;
            records.extend(page.records);
            token = page.next;
            if token.is_none() {
                break;
            }
        }
        let rises = records.is_sorted_by(|one, next| one.sequence < next.sequence);
        ensure(rises, || "the sequences don't rise".to_owned())?;
        Ok(records)
    }

    async fn texts(&self, scope: &Scope, memory_id: &str) -> Verdict<Vec<String>> {
        let records = self.history(scope, memory_id, ALL).await?;
        Ok(records.into_iter().filter_map(|stored| stored.record.new_memory).collect())
    }

    async fn said(&self, session: &str, limit: u32) -> Verdict<Vec<String>> {
        let limit = NonZeroU32::new(limit).unwrap_or(NonZeroU32::MIN);
        let recent = self.other.recent_messages(&self.scope, session, limit).await?;
        let rises = recent.messages.is_sorted_by(|one, next| one.sequence < next.sequence);
        ensure(rises, || "the sequences of messages don't rise".to_owned())?;
        Ok(recent.messages.into_iter().map(|message| message.content).collect())
    }

    async fn records_come_back_in_order(&self) -> Verdict {
        let memory = self.name("memory: 日本語 #1");
        let first = NewRecord {
            id: Some(self.name("first")),
            user: Some("alice@example.com#1".to_owned()),
            created_at: Some("2026-08-22T10:00:00+00:00".to_owned()),
            actor_id: Some("alice".to_owned()),
            role: Some("user".to_owned()),
            ..NewRecord::added(&memory, "Name is Alice 😀")
        };
        let earlier = NewRecord {
            created_at: Some("1999-01-01T00:00:00".to_owned()),
            updated_at: Some("1999-01-02T00:00:00Z".to_owned()),
            ..NewRecord::updated(&memory, "Name is Alice 😀", "")
        };
        let added = self.store.add(&self.scope, first.clone()).await?;
        ensure(!added.duplicate && Some(&added.id) == first.id.as_ref(), || format!("became {added:?}"))?;
        self.other.add(&self.scope, earlier).await?;
        self.store.add(&self.scope, NewRecord::deleted(&memory, "")).await?;
        let found = self.history(&self.scope, &memory, ALL).await?;
        let events: Vec<_> = found.iter().map(|stored| stored.record.event).collect();
        let expected = [HistoryEvent::Add, HistoryEvent::Update, HistoryEvent::Delete];
        ensure(events == expected, || format!("{events:?} are there"))?;
        let [stored, changed, removed] = found.as_slice() else {
            return Err(Broken(format!("{} records are there", found.len())));
        };
        ensure(stored.sequence == added.sequence, || "the sequence is another than was told".to_owned())?;
        let as_new = NewRecord {
            id: Some(stored.record.id.clone()),
            user: Some(stored.user.clone()),
            memory_id: stored.record.memory_id.clone(),
            old_memory: stored.record.old_memory.clone(),
            new_memory: stored.record.new_memory.clone(),
            event: stored.record.event,
            created_at: Some(stored.record.created_at.clone()),
            updated_at: stored.record.updated_at.clone(),
            is_deleted: stored.record.is_deleted,
            actor_id: stored.record.actor_id.clone(),
            role: stored.record.role.clone(),
        };
        ensure(as_new == first, || format!("{first:?} became {as_new:?}"))?;
        ensure(changed.record.new_memory.as_deref() == Some(""), || {
            "an empty text is not the same".to_owned()
        })?;
        ensure(changed.user == self.scope.as_str(), || format!("without a user it is {}'s", changed.user))?;
        ensure(removed.record.is_deleted && removed.record.new_memory.is_none(), || {
            "a memory that was removed is not marked so".to_owned()
        })?;
        let elsewhere = Scope::new(self.name("elsewhere"))?;
        let foreign = self.history(&elsewhere, &memory, ALL).await?;
        ensure(foreign.is_empty(), || "another scope sees the memory".to_owned())
    }

    async fn an_id_has_one_effect(&self) -> Verdict {
        let memory = self.name("once");
        let record = NewRecord { id: Some(self.name("once")), ..NewRecord::added(&memory, "a") };
        let first = self.store.add(&self.scope, record.clone()).await?;
        self.store.add(&self.scope, NewRecord::updated(&memory, "a", "b")).await?;
        let again = self.other.add(&self.scope, record.clone()).await?;
        ensure(again.duplicate && again.sequence == first.sequence, || format!("again it is {again:?}"))?;
        let twice = vec![record.clone(), record.clone()];
        let twice = self.store.add_batch(&self.scope, twice).await?;
        ensure(twice.added.iter().all(|added| added.duplicate), || format!("twice it is {twice:?}"))?;
        let other = NewRecord { new_memory: Some("c".to_owned()), ..record };
        refused_field(self.store.add(&self.scope, other).await, "id")?;
        let texts = self.texts(&self.scope, &memory).await?;
        ensure(texts == ["a", "b"], || format!("{} records are there", texts.len()))
    }

    async fn batches_keep_their_order(&self) -> Verdict {
        let (one, two) = (self.name("batch-1"), self.name("batch-2"));
        let records = (0..130).map(|n| NewRecord {
            // The newest first, by their times.
            created_at: Some(format!("2026-01-01T00:{:02}:{:02}Z", 59 - n / 60, 59 - n % 60)),
            ..NewRecord::added(if n % 3 == 0 { &two } else { &one }, format!("{n}"))
        });
        let added = self.store.add_batch(&self.scope, records.collect()).await?.added;
        ensure(added.len() == 130, || format!("{} rows for 130 records", added.len()))?;
        let seven = NonZeroU32::MIN.saturating_add(6);
        for (memory, expected) in [(&one, 0), (&two, 1)] {
            let expected = (0..130).filter(|n| usize::from(n % 3 == 0) == expected).map(|n| n.to_string());
            let found = self.history(&self.scope, memory, seven).await?;
            let found = found.into_iter().filter_map(|stored| stored.record.new_memory);
            ensure(found.eq(expected), || "a batch is not in its order".to_owned())?;
        }
        let none = self.store.add_batch(&self.scope, Vec::new()).await?;
        ensure(none.added.is_empty() && none.usage.requests == 0, || "nothing costs something".to_owned())
    }

    async fn hosts_add_at_a_time(&self) -> Verdict {
        let memory = self.name("shared");
        let records: Vec<_> = (0..24).map(|n| NewRecord::added(&memory, n.to_string())).collect();
        let adding = records.iter().enumerate().map(|(n, record)| {
            let host = if n % 2 == 0 { self.store } else { self.other };
            add_patiently(host, &self.scope, record)
        });
        let mut sequences = try_join_all(adding).await?;
        sequences.sort_unstable();
        sequences.dedup();
        ensure(sequences.len() == records.len(), || "two records have one sequence".to_owned())?;
        let found = self.history(&self.scope, &memory, ALL).await?.len();
        ensure(found == records.len(), || format!("{found} of {} are there", records.len()))
    }

    async fn the_newest_messages_are_kept(&self) -> Verdict {
        let session = self.name("user_id=alice&agent_id=1");
        ensure(self.said(&session, 10).await?.is_empty(), || "a new one is not empty".to_owned())?;
        let batch: Vec<_> = (0..14).map(|n| message(&format!("{session}-{n}"), &n.to_string())).collect();
        let kept = |from: u32| (from..14).map(|n| n.to_string()).collect::<Vec<_>>();
        let added = self.store.add_messages(&self.scope, &session, batch.clone()).await?;
        ensure(added.added == 14, || format!("{} of 14 are told", added.added))?;
        let said = self.said(&session, KEPT_MESSAGES).await?;
        ensure(said == kept(14 - KEPT_MESSAGES), || format!("of one batch {said:?} are kept"))?;
        let again = self.other.add_messages(&self.scope, &session, batch.clone()).await?;
        ensure(again.added == 0 && again.sequence == added.sequence, || format!("again it is {again:?}"))?;
        let said = self.said(&session, 3).await?;
        ensure(said == kept(11), || format!("the newest three are {said:?}"))?;
        let mut longer = batch;
        longer.push(message(&format!("{session}-14"), "14"));
        let more = self.store.add_messages(&self.scope, &session, longer).await?;
        ensure(more.added == 1 && more.sequence > added.sequence, || format!("one more is {more:?}"))?;
        let said = self.said(&session, 1).await?;
        ensure(said == ["14"], || format!("the newest is {said:?}"))
    }

    async fn hosts_speak_at_a_time(&self) -> Verdict {
        let session = self.name("shared");
        let speaking = (0..8).map(|n| {
            let host = if n % 2 == 0 { self.store } else { self.other };
            let batch = vec![NewSessionMessage::new("user", n.to_string())];
            speak_patiently(host, &self.scope, &session, batch)
        });
        let mut sequences = try_join_all(speaking).await?;
        sequences.sort_unstable();
        sequences.dedup();
        ensure(sequences.len() == 8, || "two messages have one sequence".to_owned())?;
        let found = self.said(&session, KEPT_MESSAGES).await?.len();
        ensure(found == 8, || format!("{found} of 8 are there"))
    }

    async fn a_session_scope_is_deleted(&self) -> Verdict {
        let (session, other) = (self.name("gone"), self.name("stays"));
        for session in [&session, &other] {
            let messages =
                vec![NewSessionMessage::new("user", "a"), NewSessionMessage::new("assistant", "b")];
            self.store.add_messages(&self.scope, session, messages).await?;
        }
        let deleted = self.other.delete_session(&self.scope, &session).await?;
        ensure_deleted(deleted, 0, 2)?;
        ensure_deleted(self.store.delete_session(&self.scope, &session).await?, 0, 0)?;
        ensure(self.said(&session, 10).await?.is_empty(), || "its messages are still there".to_owned())?;
        let stays = self.said(&other, 10).await?;
        ensure(stays.len() == 2, || "another session scope lost messages".to_owned())
    }

    async fn a_user_is_deleted(&self) -> Verdict {
        let scope = Scope::new(self.name("users"))?;
        let (memory, session) = (self.name("of-two"), self.name("of-two"));
        let users = ["ann", "ann#b", "ann%23b"];
        for user in users {
            let records = (0..45).map(|n| NewRecord {
                user: Some(user.to_owned()),
                ..NewRecord::added(if n < 40 { &memory } else { user }, format!("{user} {n}"))
            });
            self.store.add_batch(&scope, records.collect()).await?;
            let said =
                NewSessionMessage { user: Some(user.to_owned()), ..NewSessionMessage::new("user", user) };
            self.store.add_messages(&scope, &session, vec![said.clone(), said.clone()]).await?;
            self.store.add_messages(&scope, user, vec![said]).await?;
        }
        ensure_deleted(self.other.delete_user(&scope, "ann").await?, 45, 3)?;
        ensure_deleted(self.store.delete_user(&scope, "ann").await?, 0, 0)?;
        ensure_deleted(self.store.delete_user(&scope, "nobody").await?, 0, 0)?;
        let left = self.history(&scope, &memory, ALL).await?;
        ensure(left.len() == 80 && left.iter().all(|stored| stored.user != "ann"), || {
            format!("{} records of the others are left", left.len())
        })?;
        let recent = self.store.recent_messages(&scope, &session, ALL).await?.messages;
        let left: Vec<_> = recent.into_iter().map(|message| message.user).collect();
        ensure(left == ["ann#b", "ann#b", "ann%23b", "ann%23b"], || {
            format!("messages of {left:?} are left")
        })?;
        self.store.add(&scope, NewRecord::added(&memory, "new")).await?;
        self.history(&scope, &memory, ALL).await?;
        ensure_deleted(self.store.reset(&scope).await?, 91, 6)
    }

    async fn a_scope_is_reset(&self) -> Verdict {
        let (scope, other) = (Scope::new(self.name("reset"))?, Scope::new(self.name("reset-not"))?);
        for scope in [&scope, &other] {
            self.store.add(scope, NewRecord::added("m", "a")).await?;
            let said = vec![NewSessionMessage::new("user", "a")];
            self.store.add_messages(scope, "s", said).await?;
        }
        ensure_deleted(self.other.reset(&scope).await?, 1, 1)?;
        ensure(self.texts(&scope, "m").await?.is_empty(), || "records are still there".to_owned())?;
        let kept = self.texts(&other, "m").await?;
        ensure(kept == ["a"], || "another scope was reset too".to_owned())?;
        self.store.add(&scope, NewRecord::added("m", "b")).await?;
        let anew = self.texts(&scope, "m").await?;
        ensure(anew == ["b"], || "it can't be written again".to_owned())?;
        ensure_deleted(self.store.reset(&scope).await?, 1, 0)?;
        ensure_deleted(self.store.reset(&other).await?, 1, 1)?;
        self.store.reset(&self.scope).await?;
        Ok(())
    }

    async fn bad_input_is_refused(&self) -> Verdict {
        let (store, scope) = (self.store, &self.scope);
        let record = NewRecord::added("m", "a");
        let bad = NewRecord { id: Some(String::new()), ..record.clone() };
        refused_field(store.add(scope, bad).await, "id")?;
        let bad = NewRecord { created_at: Some("soon".to_owned()), ..record.clone() };
        refused_field(store.add_batch(scope, vec![record, bad]).await, "created_at")?;
        refused_field(store.history(scope, "", Page::default()).await, "memory_id")?;
        let token = Some(PageToken("of another listing".to_owned()));
        refused_field(store.history(scope, "m", Page { token, ..Page::default() }).await, "page")?;
        let said = NewSessionMessage::new("", "a");
        refused_field(store.add_messages(scope, "s", vec![said]).await, "role")?;
        refused_field(store.recent_messages(scope, "", ALL).await, "session_scope")?;
        refused_field(store.delete_session(scope, "").await, "session_scope")?;
        refused_field(store.delete_user(scope, "").await, "user")?;
        let none = self.texts(scope, "m").await?;
        ensure(none.is_empty(), || "a part of what was refused is stored".to_owned())
    }
}

/// Adds a record, again when others come between.
async fn add_patiently(host: &dyn HistoryStore, scope: &Scope, record: &NewRecord) -> Result<u64, Error> {
    for _ in 0..20 {
        match host.add(scope, record.clone()).await {
            Err(error) if *error.kind() == ErrorKind::Throttled => {}
            added => return added.map(|added| added.sequence),
        }
    }
    host.add(scope, record.clone()).await.map(|added| added.sequence)
}

async fn speak_patiently(
    host: &dyn HistoryStore,
    scope: &Scope,
    session: &str,
    batch: Vec<NewSessionMessage>,
) -> Result<u64, Error> {
    for _ in 0..20 {
        match host.add_messages(scope, session, batch.clone()).await {
            Err(error) if *error.kind() == ErrorKind::Throttled => {}
            added => return added.map(|added| added.sequence),
        }
    }
    host.add_messages(scope, session, batch).await.map(|added| added.sequence)
}

fn message(id: &str, content: &str) -> NewSessionMessage {
    NewSessionMessage { id: Some(id.to_owned()), ..NewSessionMessage::new("user", content) }
}

fn ensure_deleted(deleted: Deleted, records: u64, messages: u64) -> Verdict {
    ensure((deleted.records, deleted.messages) == (records, messages), || {
        let Deleted { records: found, messages: said, .. } = deleted;
        format!("{found} records and {said} messages are told, not {records} and {messages}")
    })
}

fn refused_field<T: std::fmt::Debug>(result: Result<T, Error>, wanted: &str) -> Verdict {
    match result {
        Err(error) => match error.kind() {
            ErrorKind::InvalidInput { field } if field == wanted => Ok(()),
            _ => Err(Broken(format!("`{wanted}` is refused as {error}"))),
        },
        Ok(done) => Err(Broken(format!("a bad `{wanted}` is taken: {done:?}"))),
    }
}
