//! `chatModelApi`: the key of a chat model's provider.

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::IntoDeserializer;

use crate::declare::{ConnectContext, CredentialType, Health, Secret, Target};
use crate::dial;
use crate::error::{Error, Result};
use crate::provider::{Access, Provider};

/// Chat model key
///
/// The API key of OpenAI, Anthropic, Google or any other provider of chat models, and where it may be sent.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Fields {
    /// API key
    ///
    /// From the provider's console.
    pub api_key: Secret,
    /// Host
    ///
    /// The only host that the key may be sent to, such as `gateway.example.com`. Left out, it may be sent to the own
    /// address of the provider that the node names.
    #[schemars(regex(pattern = r"^[^/\s]+$"))]
    pub host: Option<String>,
}

/// The credential type `chatModelApi`.
#[derive(Debug)]
pub struct ChatModelApi;

impl CredentialType for ChatModelApi {
    type Fields = Fields;
    const TYPE: &'static str = "chatModelApi";
    const BINDING: &'static [&'static str] = &["host"];
    const DOCS: &'static str = include_str!("chat_model.md");

    /// Lists the provider's models. `target.provider` is a provider of the chat model node, OpenAI's form otherwise.
    async fn test(fields: Fields, target: &Target, context: &ConnectContext) -> Result<Health> {
        let provider = target.provider.as_deref().map_or(Ok(Provider::default()), provider)?;
        let access = access(Some(fields), provider, target.endpoint.as_deref(), context).await?;
        let models = access.models().await?;
        let mut health = Health::default();
        health.ok("credential", format!("the provider takes the key and lists {} models", models.len()));
        Ok(health)
    }
}

/// How a provider is reached: at `base_url`, or at its own address, with a key that belongs there or none.
///
/// # Errors
/// `InvalidInput` when the address can't be used, or the key does not belong to it.
pub async fn access(
    fields: Option<Fields>,
    provider: Provider,
    base_url: Option<&str>,
    context: &ConnectContext,
) -> Result<Access> {
    let endpoint = match (base_url, provider.local_url()) {
        (Some(text), _) => Some(context.endpoint("baseURL", text)?),
        (None, Some(local)) => Some(context.endpoint("provider", local)?),
        (None, None) => None,
    };
    let mut access = Access::new(provider);
    if let Some(endpoint) = endpoint {
        access.base_url = Some(endpoint.url().clone());
        access.dialer = endpoint.dialer().clone();
    }
    if let Some(fields) = fields {
        check_host(fields.host.as_deref(), &access).await?;
        access.api_key = Some(fields.api_key.expose().into());
    }
    Ok(access)
}

/// A flow from somebody else, with another base URL, can't have a key sent there.
async fn check_host(named: Option<&str>, access: &Access) -> Result<()> {
    if named.is_none() && access.base_url.is_none() {
        return Ok(());
    }
    let url = access.url().await?;
    let host = match url.port() {
        Some(_) => dial::host_and_port(&url),
        None => url.host_str().unwrap_or_default().to_owned(),
    };
    let problem = match named {
        Some(named) if dial::names_host(named, &url) => return Ok(()),
        Some(named) => format!(
            "is `{named}` in the credential, and the key would go to {host}; correct the host there, or the base URL"
        ),
        None => {
            let own = Access::new(access.provider).url().await?;
            if dial::host_and_port(&own) == dial::host_and_port(&url) {
                return Ok(());
            }
            format!(
                "is missing in the credential, and {host} is not the provider's own; enter `{host}` there if the key \
                 belongs to it"
            )
        }
    };
    Err(Error::invalid_input("host", problem))
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
