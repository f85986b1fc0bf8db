//! Comparing a table that is there with what it is to be.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::operation::describe_continuous_backups::DescribeContinuousBackupsError;
use aws_sdk_dynamodb::operation::list_tags_of_resource::ListTagsOfResourceError;
use aws_sdk_dynamodb::types::PointInTimeRecoveryStatus;

use super::create::named;
use super::definition::{Capacity, IndexDefinition, TableDefinition, in_words};
use super::describe;
use super::described::Table;
use crate::declare::{Diagnosis, Finding, Level};
use crate::dynamodb::client::DynamoClient;
use crate::dynamodb::probe;
use crate::error::{Error, ErrorKind, Result};
use crate::usage::Usage;

impl TableDefinition {
    /// Compares the table that is there with this definition: state, keys, indexes, expiry, capacity, recovery,
    /// encryption, protection, tags. Changes nothing.
    pub async fn check(&self, client: &DynamoClient) -> Diagnosis {
        let mut diagnosis = Diagnosis::default();
        let table = match describe(client, &self.name).await {
            Ok(table) => table,
            Err(error) => {
                diagnosis.failed("table", &named(error, "dynamodb:DescribeTable"));
                return diagnosis;
            }
        };
        diagnosis.usage += table.usage;
        let region = client.region();
        let state = table.facts.status.as_deref().unwrap_or("unknown");
        if table.ready {
            diagnosis.ok("table", format!("`{}` is there in {region}", self.name));
        } else {
            diagnosis.error("table", format!("`{}` can't be used, it is in the state {state}", self.name));
        }
        let problems = table.key_problems(self);
        if problems.is_empty() {
            diagnosis.ok("keys", self.keys_in_words());
        }
        diagnosis
            .findings
            .extend(problems.into_iter().map(|(_, problem)| Finding::new(Level::Error, "keys", problem)));
        diagnosis.findings.extend(self.compare(&table));
        let mut usage = Usage::default();
        diagnosis.findings.extend(self.compare_settings(client, &table, &mut usage).await);
        diagnosis.usage += usage;
        diagnosis
    }

    /// Compares what the description of a table tells beside its keys.
    pub(super) fn compare(&self, table: &Table) -> Vec<Finding> {
        let mut findings = table.index_findings(&self.indexes);
        findings.push(self.compare_capacity(table));
        findings.extend(self.compare_encryption(table));
        findings.extend(match (table.facts.deletion_protection, self.deletion_protection) {
            (Some(true), _) => Some(Finding::new(Level::Ok, "deletion", "the table is protected from it")),
            (_, true) => {
                let text = "the table is not protected from being deleted; switch its deletion protection on";
                Some(Finding::new(Level::Warning, "deletion", text))
            }
            (_, false) => None,
        });
        findings
    }

    fn compare_capacity(&self, table: &Table) -> Finding {
        let provisioned = |reads: i64, writes: i64| {
            format!("provisioned with {reads} read and {writes} write units a second")
        };
        let fits = match (self.capacity, table.facts.provisioned) {
            (Capacity::OnDemand, None) => true,
            (Capacity::Provisioned { read_units, write_units }, Some(has)) => {
                has == (read_units.get().into(), write_units.get().into())
            }
            _ => false,
        };
        let has = table
            .facts
            .provisioned
            .map_or_else(|| Capacity::OnDemand.to_string(), |(reads, writes)| provisioned(reads, writes));
        if fits {
            Finding::new(Level::Ok, "capacity", has)
        } else {
            Finding::new(Level::Warning, "capacity", format!("the table is {has}, and not {}", self.capacity))
        }
    }

    fn compare_encryption(&self, table: &Table) -> Option<Finding> {
        if table.facts.kms_key_lost {
            let text = "DynamoDB can't use the KMS key that encrypts the table any more; enable the key again, or restore \
                        the table from a backup";
            return Some(Finding::new(Level::Error, "encryption", text));
        }
        let (level, text) = match (&table.facts.kms_key_arn, &self.kms_key) {
            (None, None) => return None,
            (Some(has), None) => (Level::Ok, format!("with the KMS key {has}")),
            (Some(has), Some(wanted)) if is_key(has, wanted) => {
                (Level::Ok, format!("with the KMS key {has}"))
            }
            (Some(has), Some(wanted)) if wanted.contains("alias/") => {
                let text =
                    format!("with the KMS key {has}; whether `{wanted}` means that, DynamoDB does not tell");
                (Level::Ok, text)
            }
            (Some(has), Some(wanted)) => (
                Level::Warning,
                format!("the table is encrypted with the KMS key {has}, and not with {wanted}"),
            ),
            (None, Some(wanted)) => {
                let text = format!("the table is encrypted with DynamoDB's own key, and not with {wanted}");
                (Level::Warning, text)
            }
        };
        Some(Finding::new(level, "encryption", text))
    }

