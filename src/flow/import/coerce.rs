//! Values that other canvases store loosely.

use serde_json::{Number, Value};

use crate::declare::validate::{found, type_name};

/// What became of a value.
#[derive(Debug, PartialEq)]
pub(super) enum Coercion {
    /// It is as it was; whether it fits is for the schema to say.
    Kept,
    /// It meant nothing.
    LeftOut {
        /// What was found.
        from: &'static str,
    },
    /// It says the same in the form that the schema asks for.
    Became {
        /// The value now.
        value: Value,
        /// What was found.
        from: &'static str,
        /// What it is now.
        to: &'static str,
    },
}

/// Brings `value` into the form that the schema of one input asks for, where that says the same.
pub(super) fn coerce(schema: &Value, value: &Value) -> Coercion {
    let from = found(value);
    if value.as_str().is_some_and(str::is_empty) {
        return Coercion::LeftOut { from };
    }
    let Some(wanted) = schema.get("type").and_then(Value::as_str) else { return Coercion::Kept };
    match (wanted, value) {
        ("integer", Value::String(text)) => whole(text.trim()),
        ("integer", Value::Number(number)) if number.is_f64() => whole(&number.to_string()),
        ("number", Value::String(text)) => number(text.trim()),
        ("boolean", Value::String(text)) => text.trim().parse().ok().map(Value::Bool),
        ("string", Value::Number(number)) => Some(Value::String(number.to_string())),
        _ => None,
    }
    .map_or(Coercion::Kept, |value| Coercion::Became { value, from, to: type_name(wanted) })
}

/// A whole number, also one that is written with zeros behind the point.
fn whole(text: &str) -> Option<Value> {
    let digits = match text.split_once('.') {
        Some((digits, zeros)) if zeros.bytes().all(|digit| digit == b'0') => digits,
        Some(_) => return None,
        None => text,
    };
    let unsigned = digits.parse::<u64>().map(Number::from);
    unsigned.or_else(|_| digits.parse::<i64>().map(Number::from)).ok().map(Value::Number)
}

fn number(text: &str) -> Option<Value> {
    whole(text).or_else(|| {
        let starts_plainly = text.starts_with(|first: char| first.is_ascii_digit() || "+-.".contains(first));
        let number = text.parse().ok().filter(|_| starts_plainly)?;
        Number::from_f64(number).map(Value::Number)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn became(wanted: &str, value: &Value) -> Option<Value> {
        match coerce(&json!({"type": wanted}), value) {
            Coercion::Became { value, .. } => Some(value),
            Coercion::Kept | Coercion::LeftOut { .. } => None,
        }
    }

    #[test]
    fn loose_values_become_what_the_schema_asks_for() {
        for (wanted, found, value) in [
            ("integer", json!("3600"), json!(3600)),
            ("integer", json!(" 3600 "), json!(3600)),
            ("integer", json!(3600.0), json!(3600)),
            ("integer", json!("-5"), json!(-5)),
            ("integer", json!("18446744073709551615"), json!(u64::MAX)),
            ("number", json!("0.9"), json!(0.9)),
            ("number", json!("1"), json!(1)),
            ("boolean", json!("true"), json!(true)),
            ("boolean", json!("false"), json!(false)),
            ("string", json!(7), json!("7")),
        ] {
            assert_eq!(became(wanted, &found), Some(value), "{wanted} {found}");
        }
    }

    #[test]
    fn what_says_something_else_stays_as_it_is() {
        for (wanted, found) in [
            ("integer", json!("3600s")),
            ("integer", json!("1.5")),
            ("integer", json!(1.5)),
            ("integer", json!("99999999999999999999")),
            ("number", json!("inf")),
            ("number", json!("NaN")),
            ("number", json!("1e999")),
            ("boolean", json!("yes")),
            ("string", json!(true)),
            ("string", json!({"a": 1})),
        ] {
            assert_eq!(coerce(&json!({"type": wanted}), &found), Coercion::Kept, "{wanted} {found}");
        }
        assert_eq!(coerce(&json!({"type": "string"}), &json!("")), Coercion::LeftOut { from: "empty text" });
    }
}
