//! Our messages in genai's form.

use std::collections::BTreeSet;

use genai::adapter::AdapterKind;
use genai::chat::{self, ChatMessage, ChatRequest, ContentPart, MessageContent, Tool, ToolResponse};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{failure, pairs};
use crate::error::Result;
use crate::json::RawJson;
use crate::message::{Message, Part, Role, ToolCall};
use crate::model::{Prompt, ToolChoice, ToolSpec};

pub(super) fn request(prompt: &Prompt, adapter: AdapterKind) -> Result<ChatRequest> {
    let mut messages: Vec<ChatMessage> = Vec::new();
    for next in pairs::paired(&prompt.messages) {
        let next = message(&next)?;
        match messages.last_mut() {
            // Some APIs take all results of an answer's calls together, the others take them one by one.
            Some(last) if last.role == chat::ChatRole::Tool && next.role == chat::ChatRole::Tool => {
                last.content.extend(next.content);
            }
            _ => messages.push(next),
        }
    }
    let tools = match prompt.tools.as_slice() {
        [] if adapter == AdapterKind::Anthropic => tools_of_the_past(&prompt.messages),
        tools => tools.iter().map(tool).collect::<Result<_>>()?,
    };
    let request = ChatRequest::new(messages);
    Ok(if tools.is_empty() { request } else { request.with_tools(tools) })
}

/// `None` leaves it to the provider, whose default is that the model may call.
pub(super) fn tool_choice(prompt: &Prompt, request: &ChatRequest) -> Option<chat::ToolChoice> {
    let may_not_call = prompt.tools.is_empty() || prompt.tool_choice == ToolChoice::None;
    (request.tools.is_some() && may_not_call).then_some(chat::ToolChoice::None)
}

/// Anthropic refuses a conversation that holds calls of tools where none are given.
fn tools_of_the_past(messages: &[Message]) -> Vec<Tool> {
    let names = messages.iter().flat_map(|message| &message.tool_calls).map(|call| call.name.as_str());
    let no_arguments = json!({"type": "object", "properties": {}});
    names
        .collect::<BTreeSet<_>>()
        .into_iter()
        .map(|name| Tool::new(name.to_owned()).with_schema(no_arguments.clone()))
        .collect()
}

/// Arguments that are not JSON come as the text that they were; where the model gave none, they are an empty object.
pub(super) fn tool_call(call: &chat::ToolCall) -> Result<ToolCall> {
    let arguments = match &call.fn_arguments {
        Value::Null => json!({}),
        Value::String(text) if text.trim().is_empty() => json!({}),
        arguments => arguments.clone(),
    };
    let arguments = RawJson::of(&arguments).map_err(failure::malformed)?;
    Ok(ToolCall::new(&call.call_id, &call.fn_name, arguments))
}

/// Most APIs and chat templates take an object only.
fn arguments(call: &ToolCall) -> Result<Value> {
    Ok(match call.arguments.decode().map_err(failure::malformed)? {
        Value::Object(arguments) => Value::Object(arguments),
        other => json!({"malformed_arguments": other}),
    })
}

fn tool(spec: &ToolSpec) -> Result<Tool> {
    let parameters = spec.parameters.decode::<Value>().map_err(failure::malformed)?;
    Ok(Tool::new(spec.name.clone()).with_description(spec.description.clone()).with_schema(parameters))
}

fn message(message: &Message) -> Result<ChatMessage> {
    Ok(match &message.role {
        Role::System => ChatMessage::system(message.text()),
        // No field for it reaches all models, and in a group they have to know who speaks.
        Role::User => match &message.name {
            Some(name) => ChatMessage::user(content(&named(message, name))),
            None => ChatMessage::user(content(message)),
        },
        Role::Assistant => {
            let mut content = content(message);
            for call in &message.tool_calls {
                content.push(ContentPart::ToolCall(chat::ToolCall {
                    call_id: call.id.clone(),
                    fn_name: call.name.clone(),
                    fn_arguments: arguments(call)?,
                    thought_signatures: None,
                }));
            }
            ChatMessage::assistant(content)
        }
        Role::Tool => match &message.tool_call_id {
            Some(id) => {
                let mut response = ToolResponse::new(id, message.text());
                response.fn_name.clone_from(&message.name);
                ChatMessage::tool(MessageContent::from_tool_responses(vec![response]))
            }
            None => ChatMessage::user(format!("tool: {}", message.text())),
        },
        // Model APIs refuse roles of others' making: the speaker is named in the text.
        Role::Other(speaker) => ChatMessage::user(format!("{speaker}: {}", message.text())),
    })
}

