//! All that keeps the node from working, and the least policy that would do.

use super::endpoint::Endpoint;
use super::table::{self, FoundTable};
use super::{Inputs, choices};
use crate::credentials::aws::AwsApi;
use crate::declare::{ConnectArgs, Diagnosis};
use crate::dynamodb::doctor::{self, Case, Missing};
use crate::error::Result;
use crate::session::SessionId;

pub(super) async fn diagnose(inputs: &Inputs, args: &ConnectArgs<'_>) -> Diagnosis {
    let mut diagnosis = Diagnosis::default();
    if let Err(error) = inputs.session_id.clone().map(SessionId::new).transpose() {
        diagnosis.failed("inputs", &error);
    }
    let endpoint = match Endpoint::of(inputs.endpoint.as_deref(), args.context) {
        Ok(endpoint) => endpoint,
        Err(error) => {
            diagnosis.failed("endpoint", &error);
            return diagnosis;
        }
    };
    if matches!(endpoint, Endpoint::Aws) && !choices::is_region(&inputs.region) {
        let text = format!(
            "`{}` is none of AWS's regions that this program knows; check its spelling",
            inputs.region
        );
        diagnosis.warn("region", text);
    }
    if let Err(error) = tell_identity(&mut diagnosis, &endpoint, args) {
        diagnosis.failed("credential", &error);
        return diagnosis;
    }
    let client = match endpoint.client(&inputs.region, args).await {
        Ok(client) => client,
        Err(error) => {
            diagnosis.failed("credential", &error);
            return diagnosis;
        }
    };
    let new_sort_key = table::new_sort_key(inputs);
    let case = Case {
        table: &inputs.table_name,
        partition_key: &inputs.partition_key,
        sort_key: inputs.sort_key.as_deref(),
        layout: inputs.layout,
        messages_attribute: inputs.messages_attribute.as_deref(),
        expiry_attribute: inputs.expiry_attribute.as_deref(),
        missing: if inputs.create_table || endpoint.is_builtin() {
            Missing::Made { sort_key: new_sort_key.as_deref() }
        } else {
            Missing::Fails
        },
        has_policies: !endpoint.is_builtin(),
    };
    let examination = doctor::examine(&client, &case).await;
    let found = FoundTable {
        partition_key: inputs.partition_key.clone(),
        sort_key: examination.sort_key,
        layout: examination.layout,
        described: true,
        ready: true,
        usage: examination.diagnosis.usage,
    };
    diagnosis.findings.extend(examination.diagnosis.findings);
    diagnosis.policy = examination.diagnosis.policy;
    diagnosis.usage += examination.diagnosis.usage;
    match found.store(&client, inputs) {
        Ok(store) => {
            if let Err(error) = super::check_scope(&args.context.scope, store.as_ref()) {
                diagnosis.failed("scope", &error);
            }
        }
        Err(error) => diagnosis.failed("inputs", &error),
    }
    diagnosis
}

/// Which credential is in use, without anything secret.
fn tell_identity(diagnosis: &mut Diagnosis, endpoint: &Endpoint, args: &ConnectArgs<'_>) -> Result<()> {
    if !endpoint.is_builtin() {
        let identity = args.credential::<AwsApi>()?.identity();
        diagnosis.ok("identity", identity);
    }
    Ok(())
}
