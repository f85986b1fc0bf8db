//! A conversation as a session.

use async_trait::async_trait;
use futures_util::stream::{self, BoxStream, StreamExt};

use super::ConversationStore;
use super::id::{OfSession, check_user};
use super::requests::key;
use crate::dynamodb::attribute;
use crate::dynamodb::item_per_session::notes;
use crate::dynamodb::size::{self, Item, MAX_ITEM_BYTES};
use crate::error::{Error, ErrorKind, Result};
use crate::message::Message;
use crate::session::{Scope, SessionKey};
use crate::store::{
    Append, Appended, Capabilities, ChatStore, Cleared, Consistency, Dedupe, Fill, Inspection, Mended,
    MessageRef, NoteRead, NoteWritten, Page, Recent, Record, SessionOrder, SessionState, Sessions, TurnPage,
    Window,
};
use crate::usage::Usage;

impl ConversationStore {
    /// Whose conversations the sessions of a scope are.
    pub(super) fn user_of<'a>(&'a self, scope: &'a Scope) -> Result<&'a str> {
        match &self.config.user_id {
            None => Ok(scope.as_str()),
            Some(user_id) if scope.is_local() => Ok(user_id),
            Some(_) => {
                let message = "the memory is that of one user, so it can't hold sessions of several scopes; leave \
                               `userId` out, and each scope is a user";
                Err(Error::new(ErrorKind::Unsupported, message).with("scope", scope.as_str()))
            }
        }
    }

    pub(super) fn session_key(&self, session: &SessionKey) -> Result<Item> {
        let user_id = self.user_of(&session.scope)?;
        check_user("userId", user_id)?;
        Ok(key(user_id, &OfSession::new(&session.session).conversation_id))
    }

    async fn load(&self, key: &SessionKey, window: Window, consistency: Consistency) -> Result<Recent> {
        let mut usage = Usage::default();
        let item = self.read_item(&self.session_key(key)?, consistency, &mut usage).await?;
        let mut recent = Recent {
            turns: Vec::new(),
            position: None,
            state: SessionState::New,
            complete: true,
            unreadable: Vec::new(),
            notes: Vec::new(),
            fill: None,
            usage,
        };
        let Some(item) = item else { return Ok(recent) };
        let expires_at_epoch_secs = self.config.expiry_of(&item);
        let read = self.snapshot(item).map_err(|error| error.with_usage(usage))?;
        if read.expired {
            recent.state = SessionState::Expired;
            return Ok(recent);
        }
        recent.notes = notes::read_all(&read.item);
        recent.position = read.position();
        recent.fill = Some(Fill { bytes: read.bytes, limit_bytes: MAX_ITEM_BYTES });
        recent.state = if read.elements.is_empty() { SessionState::Empty } else { SessionState::Present };
        let found = read.turns(expires_at_epoch_secs, window);
        if found.turns.is_empty() && !found.unreadable.is_empty() {
            let message = "no message of the session can be read; inspect it, and mend or clear it";
            return Err(self.located(Error::new(ErrorKind::Corrupt, message).with_usage(usage)));
        }
        recent.turns = found.turns;
        recent.unreadable = found.unreadable;
        recent.complete = found.complete;
        Ok(recent)
    }
}

#[async_trait]
impl ChatStore for ConversationStore {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            layout: "dynamodb/mem0/conversation",
            flat_cost: false,
            dedupe: Dedupe::Exact,
            // From the highest id down: only ids that tell the time are newest first, and hosts give others.
            sessions: SessionOrder::Unordered,
            expiry: self.config.ttl_secs.is_some(),
            scopes: self.config.user_id.is_none(),
            notes: true,
            delete_message: true,
            edit_message: true,
            session_limit_bytes: Some(MAX_ITEM_BYTES),
        }
    }

    async fn append(&self, key: &SessionKey, append: Append) -> Result<Appended> {
        self.append_turn(key, append).await
    }

    async fn recent(&self, key: &SessionKey, window: Window, consistency: Consistency) -> Result<Recent> {
        self.load(key, window, consistency).await
    }

    async fn clear(&self, key: &SessionKey) -> Result<Cleared> {
        let mut usage = Usage::default();
        let item = self.take(self.session_key(key)?, &mut usage).await?;
        let mut cleared = Cleared { usage, ..Cleared::default() };
        // What can't be read is gone as well; it had no turn that was visible.
        let read = item.and_then(|item| self.snapshot(item).ok());
        if let Some(read) = read.filter(|read| !read.expired) {
            let turns = read.turns(None, Window::Everything).turns;
            cleared.turns = turns.len() as u64;
            cleared.messages = turns.iter().map(|turn| turn.messages.len() as u64).sum();
        }
        Ok(cleared)
    }

    async fn note(&self, key: &SessionKey, name: &str) -> Result<NoteRead> {
        self.read_note(key, name).await
    }

    async fn set_note(
        &self,
        key: &SessionKey,
        name: &str,
        text: &str,
        if_version: u64,
    ) -> Result<NoteWritten> {
        self.write_note(key, name, text, if_version).await
    }

    async fn sessions(&self, scope: &Scope, page: Page) -> Result<Sessions> {
        self.list_sessions(scope, page).await
    }

    fn turns<'a>(&'a self, key: &'a SessionKey) -> BoxStream<'a, Result<TurnPage>> {
        let page = async move {
            let recent = self.load(key, Window::Everything, Consistency::Strong).await?;
            Ok(TurnPage { turns: recent.turns, unreadable: recent.unreadable, usage: recent.usage })
        };
        stream::once(page).boxed()
    }

    async fn inspect(&self, key: &SessionKey, page: Page) -> Result<Inspection> {
        if page.token.is_some() {
            return Err(Error::invalid_input("page", "is not of this store: a session here is one row"));
        }
        let mut usage = Usage::default();
        let item = self.read_item(&self.session_key(key)?, Consistency::Strong, &mut usage).await?;
        let records = item.map(|item| Record {
            key: key.session.to_string(),
            raw: attribute::item_to_dynamodb_json(&item),
            bytes: size::item_bytes(&item),
            limit_bytes: Some(MAX_ITEM_BYTES),
            expires_at_epoch_secs: self.config.expiry_of(&item),
        });
        Ok(Inspection { records: records.into_iter().collect(), next: None, usage })
    }

    async fn delete_message(&self, key: &SessionKey, at: &MessageRef) -> Result<Mended> {
        self.change_message(key, at, None).await
    }

    async fn edit_message(&self, key: &SessionKey, at: &MessageRef, message: Message) -> Result<Mended> {
        self.change_message(key, at, Some(message)).await
    }
}