/// The message with its speaker's name before the first text.
fn named(message: &Message, name: &str) -> Message {
    let mut message = message.clone();
    match message.parts.iter_mut().find_map(|part| Some((part.text()?, part))) {
        Some((text, part)) => *part = Part::Text(format!("{name}: {text}")),
        None => message.parts.insert(0, Part::Text(format!("{name}:"))),
    }
    message
}

fn content(message: &Message) -> MessageContent {
    MessageContent::from_parts(message.parts.iter().filter_map(part).collect::<Vec<_>>())
}

/// `None` for a part that models have no place for, such as a citation.
fn part(part: &Part) -> Option<ContentPart> {
    #[derive(Deserialize)]
    struct ImagePart {
        image_url: ImageUrl,
    }
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum ImageUrl {
        Object { url: String },
        Plain(String),
    }
    if let Some(text) = part.text() {
        return Some(ContentPart::from_text(text));
    }
    let Part::Json(raw) = part else { return None };
    let (ImageUrl::Object { url } | ImageUrl::Plain(url)) = raw.decode::<ImagePart>().ok()?.image_url;
    Some(match url.strip_prefix("data:").and_then(|data| data.split_once(";base64,")) {
        Some((mime_type, base64)) => ContentPart::from_binary_base64(mime_type, base64, None),
        None => ContentPart::from_binary_url("image/*", url, None),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn past() -> Vec<Message> {
        let call = |id: &str| ToolCall::new(id, "clock", RawJson::parse("{}").unwrap());
        let calls = Message { tool_calls: vec![call("a"), call("b")], ..Message::assistant("") };
        let named = |message| Message { name: Some("clock".to_owned()), ..message };
        vec![
            Message::user("Time?"),
            calls,
            named(Message::tool("a", "noon")),
            Message::tool("b", "late"),
            Message::user("And?"),
        ]
    }

    #[test]
    fn the_results_of_one_answer_go_together() {
        let prompt = Prompt { messages: past(), ..Prompt::default() };
        let request = request(&prompt, AdapterKind::OpenAI).unwrap();
        let roles: Vec<_> = request.messages.iter().map(|message| message.role.to_string()).collect();
        assert_eq!(roles.len(), 4, "{roles:?}");
        let results = request.messages[2].content.tool_responses();
        let results: Vec<_> = results
            .iter()
            .map(|it| (it.call_id.as_str(), it.fn_name.as_deref(), it.content.as_str()))
            .collect();
        assert_eq!(results, [("a", Some("clock"), "noon"), ("b", None, "late")]);
    }

    #[test]
    fn a_speaker_who_has_a_name_is_called_by_it() {
        let zach = |message| Message { name: Some("Zach".to_owned()), ..message };
        let picture = Message { parts: vec![Part::image("image/png", "iVBORw0KGgo=")], ..Message::user("") };
        let messages = vec![zach(Message::user("Hello")), Message::user("Hi"), zach(picture)];
        let request = request(&Prompt { messages, ..Prompt::default() }, AdapterKind::OpenAI).unwrap();
        let texts: Vec<_> = request.messages.iter().map(|message| message.content.joined_texts()).collect();
        assert_eq!(texts, ["Zach: Hello", "Hi", "Zach:"].map(|text| Some(text.to_owned())));
        assert_eq!(request.messages[2].content.parts().len(), 2);
    }

    #[test]
    fn a_past_with_tools_names_them_where_a_provider_insists_and_lets_none_be_called() {
        let chosen = |messages, adapter| {
            let prompt = Prompt { messages, ..Prompt::default() };
            let request = request(&prompt, adapter).unwrap();
            let names = request.tools.iter().flatten().map(|tool| tool.name.to_string()).collect::<Vec<_>>();
            (names, tool_choice(&prompt, &request))
        };
        let none = (Vec::new(), None);
        assert_eq!(chosen(past(), AdapterKind::OpenAI), none);
        assert_eq!(chosen(vec![Message::user("Hi")], AdapterKind::Anthropic), none);
        let (names, choice) = chosen(past(), AdapterKind::Anthropic);
        assert_eq!((names, choice), (vec!["clock".to_owned()], Some(chat::ToolChoice::None)));
    }
}
