//! Chat models.

#[cfg(feature = "models")]
pub mod chat;
pub mod echo;
