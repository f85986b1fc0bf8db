//! Which DynamoDB a node speaks to.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::credentials::aws::{self, AwsApi};
use crate::declare::{self, BUILTIN, BuiltinDynamoDb, ClientKey, ConnectArgs, ConnectContext};
use crate::dynamodb::{Credentials, DynamoClient, DynamoConfig, SharedCredentialsProvider};
use crate::error::Result;

#[derive(Clone, Debug)]
pub(super) enum Endpoint {
    Aws,
    Other(declare::Endpoint),
    Builtin(BuiltinDynamoDb),
}

impl Endpoint {
    pub(super) fn of(text: Option<&str>, context: &ConnectContext) -> Result<Self> {
        match text {
            None => Ok(Self::Aws),
            Some(BUILTIN) => context.engines.dynamodb().map(Self::Builtin),
            Some(text) => context.endpoint("endpoint", text).map(Self::Other),
        }
    }

    pub(super) fn is_builtin(&self) -> bool {
        matches!(self, Self::Builtin(_))
    }

    /// What a client for this endpoint is kept under.
    pub(super) fn key(&self, region: &str, args: &ConnectArgs<'_>) -> ClientKey {
        let (credential, url) = match self {
            Self::Aws => (args.credential.as_ref(), ""),
            Self::Other(endpoint) => (args.credential.as_ref(), endpoint.url().as_str()),
            Self::Builtin(engine) => (None, engine.endpoint.as_str()),
        };
        ClientKey::new(credential, format!("{region} {url}"))
    }

    pub(super) async fn client(&self, region: &str, args: &ConnectArgs<'_>) -> Result<Arc<DynamoClient>> {
        let make = async || match self {
            Self::Aws => aws::connect(args.credential::<AwsApi>()?, region, None, args.context).await,
            Self::Other(endpoint) => {
                aws::connect(args.credential::<AwsApi>()?, region, Some(endpoint), args.context).await
            }
            Self::Builtin(engine) => builtin(engine, region, args.context),
        };
        args.context.clients.get(self.key(region, args), make).await
    }

    /// What a form holds so far: region and endpoint, or what they are when left out.
    pub(super) fn of_form(inputs: &Map<String, Value>, context: &ConnectContext) -> Result<(Self, String)> {
        let text = |name: &str| inputs.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let region = text("region").map_or_else(super::default_region, str::to_owned);
        Ok((Self::of(text("endpoint"), context)?, region))
    }
}

fn builtin(engine: &BuiltinDynamoDb, region: &str, context: &ConnectContext) -> Result<DynamoClient> {
    let keys =
        Credentials::new(engine.access_key.expose(), engine.secret_key.expose(), None, None, "builtin");
    let mut config = DynamoConfig::new(region, SharedCredentialsProvider::new(keys));
    config.endpoint_url = Some(engine.endpoint.clone());
    config.clock = context.clock.clone();
    DynamoClient::new(config)
}
