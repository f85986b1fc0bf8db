//! The SDK's errors as ours.

use std::error::Error as StdError;

use aws_sdk_dynamodb::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::CancellationReason;

use crate::dial::Forbidden;
use crate::error::{Error, ErrorKind};
use crate::reach;
use crate::session::{Position, TurnId};
use crate::usage::Usage;

/// A call that failed, with what it had cost and whether it may have happened all the same.
#[derive(Debug)]
pub(crate) struct CallError<E> {
    /// `None` where the answer was a success and not one of DynamoDB's.
    source: Option<Box<SdkError<E>>>,
    usage: Usage,
    in_doubt: bool,
}

impl<E> CallError<E> {
    pub(crate) fn new(source: SdkError<E>, usage: Usage, in_doubt: bool) -> Self {
        Self { source: Some(Box::new(source)), usage, in_doubt }
    }

    pub(crate) fn not_dynamodb(usage: Usage) -> Self {
        Self { source: None, usage, in_doubt: true }
    }

    /// DynamoDB's own error, such as a condition that failed.
    pub(crate) fn service(&self) -> Option<&E> {
        self.source.as_ref()?.as_service_error()
    }

    pub(crate) fn usage(&self) -> Usage {
        self.usage
    }

    /// Whether an attempt before may have happened.
    pub(crate) fn in_doubt(&self) -> bool {
        self.in_doubt
    }
}

