//! Connected clients, kept and shared: no connection is opened per call.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::OnceCell;

use super::credential::Credential;
use crate::error::{Error, ErrorKind, Result};

/// How many are kept; the one that was not used for longest goes first. Requests name the targets, and must not fill the
/// memory with them.
const KEPT: usize = 512;

/// Clients by what they were made from. Clones share them.
#[derive(Clone, Default)]
pub struct Clients(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    /// With the number of its last use.
    clients: HashMap<Slot, (Entry, u64)>,
    uses: u64,
}

/// What a client was made from: equal keys share a client.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ClientKey {
    credential: Option<String>,
    revision: u64,
    target: String,
}

impl ClientKey {
    /// A client for `target`, such as endpoint and region, with `credential`.
    #[must_use]
    pub fn new(credential: Option<&Credential>, target: impl Into<String>) -> Self {
        Self {
            credential: credential.map(|credential| credential.id().to_owned()),
            revision: credential.map_or(0, Credential::revision),
            target: target.into(),
        }
    }

    /// The key of something that was made with the client of this key, such as what is known of one of its tables.
    #[must_use]
    pub fn within(self, part: impl fmt::Display) -> Self {
        Self { target: format!("{} {part}", self.target), ..self }
    }
}

type Slot = (TypeId, ClientKey);
type Entry = Arc<OnceCell<Arc<dyn Any + Send + Sync>>>;

impl Clients {
    /// The client for `key`, made at first use. Those who ask meanwhile wait for it; a failure is not kept.
    ///
    /// Clients of older revisions of the same credential are let go; who still holds one keeps it.
    ///
    /// # Errors
    /// Whatever `make` fails with.
    pub async fn get<T, Making>(&self, key: ClientKey, make: impl FnOnce() -> Making) -> Result<Arc<T>>
    where
        T: Send + Sync + 'static,
        Making: Future<Output = Result<T>>,
    {
        let entry = self.entry(TypeId::of::<T>(), key);
        let client = entry
            .get_or_try_init(|| async {
                make().await.map(|client| Arc::new(client) as Arc<dyn Any + Send + Sync>)
            })
            .await?;
        client.clone().downcast().map_err(|_| {
            Error::new(
                ErrorKind::Unsupported,
                "a client was kept under another type; report this as a defect",
            )
        })
    }

    /// Lets a client go, so that the next who asks makes it anew.
    pub fn forget<T: 'static>(&self, key: ClientKey) {
        self.kept().clients.remove(&(TypeId::of::<T>(), key));
    }

    /// Lets all clients of a credential go: another one may take its id, and count its changes anew.
    pub fn forget_credential(&self, id: &str) {
        self.kept().clients.retain(|(_, kept), _| kept.credential.as_deref() != Some(id));
    }

    fn entry(&self, client: TypeId, key: ClientKey) -> Entry {
        let mut kept = self.kept();
        kept.uses += 1;
        let now = kept.uses;
        let clients = &mut kept.clients;
        if key.credential.is_some() {
            clients.retain(|(_, kept), _| kept.credential != key.credential || kept.revision >= key.revision);
        }
        if let Some((entry, used)) = clients.get_mut(&(client, key.clone())) {
            *used = now;
            return entry.clone();
        }
        if clients.len() >= KEPT {
            let oldest = clients.iter().min_by_key(|(_, (_, used))| *used);
            if let Some(slot) = oldest.map(|(slot, _)| slot.clone()) {
                clients.remove(&slot);
            }
        }
        let entry = Entry::default();
        clients.insert((client, key), (entry.clone(), now));
        entry
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Clients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clients").field("kept", &self.kept().clients.len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(revision: u64, target: &str) -> ClientKey {
        ClientKey { credential: Some("c1".into()), revision, target: target.into() }
    }

    #[tokio::test]
    async fn equal_keys_share_a_client_and_a_failure_is_not_kept() {
        let clients = Clients::default();
        let failed = clients
            .get::<String, _>(key(1, "a"), || async { Err(Error::new(ErrorKind::Unavailable, "down")) })
            .await;
        assert!(failed.is_err());
        let first = clients.get(key(1, "a"), || async { Ok("first".to_owned()) }).await.unwrap();
        let again = clients.get(key(1, "a"), || async { Ok("again".to_owned()) }).await.unwrap();
        assert!(Arc::ptr_eq(&first, &again));
        clients.forget::<String>(key(1, "a"));
        let anew = clients.get(key(1, "a"), || async { Ok("anew".to_owned()) }).await.unwrap();
        assert_eq!((first.as_str(), anew.as_str()), ("first", "anew"));
        let elsewhere = clients.get(key(1, "b"), || async { Ok("elsewhere".to_owned()) }).await.unwrap();
        assert_eq!(*elsewhere, "elsewhere");
    }

    #[tokio::test]
    async fn a_new_revision_lets_the_old_client_go() {
        let clients = Clients::default();
        let old = clients.get(key(1, "a"), || async { Ok("old".to_owned()) }).await.unwrap();
        let new = clients.get(key(2, "a"), || async { Ok("new".to_owned()) }).await.unwrap();
        assert_eq!((old.as_str(), new.as_str()), ("old", "new"));
        assert_eq!(Arc::strong_count(&old), 1);
        assert_eq!(format!("{clients:?}"), "Clients { kept: 1 }");
        clients.forget_credential("c2");
        clients.forget_credential("c1");
        assert_eq!(format!("{clients:?}"), "Clients { kept: 0 }");
    }

    #[tokio::test]
    async fn a_bounded_number_is_kept_and_the_ones_in_use_stay() {
        let clients = Clients::default();
        let get = async |target: usize| {
            clients.get(key(1, &target.to_string()), || async move { Ok(target) }).await.unwrap()
        };
        let first = get(0).await;
        for target in 1..2 * KEPT {
            get(target).await;
            assert!(Arc::ptr_eq(&first, &get(0).await));
        }
        assert_eq!(format!("{clients:?}"), format!("Clients {{ kept: {KEPT} }}"));
    }
}
