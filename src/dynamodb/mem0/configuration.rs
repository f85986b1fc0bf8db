//! The block by which Mem0's configuration names a store: `{"provider": "dynamodb", "config": {…}}`.

use serde_json::{Map, Value};

use crate::declare::Problem;

/// Parts of a credential, which Mem0 takes among the rest.
const SECRETS: [&str; 3] = ["aws_access_key_id", "aws_secret_access_key", "aws_session_token"];

/// Makes the block the inputs of a node, in place, and tells what was left out. `names` are Mem0's with the node's own,
/// `meaningless` those that mean nothing to the node, with the reason. Mem0's names are taken without the block too.
///
/// # Errors
/// The problem, where the block is of another provider or holds a part of a credential.
pub(crate) fn adopt(
    inputs: &mut Map<String, Value>,
    names: &[(&str, &str)],
    meaningless: &[(&str, &str)],
) -> Result<Vec<Problem>, Problem> {
    let problem =
        |input: &str, message: &str| Problem { input: input.to_owned(), message: message.to_owned() };
    if let Some(provider) = inputs.get("provider") {
        if provider != "dynamodb" {
            return Err(problem("provider", "is another than `dynamodb`; this node keeps nothing elsewhere"));
        }
        inputs.remove("provider");
    }
    if let Some(block) = inputs.get("config") {
        let Some(block) = block.as_object().cloned() else {
            return Err(problem("config", "is not an object; give one such as `{\"table_name\": \"mem0\"}`"));
        };
        inputs.remove("config");
        for (name, value) in block {
            inputs.entry(name).or_insert(value);
        }
    }
    if let Some(secret) = SECRETS.iter().find(|name| inputs.get(**name).is_some_and(|value| !value.is_null()))
    {
        let message = "is part of a credential, and a node holds none; take it out, and connect a credential of type \
                       `dynamodbMemoryApi`";
        return Err(problem(secret, message));
    }
    inputs.retain(|name, _| !SECRETS.contains(&name.as_str()));
    let mut left_out = Vec::new();
    for (theirs, reason) in meaningless {
        if inputs.remove(*theirs).is_some() {
            left_out.push(problem(theirs, reason));
        }
    }
    for (theirs, ours) in names {
        match inputs.remove(*theirs) {
            None | Some(Value::Null) => {}
            Some(_) if inputs.contains_key(*ours) => {
                left_out.push(problem(theirs, &format!("is left out, because `{ours}` says the same")));
            }
            Some(value) => {
                inputs.insert((*ours).to_owned(), value);
            }
        }
    }
    Ok(left_out)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NAMES: &[(&str, &str)] = &[("table_name", "tableName"), ("endpoint_url", "endpoint")];
    const MEANINGLESS: &[(&str, &str)] = &[("use_iam_role", "is left out")];

    fn adopted(inputs: Value) -> Result<(Value, Vec<String>), String> {
        let mut inputs = inputs.as_object().unwrap().clone();
        let left_out = adopt(&mut inputs, NAMES, MEANINGLESS).map_err(|problem| problem.input)?;
        Ok((Value::Object(inputs), left_out.into_iter().map(|problem| problem.input).collect()))
    }

    #[test]
    fn a_block_becomes_inputs_and_what_is_left_out_is_told() {
        let config = json!({"table_name": "t", "endpoint_url": null, "use_iam_role": true, "other": 1});
        let (inputs, left_out) = adopted(json!({"provider": "dynamodb", "config": config})).unwrap();
        assert_eq!(inputs, json!({"tableName": "t", "other": 1}));
        assert_eq!(left_out, ["use_iam_role"]);
        let (inputs, left_out) = adopted(json!({"table_name": "a", "tableName": "b"})).unwrap();
        assert_eq!((inputs, left_out), (json!({"tableName": "b"}), vec!["table_name".to_owned()]));
        let own = json!({"tableName": "t", "region": "eu-west-1"});
        assert_eq!(adopted(own.clone()).unwrap(), (own, Vec::new()));
    }

    #[test]
    fn a_secret_and_another_provider_are_refused_by_name() {
        let secret = json!({"provider": "dynamodb", "config": {"aws_secret_access_key": "s"}});
        assert_eq!(adopted(secret).unwrap_err(), "aws_secret_access_key");
        let (inputs, _) = adopted(json!({"config": {"aws_access_key_id": null}})).unwrap();
        assert_eq!(inputs, json!({}));
        assert_eq!(adopted(json!({"provider": "redis", "config": {}})).unwrap_err(), "provider");
        assert_eq!(adopted(json!({"provider": "dynamodb", "config": "x"})).unwrap_err(), "config");
    }
}
