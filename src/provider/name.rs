//! The providers, under the names that flows keep.

use genai::adapter::AdapterKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Whose API is spoken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Provider {
    /// OpenAI and compatible servers
    #[default]
    Openai,
    /// Anthropic
    Anthropic,
    /// Google Gemini
    Gemini,
    /// Amazon Bedrock, by API key
    Bedrock,
    /// Cohere
    Cohere,
    /// DeepSeek
    Deepseek,
    /// Fireworks AI
    Fireworks,
    /// Groq
    Groq,
    /// MiniMax
    Minimax,
    /// Mistral AI
    Mistral,
    /// Moonshot AI
    Moonshot,
    /// Nebius
    Nebius,
    /// Ollama
    Ollama,
    /// OpenRouter
    OpenRouter,
    /// Together AI
    Together,
    /// xAI
    Xai,
    /// Z.ai
    Zai,
}

impl Provider {
    /// The provider's own address where it is one on this machine, and so up to the operator.
    #[must_use]
    pub fn local_url(self) -> Option<&'static str> {
        matches!(self, Self::Ollama).then_some("http://localhost:11434/")
    }

    pub(super) fn adapter(self) -> AdapterKind {
        match self {
            Self::Openai => AdapterKind::OpenAI,
            Self::Anthropic => AdapterKind::Anthropic,
            Self::Gemini => AdapterKind::Gemini,
            Self::Bedrock => AdapterKind::BedrockApi,
            Self::Cohere => AdapterKind::Cohere,
            Self::Deepseek => AdapterKind::DeepSeek,
            Self::Fireworks => AdapterKind::Fireworks,
            Self::Groq => AdapterKind::Groq,
            Self::Minimax => AdapterKind::MiniMax,
            Self::Mistral => AdapterKind::Mistral,
            Self::Moonshot => AdapterKind::Moonshot,
            Self::Nebius => AdapterKind::Nebius,
            Self::Ollama => AdapterKind::Ollama,
            Self::OpenRouter => AdapterKind::OpenRouter,
            Self::Together => AdapterKind::Together,
            Self::Xai => AdapterKind::Xai,
            Self::Zai => AdapterKind::Zai,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::Access;
    use schemars::schema_for;

    #[tokio::test]
    async fn every_provider_that_is_not_on_this_machine_is_reached_over_https() {
        let schema = schema_for!(Provider);
        let names = schema.get("oneOf").unwrap().as_array().unwrap();
        assert!(names.len() > 10, "{names:?}");
        for name in names {
            let provider = Provider::deserialize(&name["const"]).unwrap();
            let url = Access::new(provider).url().await.unwrap();
            match provider.local_url() {
                Some(local) => assert_eq!(url.as_str(), local),
                None => assert_eq!(url.scheme(), "https", "{provider:?}: {url}"),
            }
        }
    }
}
