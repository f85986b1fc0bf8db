//! What a command failed with. An error of this process and one that a running host answered are told alike.

use std::process::ExitCode;

use canvas_memory::{Error, ErrorKind, Retry};
use serde::Serialize;
use serde_json::Value;

use super::exit;

/// An error, as its JSON form says it.
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
pub(super) struct Failure(Value);

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self(serde_json::to_value(&error).unwrap_or_else(|_| Value::String(error.to_string())))
    }
}

impl Failure {
    /// An error as the API answers it.
    pub(super) fn from_json(error: Value) -> Self {
        Self(error)
    }

    /// The text for a person, as [`Error`] displays itself.
    pub(super) fn text(&self) -> String {
        let mut text = match self.field("operation") {
            Some(operation) => format!("{operation}: "),
            None => String::new(),
        };
        text.push_str(self.field("message").or_else(|| self.0.as_str()).unwrap_or("no reason is known"));
        let facts = self.0.get("context").and_then(Value::as_object).into_iter().flatten();
        let facts: Vec<_> =
            facts.map(|(name, value)| format!("{name} {}", value.as_str().unwrap_or_default())).collect();
        if facts.is_empty() { text } else { format!("{text} ({})", facts.join(", ")) }
    }

    pub(super) fn is_missing_credential(&self) -> bool {
        self.field("kind") == Some(ErrorKind::MissingCredential.code())
    }

    /// Whether the same call can be made again.
    pub(super) fn is_repeatable(&self) -> bool {
        let never = serde_json::to_value(Retry::Never).ok();
        self.0.get("retry").is_some_and(|retry| never.as_ref() != Some(retry))
    }

    pub(super) fn exit_code(&self) -> ExitCode {
        exit::code(self.field("kind").unwrap_or_default())
    }

    fn field(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_reads_the_same_from_here_and_from_a_host() {
        let error = || {
            Error::new(ErrorKind::Throttled, "too many requests; wait")
                .in_operation("load")
                .with("table", "chat")
        };
        let answered = serde_json::to_string(&error()).unwrap();
        for failure in [Failure::from(error()), Failure::from_json(serde_json::from_str(&answered).unwrap())]
        {
            assert_eq!(failure.text(), error().to_string());
            assert_eq!(serde_json::to_string(&failure).unwrap(), answered);
            assert!(failure.is_repeatable() && !failure.is_missing_credential());
        }
        assert!(!Failure::from(Error::invalid_input("a", "is bad")).is_repeatable());
    }
}
