//! The tables and their policies as a template of CloudFormation.

use canvas_memory::dynamodb::catalog::TableKind;
use canvas_memory::dynamodb::policy::{ADMINISTRATION, Action};
use canvas_memory::dynamodb::tables::KeyAttribute;
use serde_json::{Map, Value, json};

use super::policies::{self, Rights};

/// The kind's part of the names in a template, such as `Mem0Graph`.
pub(crate) fn id(kind: TableKind) -> String {
    let capital = |word: &str| word[..1].to_ascii_uppercase() + &word[1..];
    kind.name().split('-').map(capital).collect()
}

pub(crate) fn template() -> Value {
    let mut parameters = Map::new();
    let mut conditions = Map::new();
    let mut resources = Map::new();
    let mut outputs = Map::new();
    let mut groups = Vec::new();
    for kind in TableKind::ALL {
        let own = parameters_of(kind);
        let names: Vec<_> = own.keys().cloned().collect();
        groups.push(json!({"Label": {"default": kind.summary()}, "Parameters": names}));
        parameters.extend(own);
        conditions.extend(conditions_of(kind));
        let id = id(kind);
        resources.insert(format!("{id}Table"), table(kind));
        let is_there = format!("Has{id}");
        outputs.insert(
            format!("{id}TableArn"),
            json!({"Condition": is_there, "Value": {"Fn::GetAtt": [format!("{id}Table"), "Arn"]}}),
        );
    }
    let shared = shared_parameters();
    let names: Vec<_> = shared.keys().cloned().collect();
    groups.push(json!({"Label": {"default": "All tables"}, "Parameters": names}));
    parameters.extend(shared);
    conditions.extend(shared_conditions());
    for (name, description, rights) in [
        ("ReadPolicy", "Read what is in the tables", Rights::Read),
        ("WritePolicy", "All that nodes do in the tables: read, append, clear", Rights::Write),
    ] {
        resources.insert(name.to_owned(), policies::of_nodes(description, rights));
    }
    resources.insert("AdminPolicy".to_owned(), policies::of_administrators(ADMINISTRATION));
    for name in ["ReadPolicy", "WritePolicy", "AdminPolicy"] {
        outputs.insert(format!("{name}Arn"), json!({"Condition": "HasAny", "Value": {"Ref": name}}));
    }
    json!({
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "Tables for canvas-memory, and policies to read, to write and to administrate them",
        "Metadata": {"AWS::CloudFormation::Interface": {"ParameterGroups": groups}},
        "Parameters": parameters,
        "Conditions": conditions,
        "Resources": resources,
        "Outputs": outputs,
    })
}

fn text(description: impl Into<String>, default: &str) -> Value {
    json!({"Description": description.into(), "Type": "String", "Default": default})
}

fn matching(mut parameter: Value, pattern: &str) -> Value {
    parameter["AllowedPattern"] = pattern.into();
    parameter
}

fn one_of(description: &str, values: &[&str]) -> Value {
    json!({"Description": description, "Type": "String", "Default": values[0], "AllowedValues": values})
}

fn parameters_of(kind: TableKind) -> Map<String, Value> {
    let (id, usual) = (id(kind), kind.usual());
    let mut parameters = Map::new();
    let mut add = |name: &str, parameter: Value| parameters.insert(format!("{id}{name}"), parameter);
    let default = if kind == TableKind::Turns { usual.name.as_str() } else { "" };
    let description = format!("The name of such a table, usually {}; empty for none", usual.name);
    add("TableName", matching(text(description, default), "^$|^[a-zA-Z0-9_.-]{3,255}$"));
    if kind.has_chosen_keys() {
        add("PartitionKey", text("The name of its partition key", &usual.partition_key.name));
        if let Some(key) = &usual.sort_key {
            add("SortKey", text("The name of its sort key", &key.name));
        }
    }
    if kind == TableKind::Griptape {
        add("SortKey", text("The name of its sort key; empty for none", ""));
        add("SortKeyType", one_of("Whether the sort key's value is text or a number", &["S", "N"]));
    }
    if let Some(attribute) = kind.usual_expiry_attribute() {
        let description =
            format!("The attribute by which items expire, usually {attribute}; empty when none do");
        add("ExpiryAttribute", text(description, ""));
    }
    if let [index] = usual.indexes.as_slice() {
        add("Index", one_of(&format!("Whether it has the index {}", index.name), &["true", "false"]));
    }
    parameters
}

