//! Whether the memory can do its work: the database answers, and the token may do all of it.

use std::sync::Arc;

use url::Url;

use crate::credentials::upstash_redis::{check_writes, ping, tell_host};
use crate::declare::Health;
use crate::error::{Error, Result};
use crate::session::{SessionId, SessionKey};
use crate::store::{ChatStore, Consistency, Window};
use crate::upstash::Client;

pub(super) async fn check(
    client: Arc<Client>,
    store: Arc<dyn ChatStore>,
    unnamed_host: Option<Url>,
) -> Result<Health> {
    let mut health = Health::default();
    health.usage += ping(&client).await?;
    health.ok("database", "it answers and knows the token");
    let so_far = |error: Error| error.with_usage(health.usage);
    let written = check_writes(&client).await.map_err(so_far)?;
    // A load is a script, which a database may refuse although it takes single commands.
    let nobody = SessionKey { scope: Default::default(), session: SessionId::mint() };
    let loaded = store
        .recent(&nobody, Window::Everything, Consistency::Strong)
        .await
        .map_err(|error| so_far(error).with_usage(written))?;
    health.usage += written + loaded.usage;
    health.ok("rights", "the token may load, append and clear");
    if let Some(base_url) = unnamed_host {
        tell_host(&mut health, &base_url);
    }
    Ok(health)
}
