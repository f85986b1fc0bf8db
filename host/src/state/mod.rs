//! The flows that a host keeps.
//!
//! [`FileStateStore`] keeps each as one file, `flows/{id}.json` in the data directory, written to be read by people and
//! to be kept in git. Nothing is held in memory: what an editor or `git checkout` does to the files is seen by the next
//! call.

mod etag;
mod files;
mod record;
#[cfg(test)]
mod tests;

use std::fmt;

use async_trait::async_trait;
use canvas_memory::Result;
use canvas_memory::flow::{Flow, templates};

pub use etag::{Etag, IfMatch};
pub use files::FileStateStore;
pub use record::{CredentialUse, FlowRecord, FlowSummary, ListedFlow};

/// Keeps flows.
///
/// A change is there as a whole or not at all, whatever happens to the process, and lasts once it is acknowledged. Of
/// two writers who read the same document, the second is told that it changed.
#[async_trait]
pub trait StateStore: fmt::Debug + Send + Sync {
    /// Every flow, by id. One that can't be read is listed with the reason, and hides nothing.
    ///
    /// # Errors
    /// `Storage` when the disk fails.
    async fn flows(&self) -> Result<Vec<ListedFlow>>;

    /// The flow with this id.
    ///
    /// # Errors
    /// `NotFound` when there is none; `Corrupt` or `Unsupported` when what is kept is no flow that can be read;
    /// `InvalidInput` when this is no id; `Storage` when the disk fails.
    async fn flow(&self, id: &str) -> Result<FlowRecord>;

    /// Saves a new flow, under an id made of its name when none is given.
    ///
    /// # Errors
    /// `Conflict` when the id is taken; `InvalidInput` when it is no id, or the flow has no good name
    /// ([`Flow::check_name`]); `Storage` when the disk fails.
    async fn create_flow(&self, id: Option<&str>, flow: &Flow) -> Result<FlowRecord>;

    /// Saves a flow over the one that is there, if that one is as `expected`.
    ///
    /// # Errors
    /// `Conflict` when it has changed, with the etag that it has now ([`Etag::in_conflict`]); `NotFound` when there is
    /// none; `InvalidInput` when this is no id, or the flow has no good name; `Storage` when the disk fails. The flow is as
    /// it was then.
    async fn put_flow(&self, id: &str, flow: &Flow, expected: &IfMatch) -> Result<FlowRecord>;

    /// Removes a flow, also one that can't be read, if it is as `expected`.
    ///
    /// # Errors
    /// As [`StateStore::put_flow`].
    async fn delete_flow(&self, id: &str, expected: &IfMatch) -> Result<()>;

    /// Every place where a flow that can be read names a credential.
    ///
    /// # Errors
    /// `Storage` when the disk fails.
    async fn credential_uses(&self) -> Result<Vec<CredentialUse>>;

    /// The places where this credential is named.
    ///
    /// # Errors
    /// As [`StateStore::credential_uses`].
    async fn used_by(&self, credential: &str) -> Result<Vec<CredentialUse>> {
        let mut uses = self.credential_uses().await?;
        uses.retain(|used| used.credential == credential);
        Ok(uses)
    }
}

/// The flows that a new data directory begins with: one that answers at once, and needs no account.
#[must_use]
pub fn first_flows() -> Vec<Flow> {
    templates().into_iter().take(1).map(|template| template.flow).collect()
}