fn shared_parameters() -> Map<String, Value> {
    let units = |description: &str| json!({"Description": description, "Type": "Number", "Default": 5, "MinValue": 1});
    let list = json!({
        "Description": "Patterns of the partition keys that reading and writing is narrowed to, separated by commas; empty \
                        for all. Scans are then left out",
        "Type": "CommaDelimitedList",
        "Default": "",
    });
    let key = text("The ARN of the KMS key that encrypts the tables; empty for DynamoDB's own", "");
    let pairs = [
        ("BillingMode", one_of("By request, or by the hour", &["PAY_PER_REQUEST", "PROVISIONED"])),
        ("ReadUnits", units("Of PROVISIONED: read units a second of each table and index")),
        ("WriteUnits", units("Of PROVISIONED: write units a second of each table and index")),
        (
            "PointInTimeRecovery",
            one_of("Whether any state of the last 35 days can be restored", &["true", "false"]),
        ),
        ("KmsKeyArn", matching(key, r"^$|^arn:[a-z-]+:kms:[a-z0-9-]+:\d{12}:key/\S+$")),
        (
            "DeletionProtection",
            one_of("Whether tables can't be deleted before this is switched off", &["true", "false"]),
        ),
        (
            "TagKey",
            text("The key of a tag on every table; empty for none. Tags of the stack are set too", ""),
        ),
        ("TagValue", text("The value of that tag", "")),
        ("LeadingKeys", list),
    ];
    pairs.map(|(name, parameter)| (name.to_owned(), parameter)).into_iter().collect()
}

fn is(parameter: &str, value: &str) -> Value {
    json!({"Fn::Equals": [{"Ref": parameter}, value]})
}

fn is_given(parameter: &str) -> Value {
    json!({"Fn::Not": [is(parameter, "")]})
}

fn both(condition: &str, and: Value) -> Value {
    json!({"Fn::And": [{"Condition": condition}, and]})
}

fn conditions_of(kind: TableKind) -> Map<String, Value> {
    let id = id(kind);
    let has = format!("Has{id}");
    let mut conditions = Map::new();
    conditions.insert(has.clone(), is_given(&format!("{id}TableName")));
    if kind == TableKind::Griptape {
        conditions.insert("GriptapeIsSorted".into(), is_given("GriptapeSortKey"));
    }
    if kind.usual_expiry_attribute().is_some() {
        let expires = both(&has, is_given(&format!("{id}ExpiryAttribute")));
        conditions.insert(format!("{id}Expires"), expires);
    }
    if !kind.usual().indexes.is_empty() {
        conditions.insert(format!("{id}IsIndexed"), both(&has, is(&format!("{id}Index"), "true")));
    }
    if kind.needs().iter().any(|need| need.action == Action::Scan) {
        conditions.insert(format!("{id}IsScanned"), both(&has, json!({"Condition": "HasNoLeadingKeys"})));
    }
    conditions
}

fn shared_conditions() -> Map<String, Value> {
    let any: Vec<_> =
        TableKind::ALL.iter().map(|kind| json!({"Condition": format!("Has{}", id(*kind))})).collect();
    let keys = json!({"Fn::Join": ["", {"Ref": "LeadingKeys"}]});
    let pairs = [
        ("HasAny", json!({"Fn::Or": any})),
        ("IsProvisioned", is("BillingMode", "PROVISIONED")),
        ("HasKmsKey", is_given("KmsKeyArn")),
        ("HasTag", is_given("TagKey")),
        ("HasNoLeadingKeys", json!({"Fn::Equals": [keys, ""]})),
        ("HasLeadingKeys", json!({"Fn::Not": [{"Condition": "HasNoLeadingKeys"}]})),
    ];
    pairs.map(|(name, condition)| (name.to_owned(), condition)).into_iter().collect()
}

