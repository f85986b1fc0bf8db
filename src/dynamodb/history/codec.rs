//! A message as an M with `type` and `data`, as LangChain Python keeps it.

use aws_sdk_dynamodb::types::AttributeValue;

use crate::dynamodb::attribute;
use crate::dynamodb::item_per_session::{Codec, Mark, full_beside, read_beside};
use crate::dynamodb::size::Item;
use crate::error::Result;
use crate::langchain::{self, Dialect};
use crate::message::Message;

const METADATA: &str = "response_metadata";
/// Where ours stands among the metadata.
const OURS: &str = "canvas_memory";
const STATUS: &str = "status";
/// The most bytes of a message that are kept a second time only to keep the order of its fields.
const MAX_BYTES_KEPT_TWICE: usize = 4 * 1024;
/// The full message, where DynamoDB's own types can't hold it.
const FULL: &str = "message";

/// Elements of the `History` list: `{type, data}`.
#[derive(Clone, Copy, Debug)]
pub struct HistoryCodec;

impl Codec for HistoryCodec {
    const LAYOUT: &'static str = "dynamodb/history";
    const ATTRIBUTE: &'static str = "History";
    const TURN_PATH: &'static [&'static str] = &["data", METADATA, OURS, "turn"];
    const OTHERS_REPLACE_THE_ITEM: bool = true;

    fn encode(message: &Message, mark: Option<&Mark>) -> Result<AttributeValue> {
        let kind = langchain::kind(message, Dialect::Python);
        let written = langchain::write_data(message, Dialect::Python)?;
        let (mut data, exact) = attribute::from_json(&written);
        if let (AttributeValue::M(data), false) = (&mut data, message.extra.contains_key(STATUS)) {
            // LangChain Python fills it in; written out, it would come back as the message's own.
            data.remove(STATUS);
        }
        let mut ours = mark.map(|mark| mark.fields("")).unwrap_or_default();
        if !(exact && is_kept(kind, &data, message)) {
            ours.insert(FULL.to_owned(), full_beside(message, data.as_m().map_or("", content))?);
        }
        set_ours(&mut data, ours);
        Ok(AttributeValue::M(Item::from([
            ("type".to_owned(), AttributeValue::S(kind.to_owned())),
            ("data".to_owned(), data),
        ])))
    }

    fn decode(element: &AttributeValue) -> Result<Message, String> {
        let AttributeValue::M(fields) = element else {
            return Err("not a message: an element that is not a map".to_owned());
        };
        let Some(AttributeValue::S(kind)) = fields.get("type") else {
            return Err("not a message: it has no `type` that is text".to_owned());
        };
        let Some(AttributeValue::M(data)) = fields.get("data") else {
            return Err("not a message: it has no `data` that is a map".to_owned());
        };
        let Some(ours) = ours(data) else {
            return read(kind, data);
        };
        if let Some(message) = read_beside(ours.get(FULL), content(data)) {
            return Ok(message);
        }
        let mut data = data.clone();
        if let Some(AttributeValue::M(metadata)) = data.get_mut(METADATA) {
            metadata.remove(OURS);
        }
        read(kind, &data)
    }

    fn mark(element: &AttributeValue) -> Option<Mark> {
        Mark::read(ours(element.as_m().ok()?.get("data")?.as_m().ok()?)?, "")
    }

    fn set_mark(element: &mut AttributeValue, mark: &Mark) {
        let AttributeValue::M(fields) = element else { return };
        let Some(data) = fields.get_mut("data") else { return };
        let mut all = data.as_m().ok().and_then(ours).cloned().unwrap_or_default();
        Mark::strip(&mut all, "");
        all.extend(mark.fields(""));
        set_ours(data, all);
    }
}

fn ours(data: &Item) -> Option<&Item> {
    data.get(METADATA)?.as_m().ok()?.get(OURS)?.as_m().ok()
}

fn set_ours(data: &mut AttributeValue, ours: Item) {
    let AttributeValue::M(data) = data else { return };
    if ours.is_empty() {
        return;
    }
    let metadata = data.entry(METADATA.to_owned()).or_insert_with(|| AttributeValue::M(Item::new()));
    if !metadata.is_m() {
        *metadata = AttributeValue::M(Item::new());
    }
    if let AttributeValue::M(metadata) = metadata {
        metadata.insert(OURS.to_owned(), AttributeValue::M(ours));
    }
}

