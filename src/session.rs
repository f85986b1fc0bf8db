//! Turns, sessions, and the marks that order them.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::message::{Message, Role};

/// Whose sessions these are. Set by the host, never by a request body.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Scope(String);

impl Scope {
    /// The most bytes a scope may have.
    pub const MAX_BYTES: usize = 256;

    /// Names a scope.
    ///
    /// # Errors
    /// `InvalidInput` when the name is empty, longer than [`Scope::MAX_BYTES`], or holds `:` or a control character.
    pub fn new(name: impl Into<String>) -> Result<Self> {
        let name = name.into();
        check_text("scope", &name, Self::MAX_BYTES)?;
        if name.contains(|c: char| c == ':' || c.is_control()) {
            return Err(Error::invalid_input("scope", "holds `:` or a control character; use neither"));
        }
        Ok(Self(name))
    }

    /// The scope's name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is the scope of a host with one user.
    #[must_use]
    pub fn is_local(&self) -> bool {
        self.0 == "local"
    }
}

impl Default for Scope {
    fn default() -> Self {
        Self("local".to_owned())
    }
}

/// Which conversation, in any Unicode, kept as given.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct SessionId(#[schemars(length(min = 1, max = 2_048))] String);

impl SessionId {
    /// The most bytes a session id may have: the limit of a DynamoDB partition key.
    pub const MAX_BYTES: usize = 2_048;

    /// Names a session.
    ///
    /// # Errors
    /// `InvalidInput` when the id is empty or longer than [`SessionId::MAX_BYTES`].
    pub fn new(id: impl Into<String>) -> Result<Self> {
        let id = id.into();
        check_text("sessionId", &id, Self::MAX_BYTES)?;
        Ok(Self(id))
    }

    /// A new id that no other session has.
    #[must_use]
    pub fn mint() -> Self {
        Self(uuid::Uuid::new_v4().to_string())
    }

    /// The id as given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for SessionId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        Self::new(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

fn check_text(field: &'static str, text: &str, max_bytes: usize) -> Result<()> {
    if text.is_empty() {
        return Err(Error::invalid_input(field, "is empty; give at least one character"));
    }
    if text.len() > max_bytes {
        let problem = format!("has {} bytes; at most {max_bytes} fit", text.len());
        return Err(Error::invalid_input(field, problem));
    }
    Ok(())
}

/// A session of a scope: what a store keeps turns under.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SessionKey {
    /// Whose session it is.
    pub scope: Scope,
    /// Which of theirs.
    pub session: SessionId,
}

impl SessionKey {
    /// The session `id` of a host with one user.
    ///
    /// # Errors
    /// As [`SessionId::new`].
    pub fn local(id: impl Into<String>) -> Result<Self> {
        Ok(Self { scope: Scope::default(), session: SessionId::new(id)? })
    }
}

/// What makes an append repeatable: one id has one effect.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct TurnId(#[schemars(regex(pattern = r"^[!-~]{1,64}$"))] String);

impl TurnId {
    /// The most bytes a turn id may have.
    pub const MAX_BYTES: usize = 64;

    /// An id that the caller brings, so that it can repeat the turn after a crash of its own.
    ///
    /// # Errors
    /// `InvalidInput` unless the id is 1 to [`TurnId::MAX_BYTES`] visible ASCII characters.
    pub fn new(id: impl Into<String>) -> Result<Self> {
        let id = id.into();
        check_text("turnId", &id, Self::MAX_BYTES)?;
        if !id.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Error::invalid_input(
                "turnId",
                "holds a character that is not visible ASCII; use letters and digits",
            ));
        }
        Ok(Self(id))
    }

    /// A new id, 32 hexadecimal digits.
    #[must_use]
    pub fn mint() -> Self {
        Self(uuid::Uuid::new_v4().simple().to_string())
    }

    /// The id's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TurnId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for TurnId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        Self::new(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// How many tokens a turn has, and by whose count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TokenCount {
    /// The tokenizer's name, such as `o200k_base`.
    pub tokenizer: String,
    /// Tokens of all messages of the turn.
    pub count: u64,
}

/// The messages of one exchange under one id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Turn {
    /// What makes the append repeatable.
    pub id: TurnId,
    /// At least one, oldest first.
    pub messages: Vec<Message>,
    /// The size of the turn, where it was counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<TokenCount>,
}

impl Turn {
    /// A turn under a new id.
    #[must_use]
    pub fn new(messages: impl Into<Vec<Message>>) -> Self {
        Self::with_id(TurnId::mint(), messages)
    }

    /// A turn under the caller's id.
    #[must_use]
    pub fn with_id(id: TurnId, messages: impl Into<Vec<Message>>) -> Self {
        Self { id, messages: messages.into(), tokens: None }
    }
}

/// Where a session ends: equal as long as nothing was appended or cleared. Stores make it; callers only hand it back.
///
/// The position of a turn is the end of the session just after it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(rename = "SessionPosition")]
pub struct Position(String);

impl Position {
    /// Wraps a store's own mark.
    #[must_use]
    pub fn new(mark: impl Into<String>) -> Self {
        Self(mark.into())
    }

    /// The store's own mark.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A turn as a store has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct StoredTurn {
    /// `None` where another program wrote the turn.
    pub id: Option<TurnId>,
    /// The end of the session just after this turn.
    pub position: Position,
    /// Oldest first.
    pub messages: Vec<Message>,
    /// The size of the turn, where it was counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens: Option<TokenCount>,
    /// When it was stored, in seconds since 1970, where the layout says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stored_at_epoch_secs: Option<u64>,
    /// When it expires, in seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at_epoch_secs: Option<u64>,
}

/// Where in the conversations something comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Source {
    /// The session.
    pub session: SessionId,
    /// The turn.
    pub turn_id: TurnId,
    /// The messages of the turn, by their own ids; one that has none goes by its turn and its place in it, from 0:
    /// `<turn id>:<place>`.
    #[serde(default)]
    pub message_ids: Vec<String>,
}

/// Groups messages of which nothing marks the turns: a user message opens one.
///
/// Answers without a user message before them, and a leading system message, open the first turn.
#[must_use]
pub fn split_turns(messages: Vec<Message>) -> Vec<Vec<Message>> {
    let mut turns: Vec<Vec<Message>> = Vec::new();
    for message in messages {
        match turns.last_mut() {
            Some(turn) if message.role != Role::User || turn.iter().all(|m| m.role == Role::System) => {
                turn.push(message);
            }
            _ => turns.push(vec![message]),
        }
    }
    turns
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn ids_are_kept_as_given_and_their_limits_named() {
        for id in ["user-id-123", " ", "日本語 😀", "a_b:c#d", "\u{0}"] {
            assert_eq!(SessionId::new(id).unwrap().as_str(), id);
        }
        for id in [String::new(), "x".repeat(10_000)] {
            let error = SessionId::new(id).unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::InvalidInput { field } if field == "sessionId"));
        }
        assert!(TurnId::new("with space").is_err());
        assert!(Scope::new("a:b").is_err());
    }

    #[test]
    fn a_user_message_opens_a_turn() {
        let roles = ["system", "user", "assistant", "tool", "assistant", "user", "user", "assistant"];
        let messages: Vec<_> = roles.iter().map(|role| Message::new(Role::from(*role), *role)).collect();
        let lengths: Vec<_> = split_turns(messages).iter().map(Vec::len).collect();
        assert_eq!(lengths, [5, 1, 2]);
    }
}
