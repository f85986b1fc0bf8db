//! A table as DynamoDB describes it.

use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndexDescription, IndexStatus, KeySchemaElement,
    KeyType, ProjectionType, TableDescription, TableStatus,
};

use super::definition::{IndexDefinition, KeyAttribute, KeyKind, TableDefinition};
use crate::declare::Level;
use crate::error::{Error, ErrorKind, Result};
use crate::usage::Usage;

/// A table as DynamoDB describes it.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// The table's name.
    pub name: String,
    /// The partition key.
    pub partition_key: KeyAttribute,
    /// The sort key, where the table has one.
    pub sort_key: Option<KeyAttribute>,
    /// Its global secondary indexes.
    pub indexes: Vec<TableIndex>,
    /// Whether it can be used: it is not being created or deleted.
    pub ready: bool,
    /// What DynamoDB tells of it beside its keys.
    pub facts: TableFacts,
    /// What the call cost.
    pub usage: Usage,
}

/// A global secondary index as DynamoDB describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableIndex {
    /// Its name and keys.
    pub definition: IndexDefinition,
    /// Whether it can be queried; one that is still being built can't.
    pub ready: bool,
    /// Whether it holds whole items.
    pub is_whole: bool,
}

/// What DynamoDB tells of a table beside its keys; emulators leave most of it out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TableFacts {
    /// The table's ARN.
    pub arn: Option<String>,
    /// Its state, such as `ACTIVE` or `DELETING`.
    pub status: Option<String>,
    /// The read and write units a second that it is limited to; `None` where it is paid by request.
    pub provisioned: Option<(i64, i64)>,
    /// Whether it can't be deleted before that is allowed.
    pub deletion_protection: Option<bool>,
    /// The KMS key that encrypts it, where it is not DynamoDB's own.
    pub kms_key_arn: Option<String>,
    /// Whether DynamoDB can't use that key any more.
    pub kms_key_lost: bool,
    /// How many local indexes it has.
    pub local_indexes: usize,
}

impl TableFacts {
    fn of(description: &TableDescription) -> Self {
        let by_request = description
            .billing_mode_summary()
            .is_some_and(|billing| billing.billing_mode() == Some(&BillingMode::PayPerRequest));
        let limits = description.provisioned_throughput().filter(|_| !by_request);
        let limits =
            limits.and_then(|limits| Some((limits.read_capacity_units()?, limits.write_capacity_units()?)));
        let encryption = description.sse_description();
        Self {
            arn: description.table_arn().map(str::to_owned),
            status: description.table_status().map(|status| status.as_str().to_owned()),
            provisioned: limits.filter(|limits| *limits != (0, 0)),
            deletion_protection: description.deletion_protection_enabled(),
            kms_key_arn: encryption.and_then(|sse| sse.kms_master_key_arn()).map(str::to_owned),
            kms_key_lost: encryption.is_some_and(|sse| sse.inaccessible_encryption_date_time().is_some()),
            local_indexes: description.local_secondary_indexes().len(),
        }
    }
}

impl Table {
    /// Checks the keys against those of a definition.
    ///
    /// # Errors
    /// `Mismatch`, with the key's name, when a key has another name or type.
    pub fn check_keys(&self, wanted: &TableDefinition) -> Result<()> {
        match self.key_problems(wanted).into_iter().next() {
            Some((_, problem)) => Err(Error::new(ErrorKind::Mismatch, problem).with("table", &self.name)),
            None => Ok(()),
        }
    }

    /// Checks that the wanted indexes can be queried.
    ///
    /// # Errors
    /// `Mismatch` when one is not there, or is another; `Unavailable` while it is being built.
    pub fn check_indexes(&self, wanted: &[IndexDefinition]) -> Result<()> {
        let findings = self.index_findings(wanted);
        let Some(worst) = findings.into_iter().max_by_key(|finding| finding.level) else { return Ok(()) };
        let kind = match worst.level {
            Level::Ok => return Ok(()),
            Level::Warning => ErrorKind::Unavailable,
            Level::Error => ErrorKind::Mismatch,
        };
        Err(Error::new(kind, worst.text).with("table", &self.name))
    }