fn read(kind: &str, data: &Item) -> Result<Message, String> {
    let data = attribute::to_json(&AttributeValue::M(data.clone()));
    langchain::read_data(kind, data.as_str()).map_err(|error| error.message().to_owned())
}

/// The content where it is text.
fn content(data: &Item) -> &str {
    data.get("content").and_then(|content| content.as_s().ok()).map_or("", String::as_str)
}

/// Whether the message is the same when read back, so that it need not be kept twice. A large one, such as an image, is
/// not kept twice for the order of fields alone, which says nothing in JSON.
fn is_kept(kind: &str, data: &AttributeValue, message: &Message) -> bool {
    let Some(read) = data.as_m().ok().and_then(|data| read(kind, data).ok()) else { return false };
    read == *message
        || {
            let texts = (serde_json::to_string(&read).ok(), serde_json::to_string(message).ok());
            let values = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
            matches!(texts, (Some(read), Some(ours))
            if ours.len() > MAX_BYTES_KEPT_TWICE && values(&read).is_some_and(|read| Some(read) == values(&ours)))
        }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::RawJson;
    use crate::message::Part;
    use crate::session::{Turn, TurnId};

    fn ours_in(element: &AttributeValue) -> Option<&Item> {
        ours(element.as_m().unwrap()["data"].as_m().unwrap())
    }

    #[test]
    fn a_message_that_native_types_hold_is_stored_once() {
        let mut message = Message::tool("call_1", "21.5");
        message.extra.insert("response_metadata".to_owned(), RawJson::parse(r#"{"n":1.5}"#).unwrap());
        let element = HistoryCodec::encode(&message, None).unwrap();
        assert_eq!(ours_in(&element), None);
        assert_eq!(HistoryCodec::decode(&element).unwrap(), message);
    }

    #[test]
    fn a_number_that_dynamodb_would_rewrite_is_kept_beside() {
        let mut message = Message::user("hi");
        message.extra.insert("n".to_owned(), RawJson::parse("1.50").unwrap());
        let element = HistoryCodec::encode(&message, None).unwrap();
        assert!(ours_in(&element).unwrap().contains_key(FULL));
        assert_eq!(HistoryCodec::decode(&element).unwrap(), message);
        let data = element.as_m().unwrap()["data"].as_m().unwrap();
        assert_eq!(data["n"], AttributeValue::N("1.50".to_owned()));
    }

    #[test]
    fn what_is_large_is_stored_once() {
        let image = |detail: &str| {
            let url = format!("data:image/png;base64,{}", "A".repeat(10_000));
            let json = format!(r#"{{"type":"image_url","image_url":{{"url":"{url}"{detail}}}}}"#);
            Message { parts: vec![Part::Json(RawJson::parse(json).unwrap())], ..Message::user("") }
        };
        let mut result = Message::tool("call_1", "x".repeat(10_000));
        result.extra.insert("n".to_owned(), RawJson::parse("1.50").unwrap());
        for message in [image(""), image(r#","detail":"low""#), result.clone()] {
            let element = HistoryCodec::encode(&message, None).unwrap();
            assert!(crate::dynamodb::size::value_bytes(&element) < 10_700, "{element:?}");
            let read = HistoryCodec::decode(&element).unwrap();
            let value = |message: &Message| serde_json::to_value(message).unwrap();
            assert_eq!(value(&read), value(&message));
        }
        assert_eq!(
            HistoryCodec::decode(&HistoryCodec::encode(&image(""), None).unwrap()).unwrap(),
            image("")
        );
        assert_eq!(HistoryCodec::decode(&HistoryCodec::encode(&result, None).unwrap()).unwrap(), result);
    }

    #[test]
    fn a_mark_is_no_part_of_the_message_and_can_be_replaced() {
        let message = Message::user("hi");
        let turn = Turn::with_id(TurnId::new("t").unwrap(), [message.clone()]);
        let mark = Mark::of(&turn, 7).unwrap();
        let mut element = HistoryCodec::encode(&message, Some(&mark)).unwrap();
        assert_eq!(HistoryCodec::mark(&element), Some(mark.clone()));
        assert_eq!(HistoryCodec::decode(&element).unwrap(), message);
        let shorter = Mark { count: 9, ..mark };
        HistoryCodec::set_mark(&mut element, &shorter);
        assert_eq!(HistoryCodec::mark(&element), Some(shorter));
    }
}
