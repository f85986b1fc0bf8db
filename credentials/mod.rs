//! The credential types, a file each.

#[cfg(feature = "dynamodb")]
pub mod aws;
#[cfg(feature = "models")]
pub mod chat_model;
#[cfg(feature = "upstash")]
pub mod upstash_redis;
