//! Making, comparing and deleting tables of DynamoDB, on AWS or on the built-in engine.

mod options;

use std::sync::Arc;

use canvas_memory::credentials::aws;
use canvas_memory::declare::{ConnectArgs, ConnectContext, Finding, Level, SetUp};
use canvas_memory::dynamodb::DynamoClient;
use canvas_memory::dynamodb::tables;
use canvas_memory::flow::CredentialSource;
use canvas_memory::usage::Usage;
use canvas_memory::{Error, Result};
use futures_util::future::{join_all, try_join_all};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use options::{Place, SortKeyType, TableLayout, TableOptions};

/// What there is now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TablesReport {
    /// The worst of all findings.
    pub level: Level,
    /// The tables.
    pub tables: Vec<TableReport>,
    /// What it cost.
    pub usage: Usage,
}

/// What there is to say of one table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TableReport {
    /// The table's name.
    pub table: String,
    /// Whether it was made now.
    pub made: bool,
    /// How it stands, and what differs from what was asked for.
    pub findings: Vec<Finding>,
}

/// A table that is gone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Deleted {
    /// The table's name.
    pub deleted: String,
    /// What it cost.
    pub usage: Usage,
}

/// Works on tables with the parts of a host.
#[derive(Clone, Copy, Debug)]
pub struct Tables<'a> {
    /// What a client is connected with.
    pub context: &'a ConnectContext,
    /// The saved credentials.
    pub credentials: &'a dyn CredentialSource,
}

impl Tables<'_> {
    /// Makes the tables that are not there, and waits until they can be used. Nothing that is there is changed.
    ///
    /// # Errors
    /// `InvalidInput` by the option's name; `Mismatch` when a table has other keys; whatever DynamoDB fails with.
    pub async fn create(&self, options: &TableOptions, credential: Option<&str>) -> Result<TablesReport> {
        let work = async {
            let definitions = options.definitions()?;
            let client = self.client(&options.place(), credential).await?;
            let creating = definitions.iter().map(|table| table.create(&client));
            Ok(TablesReport::of(try_join_all(creating).await?.into_iter().map(|created| {
                let (table, made) = (created.table.name.clone(), created.is_new);
                let SetUp { findings, usage, .. } = created.into();
                (TableReport { table, made, findings }, usage)
            })))
        };
        work.await.map_err(|error: Error| error.in_operation("create_tables"))
    }

    /// Compares the tables that are there with those that are meant. Changes nothing.
    ///
    /// # Errors
    /// `InvalidInput` by the option's name; what is wrong with a table is a finding.
    pub async fn check(&self, options: &TableOptions, credential: Option<&str>) -> Result<TablesReport> {
        let work = async {
            let definitions = options.definitions()?;
            let client = self.client(&options.place(), credential).await?;
            let checks = join_all(definitions.iter().map(|table| table.check(&client))).await;
            Ok(TablesReport::of(definitions.into_iter().zip(checks).map(|(table, diagnosis)| {
                let report = TableReport { table: table.name, made: false, findings: diagnosis.findings };
                (report, diagnosis.usage)
            })))
        };
        work.await.map_err(|error: Error| error.in_operation("check_tables"))
    }

    /// Deletes the table of this name with all that is in it.
    ///
    /// # Errors
    /// As [`tables::delete`].
    pub async fn delete(&self, table: &str, place: &Place, credential: Option<&str>) -> Result<Deleted> {
        let work = async {
            let client = self.client(place, credential).await?;
            let usage = tables::delete(&client, table).await?;
            Ok(Deleted { deleted: table.to_owned(), usage })
        };
        work.await.map_err(|error: Error| error.in_operation("delete_table"))
    }

    async fn client(&self, place: &Place, credential: Option<&str>) -> Result<Arc<DynamoClient>> {
        let mut args = ConnectArgs::new(self.context);
        if let Some(id) = credential {
            args = args.with_credential(self.credentials.credential(id).await?);
        }
        aws::client(place.endpoint.as_deref(), place.region.as_deref(), &args).await
    }
}

impl TablesReport {
    fn of(tables: impl Iterator<Item = (TableReport, Usage)>) -> Self {
        let (tables, usage): (Vec<_>, Vec<_>) = tables.unzip();
        let findings = tables.iter().flat_map(|table| &table.findings);
        let level = findings.map(|finding| finding.level).max().unwrap_or(Level::Ok);
        Self { level, tables, usage: usage.into_iter().sum() }
    }
}
