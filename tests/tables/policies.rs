//! The policies of the template, on moto's server with its policy checks on: each is enough, and none of its actions can
//! be taken away without being missed by name.

use std::collections::BTreeSet;

use canvas_memory::ErrorKind;
use canvas_memory::declare::{Diagnosis, Level};
use canvas_memory::dynamodb::catalog::TableKind;
use canvas_memory::dynamodb::doctor::{self, Case, Work};
use canvas_memory::dynamodb::policy;
use canvas_memory::dynamodb::tables::{self, TableDefinition};
use canvas_memory::dynamodb::{DynamoClient, health};
use serde_json::{Value, json};

use super::deploy::cloudformation::{id, template};
use super::deploy::policies::Rights;
use super::support::moto::Moto;
use super::{anyone, client, tables};

/// AWS asks for the actions inside a transaction, and moto for this one, which AWS does not have. It stands in for the
/// one action that is nothing but a part of transactions.
const OF_MOTO_ALONE: &str = "dynamodb:TransactWriteItems";
const PART_OF_TRANSACTIONS: &str = "dynamodb:ConditionCheckItem";

/// The statements of a policy of the template whose names begin so, as pairs of name and actions.
fn statements(policy: &str, prefix: &str) -> Vec<(String, Vec<String>)> {
    let template = template();
    let all = template["Resources"][policy]["Properties"]["PolicyDocument"]["Statement"]
        .as_array()
        .unwrap()
        .clone();
    all.iter()
        .map(|statement| statement["Fn::If"].get(1).unwrap_or(statement).clone())
        .filter(|statement| statement["Sid"].as_str().unwrap().starts_with(prefix))
        .map(|statement| {
            let actions = serde_json::from_value(statement["Action"].clone()).unwrap();
            (statement["Sid"].as_str().unwrap().to_owned(), actions)
        })
        .collect()
}

/// moto compares no resources.
fn allowing(actions: &[&str]) -> Value {
    let on_moto: Vec<_> = actions
        .iter()
        .map(|action| if *action == PART_OF_TRANSACTIONS { OF_MOTO_ALONE } else { action })
        .collect();
    let statement = json!({"Effect": "Allow", "Action": on_moto, "Resource": "*"});
    json!({"Version": "2012-10-17", "Statement": [statement]})
}

async fn examined(client: &DynamoClient, kind: TableKind, table: &TableDefinition) -> Diagnosis {
    let work = Work::Fixed { summary: kind.summary(), needs: kind.needs() };
    let case = Case { table, work, makes_table: false, has_policies: true };
    doctor::examine(client, &case).await.diagnosis
}

/// The actions that a diagnosis says are not allowed.
fn missed(diagnosis: &Diagnosis) -> BTreeSet<String> {
    let rights = diagnosis.findings.iter().filter(|finding| finding.subject == "rights");
    let refused = rights.filter(|finding| finding.level != Level::Ok);
    refused.map(|finding| finding.text.split('`').nth(1).unwrap().to_owned()).collect()
}

#[tokio::test]
async fn each_action_of_the_policies_for_nodes_is_missed_by_name() {
    let moto = Moto::start();
    for (_, table) in tables() {
        table.create(&anyone(moto.endpoint())).await.unwrap();
    }
    for (kind, table) in tables() {
        let of = |policy| -> Vec<String> {
            // What is allowed on the index, moto can't tell from what is allowed on the table.
            let actions = statements(policy, &id(kind)).into_iter().flat_map(|(_, actions)| actions);
            actions.collect::<BTreeSet<_>>().into_iter().collect()
        };
        let needed: BTreeSet<_> =
            policy::needs(kind.needs(), &table).map(|need| need.action.name().to_owned()).collect();
        for (name, rights) in [("ReadPolicy", Rights::Read), ("WritePolicy", Rights::Write)] {
            let all = of(name);
            let read: BTreeSet<_> = policy::needs(kind.needs(), &table)
                .filter(|need| rights.allow(need.action))
                .map(|need| need.action.name().to_owned())
                .collect();
            let writes: BTreeSet<_> = needed.difference(&read).cloned().collect();
            let without = |missing: Option<&String>| -> Vec<&str> {
                all.iter().filter(|action| Some(*action) != missing).map(String::as_str).collect()
            };
            let users = std::iter::once(None).chain(all.iter().map(Some));
            let keys = moto.add_users(users.clone().map(|missing| allowing(&without(missing))));
            for (missing, key) in users.zip(&keys) {
                let client = client(moto.endpoint(), key);
                let found = examined(&client, kind, &table).await;
                let mut expected = writes.clone();
                expected.extend(missing.cloned());
                assert_eq!(missed(&found), expected, "{kind:?} {name} without {missing:?}: {found:#?}");
                let checked = health::check(&client, &table, kind.summary(), kind.needs()).await;
                if name == "WritePolicy" && missing.is_none() {
                    checked.unwrap_or_else(|error| panic!("{kind:?}: {error:?}"));
                }
            }
        }
    }
}

#[test]
fn an_index_is_a_resource_of_its_own() {
    for policy in ["ReadPolicy", "WritePolicy"] {
        let of_index = statements(policy, "Mem0GraphIndex");
        assert_eq!(of_index, [("Mem0GraphIndex".to_owned(), vec!["dynamodb:Query".to_owned()])], "{policy}");
    }
}

#[tokio::test]
async fn each_action_of_the_policy_for_administrators_is_missed_by_name() {
    let [(_, all)] = statements("AdminPolicy", "Tables").try_into().unwrap();
    let table = |name: &str| TableDefinition {
        name: name.to_owned(),
        expiry_attribute: Some("expireAt".into()),
        point_in_time_recovery: true,
        tags: [("team".to_owned(), "memory".to_owned())].into(),
        ..TableKind::Turns.usual()
    };
    /// What is refused in the life of a table.
    async fn refused(client: &DynamoClient, table: &TableDefinition) -> Vec<String> {
        let created = table.create(client).await;
        let mut told: Vec<String> = match &created {
            Ok(created) => created.findings.iter().map(|finding| finding.text.clone()).collect(),
            Err(error) => vec![error.to_string()],
        };
        let checked = table.check(client).await;
        told.extend(checked.findings.iter().filter(|f| f.level != Level::Ok).map(|f| f.text.clone()));
        if let Err(error) = tables::delete(client, &table.name).await {
            assert!(matches!(error.kind(), ErrorKind::Denied | ErrorKind::NotFound), "{error:?}");
            told.push(error.to_string());
        }
        told.retain(|text| text.contains("action dynamodb:"));
        told
    }
    let moto = Moto::start();
    let without = |missing: Option<&String>| -> Vec<&str> {
        all.iter().filter(|action| Some(*action) != missing).map(String::as_str).collect()
    };
    let users: Vec<_> = std::iter::once(None).chain(all.iter().map(Some)).collect();
    let keys = moto.add_users(users.iter().map(|missing| allowing(&without(*missing))));
    for (at, (missing, key)) in users.iter().zip(&keys).enumerate() {
        let told = refused(&client(moto.endpoint(), key), &table(&format!("chat-{at}"))).await;
        match missing {
            None => assert!(told.is_empty(), "the whole policy is enough: {told:#?}"),
            // moto asks for no right to tag a table that is being made; AWS does.
            Some(missing) if *missing == "dynamodb:TagResource" => assert!(told.is_empty(), "{told:#?}"),
            Some(missing) => {
                let named = format!("action {missing}");
                assert!(
                    !told.is_empty() && told.iter().all(|text| text.contains(&named)),
                    "{missing}: {told:#?}"
                );
            }
        }
    }
}
