//! Making a table.

use std::time::Duration;

use aws_sdk_dynamodb::error::{BuildError, ProvideErrorMetadata};
use aws_sdk_dynamodb::operation::create_table::CreateTableError;
use aws_sdk_dynamodb::operation::create_table::builders::CreateTableFluentBuilder;
use aws_sdk_dynamodb::operation::update_continuous_backups::UpdateContinuousBackupsError;
use aws_sdk_dynamodb::operation::update_time_to_live::UpdateTimeToLiveError;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType,
    PointInTimeRecoverySpecification, Projection, ProjectionType, ProvisionedThroughput, ScalarAttributeType,
    SseSpecification, SseType, Tag, TimeToLiveSpecification,
};

use super::definition::{Capacity, KeyAttribute, TableDefinition};
use super::describe;
use super::described::Table;
use crate::declare::{Finding, Level, SetUp};
use crate::dynamodb::client::DynamoClient;
use crate::error::{Error, ErrorKind, Result};
use crate::usage::Usage;

/// How long a new table may take until it can be used. Below what a host lets a request take.
const CREATION_TIMEOUT: Duration = Duration::from_secs(100);

/// A table that is there.
#[derive(Clone, Debug, PartialEq)]
pub struct Created {
    /// The table, with what all the calls cost.
    pub table: Table,
    /// Whether it was made now.
    pub is_new: bool,
    /// What differs from the definition: of a table that was there before, and of what could not be switched on in a new
    /// one.
    pub findings: Vec<Finding>,
}

impl From<Created> for SetUp {
    fn from(created: Created) -> Self {
        let Created { table, is_new, mut findings } = created;
        let text = if is_new { "is made and ready" } else { "was there already and was not changed" };
        findings.insert(0, Finding::new(Level::Ok, "table", format!("`{}` {text}", table.name)));
        let made = is_new.then_some(table.name).into_iter().collect();
        Self { made, findings, usage: table.usage }
    }
}

impl TableDefinition {
    /// Makes the table unless it is there, and waits until it and its indexes can be used. A table that is there is not
    /// changed; what differs is told.
    ///
    /// # Errors
    /// `Mismatch` when it is there with other keys, or when DynamoDB does not take the definition; `Unavailable` when
    /// it can't be used after 100 seconds; `Denied` that names the action.
    pub async fn create(&self, client: &DynamoClient) -> Result<Created> {
        let mut usage = Usage::default();
        let created = self.create_within(client, &mut usage).await;
        created.map_err(|error| error.with_usage(usage))
    }

    async fn create_within(&self, client: &DynamoClient, usage: &mut Usage) -> Result<Created> {
        let (found, is_new) = match describe(client, &self.name).await {
            Ok(table) => {
                *usage += table.usage;
                (Some(table), false)
            }
            Err(error) if *error.kind() == ErrorKind::NotFound => {
                *usage += error.usage();
                (None, self.request(client, usage).await?)
            }
            Err(error) => return Err(named(error, "dynamodb:DescribeTable")),
        };
        let mut table = self.wait_until_ready(client, found, usage).await?;
        table.check_keys(self)?;
        let findings = if is_new {
            self.switch_on(client, usage).await
        } else {
            let mut findings = self.compare(&table);
            findings.extend(self.compare_settings(client, &table, usage).await);
            findings.retain(|finding| finding.level != Level::Ok);
            findings
        };
        table.usage = std::mem::take(usage);
        Ok(Created { table, is_new, findings })
    }

