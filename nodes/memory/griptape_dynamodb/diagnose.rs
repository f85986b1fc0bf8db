//! All that keeps the node from working, and the least policy that would do.

use super::{Inputs, check_scope, table};
use crate::credentials::aws::endpoint::Endpoint;
use crate::declare::{ConnectArgs, Diagnosis};
use crate::dynamodb::doctor::{self, Case, Work};
use crate::dynamodb::griptape::NEEDS;

pub(super) async fn diagnose(inputs: &Inputs, args: &ConnectArgs<'_>) -> Diagnosis {
    let mut diagnosis = Diagnosis::default();
    for checked in [inputs.session().map(drop), inputs.recall.check()] {
        if let Err(error) = checked {
            diagnosis.failed("inputs", &error);
        }
    }
    if let Err(error) = check_scope(&args.context.scope) {
        diagnosis.failed("scope", &error);
    }
    let opened = Endpoint::open(inputs.endpoint.as_deref(), &inputs.region, args, &mut diagnosis).await;
    let Some((endpoint, client)) = opened else { return diagnosis };
    let definition = match table::store(&client, inputs).and_then(|_| table::definition(inputs)) {
        Ok(definition) => definition,
        Err(error) => {
            diagnosis.failed("inputs", &error);
            return diagnosis;
        }
    };
    let case = Case {
        table: &definition,
        work: Work::Fixed { summary: table::SUMMARY, needs: NEEDS },
        makes_table: inputs.create_table || endpoint.is_builtin(),
        has_policies: !endpoint.is_builtin(),
    };
    let examined = doctor::examine(&client, &case).await.diagnosis;
    diagnosis.findings.extend(examined.findings);
    diagnosis.policy = examined.policy;
    diagnosis.usage += examined.usage;
    diagnosis
}
