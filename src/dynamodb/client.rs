//! The AWS SDK with explicit timeouts, a meter on each call, and our errors.

use std::fmt;
use std::num::NonZeroU32;
use std::time::Duration;

use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Region, SharedCredentialsProvider, SharedHttpClient};
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::RequestId;
use url::Url;

use super::error::CallError;
use super::http::{self, NeverAgainWhereForbidden};
use super::meter::{Charged, Meter};
use crate::clock::Clock;
use crate::dial::Dialer;
use crate::error::{Error, Result};
use crate::usage::Usage;

/// How long to wait for DynamoDB. The SDK by itself waits forever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// For a connection.
    pub connect: Duration,
    /// For one try of an operation.
    pub attempt: Duration,
    /// For an operation with all its tries.
    pub operation: Duration,
}

impl Default for Timeouts {
    /// 3, 10 and 30 seconds.
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(3),
            attempt: Duration::from_secs(10),
            operation: Duration::from_secs(30),
        }
    }
}

/// Where DynamoDB is and how to speak to it.
#[derive(Clone)]
pub struct DynamoConfig {
    /// The region, such as `eu-west-1`; it signs requests to a custom endpoint too.
    pub region: String,
    /// The endpoint's URL where it is not AWS's own for the region.
    pub endpoint_url: Option<String>,
    /// Who signs the requests.
    pub credentials: SharedCredentialsProvider,
    /// Resolves the endpoint's host, and judges the addresses that are dialled.
    pub dialer: Dialer,
    /// What carries the requests, in place of an HTTPS client that connects through `dialer`.
    pub http_client: Option<SharedHttpClient>,
    /// How long to wait.
    pub timeouts: Timeouts,
    /// How often an operation is tried. All our writes are conditional or the same twice, so repeating is safe.
    pub max_attempts: NonZeroU32,
    /// The longest that the first pause between two tries may be; each one after it may be twice as long.
    pub first_pause: Duration,
    /// What tells expiry.
    pub clock: Clock,
}

impl DynamoConfig {
    /// DynamoDB at AWS's own endpoint for `region`.
    #[must_use]
    pub fn new(region: impl Into<String>, credentials: SharedCredentialsProvider) -> Self {
        Self {
            region: region.into(),
            endpoint_url: None,
            credentials,
            dialer: Dialer::default(),
            http_client: None,
            timeouts: Timeouts::default(),
            max_attempts: NonZeroU32::MIN.saturating_add(2),
            first_pause: Duration::from_secs(1),
            clock: Clock::default(),
        }
    }

    fn check(&self) -> Result<()> {
        let known = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if self.region.is_empty() || !self.region.chars().all(known) {
            return Err(Error::invalid_input(
                "region",
                "is not a region's name; give one such as `eu-west-1`",
            ));
        }
        if let Some(text) = &self.endpoint_url {
            let authority = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
            let names_server = authority.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'))
                && !text.contains(|c: char| c.is_whitespace() || c.is_control());
            let Some(url) = Url::parse(text).ok().filter(|_| names_server) else {
                return Err(Error::invalid_input(
                    "endpoint",
                    "is not a URL of a server; give one such as `https://dynamodb.eu-west-1.amazonaws.com`",
                ));
            };
            self.dialer
                .check_literal(&url)
                .map_err(|forbidden| Error::invalid_input("endpoint", forbidden))?;
        }
        Ok(())
    }
}

impl fmt::Debug for DynamoConfig {
    /// Without the credentials: the SDK hides their secret part only, and an engine's access key id is secret too.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DynamoConfig")
            .field("region", &self.region)
            .field("endpoint_url", &self.endpoint_url)
            .field("dialer", &self.dialer)
            .field("timeouts", &self.timeouts)
            .field("max_attempts", &self.max_attempts)
            .field("first_pause", &self.first_pause)
            .finish_non_exhaustive()
    }
}

/// A connected DynamoDB client; clones share their connections.
#[derive(Clone)]
pub struct DynamoClient {
    sdk: aws_sdk_dynamodb::Client,
    clock: Clock,
    region: String,
}

impl DynamoClient {
    /// Makes a client. No request is sent.
    ///
    /// # Errors
    /// `InvalidInput` when region or endpoint can't be ones.
    pub fn new(config: DynamoConfig) -> Result<Self> {
        config.check()?;
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(config.timeouts.connect)
            .operation_attempt_timeout(config.timeouts.attempt)
            .operation_timeout(config.timeouts.operation)
            .build();
        let mut sdk = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(config.region.clone()))
            .credentials_provider(config.credentials)
            .timeout_config(timeouts)
            .http_client(config.http_client.unwrap_or_else(|| http::client(&config.dialer)))
            .retry_classifier(NeverAgainWhereForbidden)
            .retry_config(
                RetryConfig::standard()
                    .with_max_attempts(config.max_attempts.get())
                    .with_initial_backoff(config.first_pause),
            );
        sdk.set_endpoint_url(config.endpoint_url);
        Ok(Self {
            sdk: aws_sdk_dynamodb::Client::from_conf(sdk.build()),
            clock: config.clock,
            region: config.region,
        })
    }

    /// The SDK's own client, for what this library does not do.
    #[must_use]
    pub fn sdk(&self) -> &aws_sdk_dynamodb::Client {
        &self.sdk
    }

    /// What tells expiry.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The region that signs requests.
    #[must_use]
    pub fn region(&self) -> &str {
        &self.region
    }

    /// Sends one operation. `build` makes the request and has to attach the meter as its interceptor, and to ask for
    /// consumed capacity where the operation can tell it: an answer with neither that nor a request id is not
    /// DynamoDB's. (An emulator may leave out the capacity of a transaction.)
    pub(crate) async fn call<T, E, F>(
        &self,
        build: impl FnOnce(Meter) -> F,
    ) -> Result<(T, Usage), CallError<E>>
    where
        T: Charged + RequestId,
        F: Future<Output = Result<T, SdkError<E>>>,
    {
        let meter = Meter::default();
        let answer = build(meter.clone()).await;
        let mut usage = meter.usage();
        match answer {
            Ok(output) => match output.charge().or_else(|| output.request_id().map(|_| Usage::default())) {
                Some(charge) => {
                    usage += charge;
                    Ok((output, usage))
                }
                None => Err(CallError::not_dynamodb(usage)),
            },
            Err(source) => Err(CallError::new(source, usage, meter.in_doubt())),
        }
    }
}

impl fmt::Debug for DynamoClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DynamoClient").field("region", &self.region).field("clock", &self.clock).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    fn field_refused(region: &str, endpoint: Option<&str>) -> Option<String> {
        let keys = aws_sdk_dynamodb::config::Credentials::new("AKID", "secret", None, None, "test");
        let mut config = DynamoConfig::new(region, SharedCredentialsProvider::new(keys));
        config.endpoint_url = endpoint.map(str::to_owned);
        match DynamoClient::new(config).err()?.kind() {
            ErrorKind::InvalidInput { field } => Some(field.clone()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_region_or_endpoint_that_cannot_be_one_is_named() {
        assert_eq!(field_refused("eu-west-1", None), None);
        assert_eq!(field_refused("eu-west-1", Some("http://127.0.0.1:8000")), None);
        for region in ["", "eu west", "eu/west", "ü"] {
            assert_eq!(field_refused(region, None).as_deref(), Some("region"), "{region}");
        }
        for url in ["", "localhost:8000", "https://", "https:///x", "ftp://x", "http://a b"] {
            assert_eq!(field_refused("eu-west-1", Some(url)).as_deref(), Some("endpoint"), "{url}");
        }
    }
}
