//! Which of AWS's actions the layouts need, and the least IAM policy that allows them.

use serde_json::{Value, json};

use super::tables::TableDefinition;

/// An action of DynamoDB, as IAM counts them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Keys and state of the table.
    DescribeTable,
    /// The table's expiry.
    DescribeTimeToLive,
    /// Part of a partition.
    Query,
    /// The table, item by item.
    Scan,
    /// One item.
    GetItem,
    /// Several items by their keys.
    BatchGetItem,
    /// An item in a key's place.
    PutItem,
    /// Attributes of an item.
    UpdateItem,
    /// An item gone.
    DeleteItem,
    /// Several items put or gone.
    BatchWriteItem,
    /// A new table.
    CreateTable,
    /// The table's expiry switched on.
    UpdateTimeToLive,
    /// The names of the account's tables.
    ListTables,
    /// A condition on an item, within a transaction.
    ConditionCheckItem,
    /// The table gone.
    DeleteTable,
    /// The table's recovery.
    DescribeContinuousBackups,
    /// The table's recovery switched on.
    UpdateContinuousBackups,
    /// The table's tags.
    ListTagsOfResource,
    /// Tags put on a table.
    TagResource,
}

impl Action {
    /// The action's name in a policy, such as `dynamodb:GetItem`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::DescribeTable => "dynamodb:DescribeTable",
            Self::DescribeTimeToLive => "dynamodb:DescribeTimeToLive",
            Self::Query => "dynamodb:Query",
            Self::Scan => "dynamodb:Scan",
            Self::GetItem => "dynamodb:GetItem",
            Self::BatchGetItem => "dynamodb:BatchGetItem",
            Self::PutItem => "dynamodb:PutItem",
            Self::UpdateItem => "dynamodb:UpdateItem",
            Self::DeleteItem => "dynamodb:DeleteItem",
            Self::BatchWriteItem => "dynamodb:BatchWriteItem",
            Self::CreateTable => "dynamodb:CreateTable",
            Self::UpdateTimeToLive => "dynamodb:UpdateTimeToLive",
            Self::ListTables => "dynamodb:ListTables",
            Self::ConditionCheckItem => "dynamodb:ConditionCheckItem",
            Self::DeleteTable => "dynamodb:DeleteTable",
            Self::DescribeContinuousBackups => "dynamodb:DescribeContinuousBackups",
            Self::UpdateContinuousBackups => "dynamodb:UpdateContinuousBackups",
            Self::ListTagsOfResource => "dynamodb:ListTagsOfResource",
            Self::TagResource => "dynamodb:TagResource",
        }
    }
}

impl Action {
    /// Whether it changes nothing.
    #[must_use]
    pub fn is_read(self) -> bool {
        matches!(
            self,
            Self::DescribeTable
                | Self::DescribeTimeToLive
                | Self::DescribeContinuousBackups
                | Self::ListTagsOfResource
                | Self::ListTables
                | Self::Query
                | Self::Scan
                | Self::GetItem
                | Self::BatchGetItem
        )
    }

    /// Whether IAM can narrow it to partition keys, by `dynamodb:LeadingKeys`. A scan it can't.
    #[must_use]
    pub fn is_by_key(self) -> bool {
        matches!(
            self,
            Self::Query
                | Self::GetItem
                | Self::BatchGetItem
                | Self::PutItem
                | Self::UpdateItem
                | Self::DeleteItem
                | Self::BatchWriteItem
                | Self::ConditionCheckItem
        )
    }
}

/// What making, comparing and deleting tables takes, with everything that a definition can ask for.
pub const ADMINISTRATION: &[Action] = &[
    Action::CreateTable,
    Action::DescribeTable,
    Action::DeleteTable,
    Action::UpdateTimeToLive,
    Action::DescribeTimeToLive,
    Action::UpdateContinuousBackups,
    Action::DescribeContinuousBackups,
    Action::TagResource,
    Action::ListTagsOfResource,
];

/// An action that a layout needs. Each layout lists its own, as `NEEDS`: probes, doctor and policies are made from that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Need {
    /// The action.
    pub action: Action,
    /// What can't be done without it, as the end of "without it …".
    pub without: &'static str,
    /// Whether the layout's work can't be done without it.
    pub vital: bool,
    /// Whether it is needed on the table's index, which is a resource of its own. Not needed where there is none.
    pub on_index: bool,
}

impl Need {
    /// An action without which the layout's work can't be done.
    #[must_use]
    pub const fn vital(action: Action, without: &'static str) -> Self {
        Self { action, without, vital: true, on_index: false }
    }

    /// An action that the layout can do without, at some price.
    #[must_use]
    pub const fn useful(action: Action, without: &'static str) -> Self {
        Self { action, without, vital: false, on_index: false }
    }

    /// The same, on the table's index.
    #[must_use]
    pub const fn on_index(self) -> Self {
        Self { on_index: true, ..self }
    }
}

const EXPIRY: Need =
    Need::useful(Action::DescribeTimeToLive, "nobody sees whether the table removes what has expired");

/// What a layout with these `needs` needs of this table: `DescribeTimeToLive` too where items expire, and nothing of
/// indexes where there are none.
pub fn needs(needs: &'static [Need], table: &TableDefinition) -> impl Iterator<Item = Need> {
    let has_index = !table.indexes.is_empty();
    let expires = table.expiry_attribute.is_some();
    let own = needs.iter().copied().filter(move |need| has_index || !need.on_index);
    own.chain(expires.then_some(EXPIRY))
}