    /// Whether the table is made by this request, and not by another process at this moment.
    async fn request(&self, client: &DynamoClient, usage: &mut Usage) -> Result<bool> {
        let request = self.fill(client.sdk().create_table()).map_err(|error| {
            Error::invalid_input("table", "has a key or an index without a name").with_source(error)
        })?;
        let asked = client
            .call::<_, CreateTableError, _>(|meter| request.customize().interceptor(meter).send())
            .await;
        match asked {
            Ok((_, cost)) => {
                *usage += cost;
                Ok(true)
            }
            Err(error) if error.service().is_some_and(CreateTableError::is_resource_in_use_exception) => {
                *usage += error.usage();
                Ok(false)
            }
            Err(error) => {
                let code = error.service().and_then(ProvideErrorMetadata::code);
                let refused = code == Some("ValidationException");
                let reason = error.service().and_then(ProvideErrorMetadata::message).map(str::to_owned);
                let error = error.into_error().with("table", &self.name).with("region", client.region());
                match reason.filter(|_| refused) {
                    Some(reason) => {
                        let message = format!("DynamoDB does not take this definition of a table: {reason}");
                        let refused = Error::new(ErrorKind::Mismatch, message).with("table", &self.name);
                        Err(refused.with_usage(error.usage()))
                    }
                    None => Err(named(error, "dynamodb:CreateTable")),
                }
            }
        }
    }

    fn fill(&self, request: CreateTableFluentBuilder) -> Result<CreateTableFluentBuilder, BuildError> {
        let mut request = request
            .table_name(&self.name)
            .set_key_schema(Some(schema(self.keys())?))
            .deletion_protection_enabled(self.deletion_protection);
        // An emulator may take an explicit "no encryption" and the like for something it does not know.
        let throughput = match self.capacity {
            Capacity::OnDemand => {
                request = request.billing_mode(BillingMode::PayPerRequest);
                None
            }
            Capacity::Provisioned { read_units, write_units } => {
                request = request.billing_mode(BillingMode::Provisioned);
                let throughput = ProvisionedThroughput::builder()
                    .read_capacity_units(read_units.get().into())
                    .write_capacity_units(write_units.get().into());
                Some(throughput.build()?)
            }
        };
        request = request.set_provisioned_throughput(throughput.clone());
        for index in &self.indexes {
            let index = GlobalSecondaryIndex::builder()
                .index_name(&index.name)
                .set_key_schema(Some(schema(index.keys())?))
                .projection(Projection::builder().projection_type(ProjectionType::All).build())
                .set_provisioned_throughput(throughput.clone());
            request = request.global_secondary_indexes(index.build()?);
        }
        let mut defined: Vec<&KeyAttribute> = Vec::new();
        for key in self.keys().chain(self.indexes.iter().flat_map(|index| index.keys())) {
            if !defined.contains(&key) {
                defined.push(key);
                let definition = AttributeDefinition::builder()
                    .attribute_name(&key.name)
                    .attribute_type(ScalarAttributeType::from(key.kind.code()));
                request = request.attribute_definitions(definition.build()?);
            }
        }
        if let Some(key) = &self.kms_key {
            let encryption = SseSpecification::builder().enabled(true).sse_type(SseType::Kms);
            request = request.sse_specification(encryption.kms_master_key_id(key).build());
        }
        for (key, value) in &self.tags {
            request = request.tags(Tag::builder().key(key).value(value).build()?);
        }
        Ok(request)
    }

    async fn wait_until_ready(
        &self,
        client: &DynamoClient,
        found: Option<Table>,
        usage: &mut Usage,
    ) -> Result<Table> {
        let mut found = found;
        let ready = async {
            let mut pause = Duration::from_millis(50);
            loop {
                if found.as_ref().is_some_and(|table| self.is_ready(table)) {
                    return Ok(());
                }
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(Duration::from_secs(2));
                found = match describe(client, &self.name).await {
                    Ok(table) => {
                        *usage += table.usage;
                        Some(table)
                    }
                    // A new table is not seen everywhere at once.
                    Err(error) if *error.kind() == ErrorKind::NotFound => {
                        *usage += error.usage();
                        None
                    }
                    Err(error) => return Err(named(error, "dynamodb:DescribeTable")),
                };
            }
        };
        if let Ok(failed) = tokio::time::timeout(CREATION_TIMEOUT, ready).await {
            failed?;
        }
        // Of an index that is still being built, the comparison tells.
        found.filter(|table| table.ready).ok_or_else(|| {
            let message = "the table can't be used yet; look at its state, and try again in a while";
            Error::new(ErrorKind::Unavailable, message).with("table", &self.name)
        })
    }

