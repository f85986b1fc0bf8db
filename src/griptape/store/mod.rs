//! The store on a slot.

mod append;
mod change;
mod current;
mod note;
mod recent;
mod write;

use async_trait::async_trait;
use futures_util::stream::{self, BoxStream, StreamExt};

use self::current::Current;
use super::{Generation, GriptapeConfig, Slot, WhenFull};
use crate::error::{Error, ErrorKind, Result};
use crate::message::Message;
use crate::session::{Scope, SessionId, SessionKey};
use crate::store::{
    Append, Appended, Capabilities, ChatStore, Cleared, Consistency, Dedupe, Inspection, Mended, MessageRef,
    NoteRead, NoteWritten, Page, Recent, SessionOrder, Sessions, TurnPage, Window,
};

/// Keeps sessions as Griptape does, where a slot says.
#[derive(Clone, Debug)]
pub struct GriptapeStore<S> {
    slot: S,
    config: GriptapeConfig,
}

impl<S: Slot> GriptapeStore<S> {
    /// A store on a slot. No request is sent.
    ///
    /// # Errors
    /// `InvalidInput` when the slot has no place for what the generation can't hold.
    pub fn new(slot: S, config: GriptapeConfig) -> Result<Self> {
        if config.generation == Generation::F1 && !slot.keeps_beside() {
            let problem = "is F1, which can't hold all of a turn, and here is no place beside it; choose F3";
            return Err(Error::invalid_input("generation", problem));
        }
        Ok(Self { slot, config })
    }

    /// With a run that goes by itself goes what is known of its id.
    fn dedupe(&self) -> Dedupe {
        let lets_runs_go = self.config.max_runs.is_some() || self.config.full == WhenFull::DropOldest;
        if lets_runs_go { Dedupe::Lean } else { Dedupe::Exact }
    }

    fn session<'a>(&self, key: &'a SessionKey) -> Result<&'a SessionId> {
        self.check_scope(&key.scope)?;
        Ok(&key.session)
    }

    fn check_scope(&self, scope: &Scope) -> Result<()> {
        if scope.is_local() {
            return Ok(());
        }
        let message = "this layout keeps the session id as the whole key, so it can't hold sessions of several \
                       scopes; use a table with a sort key (layout turns)";
        Err(Error::new(ErrorKind::Unsupported, message).with("scope", scope.as_str()))
    }

    fn located(&self, session: &SessionId, error: Error) -> Error {
        let error = self.slot.locate(error);
        if *error.kind() == ErrorKind::Corrupt { error.with("key", session) } else { error }
    }
}

#[async_trait]
impl<S: Slot> ChatStore for GriptapeStore<S> {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            layout: self.slot.layout(),
            flat_cost: false,
            dedupe: self.dedupe(),
            sessions: SessionOrder::Unordered,
            expiry: self.slot.expires(),
            scopes: false,
            notes: true,
            delete_message: true,
            edit_message: true,
            session_limit_bytes: self.slot.limit_bytes(),
        }
    }

    async fn append(&self, key: &SessionKey, append: Append) -> Result<Appended> {
        self.append_turn(self.session(key)?, append).await
    }

    async fn recent(&self, key: &SessionKey, window: Window, consistency: Consistency) -> Result<Recent> {
        self.load(self.session(key)?, window, consistency).await
    }

    async fn clear(&self, key: &SessionKey) -> Result<Cleared> {
        let session = self.session(key)?;
        let (seen, usage) = self.slot.clear(session).await?;
        let mut cleared = Cleared { usage, ..Cleared::default() };
        // A value that can't be read is gone as well; it had no turn that was visible.
        let current = seen.and_then(|seen| Current::of(Some(seen), self.slot.now_epoch_secs()).ok());
        if let Some(document) = current.as_ref().and_then(Current::document) {
            for run in document.runs.iter().filter_map(|run| run.read().ok()) {
                cleared.turns += 1;
                cleared.messages += run.messages.len() as u64;
            }
        }
        Ok(cleared)
    }

    async fn note(&self, key: &SessionKey, name: &str) -> Result<NoteRead> {
        self.read_note(self.session(key)?, name).await
    }

    async fn set_note(
        &self,
        key: &SessionKey,
        name: &str,
        text: &str,
        if_version: u64,
    ) -> Result<NoteWritten> {
        self.write_note(self.session(key)?, name, text, if_version).await
    }

    async fn sessions(&self, scope: &Scope, page: Page) -> Result<Sessions> {
        self.check_scope(scope)?;
        self.slot.sessions(page).await
    }

    fn turns<'a>(&'a self, key: &'a SessionKey) -> BoxStream<'a, Result<TurnPage>> {
        let page = async move {
            let recent = self.load(self.session(key)?, Window::Everything, Consistency::Strong).await?;
            Ok(TurnPage { turns: recent.turns, unreadable: recent.unreadable, usage: recent.usage })
        };
        stream::once(page).boxed()
    }

    async fn inspect(&self, key: &SessionKey, page: Page) -> Result<Inspection> {
        if page.token.is_some() {
            return Err(Error::invalid_input("page", "is not of this store: a session here is one row"));
        }
        let (record, usage) = self.slot.inspect(self.session(key)?).await?;
        Ok(Inspection { records: record.into_iter().collect(), next: None, usage })
    }

    async fn delete_message(&self, key: &SessionKey, at: &MessageRef) -> Result<Mended> {
        self.change_message(self.session(key)?, at, None).await
    }

    async fn edit_message(&self, key: &SessionKey, at: &MessageRef, message: Message) -> Result<Mended> {
        self.change_message(self.session(key)?, at, Some(message)).await
    }
}