/// `value` where the condition holds, and nothing else.
pub(super) fn only_if(condition: &str, value: Value) -> Value {
    json!({"Fn::If": [condition, value, {"Ref": "AWS::NoValue"}]})
}

fn table(kind: TableKind) -> Value {
    let (id, usual) = (id(kind), kind.usual());
    // A key's name is its parameter where the user chooses it.
    let name = |key: &KeyAttribute| {
        let is_partition_key = *key == usual.partition_key;
        match kind.has_chosen_keys() {
            true if is_partition_key => json!({"Ref": format!("{id}PartitionKey")}),
            true => json!({"Ref": format!("{id}SortKey")}),
            false => json!(key.name),
        }
    };
    let definition =
        |key: &KeyAttribute| json!({"AttributeName": name(key), "AttributeType": key.kind.code()});
    let element = |key: &KeyAttribute, role: &str| json!({"AttributeName": name(key), "KeyType": role});
    let roles = ["HASH", "RANGE"];
    let mut definitions: Vec<_> = usual.keys().map(definition).collect();
    let mut schema: Vec<_> = usual.keys().zip(roles).map(|(key, role)| element(key, role)).collect();
    if kind == TableKind::Griptape {
        let key = json!({"Ref": "GriptapeSortKey"});
        let own = json!({"AttributeName": key, "AttributeType": {"Ref": "GriptapeSortKeyType"}});
        definitions.push(only_if("GriptapeIsSorted", own));
        schema.push(only_if("GriptapeIsSorted", json!({"AttributeName": key, "KeyType": "RANGE"})));
    }
    let throughput = only_if(
        "IsProvisioned",
        json!({"ReadCapacityUnits": {"Ref": "ReadUnits"}, "WriteCapacityUnits": {"Ref": "WriteUnits"}}),
    );
    let mut properties = json!({
        "TableName": {"Ref": format!("{id}TableName")},
        "KeySchema": schema,
        "BillingMode": {"Ref": "BillingMode"},
        "ProvisionedThroughput": throughput,
    });
    let is_indexed = format!("{id}IsIndexed");
    let indexes: Vec<_> = usual
        .indexes
        .iter()
        .map(|index| {
            for key in index.keys().filter(|key| !usual.keys().any(|own| own == *key)) {
                definitions.push(only_if(&is_indexed, definition(key)));
            }
            json!({
                "IndexName": index.name,
                "KeySchema": index.keys().zip(roles).map(|(key, role)| element(key, role)).collect::<Vec<_>>(),
                "Projection": {"ProjectionType": "ALL"},
                "ProvisionedThroughput": throughput,
            })
        })
        .collect();
    if !indexes.is_empty() {
        properties["GlobalSecondaryIndexes"] = only_if(&is_indexed, json!(indexes));
    }
    properties["AttributeDefinitions"] = json!(definitions);
    if kind.usual_expiry_attribute().is_some() {
        let expiry = json!({"AttributeName": {"Ref": format!("{id}ExpiryAttribute")}, "Enabled": true});
        properties["TimeToLiveSpecification"] = only_if(&format!("{id}Expires"), expiry);
    }
    properties["PointInTimeRecoverySpecification"] =
        json!({"PointInTimeRecoveryEnabled": {"Ref": "PointInTimeRecovery"}});
    properties["SSESpecification"] = only_if(
        "HasKmsKey",
        json!({"SSEEnabled": true, "SSEType": "KMS", "KMSMasterKeyId": {"Ref": "KmsKeyArn"}}),
    );
    properties["DeletionProtectionEnabled"] = json!({"Ref": "DeletionProtection"});
    properties["Tags"] = only_if("HasTag", json!([{"Key": {"Ref": "TagKey"}, "Value": {"Ref": "TagValue"}}]));
    json!({
        "Type": "AWS::DynamoDB::Table",
        "Condition": format!("Has{id}"),
        "DeletionPolicy": "Retain",
        "UpdateReplacePolicy": "Retain",
        "Properties": properties,
    })
}
