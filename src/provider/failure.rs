//! What can go wrong at a provider, as our error. Neither keys nor bodies get into the text: providers repeat both.

use std::error::Error as StdError;

use genai::Error as GenaiError;

use crate::dial::Forbidden;
use crate::error::{Error, ErrorKind};

pub(super) fn of(error: &GenaiError) -> Error {
    // A status that comes instead of a stream is wrapped once more.
    let error = match error {
        GenaiError::WebStream { error: cause, .. } => cause.downcast_ref().unwrap_or(error),
        _ => error,
    };
    match error.status().map(|status| status.as_u16()) {
        Some(status) => {
            of_status(status).with("status", status).with("code", code(error).unwrap_or("none".into()))
        }
        None => of_transport(error),
    }
}

pub(super) fn no_client(error: impl Into<Box<dyn StdError + Send + Sync>>) -> Error {
    Error::new(ErrorKind::Unavailable, "the HTTP client could not be set up").with_source(error)
}

pub(super) fn malformed(error: serde_json::Error) -> Error {
    Error::new(ErrorKind::Protocol, "a tool call or tool schema is not well-formed JSON").with_source(error)
}

pub(super) fn empty_answer() -> Error {
    Error::new(ErrorKind::Protocol, "the model answered nothing; ask again, or try another model")
}

pub(super) fn filtered() -> Error {
    Error::new(ErrorKind::Denied, "the provider's filter kept the answer back; ask in other words")
}

fn of_status(status: u16) -> Error {
    match status {
        401 => Error::new(
            ErrorKind::Unauthenticated,
            "the provider does not know the API key; correct the credential",
        ),
        403 => Error::new(ErrorKind::Denied, "the API key may not use this model; allow it at the provider"),
        404 => Error::new(
            ErrorKind::NotFound,
            "the provider has no such model or path; correct `modelName` or `baseURL`",
        ),
        402 | 429 => Error::new(
            ErrorKind::Throttled,
            "the provider's rate or quota is used up; wait, or raise it there",
        ),
        413 => Error::new(
            ErrorKind::TooLarge,
            "the prompt is too large for the provider; recall less of the conversation",
        ),
        400..=499 => Error::new(
            ErrorKind::InvalidInput { field: "modelName".to_owned() },
            "the provider refused the request; check that the model takes what the conversation holds",
        ),
        300..=399 => Error::new(
            ErrorKind::Protocol,
            "the provider redirects, which is not followed; correct `baseURL`",
        ),
        _ => Error::new(ErrorKind::Unavailable, "the provider failed; ask again"),
    }
}

fn of_transport(error: &GenaiError) -> Error {
    if let Some(forbidden) = causes(error).find_map(|cause| cause.downcast_ref::<Forbidden>()) {
        return Error::invalid_input("baseURL", forbidden);
    }
    if matches!(error, GenaiError::ChatResponse { .. }) {
        let failed =
            Error::new(ErrorKind::Unavailable, "the provider broke the answer off with an error; ask again");
        return failed.with("code", code(error).unwrap_or("none".into()));
    }
    let transport = causes(error).find_map(|cause| cause.downcast_ref::<reqwest::Error>());
    match transport {
        Some(cause) if cause.is_timeout() => {
            Error::new(ErrorKind::Unavailable, "the provider did not answer in time; ask again")
        }
        Some(cause) if cause.is_connect() => Error::new(
            ErrorKind::Unavailable,
            "the provider can't be reached; check `baseURL` and the network",
        ),
        Some(_) => Error::new(ErrorKind::Unavailable, "the connection to the provider broke off; ask again"),
        None => Error::new(
            ErrorKind::Protocol,
            "the provider's answer is not that of a chat model; check `provider` and `baseURL`",
        ),
    }
}

fn causes(error: &GenaiError) -> impl Iterator<Item = &(dyn StdError + 'static)> {
    use genai::webc::Error as WebError;
    let first: Option<&(dyn StdError + 'static)> = match error {
        GenaiError::WebModelCall { webc_error: WebError::Reqwest(cause), .. }
        | GenaiError::WebAdapterCall { webc_error: WebError::Reqwest(cause), .. } => Some(cause),
        GenaiError::WebStream { error, .. } => Some(error.as_ref()),
        _ => None,
    };
    std::iter::successors(first, |&cause| cause.source())
}

/// The provider's own error code, such as `model_not_found`; never free text.
fn code(error: &GenaiError) -> Option<String> {
    use genai::webc::Error as WebError;
    let body: serde_json::Value = match error {
        GenaiError::HttpError { body, .. }
        | GenaiError::WebModelCall { webc_error: WebError::ResponseFailedStatus { body, .. }, .. }
        | GenaiError::WebAdapterCall { webc_error: WebError::ResponseFailedStatus { body, .. }, .. } => {
            serde_json::from_str(body).ok()?
        }
        GenaiError::ChatResponse { body, .. } => serde_json::json!({"error": body}),
        _ => return None,
    };
    let error = body.get("error")?;
    let code = [error.get("code"), error.get("type"), error.get("status")];
    let code = code.into_iter().flatten().find_map(|code| code.as_str())?;
    let is_code = code.len() <= 64
        && code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_' || byte == b'-');
    is_code.then(|| code.to_owned())
}
