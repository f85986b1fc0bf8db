//! One error for the whole library.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::error::Error as StdError;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::session::{Position, TurnId};
use crate::usage::Usage;

/// What every fallible call of this library returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, as a caller tells cases apart.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A value that the caller gave can't be used.
    InvalidInput {
        /// The field's name as the schema spells it.
        field: String,
    },
    /// A credential is needed and was not given, or was deleted.
    MissingCredential,
    /// A credential is there and its key is not.
    Undecryptable,
    /// The service does not know the key or token.
    Unauthenticated,
    /// The service knows the key or token and refuses the operation.
    Denied,
    /// The table, index, session, message or model is not there.
    NotFound,
    /// The table or key exists and has another shape than the layout needs.
    Mismatch,
    /// What is stored can't be read. Never shown as empty, never overwritten.
    Corrupt,
    /// More than the backend or the layout can hold. Nothing was written.
    TooLarge,
    /// The session has moved on from the position that was expected. Nothing was written.
    Conflict {
        /// Where the session ends now, where the store learned it.
        position: Option<Position>,
    },
    /// The turn id stands for other content already. Nothing was written.
    TurnIdReused,
    /// The reply was lost: the turn may or may not be stored. Appending it again is safe.
    Unknown {
        /// The turn in doubt.
        turn_id: TurnId,
        /// The position that was tried; a retry that carries it is exact.
        position: Option<Position>,
    },
    /// The reply was lost: what a call was to write may or may not be there. The same call is safe to make again.
    ///
    /// Of a turn, that is [`ErrorKind::Unknown`], which names the turn.
    UnknownWrite,
    /// The service asks for fewer requests. Nothing was written.
    Throttled,
    /// The service can't be reached or fails. Nothing was written.
    Unavailable,
    /// The service answered what its protocol does not allow, such as a web page.
    Protocol,
    /// The store, model or node can't do this.
    Unsupported,
    /// The local disk is full or fails.
    Storage,
}

/// Whether the same call can be made again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Retry {
    /// It would fail again: something has to change first.
    Never,
    /// At once, after looking at what changed.
    Now,
    /// After a pause.
    Later,
}

/// An error with its kind, the operation, context, source and what the call had cost until then.
///
/// Its text says what to do next. It holds no secret and no text of a conversation.
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    message: String,
    operation: Option<&'static str>,
    context: Vec<(&'static str, String)>,
    usage: Usage,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// An error of `kind`; `message` says what happened and what to do.
    #[must_use]
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            message: message.into(),
            operation: None,
            context: Vec::new(),
            usage: Usage::default(),
            source: None,
        }))
    }

    /// A value of the caller's that can't be used: `problem` continues the field's name.
    #[must_use]
    pub fn invalid_input(field: impl Into<String>, problem: impl fmt::Display) -> Self {
        let field = field.into();
        let message = format!("`{field}` {problem}");
        Self::new(ErrorKind::InvalidInput { field }, message)
    }

    /// Names the operation, unless a deeper layer has.
    #[must_use]
    pub fn in_operation(mut self, operation: &'static str) -> Self {
        self.0.operation.get_or_insert(operation);
        self
    }

    /// Adds a fact, such as the table or the key. Never a secret, never text of a conversation.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl fmt::Display) -> Self {
        self.0.context.push((name, value.to_string()));
        self
    }

    /// Adds what the call had cost.
    #[must_use]
    pub fn with_usage(mut self, usage: Usage) -> Self {
        self.0.usage += usage;
        self
    }

    /// Keeps the cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// What went wrong.
    #[must_use]
    pub fn kind(&self) -> &ErrorKind {
        &self.0.kind
    }

    /// What happened and what to do, without operation and context.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The operation that failed, such as `append`.
    #[must_use]
    pub fn operation(&self) -> Option<&'static str> {
        self.0.operation
    }

    /// The facts, by name.
    #[must_use]
    pub fn context(&self) -> &[(&'static str, String)] {
        &self.0.context
    }

    /// What the call had cost until it failed.
    #[must_use]
    pub fn usage(&self) -> Usage {
        self.0.usage
    }

    /// Whether the same call can be made again. An append that is repeated must carry the same turn id.
    #[must_use]
    pub fn retry(&self) -> Retry {
        match self.0.kind {
            ErrorKind::Conflict { .. } | ErrorKind::Unknown { .. } | ErrorKind::UnknownWrite => Retry::Now,
            ErrorKind::Throttled | ErrorKind::Unavailable => Retry::Later,
            _ => Retry::Never,
        }
    }
}