impl<E> CallError<E>
where
    E: StdError + ProvideErrorMetadata + Send + Sync + 'static,
{
    /// The error of a read, or of a write that is the same when made twice.
    pub(crate) fn into_error(self) -> Error {
        let usage = self.usage;
        self.described().with_usage(usage)
    }

    /// The error of a write of a turn: `Unknown` where it may have happened.
    pub(crate) fn into_append_error(self, turn_id: &TurnId, position: Option<&Position>) -> Error {
        // DynamoDB evaluates the condition before the size, so an answer about the size is one about this write.
        let (in_doubt, usage) = (self.in_doubt, self.usage);
        let error = self.described();
        if !in_doubt || matches!(error.kind(), ErrorKind::TooLarge) {
            return error.with_usage(usage);
        }
        let kind = ErrorKind::Unknown { turn_id: turn_id.clone(), position: position.cloned() };
        Error::new(kind, "the answer was lost, so the turn may or may not be stored; append it again under the same turn id")
            .with("cause", error.kind().code())
            .with_source(error)
            .with_usage(usage)
    }

    /// The error of any other write: `UnknownWrite` where it may have happened. It has to be safe to make again.
    pub(crate) fn into_write_error(self) -> Error {
        let (in_doubt, usage) = (self.in_doubt, self.usage);
        let error = self.described();
        if !in_doubt || matches!(error.kind(), ErrorKind::TooLarge) {
            return error.with_usage(usage);
        }
        let message = "the answer was lost, so what was to be written may or may not be there; make the same call again";
        Error::new(ErrorKind::UnknownWrite, message)
            .with("cause", error.kind().code())
            .with_source(error)
            .with_usage(usage)
    }

    fn described(self) -> Error {
        let sent = self.usage.requests > 0;
        let Some(source) = self.source else {
            return protocol("a success without the figures that DynamoDB sends");
        };
        match *source {
            SdkError::ServiceError(context) => {
                let status = context.raw().status().as_u16();
                of_service(context.err(), status)
            }
            SdkError::ResponseError(context) => {
                let status = context.raw().status();
                if status.is_server_error() {
                    unavailable(status.as_u16())
                } else {
                    protocol("an answer that is not DynamoDB's JSON")
                }
            }
            SdkError::TimeoutError(_) => Error::new(
                ErrorKind::Unavailable,
                "DynamoDB did not answer in time; check the endpoint and try again",
            ),
            SdkError::DispatchFailure(failure) if sent => {
                let cause = failure.as_connector_error().map(|cause| cause as &(dyn StdError + 'static));
                if let Some(forbidden) = cause.and_then(Forbidden::among) {
                    return Error::invalid_input("endpoint", forbidden);
                }
                let why = cause.and_then(reach::obstacle).map_or_else(String::new, |why| format!(": {why}"));
                let message =
                    format!("DynamoDB can't be reached{why}; check the region, the endpoint and the network");
                let error = Error::new(ErrorKind::Unavailable, message);
                match cause {
                    Some(cause) => error.with_source(DisplayErrorContext(cause).to_string()),
                    None => error,
                }
            }
            unsent => Error::new(
                ErrorKind::MissingCredential,
                "the request could not be signed; connect a credential, or correct the one that is connected",
            )
            .with_source(DisplayErrorContext(&unsent).to_string()),
        }
    }
}

fn protocol(what: &str) -> Error {
    let message = format!(
        "the endpoint gave {what}; check that the endpoint is DynamoDB's and that no proxy answers for it"
    );
    Error::new(ErrorKind::Protocol, message)
}

fn unavailable(status: u16) -> Error {
    Error::new(ErrorKind::Unavailable, "DynamoDB fails at the moment; try again in a while")
        .with("status", status)
}

fn clock_is_wrong() -> Error {
    let message = "DynamoDB does not take a signature of this time; set this machine's clock, which is wrong by more than \
                   five minutes";
    Error::new(ErrorKind::Unauthenticated, message)
}

/// Whether a signature is refused for its time: "Signature expired: …", "Signature not yet current: …".
fn is_about_time(message: &str) -> bool {
    message.contains("Signature expired") || message.contains("Signature not yet current")
}

fn is_about_kms(code: &str, message: &str) -> bool {
    code.starts_with("KMS") || message.contains("KMS") || message.contains("kms:")
}

/// Whether a validation error is about the size of an item.
fn is_item_size(message: &str) -> bool {
    message.contains("Item size") && message.contains("maximum allowed size")
}

/// Why DynamoDB cancelled a transaction, where that is neither a condition nor another writer: it is cancelled again, at
/// least for a while.
pub(crate) fn of_cancellation(reasons: &[CancellationReason]) -> Option<Error> {
    reasons.iter().find_map(|reason| {
        let code = match reason.code()? {
            "AccessDenied" => "AccessDeniedException",
            "ItemCollectionSizeLimitExceeded" => "ItemCollectionSizeLimitExceededException",
            "ProvisionedThroughputExceeded" => "ProvisionedThroughputExceededException",
            "ThrottlingError" => "ThrottlingException",
            "ValidationError" => "ValidationException",
            _ => return None,
        };
        Some(of_code(code, reason.message().unwrap_or_default(), 400))
    })
}

fn of_service<E: ProvideErrorMetadata>(error: &E, status: u16) -> Error {
    let Some(code) = error.code() else {
        let error = match status {
            401 => Error::new(
                ErrorKind::Unauthenticated,
                "the endpoint does not know this credential; correct it",
            ),
            403 => Error::new(
                ErrorKind::Denied,
                "the endpoint refuses the request; check the credential, its policy and the endpoint",
            ),
            500.. => return unavailable(status),
            _ => protocol("an answer that is not DynamoDB's"),
        };
        return error.with("status", status);
    };
    of_code(code, error.message().unwrap_or_default(), status)
}

fn of_code(code: &str, message: &str, status: u16) -> Error {
    let error = match code {
        "ResourceNotFoundException" => Error::new(
            ErrorKind::NotFound,
            "the table is not there; create it, or correct `tableName` or `region`",
        ),
        "AccessDeniedException" | "KMSAccessDeniedException" if is_about_kms(code, message) => Error::new(
            ErrorKind::Denied,
            "the credential may not use the KMS key that encrypts the table; allow `kms:Decrypt` on the key, in the \
             credential's policy and in the key's own",
        ),
        "AccessDeniedException" => Error::new(
            ErrorKind::Denied,
            "the credential may not do this; add the operation and the table to its policy",
        ),
        "RequestTimeTooSkewed" | "RequestExpired" => clock_is_wrong(),
        "InvalidSignatureException" if is_about_time(message) => clock_is_wrong(),
        "UnrecognizedClientException"
        | "InvalidSignatureException"
        | "InvalidClientTokenId"
        | "MissingAuthenticationToken"
        | "MissingAuthenticationTokenException"
        | "IncompleteSignature"
        | "IncompleteSignatureException"
        | "SignatureDoesNotMatch" => Error::new(
            ErrorKind::Unauthenticated,
            "DynamoDB does not know this credential; correct its access key and secret",
        ),
        "ExpiredToken" | "ExpiredTokenException" => Error::new(
            ErrorKind::Unauthenticated,
            "the credential's session token has expired; connect a new one",
        ),
        "ThrottlingException"
        | "ProvisionedThroughputExceededException"
        | "RequestLimitExceeded"
        | "LimitExceededException" => {
            Error::new(ErrorKind::Throttled, "DynamoDB asks for fewer requests; try again in a while")
        }
        "ConditionalCheckFailedException"
        | "TransactionCanceledException"
        | "TransactionConflictException"
        | "TransactionInProgressException"
        | "ReplicatedWriteConflictException" => Error::new(
            ErrorKind::Conflict { position: None },
            "another writer changed the session meanwhile; load it and try again",
        ),
        "UnknownOperationException" => {
            Error::new(ErrorKind::Unsupported, "this endpoint does not have the operation; AWS's own has it")
        }
        // Of the built-in engine; AWS has no such error.
        "StorageFullException" => Error::new(
            ErrorKind::Storage,
            "the disk that holds the built-in engine's data is full, and nothing was written; free some space",
        ),
        "ItemCollectionSizeLimitExceededException" => Error::new(
            ErrorKind::TooLarge,
            "the table's local index holds no more of this session; use a table without one",
        ),
        "ValidationException" if is_item_size(message) => Error::new(
            ErrorKind::TooLarge,
            "the session's item would pass DynamoDB's limit of 400 KB; nothing was written",
        ),
        "ValidationException" if message.contains("at 'tableName'") => Error::invalid_input(
            "tableName",
            "is not a table's name; give 3 to 255 letters, digits, `_`, `-` and `.`",
        ),
        "ValidationException" => Error::new(
            ErrorKind::Mismatch,
            "the table or what is stored under the key has another shape than this layout needs; check the key names and the layout",
        ),
        _ if status >= 500 => unavailable(status),
        _ => protocol("an error that is not known").with("code", code),
    };
    match error.kind() {
        ErrorKind::Unauthenticated | ErrorKind::Conflict { .. } => error,
        _ if message.is_empty() => error,
        _ => error.with_source(message.to_owned()),
    }
}
