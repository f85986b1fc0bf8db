//! Which of AWS's actions the layouts need, and the least IAM policy that allows them.

use serde_json::{Value, json};

use super::layout::Layout;

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
        }
    }
}

/// An action that a layout needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Need {
    /// The action.
    pub action: Action,
    /// What can't be done without it, as the end of "without it …".
    pub without: &'static str,
    /// Whether conversations can't be kept without it.
    pub vital: bool,
}

const fn vital(action: Action, without: &'static str) -> Need {
    Need { action, without, vital: true }
}

const fn useful(action: Action, without: &'static str) -> Need {
    Need { action, without, vital: false }
}

const DESCRIBE: Need =
    useful(Action::DescribeTable, "the table's keys are taken as `partitionKey` and `sortKey` give them");

const EXPIRY: Need =
    useful(Action::DescribeTimeToLive, "nobody sees whether the table removes what has expired");

const TURNS: &[Need] = &[
    DESCRIBE,
    vital(Action::Query, "no conversation is loaded or cleared, and none is listed"),
    vital(Action::GetItem, "no turn id is found again, and no summary is read"),
    vital(Action::BatchGetItem, "no very large turn is loaded"),
    vital(Action::PutItem, "no turn is kept"),
    vital(Action::UpdateItem, "the list of conversations is not kept"),
    vital(Action::DeleteItem, "no conversation is cleared"),
    vital(Action::BatchWriteItem, "no conversation is cleared, and no very large turn is kept"),
];

const ITEM_PER_SESSION: &[Need] = &[
    DESCRIBE,
    useful(Action::Scan, "`layout` has to be set, and no conversation is listed"),
    vital(Action::GetItem, "no conversation is loaded"),
    vital(Action::PutItem, "no turn is kept"),
    vital(Action::UpdateItem, "no turn is kept"),
    vital(Action::DeleteItem, "no conversation is cleared"),
];

/// What a layout needs of its table, and `DescribeTimeToLive` where turns expire. The probes and the policy are both
/// made from this.
pub fn needs(layout: Layout, expires: bool) -> impl Iterator<Item = Need> {
    let own = match layout {
        Layout::Turns => TURNS,
        Layout::List | Layout::History => ITEM_PER_SESSION,
    };
    own.iter().copied().chain(expires.then_some(EXPIRY))
}

/// What a policy is written for.
#[derive(Clone, Copy, Debug)]
pub struct Grant<'a> {
    /// The table's ARN.
    pub table_arn: &'a str,
    /// How turns lie in the table.
    pub layout: Layout,
    /// Whether turns expire.
    pub expires: bool,
    /// Whether the table is still to be made.
    pub makes_table: bool,
    /// The KMS key that encrypts the table, where its use is not allowed yet.
    pub kms_key_arn: Option<&'a str>,
}

impl Grant<'_> {
    /// The least IAM policy that does: the statement `Memory`, one each for making the table and for its KMS key where
    /// they are needed, and `OptionalTableNames`, which forms use to offer tables.
    #[must_use]
    pub fn policy(&self) -> Value {
        let memory = needs(self.layout, self.expires).map(|need| need.action);
        let mut statements = vec![named("Memory", memory, self.table_arn)];
        if self.makes_table {
            let expiry = self.expires.then_some(Action::UpdateTimeToLive);
            statements.push(named(
                "MakeTable",
                [Action::CreateTable].into_iter().chain(expiry),
                self.table_arn,
            ));
        }
        if let Some(key) = self.kms_key_arn {
            statements.push(
                json!({"Sid": "TableKey", "Effect": "Allow", "Action": "kms:Decrypt", "Resource": key}),
            );
        }
        statements.push(named("OptionalTableNames", [Action::ListTables], "*"));
        json!({"Version": "2012-10-17", "Statement": statements})
    }
}

fn named(sid: &str, actions: impl IntoIterator<Item = Action>, resource: &str) -> Value {
    let actions: Vec<_> = actions.into_iter().map(Action::name).collect();
    json!({"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resource})
}

/// A statement that allows these actions.
#[must_use]
pub fn statement(actions: impl IntoIterator<Item = Action>, resource: &str) -> Value {
    let actions: Vec<_> = actions.into_iter().map(Action::name).collect();
    json!({"Effect": "Allow", "Action": actions, "Resource": resource})
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

    #[test]
    fn a_policy_grows_by_what_is_asked_for_only() {
        let arn = table_arn("eu-west-1", "chat");
        let mut grant = Grant {
            table_arn: &arn,
            layout: Layout::List,
            expires: false,
            makes_table: false,
            kms_key_arn: None,
        };
        let sids = |policy: &Value| -> Vec<String> {
            let statements = policy["Statement"].as_array().unwrap();
            statements.iter().map(|statement| statement["Sid"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(sids(&grant.policy()), ["Memory", "OptionalTableNames"]);
        assert!(!grant.policy().to_string().contains("TimeToLive"));
        (grant.expires, grant.makes_table) = (true, true);
        grant.kms_key_arn = Some("arn:aws:kms:eu-west-1:1:key/k");
        let all = grant.policy();
        assert_eq!(sids(&all), ["Memory", "MakeTable", "TableKey", "OptionalTableNames"]);
        assert_eq!(all["Statement"][0]["Resource"], "arn:aws:dynamodb:eu-west-1:*:table/chat");
        assert_eq!(
            all["Statement"][1]["Action"],
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