impl ErrorKind {
    /// Every name that [`ErrorKind::code`] gives.
    const CODES: [&'static str; 17] = [
        "invalid_input",
        "missing_credential",
        "undecryptable",
        "unauthenticated",
        "denied",
        "not_found",
        "mismatch",
        "corrupt",
        "too_large",
        "conflict",
        "turn_id_reused",
        "unknown",
        "throttled",
        "unavailable",
        "protocol",
        "unsupported",
        "storage",
    ];

    /// The kind's name for programs, such as `invalid_input`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::InvalidInput { .. } => "invalid_input",
            Self::MissingCredential => "missing_credential",
            Self::Undecryptable => "undecryptable",
            Self::Unauthenticated => "unauthenticated",
            Self::Denied => "denied",
            Self::NotFound => "not_found",
            Self::Mismatch => "mismatch",
            Self::Corrupt => "corrupt",
            Self::TooLarge => "too_large",
            Self::Conflict { .. } => "conflict",
            Self::TurnIdReused => "turn_id_reused",
            Self::Unknown { .. } | Self::UnknownWrite => "unknown",
            Self::Throttled => "throttled",
            Self::Unavailable => "unavailable",
            Self::Protocol => "protocol",
            Self::Unsupported => "unsupported",
            Self::Storage => "storage",
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(operation) = self.0.operation {
            write!(f, "{operation}: ")?;
        }
        f.write_str(&self.0.message)?;
        for (at, (name, value)) in self.0.context.iter().enumerate() {
            write!(f, "{}{name} {value}", if at == 0 { " (" } else { ", " })?;
        }
        if self.0.context.is_empty() { Ok(()) } else { f.write_str(")") }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("text", &self.to_string())
            .field("usage", &self.0.usage)
            .field("source", &self.0.source)
            .finish()
    }
}

/// For programs: `{"kind", "message", "operation"?, "field"?, "turn_id"?, "position"?, "retry", "context", "usage"}`.
impl Serialize for Error {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let Inner { kind, message, operation, context, usage, .. } = &*self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("kind", kind.code())?;
        map.serialize_entry("message", message)?;
        if let Some(operation) = operation {
            map.serialize_entry("operation", operation)?;
        }
        match kind {
            ErrorKind::InvalidInput { field } => map.serialize_entry("field", field)?,
            ErrorKind::Conflict { position } => map.serialize_entry("position", position)?,
            ErrorKind::Unknown { turn_id, position } => {
                map.serialize_entry("turn_id", turn_id)?;
                map.serialize_entry("position", position)?;
            }
            _ => {}
        }
        map.serialize_entry("retry", &self.retry())?;
        map.serialize_entry(
            "context",
            &context.iter().map(|(name, value)| (*name, value)).collect::<BTreeMap<_, _>>(),
        )?;
        map.serialize_entry("usage", usage)?;
        map.end()
    }
}

impl JsonSchema for Error {
    fn schema_name() -> Cow<'static, str> {
        "Error".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "title": "Error",
            "description": "What went wrong, and what to do next. It holds no secret and no text of a conversation.",
            "type": "object",
            "properties": {
                "kind": {"description": "What went wrong, for programs.", "type": "string", "enum": ErrorKind::CODES},
                "message": {"description": "What happened and what to do.", "type": "string"},
                "operation": {"description": "The operation that failed, such as `append`.", "type": "string"},
                "field": {"description": "Of `invalid_input`: the field in question.", "type": "string"},
                "turn_id": {"description": "Of `unknown`: the turn in doubt.", "type": "string"},
                "position": {
                    "description": "Of `conflict`: where the session ends now. Of `unknown`: the position that was tried.",
                    "type": ["string", "null"],
                },
                "retry": generator.subschema_for::<Retry>(),
                "context": {
                    "description": "Facts, such as the table's name.",
                    "type": "object",
                    "additionalProperties": {"type": "string"},
                },
                "usage": generator.subschema_for::<Usage>(),
            },
            "required": ["kind", "message", "retry", "context", "usage"],
        })
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_tells_operation_problem_and_facts() {
        let error =
            Error::new(ErrorKind::NotFound, "the table is not there; create it or correct `tableName`")
                .in_operation("load")
                .in_operation("chat")
                .with("table", "chat")
                .with("region", "eu-west-1");
        assert_eq!(
            error.to_string(),
            "load: the table is not there; create it or correct `tableName` (table chat, region eu-west-1)"
        );
        assert_eq!(error.retry(), Retry::Never);
    }

    #[test]
    fn a_program_reads_what_to_do() {
        let kind = ErrorKind::Unknown { turn_id: TurnId::new("t1").unwrap(), position: None };
        let json = serde_json::to_value(Error::new(kind, "no reply").with("table", "chat")).unwrap();
        assert_eq!(json["kind"], "unknown");
        assert_eq!(json["turn_id"], "t1");
        assert_eq!(json["retry"], "now");
        assert_eq!(json["context"]["table"], "chat");
    }
}
