//! Chat memories.

#[cfg(feature = "dynamodb")]
pub mod dynamodb;
#[cfg(feature = "upstash")]
pub mod upstash_redis;
