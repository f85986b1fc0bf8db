//! `dynamodbMemoryApi`: who signs the requests to DynamoDB; and what the nodes on DynamoDB share: which DynamoDB one
//! speaks to, and what its form offers.

pub(crate) mod choices;
pub(crate) mod endpoint;
pub(crate) mod fixed_table;

use std::sync::Arc;

use aws_config::sts::AssumeRoleProvider;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::declare::{ConnectArgs, ConnectContext, CredentialType, Endpoint, Health, Secret, Target};
use crate::dial::Dialer;
use crate::dynamodb::http;
use crate::dynamodb::probe::{self, Standing};
use crate::dynamodb::{Credentials, DynamoClient, DynamoConfig, SharedCredentialsProvider, Timeouts};
use crate::error::{Error, ErrorKind, Result};

/// The region when nobody says: every AWS account has it.
pub(crate) const DEFAULT_REGION: &str = "us-east-1";

/// What a role's sessions are called in AWS's own logs.
const ROLE_SESSION_NAME: &str = "canvas-memory";

/// AWS
///
/// Who signs the requests to DynamoDB.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "camelCase")]
#[schemars(extend("default" = {"kind": "keys"}))]
pub enum Fields {
    /// Access key
    ///
    /// A key of an IAM user, or the three parts of temporary keys.
    Keys(AccessKey),
    /// This machine's identity
    ///
    /// What AWS gave the machine that this runs on, or what its environment holds. The operator must allow it.
    Machine {},
    /// Profile
    ///
    /// A profile of the AWS files on the machine that this runs on. The operator must allow it.
    Profile(Profile),
    /// Role
    ///
    /// A role that is assumed, also one of another account.
    Role(Role),
}

/// A key of an IAM user, or temporary keys.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AccessKey {
    /// Access key ID
    pub access_key: Secret,
    /// Secret access key
    pub secret_access_key: Secret,
    /// Session token
    ///
    /// Of temporary keys only.
    pub session_token: Option<Secret>,
}

/// A profile of the AWS files.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Profile {
    /// Profile name
    #[schemars(length(min = 1))]
    pub profile: String,
}

/// A role to assume.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Role {
    /// Role ARN
    ///
    /// Such as `arn:aws:iam::123456789012:role/chat-memory`.
    #[schemars(regex(pattern = r"^arn:[a-z-]+:iam::\d{12}:role/\S+$"))]
    pub role_arn: String,
    /// External ID
    ///
    /// What the role's trust policy asks for.
    #[schemars(length(min = 2))]
    pub external_id: Option<String>,
    /// Who asks for the role
    ///
    /// This machine's own identity when left out.
    pub base: Option<Base>,
}

/// Who asks for a role.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Base {
    /// Access key
    Keys(AccessKey),
    /// This machine's identity
    Machine {},
    /// Profile
    Profile(Profile),
}

/// The credential type `dynamodbMemoryApi`.
#[derive(Debug)]
pub struct AwsApi;

impl CredentialType for AwsApi {
    type Fields = Fields;
    const TYPE: &'static str = "dynamodbMemoryApi";
    const DOCS: &'static str = include_str!("docs.md");

    /// Asks for one table name. A refusal proves the key as well as an answer does: AWS refuses only whom it knows.
    async fn test(fields: Fields, target: &Target, context: &ConnectContext) -> Result<Health> {
        let region = target.region.as_deref().unwrap_or(DEFAULT_REGION);
        let endpoint = target.endpoint.as_deref().map(|url| context.endpoint("endpoint", url)).transpose()?;
        let client = connect(fields, region, endpoint.as_ref(), context).await?;
        let mut health = Health::default();
        let (standing, usage) = probe::standing(&client).await?;
        health.usage = usage;
        health.ok(
            "credential",
            match standing {
                Standing::MayListTables => format!("AWS knows the credential in {region}"),
                Standing::Known => {
                    "AWS knows the credential; it may not list tables, so type the table's name".to_owned()
                }
            },
        );
        Ok(health)
    }
}

crate::register_credential_type!(AwsApi);

/// A DynamoDB client that signs with this credential. A role is assumed with the first request, and again when its
/// keys expire.
///
/// # Errors
/// `Denied` when the operator does not let credentials stand for this machine; `InvalidInput` for a region or endpoint
/// that can't be one.
pub async fn connect(
    fields: Fields,
    region: &str,
    endpoint: Option<&Endpoint>,
    context: &ConnectContext,
) -> Result<DynamoClient> {
    let credentials = match fields {
        Fields::Keys(key) => key.into_provider(),
        Fields::Machine {} => of_machine(region, None, context).await?,
        Fields::Profile(named) => of_machine(region, Some(named.profile), context).await?,
        Fields::Role(role) => role.into_provider(region, context).await?,
    };
    let mut config = DynamoConfig::new(region, credentials);
    if let Some(endpoint) = endpoint {
        config.endpoint_url = Some(endpoint.url().to_string());
        config.dialer = endpoint.dialer().clone();
    }
    config.clock = context.clock.clone();
    DynamoClient::new(config)
}

