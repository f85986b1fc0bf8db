//! A JSON object whose values stay the text that they were.

use std::fmt;

use serde::de::{self, DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::json::RawJson;

/// The fields of an object, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Fields(Vec<(String, RawJson)>);

impl Fields {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn get(&self, name: &str) -> Option<&RawJson> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// The value of a field that is there and fits `T`.
    pub(super) fn decode<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        let value = self.get(name)?;
        value.decode_exact().or_else(|| value.decode().ok())
    }

    /// Puts a value in the place of the one that is there, or at the end.
    pub(super) fn set(&mut self, name: &str, value: RawJson) {
        match self.0.iter_mut().find(|(known, _)| known == name) {
            Some((_, old)) => *old = value,
            None => self.0.push((name.to_owned(), value)),
        }
    }

    /// Serializes a value into a field.
    pub(super) fn put(&mut self, name: &str, value: &impl Serialize) -> Result<(), serde_json::Error> {
        self.set(name, RawJson::of(value)?);
        Ok(())
    }

    pub(super) fn remove(&mut self, name: &str) -> Option<RawJson> {
        let at = self.0.iter().position(|(known, _)| known == name)?;
        Some(self.0.remove(at).1)
    }

    pub(super) fn extend(&mut self, others: Self) {
        for (name, value) in others.0 {
            self.set(&name, value);
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &RawJson)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Keeps the fields that `wanted` names, and returns the others.
    pub(super) fn split_off(&mut self, wanted: &[&str]) -> Self {
        let all = std::mem::take(&mut self.0);
        let (kept, others) = all.into_iter().partition(|(name, _)| wanted.contains(&name.as_str()));
        self.0 = kept;
        Self(others)
    }

    pub(super) fn to_raw(&self) -> RawJson {
        RawJson::parse(self.to_string()).unwrap_or_else(|_| RawJson::from(""))
    }
}

/// As Python writes it, with a space after each `:` and `,`.
impl fmt::Display for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (at, (name, value)) in self.0.iter().enumerate() {
            let name = RawJson::from(name.as_str());
            write!(f, "{}{}: {}", if at == 0 { "" } else { ", " }, name.as_str(), value.as_str())?;
        }
        f.write_str("}")
    }
}

/// Refuses a name that is there twice, of which other readers see the last alone.
impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FieldsVisitor;

        impl<'de> Visitor<'de> for FieldsVisitor {
            type Value = Fields;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields = Fields::default();
                while let Some((name, value)) = map.next_entry::<String, RawJson>()? {
                    if fields.get(&name).is_some() {
                        return Err(de::Error::custom("a name is there twice"));
                    }
                    fields.0.push((name, value));
                }
                Ok(fields)
            }
        }

        deserializer.deserialize_map(FieldsVisitor)
    }
}

/// What kind of JSON value a text is, for those who expected another.
pub(super) fn shape_of(raw: &RawJson) -> &'static str {
    match raw.as_str().as_bytes().first() {
        Some(b'{') => "an object",
        Some(b'[') => "an array",
        Some(b'"') => "a string",
        Some(b't' | b'f') => "true or false",
        Some(b'n') => "null",
        _ => "a number",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_written_as_python_does_and_its_values_as_they_were() {
        let text = r#"{"b":{"x":1.10}, "a\"é" : [1,2],"s":"\ud83d"}"#;
        let mut fields: Fields = serde_json::from_str(text).unwrap();
        assert_eq!(fields.to_string(), r#"{"b": {"x":1.10}, "a\"é": [1,2], "s": "\ud83d"}"#);
        fields.set("b", RawJson::from("new"));
        fields.remove("s");
        fields.put("n", &7).unwrap();
        assert_eq!(fields.to_string(), r#"{"b": "new", "a\"é": [1,2], "n": 7}"#);
        assert_eq!(fields.decode::<u64>("n"), Some(7));
        let others = fields.split_off(&["n"]);
        assert_eq!((fields.to_string(), others.iter().count()), (r#"{"n": 7}"#.to_owned(), 2));
    }

    #[test]
    fn a_name_twice_is_refused() {
        assert!(serde_json::from_str::<Fields>(r#"{"a":1,"a":2}"#).is_err());
    }
}