    fn is_ready(&self, table: &Table) -> bool {
        let wanted = |name: &str| self.indexes.iter().any(|index| index.name == name);
        table.ready && table.indexes.iter().all(|index| index.ready || !wanted(&index.definition.name))
    }

    /// Switches on what a table can't be made with. The table is there and works without, so a failure is told and is
    /// none of the whole.
    async fn switch_on(&self, client: &DynamoClient, usage: &mut Usage) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut note = |subject: &'static str, action, switched: Result<Usage>| match switched {
            Ok(cost) => *usage += cost,
            Err(error) => {
                *usage += error.usage();
                let text = format!("it could not be switched on: {}", named(error, action));
                findings.push(Finding::new(Level::Error, subject, text));
            }
        };
        if let Some(attribute) = &self.expiry_attribute {
            note("expiry", "dynamodb:UpdateTimeToLive", self.switch_on_expiry(client, attribute).await);
        }
        if self.point_in_time_recovery {
            note("recovery", "dynamodb:UpdateContinuousBackups", self.switch_on_recovery(client).await);
        }
        findings
    }

    async fn switch_on_expiry(&self, client: &DynamoClient, attribute: &str) -> Result<Usage> {
        let ttl = TimeToLiveSpecification::builder().enabled(true).attribute_name(attribute).build();
        let ttl = ttl.map_err(|error| {
            Error::invalid_input("expiryAttribute", "is missing; name the attribute").with_source(error)
        })?;
        let asked = client
            .call::<_, UpdateTimeToLiveError, _>(|meter| {
                let request = client.sdk().update_time_to_live().table_name(&self.name);
                request.time_to_live_specification(ttl).customize().interceptor(meter).send()
            })
            .await;
        asked.map(|(_, usage)| usage).map_err(|error| error.into_error())
    }

    async fn switch_on_recovery(&self, client: &DynamoClient) -> Result<Usage> {
        let recovery =
            PointInTimeRecoverySpecification::builder().point_in_time_recovery_enabled(true).build();
        let recovery = recovery.map_err(|error| {
            Error::invalid_input("pointInTimeRecovery", "can't be switched on").with_source(error)
        })?;
        let mut usage = Usage::default();
        for pause_secs in [1, 2, 4, 8, 16, 0] {
            let asked = client
                .call::<_, UpdateContinuousBackupsError, _>(|meter| {
                    let request = client.sdk().update_continuous_backups().table_name(&self.name);
                    let request = request.point_in_time_recovery_specification(recovery.clone());
                    request.customize().interceptor(meter).send()
                })
                .await;
            match asked {
                Ok((_, cost)) => return Ok(usage + cost),
                // DynamoDB prepares the backups of a new table for a while.
                Err(error)
                    if pause_secs > 0
                        && error.service().is_some_and(
                            UpdateContinuousBackupsError::is_continuous_backups_unavailable_exception,
                        ) =>
                {
                    usage += error.usage();
                    tokio::time::sleep(Duration::from_secs(pause_secs)).await;
                }
                Err(error) => return Err(error.into_error().with_usage(usage)),
            }
        }
        Ok(usage)
    }
}

fn schema<'a>(keys: impl Iterator<Item = &'a KeyAttribute>) -> Result<Vec<KeySchemaElement>, BuildError> {
    let kinds = [KeyType::Hash, KeyType::Range];
    keys.zip(kinds)
        .map(|(key, kind)| KeySchemaElement::builder().attribute_name(&key.name).key_type(kind).build())
        .collect()
}

/// Names the action that a policy does not allow.
pub(super) fn named(error: Error, action: &'static str) -> Error {
    if *error.kind() == ErrorKind::Denied { error.with("action", action) } else { error }
}
