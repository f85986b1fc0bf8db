//! A chat model at a provider.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use genai::chat::ChatOptions;
use genai::resolver::{AuthData, Endpoint, ProviderConfig};
use genai::{Client, ModelIden};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::refusal::Refusal;
use super::{Provider, answer, convert, failure};
use crate::dial::Dialer;
use crate::error::{Error, Result};
use crate::http;
use crate::model::{AnswerStream, ChatModel, Prompt};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const SILENCE_TIMEOUT: Duration = Duration::from_secs(120);

/// Where a provider's API is, and the key to it.
#[derive(Clone, Debug)]
pub struct Access {
    /// Whose API is spoken.
    pub provider: Provider,
    /// Where it is; `None` for the provider's own address.
    pub base_url: Option<Url>,
    /// Resolves its host, and judges the addresses that are dialled.
    pub dialer: Dialer,
    /// `None` for a model that asks for no key, such as a local one.
    pub api_key: Option<SecretString>,
    /// How long the provider may say nothing, before the first piece of an answer or between two.
    pub silence_timeout: Duration,
}

impl Access {
    /// The provider's own address, no key, and 120 seconds of silence.
    #[must_use]
    pub fn new(provider: Provider) -> Self {
        Self {
            provider,
            base_url: None,
            dialer: Dialer::default(),
            api_key: None,
            silence_timeout: SILENCE_TIMEOUT,
        }
    }

    fn client(&self) -> Result<Client> {
        if let Some(url) = &self.base_url {
            self.dialer.check_literal(url).map_err(|forbidden| Error::invalid_input("baseURL", forbidden))?;
        }
        let http = http::client(&self.dialer)
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(self.silence_timeout)
            .build()
            .map_err(failure::no_client)?;
        let base_url = self.base_url.as_ref().map(|url| format!("{}/", url.as_str().trim_end_matches('/')));
        // Without this, genai would look for a key in the environment.
        let key = self.api_key.as_ref().map_or("", |key| key.expose_secret());
        let config = ProviderConfig {
            endpoint: base_url.map(Endpoint::from_owned),
            auth: Some(AuthData::from_single(key)),
        };
        Client::builder()
            .with_reqwest(http)
            .append_provider_config(self.provider.adapter(), config)
            .build()
            .map_err(failure::no_client)
    }

    /// Where requests go.
    ///
    /// # Errors
    /// `Unavailable` when the HTTP client can't be set up.
    pub async fn url(&self) -> Result<Url> {
        match &self.base_url {
            Some(url) => Ok(url.clone()),
            None => {
                let model = ModelIden::new(self.provider.adapter(), "");
                let target = self.client()?.resolve_service_target(model).await;
                let target = target.map_err(|error| failure::of(&error))?;
                Url::parse(target.endpoint.base_url()).map_err(failure::no_client)
            }
        }
    }

    /// The provider's models by name. Proves address and key, and costs nothing.
    ///
    /// # Errors
    /// `Unauthenticated`, `Denied`, `NotFound` for a wrong path, `Throttled`, `Unavailable`, `Protocol`.
    pub async fn models(&self) -> Result<Vec<String>> {
        let models = self.client()?.all_model_names(self.provider.adapter(), ()).await;
        models.map_err(|error| failure::of(&error))
    }
}

/// A model at a provider.
#[derive(Debug)]
pub struct ProviderModel {
    client: Client,
    model: ModelIden,
    options: ChatOptions,
}

/// How a model answers.
#[derive(Clone, Copy, Debug, Default)]
pub struct AnswerOptions {
    /// 0 to 2; the provider's default when `None`.
    pub temperature: Option<f64>,
    /// The most tokens of an answer.
    pub max_tokens: Option<u32>,
}

impl ProviderModel {
    /// The model `name`.
    ///
    /// # Errors
    /// `Unavailable` when the HTTP client can't be set up.
    pub fn new(access: &Access, name: &str, options: AnswerOptions) -> Result<Self> {
        let options = ChatOptions {
            temperature: options.temperature,
            max_tokens: options.max_tokens,
            capture_usage: Some(true),
            capture_content: Some(true),
            capture_tool_calls: Some(true),
            ..ChatOptions::default()
        };
        Ok(Self { client: access.client()?, model: ModelIden::new(access.provider.adapter(), name), options })
    }
}

#[async_trait]
impl ChatModel for ProviderModel {
    fn name(&self) -> &str {
        &self.model.model_name
    }

    async fn answer(&self, prompt: Prompt) -> Result<AnswerStream> {
        let request = convert::request(&prompt, self.model.adapter_kind)?;
        let refusal = Refusal::default();
        let mut options = self.options.clone();
        options.raw_frame_sink = Some(Arc::new(refusal.clone()));
        options.tool_choice = convert::tool_choice(&prompt, &request);
        let answer = self.client.exec_chat_stream(self.model.clone(), request, Some(&options)).await;
        Ok(answer::events(answer.map_err(|error| failure::of(&error))?.stream, refusal))
    }
}
