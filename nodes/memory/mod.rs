//! Chat memories.

#[cfg(feature = "dynamodb")]
pub mod dynamodb;
#[cfg(feature = "dynamodb")]
pub mod mem0_graph;
#[cfg(feature = "upstash")]
pub mod upstash_redis;
