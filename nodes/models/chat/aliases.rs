//! The chat models of other canvases, which have a node type for each provider.

use crate::declare::Alias;

/// Answers always come piece by piece here.
const STREAMING: &[&str] = &["streaming"];

const fn of(node_type: &'static str, provider: &'static [(&'static str, &'static str)]) -> Alias {
    Alias::new(node_type).fixed(provider).dropped(STREAMING)
}

const BASEPATH: &[(&str, &str)] = &[("basepath", "baseURL")];
const BASE_PATH: &[(&str, &str)] = &[("basePath", "baseURL")];
const BASE_URL: &[(&str, &str)] = &[("baseUrl", "baseURL")];
const ANTHROPIC: &[(&str, &str)] = &[("maxTokensToSample", "maxTokens")];
const GEMINI: &[(&str, &str)] = &[("customModelName", "modelName"), ("maxOutputTokens", "maxTokens")];
const MISTRAL: &[(&str, &str)] = &[("maxOutputTokens", "maxTokens")];
const BEDROCK: &[(&str, &str)] =
    &[("customModel", "modelName"), ("model", "modelName"), ("max_tokens_to_sample", "maxTokens")];

pub(super) const ALIASES: &[Alias] = &[
    of("chatOpenAI", &[("provider", "openai")]).renamed(BASEPATH),
    of("aaiChatOpenAI", &[("provider", "openai")]).renamed(BASEPATH),
    of("chatOpenAICustom", &[("provider", "openai")]).renamed(BASEPATH),
    of("chatLitellm", &[("provider", "openai")]).renamed(BASE_PATH),
    of("chatLocalAI", &[("provider", "openai")]).renamed(BASE_PATH),
    of("chatAnthropic", &[("provider", "anthropic")]).renamed(ANTHROPIC),
    of("aaiChatAnthropic", &[("provider", "anthropic")]).renamed(ANTHROPIC),
    of("chatGoogleGenerativeAI", &[("provider", "gemini")]).renamed(GEMINI),
    of("awsChatBedrock", &[("provider", "bedrock")]).renamed(BEDROCK),
    of("aaiAwsChatBedrock", &[("provider", "bedrock")]).renamed(BEDROCK),
    of("chatCohere", &[("provider", "cohere")]),
    of("chatDeepseek", &[("provider", "deepseek")]),
    of("aaiChatDeepseek", &[("provider", "deepseek")]),
    of("chatFireworks", &[("provider", "fireworks")]),
    of("groqChat", &[("provider", "groq")]),
    of("chatMiniMax", &[("provider", "minimax")]),
    of("chatMistralAI", &[("provider", "mistral")]).renamed(MISTRAL),
    of("chatOllama", &[("provider", "ollama")]).renamed(BASE_URL),
    of("chatOpenRouter", &[("provider", "openRouter")]).renamed(BASEPATH),
    of("chatTogetherAI", &[("provider", "together")]),
    of("chatXAI", &[("provider", "xai")]),
];
