//! Which DynamoDB a node speaks to.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::{AwsApi, DEFAULT_REGION, choices};
use crate::declare::{self, BUILTIN, BuiltinDynamoDb, ClientKey, ConnectArgs, ConnectContext, Diagnosis};
use crate::dynamodb::{Credentials, DynamoClient, DynamoConfig, SharedCredentialsProvider};
use crate::error::Result;

/// The DynamoDB that the inputs `endpoint` and `region` of a node mean.
#[derive(Clone, Debug)]
pub(crate) enum Endpoint {
    /// AWS's own endpoint for the region.
    Aws,
    /// What a user typed.
    Other(declare::Endpoint),
    /// The host's engine.
    Builtin(BuiltinDynamoDb),
}

impl Endpoint {
    /// What the input `endpoint` means.
    pub(crate) fn of(text: Option<&str>, context: &ConnectContext) -> Result<Self> {
        match text {
            None => Ok(Self::Aws),
            Some(BUILTIN) => context.engines.dynamodb().map(Self::Builtin),
            Some(text) => context.endpoint("endpoint", text).map(Self::Other),
        }
    }

    /// Whether it is the host's engine, which needs no credential and knows no policies.
    pub(crate) fn is_builtin(&self) -> bool {
        matches!(self, Self::Builtin(_))
    }

    /// What a client for this endpoint is kept under.
    pub(crate) fn key(&self, region: &str, args: &ConnectArgs<'_>) -> ClientKey {
        let (credential, url) = match self {
            Self::Aws => (args.credential.as_ref(), ""),
            Self::Other(endpoint) => (args.credential.as_ref(), endpoint.url().as_str()),
            Self::Builtin(engine) => (None, engine.endpoint.as_str()),
        };
        ClientKey::new(credential, format!("{region} {url}"))
    }

    /// The one client for this endpoint, region and credential, which nodes share.
    pub(crate) async fn client(&self, region: &str, args: &ConnectArgs<'_>) -> Result<Arc<DynamoClient>> {
        let make = async || match self {
            Self::Aws => super::connect(args.credential::<AwsApi>()?, region, None, args.context).await,
            Self::Other(endpoint) => {
                super::connect(args.credential::<AwsApi>()?, region, Some(endpoint), args.context).await
            }
            Self::Builtin(engine) => builtin(engine, region, args.context),
        };
        args.context.clients.get(self.key(region, args), make).await
    }

    /// The beginning of a diagnosis: which DynamoDB, in which region, who asks, and the client. `None` where it ends
    /// there; the finding says why.
    pub(crate) async fn open(
        text: Option<&str>,
        region: &str,
        args: &ConnectArgs<'_>,
        diagnosis: &mut Diagnosis,
    ) -> Option<(Self, Arc<DynamoClient>)> {
        let endpoint = match Self::of(text, args.context) {
            Ok(endpoint) => endpoint,
            Err(error) => {
                diagnosis.failed("endpoint", &error);
                return None;
            }
        };
        if matches!(endpoint, Self::Aws) && !choices::is_region(region) {
            let text =
                format!("`{region}` is none of AWS's regions that this program knows; check its spelling");
            diagnosis.warn("region", text);
        }
        if !endpoint.is_builtin() {
            match args.credential::<AwsApi>() {
                Ok(fields) => diagnosis.ok("identity", fields.identity()),
                Err(error) => {
                    diagnosis.failed("credential", &error);
                    return None;
                }
            }
        }
        match endpoint.client(region, args).await {
            Ok(client) => Some((endpoint, client)),
            Err(error) => {
                diagnosis.failed("credential", &error);
                None
            }
        }
    }

    /// What a form holds so far: endpoint and region, or what they are when left out.
    pub(super) fn of_form(inputs: &Map<String, Value>, context: &ConnectContext) -> Result<(Self, String)> {
        let text = |name: &str| inputs.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let region = text("region").map_or_else(|| DEFAULT_REGION.to_owned(), str::to_owned);
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
