//! `chatModelApi`: the key of a chat model's provider.

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::IntoDeserializer;

use crate::declare::{ConnectContext, CredentialType, Health, Secret, Target};
use crate::error::{Error, Result};
use crate::provider::{Access, Provider};

/// Chat model key
///
/// The API key of OpenAI, Anthropic, Google or any other provider of chat models.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Fields {
    /// API key
    ///
    /// From the provider's console. It is sent to the provider that the node names, and nowhere else.
    pub api_key: Secret,
}

/// The credential type `chatModelApi`.
#[derive(Debug)]
pub struct ChatModelApi;

impl CredentialType for ChatModelApi {
    type Fields = Fields;
    const TYPE: &'static str = "chatModelApi";
    const DOCS: &'static str = "\
Create a key in the provider's console, under *API keys* or *Settings*, and paste it here. The node says which provider \
the key belongs to.

The test asks the provider for its list of models, which costs nothing. A model on your own machine that asks for no key \
needs no credential.";

    /// Lists the provider's models. `target.provider` is a provider of the chat model node, OpenAI's form otherwise.
    async fn test(fields: Fields, target: &Target, context: &ConnectContext) -> Result<Health> {
        let provider = target.provider.as_deref().map_or(Ok(Provider::default()), provider)?;
        let base_url = target.endpoint.as_deref().map(|url| context.endpoint("baseURL", url)).transpose()?;
        let access =
            Access { base_url, api_key: Some(fields.api_key.expose().into()), ..Access::new(provider) };
        let models = access.models().await?;
        let mut health = Health::default();
        health.ok("credential", format!("the provider takes the key and lists {} models", models.len()));
        Ok(health)
    }
}

fn provider(name: &str) -> Result<Provider> {
    Provider::deserialize(name.into_deserializer()).map_err(|_: serde::de::value::Error| {
        Error::invalid_input(
            "provider",
            "is not a provider that is known; choose one of the chat model node's",
        )
    })
}

crate::register_credential_type!(ChatModelApi);
