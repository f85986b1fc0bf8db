//! A table as DynamoDB describes it.

use aws_sdk_dynamodb::types::{BillingMode, KeyType, TableDescription, TableStatus};

use crate::error::{Error, ErrorKind, Result};
use crate::usage::Usage;

/// One of a table's keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyAttribute {
    /// The attribute's name.
    pub name: String,
    /// `S`, `N` or `B`. The layouts need `S`.
    pub kind: String,
}

/// A table as DynamoDB describes it.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// The table's name.
    pub name: String,
    /// The partition key.
    pub partition_key: KeyAttribute,
    /// The sort key, where the table has one.
    pub sort_key: Option<KeyAttribute>,
    /// Whether it can be used: it is not being created or deleted.
    pub ready: bool,
    /// What DynamoDB tells of it beside its keys.
    pub facts: TableFacts,
    /// What the call cost.
    pub usage: Usage,
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
    /// How many global indexes it has.
    pub global_indexes: usize,
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
            global_indexes: description.global_secondary_indexes().len(),
        }
    }
}

impl Table {
    /// Checks the keys against those that the node names.
    ///
    /// # Errors
    /// `Mismatch`, with the key's name, when a key has another name or is not a string.
    pub fn check_keys(&self, partition_key: &str, sort_key: Option<&str>) -> Result<()> {
        match self.key_problems(partition_key, sort_key).into_iter().next() {
            Some((_, problem)) => Err(Error::new(ErrorKind::Mismatch, problem).with("table", &self.name)),
            None => Ok(()),
        }
    }

    /// All that is wrong with the keys that a node names: the input in question, and what to do.
    #[must_use]
    pub fn key_problems(&self, partition_key: &str, sort_key: Option<&str>) -> Vec<(&'static str, String)> {
        let mut problems = Vec::new();
        let mut add =
            |field, problem: Option<String>| problems.extend(problem.map(|problem| (field, problem)));
        add("partitionKey", key_problem("partitionKey", &self.partition_key, partition_key));
        match (&self.sort_key, sort_key) {
            (Some(has), Some(wanted)) => add("sortKey", key_problem("sortKey", has, wanted)),
            (None, None) => {}
            (Some(has), None) => {
                add(
                    "sortKey",
                    Some(format!("the table has the sort key `{}`; name it as `sortKey`", has.name)),
                );
            }
            (None, Some(wanted)) => {
                let problem = format!(
                    "the table has no sort key; leave `sortKey` empty instead of `{wanted}`, or use another table"
                );
                add("sortKey", Some(problem));
            }
        }
        problems
    }

    pub(super) fn of(description: &TableDescription, usage: Usage) -> Result<Self> {
        let name = description.table_name().unwrap_or_default().to_owned();
        let key = |wanted: KeyType| {
            let name =
                description.key_schema().iter().find(|key| *key.key_type() == wanted)?.attribute_name();
            let defined =
                description.attribute_definitions().iter().find(|def| def.attribute_name() == name)?;
            Some(KeyAttribute { name: name.to_owned(), kind: defined.attribute_type().as_str().to_owned() })
        };
        let Some(partition_key) = key(KeyType::Hash) else {
            return Err(Error::new(
                ErrorKind::Protocol,
                "the endpoint describes a table without keys; check that it is DynamoDB's",
            )
            .with("table", name));
        };
        let ready = matches!(description.table_status(), Some(TableStatus::Active | TableStatus::Updating));
        let facts = TableFacts::of(description);
        Ok(Self { partition_key, sort_key: key(KeyType::Range), ready, facts, name, usage })
    }
}

fn key_problem(field: &str, has: &KeyAttribute, wanted: &str) -> Option<String> {
    if has.name != wanted {
        return Some(format!(
            "the table's key is `{}`; give it as `{field}` instead of `{wanted}`",
            has.name
        ));
    }
    (has.kind != "S").then(|| {
        format!(
            "the key `{}` is of type {}; session ids are text, so use a table whose key is of type S",
            has.name, has.kind
        )
    })
}
