//! What carries the SDK's requests.

use std::error::Error as StdError;

use aws_sdk_dynamodb::config::SharedHttpClient;
use aws_sdk_dynamodb::config::retry::{ClassifyRetry, RetryAction};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::dns::{DnsFuture, ResolveDns, ResolveDnsError};
use aws_smithy_runtime_api::client::interceptors::context::InterceptorContext;

use crate::dial::{Dialer, Forbidden};

/// An HTTPS client that connects through `dialer`. Unlike the SDK's own, it takes no proxy from the environment; like
/// that, it follows no redirect.
#[must_use]
pub(crate) fn client(dialer: &Dialer) -> SharedHttpClient {
    aws_smithy_http_client::Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
        .build_with_resolver(Names(dialer.clone()))
}

#[derive(Clone, Debug)]
struct Names(Dialer);

impl ResolveDns for Names {
    fn resolve_dns<'a>(&'a self, name: &'a str) -> DnsFuture<'a> {
        DnsFuture::new(async move { self.0.resolve(name).await.map_err(ResolveDnsError::new) })
    }
}

/// A name that may not be dialled is not tried again: the SDK would, as after any failure to connect.
#[derive(Debug)]
pub(super) struct NeverAgainWhereForbidden;

impl ClassifyRetry for NeverAgainWhereForbidden {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let error = context.output_or_error().and_then(Result::err);
        let cause = error.and_then(|error| error.as_connector_error());
        match cause.and_then(|cause| Forbidden::among(cause as &(dyn StdError + 'static))) {
            Some(_) => RetryAction::RetryForbidden,
            None => RetryAction::NoActionIndicated,
        }
    }

    fn name(&self) -> &'static str {
        "never again where forbidden"
    }
}