/// The DynamoDB client that the nodes on DynamoDB have for these inputs: `endpoint` is left out for AWS's own, `builtin`,
/// or a URL; `region` is `us-east-1` when left out. Nodes and hosts share one client.
///
/// # Errors
/// `MissingCredential` where one is needed; as [`connect`].
pub async fn client(
    endpoint: Option<&str>,
    region: Option<&str>,
    args: &ConnectArgs<'_>,
) -> Result<Arc<DynamoClient>> {
    let endpoint = endpoint::Endpoint::of(endpoint, args.context)?;
    endpoint.client(region.unwrap_or(DEFAULT_REGION), args).await
}

impl Fields {
    /// Who signs, in words, without anything secret.
    #[must_use]
    pub fn identity(&self) -> String {
        match self {
            Self::Keys(key) => key.identity(),
            Self::Machine {} => "this machine's own identity".to_owned(),
            Self::Profile(named) => format!("the profile `{}` of this machine", named.profile),
            Self::Role(role) => {
                let base = match &role.base {
                    Some(Base::Keys(key)) => key.identity(),
                    Some(Base::Profile(named)) => format!("the profile `{}` of this machine", named.profile),
                    Some(Base::Machine {}) | None => "this machine's own identity".to_owned(),
                };
                format!("the role {}, assumed by {base}", role.role_arn)
            }
        }
    }
}

impl AccessKey {
    fn identity(&self) -> String {
        let id = self.access_key.expose().trim();
        let kind = if self.session_token.is_some() { "the temporary key" } else { "the access key" };
        // Of a short text the end would be most of it, and it is no access key id anyway.
        match id.char_indices().rev().nth(3) {
            Some((at, _)) if at >= 12 => format!("{kind} that ends in `{}`", id.split_at(at).1),
            _ => format!("{kind} of the credential"),
        }
    }

    fn into_provider(self) -> SharedCredentialsProvider {
        let token = self.session_token.map(|token| token.expose().trim().to_owned());
        let (key, secret) = (self.access_key.expose().trim(), self.secret_access_key.expose().trim());
        SharedCredentialsProvider::new(Credentials::new(key, secret, token, None, "dynamodbMemoryApi"))
    }
}

impl Role {
    async fn into_provider(
        self,
        region: &str,
        context: &ConnectContext,
    ) -> Result<SharedCredentialsProvider> {
        let base = match self.base {
            Some(Base::Keys(key)) => key.into_provider(),
            Some(Base::Profile(named)) => of_machine(region, Some(named.profile), context).await?,
            Some(Base::Machine {}) | None => of_machine(region, None, context).await?,
        };
        let mut role = AssumeRoleProvider::builder(self.role_arn)
            .session_name(ROLE_SESSION_NAME)
            .region(Region::new(region.to_owned()))
            .configure(&load(region, None, Some(base.clone())).await);
        if let Some(id) = self.external_id {
            role = role.external_id(id);
        }
        Ok(SharedCredentialsProvider::new(role.build_from_provider(base).await))
    }
}

async fn of_machine(
    region: &str,
    profile: Option<String>,
    context: &ConnectContext,
) -> Result<SharedCredentialsProvider> {
    if !context.uses_machine_identity {
        return Err(Error::new(
            ErrorKind::Denied,
            "the credential stands for this machine's own AWS identity, which the operator does not allow here; use \
             an access key, or ask the operator to allow it",
        ));
    }
    load(region, profile, None).await.credentials_provider().ok_or_else(|| {
        let message = "this machine has no AWS identity; use an access key";
        Error::new(ErrorKind::MissingCredential, message)
    })
}

/// What the SDK finds on this machine. Its sources of credentials lie at addresses of the cloud or of the operator,
/// which no user names: nobody is asked about them.
async fn load(
    region: &str,
    profile: Option<String>,
    credentials: Option<SharedCredentialsProvider>,
) -> SdkConfig {
    let limits = Timeouts::default();
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(limits.connect)
        .operation_attempt_timeout(limits.attempt)
        .operation_timeout(limits.operation)
        .build();
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .region(Region::new(region.to_owned()))
        .timeout_config(timeouts)
        .http_client(http::client(&Dialer::default()));
    if let Some(profile) = profile {
        loader = loader.profile_name(profile);
    }
    if let Some(credentials) = credentials {
        loader = loader.credentials_provider(credentials);
    }
    loader.load().await
}
