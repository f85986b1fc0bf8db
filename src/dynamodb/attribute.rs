//! Attribute values as JSON and back, numbers digit by digit.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_types::base64;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::size::Item;
use crate::json::RawJson;

/// DynamoDB takes 32 levels; what is deeper than this in a value of ours goes as text.
const MAX_DEPTH: usize = 24;

/// The most digits of a number that DynamoDB keeps.
const MAX_DIGITS: usize = 38;

/// A value as plain JSON: numbers with all their digits, sets as arrays, bytes as base64; of the fields `type` first, as
/// is the habit, then in order of name.
pub(crate) fn to_json(value: &AttributeValue) -> RawJson {
    RawJson::of(&Plain(value)).unwrap_or_else(|_| RawJson::from(""))
}

/// A value as DynamoDB's own JSON, such as `{"S": "text"}`, fields in order of name.
pub(crate) fn to_dynamodb_json(value: &AttributeValue) -> RawJson {
    RawJson::of(&Typed(value)).unwrap_or_else(|_| RawJson::from(""))
}

/// An item as DynamoDB's own JSON.
pub(crate) fn item_to_dynamodb_json(item: &Item) -> RawJson {
    RawJson::of(&sorted(item, Typed)).unwrap_or_else(|_| RawJson::from(""))
}

/// JSON as a native value, and whether DynamoDB returns this value as it was sent.
///
/// The order of fields and white space are lost even then.
pub(crate) fn from_json(raw: &RawJson) -> (AttributeValue, bool) {
    let mut exact = true;
    let value = convert(raw, 0, &mut exact);
    (value, exact)
}

fn convert(raw: &RawJson, depth: usize, exact: &mut bool) -> AttributeValue {
    let text = raw.as_str();
    match text.as_bytes().first() {
        Some(b'{' | b'[') if depth >= MAX_DEPTH => as_text(raw, exact),
        Some(b'{') => match raw.decode_exact().or_else(|| raw.decode().ok()) {
            // Other readers need an object where one was, even if it lacks a field that has no place here.
            Some(Fields(fields)) => {
                let count = fields.len();
                let named = fields.into_iter().filter(|(name, _)| !name.is_empty());
                let values = named.map(|(name, value)| (name, convert(&value, depth + 1, exact)));
                let values: Item = values.collect();
                *exact &= values.len() == count && raw.decode_exact::<Fields>().is_some();
                AttributeValue::M(values)
            }
            None => as_text(raw, exact),
        },
        Some(b'[') => match serde_json::from_str::<Vec<RawJson>>(text) {
            Ok(values) => {
                AttributeValue::L(values.iter().map(|value| convert(value, depth + 1, exact)).collect())
            }
            Err(_) => as_text(raw, exact),
        },
        Some(b'"') => {
            let text = raw.decode_exact();
            *exact &= text.is_some();
            AttributeValue::S(text.or_else(|| raw.decode().ok()).unwrap_or_default())
        }
        Some(b't') => AttributeValue::Bool(true),
        Some(b'f') => AttributeValue::Bool(false),
        Some(b'n') => AttributeValue::Null(true),
        _ if is_taken(text) => {
            *exact &= is_kept(text);
            AttributeValue::N(text.to_owned())
        }
        _ => as_text(raw, exact),
    }
}

fn as_text(raw: &RawJson, exact: &mut bool) -> AttributeValue {
    *exact = false;
    AttributeValue::S(raw.as_str().to_owned())
}

/// Whether DynamoDB takes the number at all, with some room left to its limits.
fn is_taken(number: &str) -> bool {
    let mantissa = number.split(['e', 'E']).next().unwrap_or_default();
    let digits = mantissa.bytes().filter(u8::is_ascii_digit).count();
    let size = number.parse::<f64>().map_or(f64::INFINITY, f64::abs);
    digits <= MAX_DIGITS && (size == 0.0 || (1e-100..1e100).contains(&size))
}

/// Whether DynamoDB returns the number as it is written here: it rewrites exponents and zeros without meaning.
fn is_kept(number: &str) -> bool {
    let digits = number.strip_prefix('-').unwrap_or(number);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "1"));
    number != "-0"
        && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        && !fraction.ends_with('0')
        && (whole == "0" || !whole.starts_with('0'))
}

struct Fields(Vec<(String, RawJson)>);

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FieldsVisitor;
        impl<'de> Visitor<'de> for FieldsVisitor {
            type Value = Fields;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(FieldsVisitor)
    }
}

fn sorted<'a, T>(
    fields: &'a HashMap<String, AttributeValue>,
    wrap: impl Fn(&'a AttributeValue) -> T,
) -> BTreeMap<&'a str, T> {
    fields.iter().map(|(name, value)| (name.as_str(), wrap(value))).collect()
}

