//! A message as an M with `type` and `text`, as the canvas node and LangChain JS keep it.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;

use crate::dynamodb::attribute;
use crate::dynamodb::item_per_session::{Codec, Mark, full_beside, read_beside};
use crate::dynamodb::size::Item;
use crate::error::Result;
use crate::json::RawJson;
use crate::langchain;
use crate::message::{Message, Role};

/// The full message, where type and text don't say it all. Other readers pass over it.
const FULL: &str = "cm";
const MARK: &str = "cm_";

/// Elements of FORMATS' `messages` list: `{type, text, role?, additional_kwargs?}`.
#[derive(Clone, Copy, Debug)]
pub struct ListCodec;

impl Codec for ListCodec {
    const LAYOUT: &'static str = "dynamodb/list";
    const ATTRIBUTE: &'static str = "messages";
    const TURN_PATH: &'static [&'static str] = &["cm_turn"];
    const OTHERS_REPLACE_THE_ITEM: bool = false;

    fn encode(message: &Message, mark: Option<&Mark>) -> Result<AttributeValue> {
        let (kind, role) = foreign_form(&message.role);
        let mut fields = Item::from([
            ("type".to_owned(), AttributeValue::S(kind.to_owned())),
            ("text".to_owned(), AttributeValue::S(message.text())),
        ]);
        if let Some(role) = role {
            fields.insert("role".to_owned(), AttributeValue::S(role.to_owned()));
        }
        if !says_it_all(&fields, message) {
            fields.insert(FULL.to_owned(), full_beside(message, &message.text())?);
        }
        if let Some(mark) = mark {
            fields.extend(mark.fields(MARK));
        }
        Ok(AttributeValue::M(fields))
    }

    fn decode(element: &AttributeValue) -> Result<Message, String> {
        let AttributeValue::M(fields) = element else {
            return Err("not a message: an element that is not a map".to_owned());
        };
        let text = fields.get("text").and_then(|text| text.as_s().ok()).map_or("", String::as_str);
        read_beside(fields.get(FULL), text).map_or_else(|| read_foreign(fields), Ok)
    }

    fn mark(element: &AttributeValue) -> Option<Mark> {
        Mark::read(element.as_m().ok()?, MARK)
    }

    fn set_mark(element: &mut AttributeValue, mark: &Mark) {
        if let AttributeValue::M(fields) = element {
            Mark::strip(fields, MARK);
            fields.extend(mark.fields(MARK));
        }
    }
}

/// Type and role under which other readers show a message. They take a tool result only as what an assistant said.
fn foreign_form(role: &Role) -> (&'static str, Option<&str>) {
    match role {
        Role::System => ("system", None),
        Role::User => ("human", None),
        Role::Assistant => ("ai", None),
        Role::Tool => ("generic", Some("assistant")),
        Role::Other(name) => ("generic", Some(name)),
    }
}

fn says_it_all(fields: &Item, message: &Message) -> bool {
    message.is_plain() && read_foreign(fields).is_ok_and(|read| read == *message)
}

fn read_foreign(fields: &Item) -> Result<Message, String> {
    let kind = text_field(fields, "type")?;
    let text = text_field(fields, "text")?;
    let mut data = vec![("content".to_owned(), RawJson::from(text))];
    for (name, value) in fields {
        let value = match (name.as_str(), value) {
            ("type" | "text" | "content" | FULL, _) => continue,
            (name, _) if name.starts_with(MARK) => continue,
            ("additional_kwargs", AttributeValue::S(json)) => {
                RawJson::parse(json.as_str()).unwrap_or_else(|_| RawJson::from(json.as_str()))
            }
            (_, value) => attribute::to_json(value),
        };
        data.push((name.clone(), value));
    }
    let data = data.into_iter().collect::<BTreeMap<_, _>>();
    let data =
        serde_json::to_string(&data).map_err(|_| "not a message: fields without JSON form".to_owned())?;
    langchain::read_data(kind, &data).map_err(|error| error.message().to_owned())
}

fn text_field<'a>(fields: &'a Item, name: &str) -> Result<&'a str, String> {
    match fields.get(name) {
        Some(AttributeValue::S(text)) => Ok(text),
        Some(_) => Err(format!("not a message: its `{name}` is not text")),
        None => Err(format!("not a message: it has no `{name}`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(element: &AttributeValue) -> &Item {
        element.as_m().unwrap()
    }

    #[test]
    fn a_plain_message_is_stored_once() {
        for message in [Message::user("hi"), Message::assistant(""), Message::new(Role::from("critic"), "hm")]
        {
            let element = ListCodec::encode(&message, None).unwrap();
            assert!(!fields(&element).contains_key(FULL), "{message:?}");
            assert_eq!(ListCodec::decode(&element).unwrap(), message);
        }
    }

    #[test]
    fn a_long_result_is_stored_once() {
        let message = Message::tool("call_1", "x".repeat(1_000));
        let element = ListCodec::encode(&message, None).unwrap();
        assert!(crate::dynamodb::size::value_bytes(&element) < 1_200);
        assert_eq!(ListCodec::decode(&element).unwrap(), message);
    }

    #[test]
    fn a_role_that_only_looks_plain_is_kept() {
        let message = Message::new(Role::Other("user".to_owned()), "hi");
        let element = ListCodec::encode(&message, None).unwrap();
        assert_eq!(fields(&element)["role"], AttributeValue::S("user".to_owned()));
        assert_eq!(ListCodec::decode(&element).unwrap().text(), "hi");
    }

    #[test]
    fn a_full_message_that_cannot_be_read_falls_back_to_the_text() {
        let mut element = ListCodec::encode(&Message::tool("call_1", "21.5"), None).unwrap();
        let AttributeValue::M(fields) = &mut element else { panic!("not a map") };
        fields.insert(FULL.to_owned(), AttributeValue::S("{cut".to_owned()));
        assert_eq!(ListCodec::decode(&element).unwrap(), Message::assistant("21.5"));
    }

    #[test]
    fn kwargs_that_are_not_json_are_kept_as_text() {
        let mut element = ListCodec::encode(&Message::user("hi"), None).unwrap();
        let AttributeValue::M(fields) = &mut element else { panic!("not a map") };
        fields.insert("additional_kwargs".to_owned(), AttributeValue::S("{cut".to_owned()));
        fields.insert("score".to_owned(), AttributeValue::N("1.5".to_owned()));
        let message = ListCodec::decode(&element).unwrap();
        assert_eq!(message.extra["additional_kwargs"].as_str(), r#""{cut""#);
        assert_eq!(message.extra["score"].as_str(), "1.5");
    }
}
