//! LangChain's stored message, `{"type": …, "data": {…}}`, and ours.
//!
//! Reading understands both dialects and the oldest form `{"type": …, "text": …}`; writing gives exactly the fields
//! that the dialect's own writer gives. What has no place of its own there goes through
//! [`Message::extra`](crate::message::Message::extra), byte for byte.

mod data;
mod read;
mod tool_calls;
mod write;

pub use read::{Entry, read_data, read_entry};
pub use write::{kind, write_data, write_entry};

/// Whose spelling a stored message has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// LangChain JS, and the canvas nodes built on it: what is absent is left out.
    Js,
    /// LangChain Python: what is absent is `null`.
    Python,
}

#[cfg(test)]
mod tests;