    /// All that is wrong with the keys: `partitionKey` or `sortKey`, and what to do.
    #[must_use]
    pub fn key_problems(&self, wanted: &TableDefinition) -> Vec<(&'static str, String)> {
        let mut problems = Vec::new();
        let mut add =
            |field, problem: Option<String>| problems.extend(problem.map(|problem| (field, problem)));
        add("partitionKey", key_problem("partition", &self.partition_key, &wanted.partition_key));
        match (&self.sort_key, &wanted.sort_key) {
            (Some(has), Some(wanted)) => add("sortKey", key_problem("sort", has, wanted)),
            (None, None) => {}
            (Some(has), None) => {
                let problem =
                    format!("the table has the sort key `{}`; name it, or use a table without one", has.name);
                add("sortKey", Some(problem));
            }
            (None, Some(wanted)) => {
                let problem = format!(
                    "the table has no sort key, and `{}` is wanted as one; use another table, or name none where that \
                     is possible",
                    wanted.name
                );
                add("sortKey", Some(problem));
            }
        }
        problems
    }

    pub(super) fn of(description: &TableDescription, usage: Usage) -> Result<Self> {
        let name = description.table_name().unwrap_or_default().to_owned();
        let definitions = description.attribute_definitions();
        let Some((partition_key, sort_key)) = keys(description.key_schema(), definitions) else {
            return Err(Error::new(
                ErrorKind::Protocol,
                "the endpoint describes a table without keys; check that it is DynamoDB's",
            )
            .with("table", name));
        };
        let indexes = description.global_secondary_indexes();
        let indexes = indexes.iter().filter_map(|index| TableIndex::of(index, definitions)).collect();
        let ready = matches!(description.table_status(), Some(TableStatus::Active | TableStatus::Updating));
        let facts = TableFacts::of(description);
        Ok(Self { partition_key, sort_key, indexes, ready, facts, name, usage })
    }
}

impl TableIndex {
    fn of(index: &GlobalSecondaryIndexDescription, definitions: &[AttributeDefinition]) -> Option<Self> {
        let (partition_key, sort_key) = keys(index.key_schema(), definitions)?;
        let name = index.index_name()?.to_owned();
        let projection = index.projection().and_then(|projection| projection.projection_type());
        Some(Self {
            definition: IndexDefinition { name, partition_key, sort_key },
            // Emulators leave the state out.
            ready: !matches!(index.index_status(), Some(IndexStatus::Creating | IndexStatus::Deleting)),
            is_whole: projection == Some(&ProjectionType::All),
        })
    }
}

fn keys(
    schema: &[KeySchemaElement],
    definitions: &[AttributeDefinition],
) -> Option<(KeyAttribute, Option<KeyAttribute>)> {
    let key = |wanted: KeyType| {
        let name = schema.iter().find(|key| *key.key_type() == wanted)?.attribute_name();
        let defined = definitions.iter().find(|def| def.attribute_name() == name)?;
        Some(KeyAttribute { name: name.to_owned(), kind: KeyKind::of(defined.attribute_type())? })
    };
    Some((key(KeyType::Hash)?, key(KeyType::Range)))
}

fn key_problem(which: &str, has: &KeyAttribute, wanted: &KeyAttribute) -> Option<String> {
    if has.name != wanted.name {
        return Some(format!(
            "the table's {which} key is `{}`, and `{}` is wanted as such; correct the name, or use another table",
            has.name, wanted.name
        ));
    }
    (has.kind != wanted.kind).then(|| {
        let (has_kind, wanted_kind) = (has.kind.code(), wanted.kind.code());
        format!(
            "the key `{}` is of type {has_kind}, and values of type {wanted_kind} go under it; use a table whose key is \
             of type {wanted_kind}",
            has.name
        )
    })
}
