//! Artifacts as the parts of a message.
//!
//! | type | what it becomes |
//! |---|---|
//! | Text, Info, Error | its text |
//! | Url, AudioUrl, VideoUrl | the URL, as text |
//! | ImageUrl, Image | an image part |
//! | Json, Generic, Boolean | its value, as text |
//! | List | the texts of its elements with the separator between them; their parts where they are not all text |
//! | Blob, Audio, and any other | itself, as a part that is kept and not understood |
//!
//! What an artifact says about modules to load (`module_name`) is a field like any other.

use crate::json::RawJson;
use crate::message::{Part, parts_from_content};

use super::fields::{Fields, shape_of};

/// How deep lists may lie in lists.
const MAX_DEPTH: usize = 32;

/// Reads an artifact, or the plain text that older generations have in its place.
///
/// # Errors
/// What is wrong with its shape, without its text.
pub(super) fn parts(raw: &RawJson) -> Result<Vec<Part>, String> {
    parts_at(raw, 0)
}

/// A text artifact. `text` is a JSON string.
pub(super) fn of_text(text: &RawJson) -> RawJson {
    let mut fields = Fields::default();
    fields.set("type", RawJson::from("TextArtifact"));
    fields.set("value", text.clone());
    fields.to_raw()
}

/// The text of a text artifact that holds nothing else which anybody could miss. Its id and name are made up anew by each
/// program that loads it.
pub(super) fn plain_text(raw: &RawJson) -> Option<RawJson> {
    let fields: Fields = serde_json::from_str(raw.as_str()).ok()?;
    let is_plain = fields.iter().all(|(name, value)| match name {
        "type" => value.as_str() == "\"TextArtifact\"",
        "reference" | "meta" => value.is_blank(),
        "id" | "name" | "value" => value.as_str().starts_with('"'),
        _ => false,
    });
    fields.get("value").filter(|_| is_plain && fields.get("type").is_some()).cloned()
}

fn parts_at(raw: &RawJson, depth: usize) -> Result<Vec<Part>, String> {
    match raw.as_str().as_bytes().first() {
        Some(b'"') => text(raw.clone(), "text"),
        Some(b'{') => {
            let fields: Fields = serde_json::from_str(raw.as_str())
                .map_err(|_| "is an object whose fields can't be told apart".to_owned())?;
            artifact(raw, &fields, depth)
        }
        _ => Err(format!("is {} and no artifact", shape_of(raw))),
    }
}

