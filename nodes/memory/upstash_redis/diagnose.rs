//! All that keeps the node from working.

use super::{Database, Inputs, check_scope};
use crate::credentials::upstash_redis::tell_host;
use crate::declare::{ConnectArgs, Diagnosis, Health};
use crate::error::Result;
use crate::session::SessionId;
use crate::upstash::doctor;

pub(super) async fn diagnose(inputs: &Inputs, args: &ConnectArgs<'_>) -> Diagnosis {
    let mut diagnosis = Diagnosis::default();
    let session = inputs.session_id.clone().map(SessionId::new).transpose();
    if let Err(error) = &session {
        diagnosis.failed("inputs", error);
    }
    if let Err(error) = check_scope(&args.context.scope) {
        diagnosis.failed("scope", &error);
    }
    let key = session.ok().flatten().map(|session| format!("{}{session}", inputs.key_prefix));
    match examine(inputs, args, key.as_deref()).await {
        Ok(examined) => {
            diagnosis.findings.extend(examined.findings);
            diagnosis.usage += examined.usage;
        }
        Err(error) => diagnosis.failed("credential", &error),
    }
    diagnosis
}

async fn examine(inputs: &Inputs, args: &ConnectArgs<'_>, key: Option<&str>) -> Result<Diagnosis> {
    let database = Database::of(&inputs.base_url, args)?;
    let client = database.client(args).await?;
    let mut diagnosis = doctor::examine(&client, key).await;
    if let Some(base_url) = database.unnamed_host(args)? {
        let mut health = Health::default();
        tell_host(&mut health, &base_url);
        diagnosis.findings.extend(health.findings);
    }
    Ok(diagnosis)
}
