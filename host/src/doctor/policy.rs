//! One policy a credential: the statements of all nodes that it serves.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::CredentialPolicy;

/// Joins policies whose credential is the same. Each comes with the id of its credential, if any.
pub(super) fn by_credential<'a>(
    policies: impl Iterator<Item = (Option<&'a str>, &'a Value)>,
) -> Vec<CredentialPolicy> {
    let mut joined: BTreeMap<Option<&str>, Value> = BTreeMap::new();
    for (credential, policy) in policies {
        match joined.get_mut(&credential) {
            Some(earlier) => join(earlier, policy),
            None => {
                joined.insert(credential, policy.clone());
            }
        }
    }
    let named = |(credential, policy): (Option<&str>, Value)| CredentialPolicy {
        credential: credential.map(str::to_owned),
        policy,
    };
    joined.into_iter().map(named).collect()
}

/// Adds the statements of `more`. Names of statements are unique in a policy, so a name that is taken gets a number.
fn join(policy: &mut Value, more: &Value) {
    let Some(statements) = policy.get_mut("Statement").and_then(Value::as_array_mut) else { return };
    for statement in more.get("Statement").and_then(Value::as_array).into_iter().flatten() {
        if statements.iter().any(|earlier| is_same(earlier, statement)) {
            continue;
        }
        let mut statement = statement.clone();
        if let Some(name) = statement.get("Sid").and_then(Value::as_str).map(str::to_owned) {
            let is_taken =
                |name: &str| statements.iter().any(|earlier| earlier.get("Sid") == Some(&json!(name)));
            let mut free = name.clone();
            let mut number = 2_u32;
            while is_taken(&free) {
                free = format!("{name}{number}");
                number += 1;
            }
            if let Some(fields) = statement.as_object_mut() {
                fields.insert("Sid".to_owned(), free.into());
            }
        }
        statements.push(statement);
    }
}

/// Whether two statements allow the same, whatever they are called.
fn is_same(one: &Value, other: &Value) -> bool {
    ["Effect", "Action", "Resource"].iter().all(|field| one.get(field) == other.get(field))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_of_one_credential_become_one() {
        let policy = |table: &str| {
            json!({"Version": "2012-10-17", "Statement": [
                {"Sid": "Memory", "Effect": "Allow", "Action": ["dynamodb:GetItem"], "Resource": table},
                {"Sid": "OptionalTableNames", "Effect": "Allow", "Action": ["dynamodb:ListTables"], "Resource": "*"},
            ]})
        };
        let (a, b) = (policy("a"), policy("b"));
        let joined = by_credential(
            [(Some("aws"), &a), (Some("aws"), &b), (Some("other"), &b), (Some("aws"), &a)].into_iter(),
        );
        let [aws, other] = joined.as_slice() else { panic!("{joined:?}") };
        assert_eq!((aws.credential.as_deref(), &other.policy), (Some("aws"), &b));
        let statements = aws.policy["Statement"].as_array().unwrap();
        let named: Vec<_> = statements
            .iter()
            .map(|s| (s["Sid"].as_str().unwrap(), s["Resource"].as_str().unwrap()))
            .collect();
        assert_eq!(named, [("Memory", "a"), ("OptionalTableNames", "*"), ("Memory2", "b")]);
    }
}
