//! What a look at an instance or a credential found.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::usage::Usage;

/// What a health check or a credential's test found. What keeps an instance from working is an [`Error`](crate::Error)
/// instead.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct Health {
    /// What was looked at, in that order.
    pub findings: Vec<Finding>,
    /// What looking cost.
    pub usage: Usage,
}

impl Health {
    /// Adds something that is as it should be.
    pub fn ok(&mut self, subject: &'static str, text: impl Into<String>) {
        self.findings.push(Finding::new(Level::Ok, subject, text));
    }

    /// Adds something that works and should be seen to.
    pub fn warn(&mut self, subject: &'static str, text: impl Into<String>) {
        self.findings.push(Finding::new(Level::Warning, subject, text));
    }
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// How it stands.
    pub level: Level,
    /// What was looked at, such as `table`, or the input in question, such as `tableName`.
    pub subject: Cow<'static, str>,
    /// What was found and, unless it is as it should be, what to do.
    pub text: String,
}

impl Finding {
    /// A finding of any level.
    #[must_use]
    pub fn new(level: Level, subject: impl Into<Cow<'static, str>>, text: impl Into<String>) -> Self {
        Self { level, subject: subject.into(), text: text.into() }
    }
}

/// How a finding stands, the worse the greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Level {
    /// As it should be.
    Ok,
    /// It works, and should be seen to.
    Warning,
    /// It keeps the instance from working. A diagnosis alone has such findings: elsewhere this is an
    /// [`Error`](crate::Error).
    Error,
}
