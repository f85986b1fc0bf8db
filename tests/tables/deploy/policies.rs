//! The policies of the template, each its own resource without a name, so that CAPABILITY_IAM is enough.

use canvas_memory::dynamodb::catalog::TableKind;
use canvas_memory::dynamodb::policy::{self, Action, Need};
use canvas_memory::dynamodb::tables::TableDefinition;
use serde_json::{Value, json};

use super::cloudformation::{id, only_if};

/// How much a policy for nodes allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rights {
    /// What reads.
    Read,
    /// All.
    Write,
}

impl Rights {
    pub(crate) fn allow(self, action: Action) -> bool {
        self == Self::Write || action.is_read()
    }
}

/// A policy for the nodes on all tables.
pub(super) fn of_nodes(description: &str, rights: Rights) -> Value {
    let mut statements: Vec<_> =
        TableKind::ALL.into_iter().flat_map(|kind| statements(kind, rights)).collect();
    statements.push(table_key(&["kms:Decrypt"]));
    managed(description, statements)
}

/// A policy for who makes, compares and deletes the tables.
pub(super) fn of_administrators(actions: &[Action]) -> Value {
    let tables: Vec<_> =
        TableKind::ALL.into_iter().map(|kind| only_if(&format!("Has{}", id(kind)), arn(kind))).collect();
    let names: Vec<_> = actions.iter().map(|action| action.name()).collect();
    let tables = json!({"Sid": "Tables", "Effect": "Allow", "Action": names, "Resource": tables});
    let key = table_key(&["kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey"]);
    managed("Make, compare and delete the tables", vec![tables, key])
}

fn managed(description: &str, statements: Vec<Value>) -> Value {
    json!({
        "Type": "AWS::IAM::ManagedPolicy",
        "Condition": "HasAny",
        "Properties": {
            "Description": description,
            "PolicyDocument": {"Version": "2012-10-17", "Statement": statements},
        },
    })
}

fn arn(kind: TableKind) -> Value {
    json!({"Fn::GetAtt": [format!("{}Table", id(kind)), "Arn"]})
}

fn statements(kind: TableKind, rights: Rights) -> Vec<Value> {
    let id = id(kind);
    let table = TableDefinition {
        expiry_attribute: kind.usual_expiry_attribute().map(str::to_owned),
        ..kind.usual()
    };
    let needs: Vec<_> =
        policy::needs(kind.needs(), &table).filter(|need| rights.allow(need.action)).collect();
    let leading_keys = only_if(
        "HasLeadingKeys",
        json!({"ForAllValues:StringLike": {"dynamodb:LeadingKeys": {"Ref": "LeadingKeys"}}}),
    );
    let mut statements = Vec::new();
    let mut add = |name: &str,
                   condition: String,
                   chosen: &dyn Fn(&Need) -> bool,
                   resource: Value,
                   is_by_key: bool| {
        let actions: Vec<_> =
            needs.iter().filter(|need| chosen(need)).map(|need| need.action.name()).collect();
        if actions.is_empty() {
            return;
        }
        let mut statement =
            json!({"Sid": format!("{id}{name}"), "Effect": "Allow", "Action": actions, "Resource": resource});
        if is_by_key {
            statement["Condition"] = leading_keys.clone();
        }
        statements.push(only_if(&condition, statement));
    };
    let is_apart = |need: &Need| matches!(need.action, Action::Scan | Action::DescribeTimeToLive);
    let has = format!("Has{id}");
    add("Items", has.clone(), &|need| need.action.is_by_key() && !need.on_index, arn(kind), true);
    add("Table", has, &|need| !need.action.is_by_key() && !is_apart(need), arn(kind), false);
    add("Scan", format!("{id}IsScanned"), &|need| need.action == Action::Scan, arn(kind), false);
    let is_expiry = |need: &Need| need.action == Action::DescribeTimeToLive;
    add("Expiry", format!("{id}Expires"), &is_expiry, arn(kind), false);
    for index in &table.indexes {
        let resource = json!({"Fn::Sub": format!("${{{id}Table.Arn}}/index/{}", index.name)});
        add("Index", format!("{id}IsIndexed"), &|need| need.on_index, resource, true);
    }
    statements
}

/// Use of the KMS key, through DynamoDB alone.
fn table_key(actions: &[&str]) -> Value {
    let through = json!({"Fn::Sub": "dynamodb.${AWS::Region}.${AWS::URLSuffix}"});
    only_if(
        "HasKmsKey",
        json!({
            "Sid": "TableKey",
            "Effect": "Allow",
            "Action": actions,
            "Resource": {"Ref": "KmsKeyArn"},
            "Condition": {"StringEquals": {"kms:ViaService": through}},
        }),
    )
}
