//! All that keeps the node from working, and the least policy that would do.

use super::Inputs;
use super::table::{self, FoundTable};
use crate::credentials::aws::endpoint::Endpoint;
use crate::declare::{ConnectArgs, Diagnosis};
use crate::dynamodb::doctor::{self, Case, Work};
use crate::session::SessionId;

pub(super) async fn diagnose(inputs: &Inputs, args: &ConnectArgs<'_>) -> Diagnosis {
    let mut diagnosis = Diagnosis::default();
    if let Err(error) = inputs.session_id.clone().map(SessionId::new).transpose() {
        diagnosis.failed("inputs", &error);
    }
    let opened = Endpoint::open(inputs.endpoint.as_deref(), &inputs.region, args, &mut diagnosis).await;
    let Some((endpoint, client)) = opened else { return diagnosis };
    let table = table::definition(inputs);
    let case = Case {
        table: &table,
        work: Work::Conversations {
            layout: inputs.layout,
            sort_key: inputs.sort_key.as_deref(),
            messages_attribute: inputs.messages_attribute.as_deref(),
        },
        makes_table: inputs.create_table || endpoint.is_builtin(),
        has_policies: !endpoint.is_builtin(),
    };
    let examination = doctor::examine(&client, &case).await;
    let found = examination.layout.map(|layout| FoundTable {
        partition_key: inputs.partition_key.clone(),
        sort_key: examination.sort_key,
        layout,
        described: true,
        ready: true,
        usage: examination.diagnosis.usage,
    });
    diagnosis.findings.extend(examination.diagnosis.findings);
    diagnosis.policy = examination.diagnosis.policy;
    diagnosis.usage += examination.diagnosis.usage;
    match found.map(|found| found.store(&client, inputs)).transpose() {
        Ok(store) => {
            let scope = &args.context.scope;
            if let Some(Err(error)) = store.map(|store| super::check_scope(scope, store.as_ref())) {
                diagnosis.failed("scope", &error);
            }
        }
        Err(error) => diagnosis.failed("inputs", &error),
    }
    diagnosis
}
