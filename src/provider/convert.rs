//! Our messages in genai's form.

use genai::chat::{self, ChatMessage, ChatRequest, ContentPart, MessageContent, Tool, ToolResponse};
use serde::Deserialize;
use serde_json::Value;

use super::failure;
use crate::error::Result;
use crate::json::RawJson;
use crate::message::{Message, Part, Role, ToolCall};
use crate::model::{Prompt, ToolSpec};

pub(super) fn request(prompt: &Prompt) -> Result<ChatRequest> {
    let messages = prompt.messages.iter().map(message).collect::<Result<_>>()?;
    let request = ChatRequest::new(messages);
    if prompt.tools.is_empty() {
        return Ok(request);
    }
    let tools = prompt.tools.iter().map(tool).collect::<Result<Vec<_>>>()?;
    Ok(request.with_tools(tools))
}

pub(super) fn tool_call(call: &chat::ToolCall) -> Result<ToolCall> {
    let arguments = RawJson::of(&call.fn_arguments).map_err(failure::malformed)?;
    Ok(ToolCall { id: call.call_id.clone(), name: call.fn_name.clone(), arguments })
}

fn tool(spec: &ToolSpec) -> Result<Tool> {
    let parameters = spec.parameters.decode::<Value>().map_err(failure::malformed)?;
    Ok(Tool::new(spec.name.clone()).with_description(spec.description.clone()).with_schema(parameters))
}

fn message(message: &Message) -> Result<ChatMessage> {
    Ok(match &message.role {
        Role::System => ChatMessage::system(message.text()),
        Role::User => ChatMessage::user(content(message)),
        Role::Assistant => {
            let mut content = content(message);
            for call in &message.tool_calls {
                content.push(ContentPart::ToolCall(chat::ToolCall {
                    call_id: call.id.clone(),
                    fn_name: call.name.clone(),
                    fn_arguments: call.arguments.decode().map_err(failure::malformed)?,
                    thought_signatures: None,
                }));
            }
            ChatMessage::assistant(content)
        }
        Role::Tool => match &message.tool_call_id {
            Some(id) => ChatMessage::tool(MessageContent::from_tool_responses(vec![ToolResponse::new(
                id,
                message.text(),
            )])),
            None => ChatMessage::user(format!("tool: {}", message.text())),
        },
        // Model APIs refuse roles of others' making: the speaker is named in the text.
        Role::Other(speaker) => ChatMessage::user(format!("{speaker}: {}", message.text())),
    })
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
