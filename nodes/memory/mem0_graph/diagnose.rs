//! All that keeps the node from working, and the least policy that would do.

use super::Inputs;
use super::table::{SUMMARY, config, definition};
use crate::credentials::aws::endpoint::Endpoint;
use crate::declare::{ConnectArgs, Diagnosis};
use crate::dynamodb::doctor::{self, Case, Work};
use crate::dynamodb::mem0::graph::NEEDS;

pub(super) async fn diagnose(inputs: &Inputs, args: &ConnectArgs<'_>) -> Diagnosis {
    let mut diagnosis = Diagnosis::default();
    let opened = Endpoint::open(inputs.endpoint.as_deref(), &inputs.region, args, &mut diagnosis).await;
    let Some((endpoint, client)) = opened else { return diagnosis };
    let case = Case {
        table: &definition(&config(inputs)),
        work: Work::Fixed { summary: SUMMARY, needs: NEEDS },
        makes_table: endpoint.is_builtin(),
        has_policies: !endpoint.is_builtin(),
    };
    let examined = doctor::examine(&client, &case).await.diagnosis;
    diagnosis.findings.extend(examined.findings);
    diagnosis.policy = examined.policy;
    diagnosis.usage += examined.usage;
    diagnosis
}
