//! Inputs as configurations of other programs spell them.

use serde_json::Value;

/// The inputs under the names that a node's schema declares: `table_name` is taken for `tableName` where only that is
/// declared, unless both are given.
pub(super) fn as_declared(schema: &Value, inputs: Value) -> Value {
    let declared = schema.get("properties").and_then(Value::as_object);
    let (Some(declared), Value::Object(given)) = (declared, &inputs) else { return inputs };
    let own_name = |name: &str| {
        let camel = (!declared.contains_key(name) && name.contains('_')).then(|| camel_case(name))?;
        (declared.contains_key(&camel) && !given.contains_key(&camel)).then_some(camel)
    };
    let renamed =
        given.iter().map(|(name, value)| (own_name(name).unwrap_or_else(|| name.clone()), value.clone()));
    Value::Object(renamed.collect())
}

fn camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |mut name, word| {
        let mut letters = word.chars();
        name.extend(letters.next().iter().flat_map(|letter| letter.to_uppercase()));
        name.push_str(letters.as_str());
        name
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_name_with_underscores_is_the_declared_one_unless_that_is_given_too() {
        let schema = json!({"properties": {"tableName": {}, "ttlDays": {}, "as_is": {}}});
        for (given, meant) in [
            (json!({"table_name": "t", "ttl_days": 1}), json!({"tableName": "t", "ttlDays": 1})),
            (json!({"as_is": 1, "tableName": "t"}), json!({"as_is": 1, "tableName": "t"})),
            (json!({"table_name": "a", "tableName": "b"}), json!({"table_name": "a", "tableName": "b"})),
            (json!({"table__name": 1, "_": 2, "é_é": 3}), json!({"tableName": 1, "_": 2, "é_é": 3})),
            (json!(["table_name"]), json!(["table_name"])),
        ] {
            assert_eq!(as_declared(&schema, given), meant);
        }
    }
}