/// What a policy is written for.
#[derive(Clone, Copy, Debug)]
pub struct Grant<'a> {
    /// What the layout needs.
    pub needs: &'static [Need],
    /// The table as it is, or as it would be made.
    pub table: &'a TableDefinition,
    /// The table's ARN.
    pub table_arn: &'a str,
    /// Whether the table is still to be made.
    pub makes_table: bool,
    /// The KMS key that encrypts the table, where its use is not allowed yet.
    pub kms_key_arn: Option<&'a str>,
}

impl Grant<'_> {
    /// The least IAM policy that does: the statement `Memory`, one each for the index, for making the table and for its
    /// KMS key where they are needed, and `OptionalTableNames`, which forms use to offer tables.
    #[must_use]
    pub fn policy(&self) -> Value {
        let (index, table): (Vec<_>, Vec<_>) = needs(self.needs, self.table).partition(|need| need.on_index);
        let actions = |needs: Vec<Need>| needs.into_iter().map(|need| need.action);
        let mut statements = vec![named("Memory", actions(table), self.table_arn.into())];
        if !index.is_empty() {
            let names = self.table.indexes.iter().map(|index| index_arn(self.table_arn, &index.name));
            statements.push(named("Index", actions(index), names.collect()));
        }
        if self.makes_table {
            let making = making(self.table);
            statements.push(named("MakeTable", making, self.table_arn.into()));
        }
        if let Some(key) = self.kms_key_arn {
            statements.push(
                json!({"Sid": "TableKey", "Effect": "Allow", "Action": "kms:Decrypt", "Resource": key}),
            );
        }
        statements.push(named("OptionalTableNames", [Action::ListTables], "*".into()));
        json!({"Version": "2012-10-17", "Statement": statements})
    }
}

/// What making this table takes.
fn making(table: &TableDefinition) -> impl Iterator<Item = Action> {
    let expires = table.expiry_attribute.is_some();
    let more = [
        (expires, Action::UpdateTimeToLive),
        (table.point_in_time_recovery, Action::UpdateContinuousBackups),
        (!table.tags.is_empty(), Action::TagResource),
    ];
    let more = more.into_iter().filter_map(|(is_needed, action)| is_needed.then_some(action));
    std::iter::once(Action::CreateTable).chain(more)
}

fn named(sid: &str, actions: impl IntoIterator<Item = Action>, resource: Value) -> Value {
    let actions: Vec<_> = actions.into_iter().map(Action::name).collect();
    json!({"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resource})
}

/// A statement that allows these actions.
#[must_use]
pub fn statement(actions: impl IntoIterator<Item = Action>, resource: &str) -> Value {
    let actions: Vec<_> = actions.into_iter().map(Action::name).collect();
    json!({"Effect": "Allow", "Action": actions, "Resource": resource})
}

/// The ARN of one of a table's indexes.
#[must_use]
pub fn index_arn(table_arn: &str, index: &str) -> String {
    format!("{table_arn}/index/{index}")
}

/// The ARN of a table that could not be looked at: of any account. A name that is an ARN is one already.
#[must_use]
pub fn table_arn(region: &str, table: &str) -> String {
    if table.starts_with("arn:") {
        return table.to_owned();
    }
    let partition = match region {
        _ if region.starts_with("cn-") => "aws-cn",
        _ if region.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    };
    format!("arn:{partition}:dynamodb:{region}:*:table/{table}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dynamodb::tables::{IndexDefinition, KeyAttribute};

    const NEEDS: &[Need] = &[
        Need::vital(Action::GetItem, "nothing is read"),
        Need::vital(Action::Query, "nothing is found").on_index(),
    ];

    #[test]
    fn a_policy_grows_by_what_is_asked_for_only() {
        let arn = table_arn("eu-west-1", "chat");
        let plain = TableDefinition::new("chat", KeyAttribute::text("id"), None);
        let grant =
            Grant { needs: NEEDS, table: &plain, table_arn: &arn, makes_table: false, kms_key_arn: None };
        let sids = |policy: &Value| -> Vec<String> {
            let statements = policy["Statement"].as_array().unwrap();
            statements.iter().map(|statement| statement["Sid"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(sids(&grant.policy()), ["Memory", "OptionalTableNames"]);
        assert_eq!(grant.policy()["Statement"][0]["Action"], json!(["dynamodb:GetItem"]));

        let index = IndexDefinition {
            name: "by-type".into(),
            partition_key: KeyAttribute::text("type"),
            sort_key: None,
        };
        let full = TableDefinition {
            indexes: vec![index],
            expiry_attribute: Some("expireAt".into()),
            ..plain.clone()
        };
        let key = Some("arn:aws:kms:eu-west-1:1:key/k");
        let all = Grant { table: &full, makes_table: true, kms_key_arn: key, ..grant }.policy();
        assert_eq!(sids(&all), ["Memory", "Index", "MakeTable", "TableKey", "OptionalTableNames"]);
        assert_eq!(all["Statement"][0]["Resource"], "arn:aws:dynamodb:eu-west-1:*:table/chat");
        assert_eq!(
            all["Statement"][1]["Resource"],
            json!(["arn:aws:dynamodb:eu-west-1:*:table/chat/index/by-type"])
        );
        assert_eq!(
            all["Statement"][2]["Action"],
            json!(["dynamodb:CreateTable", "dynamodb:UpdateTimeToLive"])
        );
    }

    #[test]
    fn partitions_of_aws_are_told_by_the_region() {
        assert_eq!(table_arn("cn-north-1", "t"), "arn:aws-cn:dynamodb:cn-north-1:*:table/t");
        assert_eq!(table_arn("us-gov-west-1", "t"), "arn:aws-us-gov:dynamodb:us-gov-west-1:*:table/t");
        let arn = "arn:aws:dynamodb:eu-west-1:123456789012:table/t";
        assert_eq!(table_arn("us-east-1", arn), arn);
    }
}