fn artifact(raw: &RawJson, fields: &Fields, depth: usize) -> Result<Vec<Part>, String> {
    let kind: String = fields.decode("type").ok_or("is an object without a `type`")?;
    let value = || {
        let value = fields.get("value").cloned();
        value.ok_or_else(|| format!("is a {} without a value", known(&kind)))
    };
    let format = || fields.decode::<String>("format");
    Ok(match kind.as_str() {
        "TextArtifact" | "InfoArtifact" | "ErrorArtifact" | "UrlArtifact" | "AudioUrlArtifact"
        | "VideoUrlArtifact" => text(value()?, known(&kind))?,
        "ImageUrlArtifact" => {
            let url = string(value()?, known(&kind))?;
            let part = format!(r#"{{"type":"image_url","image_url":{{"url":{}}}}}"#, url.as_str());
            RawJson::parse(part).map(|part| vec![Part::Json(part)]).unwrap_or_default()
        }
        "JsonArtifact" => vec![Part::Text(value()?.as_str().to_owned())],
        "GenericArtifact" => match value()? {
            value if value.as_str().starts_with('"') => text(value, known(&kind))?,
            value => vec![Part::Text(value.as_str().to_owned())],
        },
        "BooleanArtifact" => match value()?.as_str() {
            value @ ("true" | "false") => vec![Part::Text(value.to_owned())],
            _ => return Err("is a BooleanArtifact whose value is neither true nor false".to_owned()),
        },
        "ListArtifact" => list(&value()?, fields, depth)?,
        "BlobArtifact" | "AudioArtifact" => {
            base64(value()?, known(&kind))?;
            vec![Part::Json(raw.clone())]
        }
        "ImageArtifact" => {
            let base64 = base64(value()?, known(&kind))?;
            vec![match format() {
                Some(format) => Part::image(&format!("image/{format}"), &base64),
                None => Part::Json(raw.clone()),
            }]
        }
        _ => vec![Part::Json(raw.clone())],
    })
}

fn list(value: &RawJson, fields: &Fields, depth: usize) -> Result<Vec<Part>, String> {
    if depth >= MAX_DEPTH {
        return Err(format!("has lists in lists, more than {MAX_DEPTH} deep"));
    }
    let elements: Vec<RawJson> = serde_json::from_str(value.as_str())
        .map_err(|_| format!("is a ListArtifact whose value is {}", shape_of(value)))?;
    let mut all = Vec::new();
    for (at, element) in elements.iter().enumerate() {
        let parts = parts_at(element, depth + 1);
        all.extend(parts.map_err(|problem| format!("is a ListArtifact whose element {at} {problem}"))?);
    }
    let texts: Option<Vec<_>> =
        all.iter().map(|part| if let Part::Text(text) = part { Some(text.as_str()) } else { None }).collect();
    Ok(match texts {
        Some(texts) if !texts.is_empty() => {
            let separator: Option<String> = fields.decode("item_separator");
            vec![Part::Text(texts.join(separator.as_deref().unwrap_or("\n\n")))]
        }
        _ => all,
    })
}

fn string(value: RawJson, kind: &str) -> Result<RawJson, String> {
    if value.as_str().starts_with('"') {
        return Ok(value);
    }
    Err(format!("is a {kind} whose value is {} and not a string", shape_of(&value)))
}

fn text(value: RawJson, kind: &str) -> Result<Vec<Part>, String> {
    parts_from_content(string(value, kind)?).map_err(|_| format!("is a {kind} whose value can't be read"))
}

/// Base64 without the line breaks that some encoders leave in it.
fn base64(value: RawJson, kind: &str) -> Result<String, String> {
    let text: String =
        string(value, kind)?.decode().map_err(|_| format!("is a {kind} whose value can't be read"))?;
    let text: String = text.split_ascii_whitespace().collect();
    let digits = text.trim_end_matches('=');
    let is_base64 = text.len().is_multiple_of(4)
        && text.len() - digits.len() <= 2
        && digits.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'));
    if is_base64 { Ok(text) } else { Err(format!("is a {kind} whose value is not base64")) }
}

/// The name of a type that is known; another could be anything, and has no place in an error.
fn known(kind: &str) -> &str {
    const KNOWN: &[&str] = &[
        "TextArtifact",
        "InfoArtifact",
        "ErrorArtifact",
        "UrlArtifact",
        "AudioUrlArtifact",
        "VideoUrlArtifact",
        "ImageUrlArtifact",
        "JsonArtifact",
        "GenericArtifact",
        "BooleanArtifact",
        "ListArtifact",
        "BlobArtifact",
        "AudioArtifact",
        "ImageArtifact",
    ];
    KNOWN.iter().find(|known| **known == kind).copied().unwrap_or("artifact")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Vec<Part>, String> {
        parts(&RawJson::parse(json).unwrap())
    }

    fn text_of(json: &str) -> String {
        match read(json).unwrap().as_slice() {
            [Part::Text(text)] => text.clone(),
            other => panic!("{json}: {other:?}"),
        }
    }

    #[test]
    fn each_type_becomes_what_it_says() {
        for (json, text) in [
            (r#""plain""#, "plain"),
            (r#"{"type":"TextArtifact","value":"t"}"#, "t"),
            (r#"{"type":"InfoArtifact","value":"i","module_name":"os"}"#, "i"),
            (r#"{"type":"AudioUrlArtifact","value":"https://a/b.mp3"}"#, "https://a/b.mp3"),
            (r#"{"type":"JsonArtifact","value":{"a": [1.10]}}"#, r#"{"a": [1.10]}"#),
            (r#"{"type":"JsonArtifact","value":null}"#, "null"),
            (r#"{"type":"GenericArtifact","value":"g"}"#, "g"),
            (r#"{"type":"GenericArtifact","value":12345678901234567890123}"#, "12345678901234567890123"),
            (r#"{"type":"BooleanArtifact","value":false}"#, "false"),
            (
                r#"{"type":"ListArtifact","value":["x",{"type":"ListArtifact","value":["y","z"],"item_separator":"-"}]}"#,
                "x\n\ny-z",
            ),
        ] {
            assert_eq!(text_of(json), text, "{json}");
        }
        assert_eq!(read(r#"{"type":"TextArtifact","value":""}"#).unwrap(), []);
        let image = r#"{"type":"ImageArtifact","value":"aGk=\n","format":"png","width":1,"height":1}"#;
        assert_eq!(read(image).unwrap(), [Part::image("image/png", "aGk=")]);
        let list = format!(r#"{{"type":"ListArtifact","value":["see",{image}]}}"#);
        assert_eq!(read(&list).unwrap(), [Part::Text("see".to_owned()), Part::image("image/png", "aGk=")]);
        for kept in [
            r#"{"type":"BlobArtifact","value":"aGk="}"#,
            r#"{"type":"AudioArtifact","value":"","format":"wav"}"#,
            r#"{"type":"ActionArtifact","value":{"tag":"\ud83d"},"module_name":"subprocess"}"#,
        ] {
            assert_eq!(read(kept).unwrap(), [Part::Json(RawJson::parse(kept).unwrap())], "{kept}");
        }
        let cut = r#"{"type":"TextArtifact","value":"cut \ud83d"}"#;
        assert_eq!(read(cut).unwrap(), [Part::Json(RawJson::parse(r#""cut \ud83d""#).unwrap())]);
    }

    #[test]
    fn what_is_wrong_is_told_without_its_text() {
        let deep = format!("{}1{}", r#"{"type":"ListArtifact","value":["#.repeat(40), "]}".repeat(40));
        for (json, part) in [
            ("null", "is null"),
            ("17", "is a number"),
            ("[]", "is an array"),
            ("{}", "without a `type`"),
            (r#"{"type":"TextArtifact"}"#, "without a value"),
            (r#"{"type":"TextArtifact","value":1}"#, "a number and not a string"),
            (r#"{"type":"BlobArtifact","value":"secret!"}"#, "not base64"),
            (r#"{"type":"ImageArtifact","value":"abc","format":"png"}"#, "not base64"),
            (r#"{"type":"AudioArtifact","value":"a===","format":"wav"}"#, "not base64"),
            (r#"{"type":"BooleanArtifact","value":"secret!"}"#, "neither true nor false"),
            (r#"{"type":"ListArtifact","value":"secret!"}"#, "a string"),
            (r#"{"type":"ListArtifact","value":["a",null]}"#, "element 1 is null"),
            (r#"{"type":"TextArtifact","value":"a","value":"b"}"#, "told apart"),
            (&deep, "more than 32 deep"),
        ] {
            let problem = read(json).unwrap_err();
            assert!(problem.contains(part) && !problem.contains("secret"), "{json}: {problem}");
        }
    }

    #[test]
    fn a_plain_text_is_told_from_one_with_more() {
        let plain = |json: &str| plain_text(&RawJson::parse(json).unwrap());
        let text = RawJson::from("t");
        assert_eq!(plain(of_text(&text).as_str()), Some(text.clone()));
        let full = r#"{"type":"TextArtifact","id":"a","reference":null,"meta":{},"name":"a","value":"t"}"#;
        assert_eq!(plain(full), Some(text));
        for more in [
            r#"{"type":"TextArtifact","meta":{"is_react_prompt":true},"value":"t"}"#,
            r#"{"type":"InfoArtifact","value":"t"}"#,
            r#"{"type":"TextArtifact","value":"t","module_name":"m"}"#,
        ] {
            assert_eq!(plain(more), None, "{more}");
        }
    }
}
