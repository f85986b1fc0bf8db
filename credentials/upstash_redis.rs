//! `upstashRedisMemoryApi`: the REST token of an Upstash Redis database.

use schemars::JsonSchema;
use serde::Deserialize;
use url::Url;
use uuid::Uuid;

use crate::declare::{ConnectContext, CredentialType, Endpoint, Health, Secret, Target};
use crate::error::{Error, ErrorKind, Result};
use crate::upstash::{Client, ClientConfig, Command, Intent};
use crate::usage::Usage;

/// Where a token may go whose credential names no host, as those of older canvases do.
const UPSTASH_DOMAIN: &str = ".upstash.io";

/// Upstash Redis
///
/// The REST token of an Upstash Redis database, and where it may be sent.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Fields {
    /// REST token
    ///
    /// `UPSTASH_REDIS_REST_TOKEN` from the database's page. The standard token: a read-only one can't keep anything.
    pub upstash_rest_token: Secret,
    /// Host
    ///
    /// The only host that the token may be sent to, such as `eu1-example-12345.upstash.io`. Left out, it may be sent to
    /// any host of `upstash.io`.
    #[schemars(regex(pattern = r"^[^/\s]+$"))]
    pub host: Option<String>,
}

/// The credential type `upstashRedisMemoryApi`.
#[derive(Debug)]
pub struct UpstashRedisApi;

impl CredentialType for UpstashRedisApi {
    type Fields = Fields;
    const TYPE: &'static str = "upstashRedisMemoryApi";
    const BINDING: &'static [&'static str] = &["host"];
    const DOCS: &'static str = include_str!("upstash_redis.md");

    /// Sends `PING`, and `DEL` of a key that no database has, which only a full token may.
    async fn test(fields: Fields, target: &Target, context: &ConnectContext) -> Result<Health> {
        let endpoint = match (&target.endpoint, &fields.host) {
            (Some(base_url), _) => context.endpoint("baseURL", base_url)?,
            (None, Some(host)) => context.endpoint("host", &format!("https://{host}"))?,
            (None, None) => {
                let problem =
                    "is missing; give the host of `UPSTASH_REDIS_REST_URL`, to which the token belongs";
                return Err(Error::invalid_input("host", problem));
            }
        };
        let names_host = fields.host.is_some();
        let client = connect(fields, &endpoint)?;
        let mut health = Health::default();
        health.usage += ping(&client).await?;
        health.ok("credential", "the database knows the token");
        match check_writes(&client).await {
            Ok(usage) => {
                health.usage += usage;
                health.ok("rights", "the token may read and write");
            }
            Err(error) if *error.kind() == ErrorKind::Denied => {
                health.usage += error.usage();
                let text = "the token is a read-only one: it loads conversations and can't keep any; use the standard token";
                health.warn("rights", text);
            }
            Err(error) => return Err(error.with_usage(health.usage)),
        }
        if !names_host {
            tell_host(&mut health, endpoint.url());
        }
        Ok(health)
    }
}

crate::register_credential_type!(UpstashRedisApi);

/// A client that sends this token to this address.
///
/// # Errors
/// `InvalidInput` when the credential names another host, or names none and the address is not Upstash's.
pub fn connect(fields: Fields, endpoint: &Endpoint) -> Result<Client> {
    let base_url = endpoint.url();
    let host = base_url.host_str().unwrap_or_default();
    if fields.host.is_none() && !host.ends_with(UPSTASH_DOMAIN) {
        let problem = format!(
            "is missing in the credential, and {host} is not Upstash's; enter `{host}` there if the token belongs to it"
        );
        return Err(Error::invalid_input("host", problem));
    }
    let mut config = ClientConfig::new(base_url.as_str(), fields.upstash_rest_token.expose());
    config.allowed_host = fields.host;
    config.dialer = endpoint.dialer().clone();
    Client::new(&config)
}

/// Asks whether the database is there and knows the token.
///
/// # Errors
/// `Unauthenticated` when it does not.
pub async fn ping(client: &Client) -> Result<Usage> {
    client.run(&[Command::new("PING")], Intent::Read).await.map(|(_, usage)| usage)
}

/// Asks whether the token may write, by a write that changes nothing.
///
/// # Errors
/// `Denied` when it may only read.
pub async fn check_writes(client: &Client) -> Result<Usage> {
    let nothing = Command::new("DEL").arg(format!("canvas-memory:probe:{}", Uuid::new_v4()));
    client.run(&[nothing], Intent::Repeatable).await.map(|(_, usage)| usage)
}

/// Tells where the token of a credential went that names no host.
pub fn tell_host(health: &mut Health, base_url: &Url) {
    let host = base_url.host_str().unwrap_or_default();
    let text = format!("the credential names no host, and its token went to {host}; enter that as its host");
    health.warn("host", text);
}
