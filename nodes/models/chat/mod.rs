#![doc = include_str!("docs.md")]

mod aliases;

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::credentials::chat_model::{self, ChatModelApi};
use crate::declare::{
    Alias, Capability, Category, ConnectArgs, Connected, CredentialSlot, CredentialType, Health, Instance,
    Node, Port, Required, Ui,
};
use crate::error::Result;
use crate::provider::{Access, AnswerOptions, Provider, ProviderModel};

/// Chat Model
///
/// A model of OpenAI, Anthropic, Google and others, or anything with an OpenAI-compatible address.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Inputs {
    /// Provider
    ///
    /// Whose API is spoken. For an OpenAI-compatible server of your own choose OpenAI and give its base URL.
    #[serde(default)]
    pub provider: Provider,
    /// Model
    ///
    /// The model's name as the provider spells it.
    #[schemars(length(min = 1), extend("x-ui" = Ui::new().placeholder("gpt-4o-mini")))]
    pub model_name: String,
    /// Base URL
    ///
    /// Where the API is, when it is not at the provider's own address.
    #[serde(default, rename = "baseURL")]
    #[schemars(extend("x-ui" = Ui::new().advanced().placeholder("http://127.0.0.1:11434/v1/")))]
    pub base_url: Option<String>,
    /// Temperature
    ///
    /// 0 answers the same way each time; higher values vary.
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 2.0), extend("x-ui" = Ui::new().advanced()))]
    pub temperature: Option<f64>,
    /// Longest answer
    ///
    /// The most tokens that an answer may have.
    #[serde(default)]
    #[schemars(range(min = 1), extend("x-ui" = Ui::new().advanced().unit("tokens")))]
    pub max_tokens: Option<u32>,
}

/// The node `chatModel`.
#[derive(Debug)]
pub struct ChatModelNode;

impl Node for ChatModelNode {
    type Inputs = Inputs;

    const TYPE: &'static str = "chatModel";
    const CATEGORY: Category = Category::CHAT_MODELS;
    const ICON: &'static str = include_str!("icon.svg");
    const DOCS: &'static str = include_str!("docs.md");
    const CREDENTIALS: &'static [CredentialSlot] =
        &[CredentialSlot { title: "API key", types: &[ChatModelApi::TYPE], required: Required::Is(false) }];
    const OUTPUT_PORTS: &'static [Port] =
        &[Port::new("model", "Model", &["BaseChatModel", "BaseLanguageModel"])];
    const CAPABILITIES: &'static [Capability] = &[Capability::Streaming];
    const ALIASES: &'static [Alias] = aliases::ALIASES;

    async fn connect(inputs: Inputs, args: ConnectArgs<'_>) -> Result<Connected> {
        let key = match &args.credential {
            Some(_) => Some(args.credential::<ChatModelApi>()?),
            None => None,
        };
        let base_url = inputs.base_url.as_deref();
        let access = chat_model::access(key, inputs.provider, base_url, args.context).await?;
        let options = AnswerOptions { temperature: inputs.temperature, max_tokens: inputs.max_tokens };
        let model = ProviderModel::new(&access, &inputs.model_name, options)?;
        let health = async move { check(&access, &inputs.model_name).await };
        Ok(Connected::new(Instance::Model(Arc::new(model))).with_health(health))
    }
}

async fn check(access: &Access, model: &str) -> Result<Health> {
    let models = access.models().await?;
    let mut health = Health::default();
    health.ok("provider", "answers and takes the key");
    if models.iter().any(|listed| listed == model) {
        health.ok("model", "is among the provider's models");
    } else {
        health.warn(
            "model",
            format!("`{model}` is not among the models that the provider lists; check its spelling"),
        );
    }
    Ok(health)
}

crate::register_node!(ChatModelNode);