    /// Compares what DynamoDB tells in other calls: expiry, and where they are wanted recovery and tags.
    pub(super) async fn compare_settings(
        &self,
        client: &DynamoClient,
        table: &Table,
        usage: &mut Usage,
    ) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut note = |subject: &'static str, action, looked: Result<(Option<Finding>, Usage)>| match looked
        {
            Ok((finding, cost)) => {
                *usage += cost;
                findings.extend(finding);
            }
            Err(error) => {
                *usage += error.usage();
                let text = format!("it can't be looked at: {}", named(error, action));
                findings.push(Finding::new(Level::Warning, subject, text));
            }
        };
        note("expiry", "dynamodb:DescribeTimeToLive", self.compare_expiry(client).await);
        if self.point_in_time_recovery {
            note("recovery", "dynamodb:DescribeContinuousBackups", self.compare_recovery(client).await);
        }
        if !self.tags.is_empty() {
            note("tags", "dynamodb:ListTagsOfResource", self.compare_tags(client, table).await);
        }
        findings
    }

    async fn compare_expiry(&self, client: &DynamoClient) -> Result<(Option<Finding>, Usage)> {
        let (found, usage) = probe::expiry_attribute(client, &self.name).await?;
        Ok((self.expiry_finding(found.as_deref()), usage))
    }

    /// What to say of a table that removes items by the attribute `found`.
    pub(in crate::dynamodb) fn expiry_finding(&self, found: Option<&str>) -> Option<Finding> {
        let (level, text) = match (found, self.expiry_attribute.as_deref()) {
            (None, None) => return None,
            (Some(found), Some(wanted)) if found == wanted => {
                (Level::Ok, format!("the table removes items by `{wanted}`"))
            }
            (Some(found), None) => {
                (Level::Warning, format!("the table removes items by `{found}`, which nobody asked for here"))
            }
            (Some(found), Some(wanted)) => (
                Level::Warning,
                format!(
                    "the table removes items by `{found}` and not by `{wanted}`; name `{found}` instead, else what has \
                     expired is hidden and stays"
                ),
            ),
            (None, Some(wanted)) => (
                Level::Warning,
                format!(
                    "the table removes nothing by itself; turn on its time to live for `{wanted}`, else what has expired \
                     is hidden and stays"
                ),
            ),
        };
        Some(Finding::new(level, "expiry", text))
    }

    async fn compare_recovery(&self, client: &DynamoClient) -> Result<(Option<Finding>, Usage)> {
        let (output, usage) = client
            .call::<_, DescribeContinuousBackupsError, _>(|meter| {
                let request = client.sdk().describe_continuous_backups().table_name(&self.name);
                request.customize().interceptor(meter).send()
            })
            .await
            .map_err(|error| error.into_error())?;
        let recovery = output.continuous_backups_description;
        let recovery = recovery.and_then(|backups| backups.point_in_time_recovery_description);
        let status = recovery.and_then(|recovery| recovery.point_in_time_recovery_status);
        let finding = if status == Some(PointInTimeRecoveryStatus::Enabled) {
            Finding::new(Level::Ok, "recovery", "any state of the last days can be restored")
        } else {
            let text = "point-in-time recovery is off; switch it on";
            Finding::new(Level::Warning, "recovery", text)
        };
        Ok((Some(finding), usage))
    }

    async fn compare_tags(&self, client: &DynamoClient, table: &Table) -> Result<(Option<Finding>, Usage)> {
        let arn = table.facts.arn.as_deref().ok_or_else(|| {
            Error::new(ErrorKind::Protocol, "the endpoint does not tell the table's ARN, which has the tags")
        })?;
        let (mut usage, mut has, mut after) = (Usage::default(), BTreeMap::new(), None);
        loop {
            let (output, cost) = client
                .call::<_, ListTagsOfResourceError, _>(|meter| {
                    let request = client.sdk().list_tags_of_resource().resource_arn(arn);
                    request.set_next_token(after.take()).customize().interceptor(meter).send()
                })
                .await
                .map_err(|error| error.into_error().with_usage(usage))?;
            usage += cost;
            has.extend(output.tags.unwrap_or_default().into_iter().map(|tag| (tag.key, tag.value)));
            after = output.next_token;
            if after.is_none() {
                break;
            }
        }
        let missing: Vec<_> = self.tags.iter().filter(|(key, value)| has.get(*key) != Some(value)).collect();
        let finding = if missing.is_empty() {
            Finding::new(Level::Ok, "tags", "all are there")
        } else {
            let missing: Vec<_> =
                missing.into_iter().map(|(key, value)| format!("`{key}={value}`")).collect();
            Finding::new(Level::Warning, "tags", format!("the table lacks {}", missing.join(", ")))
        };
        Ok((Some(finding), usage))
    }
}

impl Table {
    /// What there is to say of the indexes that are wanted: whether each is there, with its keys, whole and built.
    #[must_use]
    pub fn index_findings(&self, wanted: &[IndexDefinition]) -> Vec<Finding> {
        wanted.iter().map(|wanted| self.index_finding(wanted)).collect()
    }

    fn index_finding(&self, wanted: &IndexDefinition) -> Finding {
        let name = &wanted.name;
        let keys = |index: &IndexDefinition| in_words(index.keys());
        let (level, text) = match self.indexes.iter().find(|index| index.definition.name == *name) {
            None => {
                let text = format!(
                    "the table has no index `{name}`; add it with the keys {} and all attributes",
                    keys(wanted)
                );
                (Level::Error, text)
            }
            Some(index) if index.definition != *wanted => {
                let text = format!(
                    "the index `{name}` has the keys {}, and not {}; delete it and make it anew, or name another",
                    keys(&index.definition),
                    keys(wanted)
                );
                (Level::Error, text)
            }
            Some(index) if !index.is_whole => {
                let text = format!(
                    "the index `{name}` does not hold whole items; delete it and make it anew with all attributes"
                );
                (Level::Error, text)
            }
            Some(index) if !index.ready => {
                (Level::Warning, format!("the index `{name}` is still being built; wait until it is active"))
            }
            Some(_) => (Level::Ok, format!("`{name}` is there, with {}", keys(wanted))),
        };
        Finding::new(level, "index", text)
    }
}

/// Whether an id or ARN that a user gave means the key that DynamoDB names.
fn is_key(arn: &str, wanted: &str) -> bool {
    arn == wanted || arn.rsplit_once(":key/").is_some_and(|(_, id)| id == wanted)
}