struct Plain<'a>(&'a AttributeValue);

impl Serialize for Plain<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let number = |text: &str| RawJson::parse(text).unwrap_or_else(|_| RawJson::from(text));
        match self.0 {
            AttributeValue::S(text) => serializer.serialize_str(text),
            AttributeValue::N(text) => number(text).serialize(serializer),
            AttributeValue::Bool(value) => serializer.serialize_bool(*value),
            AttributeValue::B(blob) => serializer.serialize_str(&base64::encode(blob)),
            AttributeValue::L(values) => serializer.collect_seq(values.iter().map(Plain)),
            AttributeValue::M(fields) => {
                let mut fields: Vec<_> = fields.iter().collect();
                fields.sort_by_key(|(name, _)| (*name != "type", *name));
                serializer.collect_map(fields.into_iter().map(|(name, value)| (name, Plain(value))))
            }
            AttributeValue::Ss(texts) => texts.iter().collect::<BTreeSet<_>>().serialize(serializer),
            AttributeValue::Ns(texts) => serializer
                .collect_seq(texts.iter().collect::<BTreeSet<_>>().into_iter().map(|text| number(text))),
            AttributeValue::Bs(blobs) => {
                serializer.collect_seq(blobs.iter().map(base64::encode).collect::<BTreeSet<_>>())
            }
            _ => serializer.serialize_unit(),
        }
    }
}

struct Typed<'a>(&'a AttributeValue);

impl Serialize for Typed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        fn tagged<S: Serializer>(serializer: S, tag: &str, value: impl Serialize) -> Result<S::Ok, S::Error> {
            serializer.collect_map([(tag, value)])
        }
        match self.0 {
            AttributeValue::S(text) => tagged(serializer, "S", text),
            AttributeValue::N(text) => tagged(serializer, "N", text),
            AttributeValue::B(blob) => tagged(serializer, "B", base64::encode(blob)),
            AttributeValue::Bool(value) => tagged(serializer, "BOOL", value),
            AttributeValue::L(values) => {
                tagged(serializer, "L", values.iter().map(Typed).collect::<Vec<_>>())
            }
            AttributeValue::M(fields) => tagged(serializer, "M", sorted(fields, Typed)),
            AttributeValue::Ss(texts) => tagged(serializer, "SS", texts.iter().collect::<BTreeSet<_>>()),
            AttributeValue::Ns(texts) => tagged(serializer, "NS", texts.iter().collect::<BTreeSet<_>>()),
            AttributeValue::Bs(blobs) => {
                tagged(serializer, "BS", blobs.iter().map(base64::encode).collect::<BTreeSet<_>>())
            }
            _ => tagged(serializer, "NULL", true),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(text: &str) -> RawJson {
        RawJson::parse(text).unwrap()
    }

    #[test]
    fn what_dynamodb_keeps_comes_back_as_it_was() {
        for text in [
            r#"{"type":"t","a":[1,-2.5,null,true,"é \" \\ \n"],"b":{"c":""}}"#,
            "12345678901234567890.12345678901234567",
            "0",
            "0.001",
            "100",
            "[]",
            "{}",
        ] {
            let (value, exact) = from_json(&raw(text));
            assert!(exact, "{text}");
            assert_eq!(to_json(&value).as_str(), text);
        }
    }

    #[test]
    fn what_dynamodb_would_change_is_told() {
        let deep = format!("{}{}", "[".repeat(40), "]".repeat(40));
        for text in ["1.10", "1e3", "-0", "1.0", r#"{"a":[1.0]}"#, r#""cut \ud83d""#, r#"{"a":1,"a":2}"#] {
            assert!(!from_json(&raw(text)).1, "{text}");
        }
        let nameless = [r#"{"":1}"#, r#"{"\ud83d":1}"#];
        for text in ["1e400", "123456789012345678901234567890123456789", &deep].into_iter().chain(nameless) {
            let (value, exact) = from_json(&raw(text));
            assert!(!exact, "{text}");
            let json = to_json(&value);
            assert!(json.as_str().starts_with(['"', '[', '{']), "{json:?}");
        }
    }

    #[test]
    fn dynamodb_json_is_written_in_order() {
        let item = HashMap::from([
            ("n".to_owned(), AttributeValue::N("1.5".to_owned())),
            ("b".to_owned(), AttributeValue::B(b"ab".to_vec().into())),
            ("s".to_owned(), AttributeValue::Ss(vec!["y".to_owned(), "x".to_owned()])),
            ("x".to_owned(), AttributeValue::Null(true)),
        ]);
        assert_eq!(
            item_to_dynamodb_json(&item).as_str(),
            r#"{"b":{"B":"YWI="},"n":{"N":"1.5"},"s":{"SS":["x","y"]},"x":{"NULL":true}}"#
        );
    }
}
