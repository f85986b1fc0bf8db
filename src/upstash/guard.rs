use std::error::Error as StdError;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// Decides which addresses may be dialled, after names are resolved.
pub trait AddressGuard: fmt::Debug + Send + Sync {
    /// Whether a connection to `address`, which `host` stands for, is allowed.
    ///
    /// # Errors
    /// The reason and the way out; it continues the name of the field that holds the URL.
    fn admit(&self, host: &str, address: IpAddr) -> Result<(), String>;
}

/// Resolves names with the system's resolver and hands out only what the guard admits.
pub(super) struct GuardedResolver(pub(super) Arc<dyn AddressGuard>);

/// None of a name's addresses was admitted.
#[derive(Debug)]
pub(super) struct NotAdmitted(pub(super) String);

impl fmt::Display for NotAdmitted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl StdError for NotAdmitted {}

impl NotAdmitted {
    /// Finds the refusal among the causes of an error.
    pub(super) fn among<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a Self> {
        std::iter::successors(Some(error), |&error| error.source()).find_map(|error| error.downcast_ref())
    }
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = Arc::clone(&self.0);
        Box::pin(async move {
            let host = name.as_str();
            let mut refusal = None;
            let admitted: Vec<SocketAddr> = tokio::net::lookup_host((host, 0))
                .await?
                .filter(|found| {
                    guard.admit(host, found.ip()).map_err(|reason| refusal = Some(reason)).is_ok()
                })
                .collect();
            match refusal {
                Some(reason) if admitted.is_empty() => Err(NotAdmitted(reason).into()),
                _ => Ok(Box::new(admitted.into_iter()) as Addrs),
            }
        })
    }
}
