//! Tracing around any store.

use async_trait::async_trait;
use futures_util::stream::BoxStream;
use tracing::{Instrument, Span, debug, field, info_span};

use super::*;
use crate::usage::Usage;

/// A store whose calls are traced: a span a call, with layout, outcome and usage, never text or session ids.
#[derive(Debug)]
pub struct Metered<S>(pub S);

impl<S: ChatStore> Metered<S> {
    async fn traced<T>(
        &self,
        operation: &'static str,
        usage: impl FnOnce(&T) -> Usage,
        call: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let span =
            info_span!("store", operation, layout = self.0.capabilities().layout, outcome = field::Empty);
        async {
            let result = call.await.map_err(|error| error.in_operation(operation));
            let (outcome, usage) = match &result {
                Ok(value) => ("ok", usage(value)),
                Err(error) => (error.kind().code(), error.usage()),
            };
            Span::current().record("outcome", outcome);
            debug!(usage.requests, usage.write_units, usage.read_units, usage.commands, "done");
            result
        }
        .instrument(span)
        .await
    }
}

#[async_trait]
impl<S: ChatStore> ChatStore for Metered<S> {
    fn capabilities(&self) -> Capabilities {
        self.0.capabilities()
    }

    async fn append(&self, key: &SessionKey, append: Append) -> Result<Appended> {
        self.traced("append", |done| done.usage, self.0.append(key, append)).await
    }

    async fn recent(&self, key: &SessionKey, window: Window, consistency: Consistency) -> Result<Recent> {
        self.traced("load", |done| done.usage, self.0.recent(key, window, consistency)).await
    }

    async fn clear(&self, key: &SessionKey) -> Result<Cleared> {
        self.traced("clear", |done| done.usage, self.0.clear(key)).await
    }

    async fn note(&self, key: &SessionKey, name: &str) -> Result<NoteRead> {
        self.traced("note", |done| done.usage, self.0.note(key, name)).await
    }

    async fn set_note(
        &self,
        key: &SessionKey,
        name: &str,
        text: &str,
        if_version: u64,
    ) -> Result<NoteWritten> {
        self.traced("set_note", |done| done.usage, self.0.set_note(key, name, text, if_version)).await
    }

    async fn sessions(&self, scope: &Scope, page: Page) -> Result<Sessions> {
        self.traced("sessions", |done| done.usage, self.0.sessions(scope, page)).await
    }

    fn turns<'a>(&'a self, key: &'a SessionKey) -> BoxStream<'a, Result<TurnPage>> {
        self.0.turns(key)
    }

    async fn inspect(&self, key: &SessionKey, page: Page) -> Result<Inspection> {
        self.traced("inspect", |done| done.usage, self.0.inspect(key, page)).await
    }

    async fn delete_message(&self, key: &SessionKey, at: &MessageRef) -> Result<Mended> {
        self.traced("delete_message", |done| done.usage, self.0.delete_message(key, at)).await
    }

    async fn edit_message(&self, key: &SessionKey, at: &MessageRef, message: Message) -> Result<Mended> {
        self.traced("edit_message", |done| done.usage, self.0.edit_message(key, at, message)).await
    }
}
