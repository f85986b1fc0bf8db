//! The table of a node whose layout has keys of its own: found when the node connects, made on the built-in engine.

use std::sync::Arc;

use super::endpoint::Endpoint;
use crate::declare::{ClientKey, Clients, ConnectArgs, Diagnosis, Health, SetUp};
use crate::dynamodb::doctor::{self, Case, Work};
use crate::dynamodb::policy::Need;
use crate::dynamodb::tables::TableDefinition;
use crate::dynamodb::{DynamoClient, health};
use crate::error::Result;

/// A table, and what is done in it.
#[derive(Clone, Debug)]
pub(crate) struct FixedTable {
    /// The table as the node would make it.
    pub(crate) definition: TableDefinition,
    /// What lies in it, in a line.
    pub(crate) summary: &'static str,
    /// What the layout needs.
    pub(crate) needs: &'static [Need],
}

/// A table that was found, kept beside the client.
struct Known;

/// A table that was found, with its client.
pub(crate) struct FoundTable {
    pub(crate) client: Arc<DynamoClient>,
    table: FixedTable,
    clients: Clients,
    key: ClientKey,
}

impl FixedTable {
    /// Looks for the table, once for all nodes that mean it; on the built-in engine it is made where it is missing.
    pub(crate) async fn find(
        self,
        endpoint: Option<&str>,
        region: &str,
        args: &ConnectArgs<'_>,
    ) -> Result<FoundTable> {
        let endpoint = Endpoint::of(endpoint, args.context)?;
        let client = endpoint.client(region, args).await?;
        let key = endpoint.key(region, args).within(format!("{:?}", self.definition));
        let look = async || self.definition.find(&client, endpoint.is_builtin()).await.map(|_| Known);
        args.context.clients.get(key.clone(), look).await?;
        Ok(FoundTable { client, table: self, clients: args.context.clients.clone(), key })
    }

    /// All that keeps it from working, and the least policy that would do.
    pub(crate) async fn diagnose(
        &self,
        endpoint: Option<&str>,
        region: &str,
        args: &ConnectArgs<'_>,
        mut diagnosis: Diagnosis,
    ) -> Diagnosis {
        let opened = Endpoint::open(endpoint, region, args, &mut diagnosis).await;
        let Some((endpoint, client)) = opened else { return diagnosis };
        let case = Case {
            table: &self.definition,
            work: Work::Fixed { summary: self.summary, needs: self.needs },
            makes_table: endpoint.is_builtin(),
            has_policies: !endpoint.is_builtin(),
        };
        let examined = doctor::examine(&client, &case).await.diagnosis;
        diagnosis.findings.extend(examined.findings);
        diagnosis.policy = examined.policy;
        diagnosis.usage += examined.usage;
        diagnosis
    }

    /// Makes the table unless it is there.
    pub(crate) async fn set_up(
        &self,
        endpoint: Option<&str>,
        region: &str,
        args: &ConnectArgs<'_>,
    ) -> Result<SetUp> {
        let client = Endpoint::of(endpoint, args.context)?.client(region, args).await?;
        Ok(self.definition.create(&client).await?.into())
    }
}

impl FoundTable {
    /// Whether the work can be done in it.
    pub(crate) async fn check(self) -> Result<Health> {
        let FixedTable { definition, summary, needs } = &self.table;
        let checked = health::check(&self.client, definition, summary, needs).await;
        checked.inspect_err(|_| {
            // A table that is gone or changed is looked at anew when the node connects again.
            self.clients.forget::<Known>(self.key.clone());
        })
    }
}
