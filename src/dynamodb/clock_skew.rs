//! How far this machine's clock is from the server's, by the `Date` of its answers.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::BeforeDeserializationInterceptorContextRef;
use aws_smithy_runtime_api::client::interceptors::dyn_dispatch_hint;
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;

/// How this machine's clock stands to the server's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClockSkew {
    Behind(Duration),
    Ahead(Duration),
}

impl ClockSkew {
    pub(crate) fn by(self) -> Duration {
        match self {
            Self::Behind(by) | Self::Ahead(by) => by,
        }
    }

    fn between(here: SystemTime, there: SystemTime) -> Self {
        match there.duration_since(here) {
            Ok(by) => Self::Behind(by),
            Err(error) => Self::Ahead(error.duration()),
        }
    }
}

/// Looks at the answers to a call. Attach a clone as an interceptor of the request.
#[derive(Clone, Debug, Default)]
pub(crate) struct ClockWatch(Arc<Mutex<Option<ClockSkew>>>);

impl ClockWatch {
    /// What the last answer that had a date told.
    pub(crate) fn skew(&self) -> Option<ClockSkew> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[dyn_dispatch_hint]
impl Intercept for ClockWatch {
    fn name(&self) -> &'static str {
        "ClockWatch"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let date = context.response().headers().get("date");
        let there = date.and_then(|date| DateTime::from_str(date, Format::HttpDate).ok());
        if let Some(there) = there.and_then(|there| SystemTime::try_from(there).ok()) {
            // Requests are signed with the system's time, whatever tells expiry.
            let skew = ClockSkew::between(SystemTime::now(), there);
            self.0.lock().unwrap_or_else(PoisonError::into_inner).replace(skew);
        }
        Ok(())
    }
}
