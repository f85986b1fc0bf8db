//! Chat memories.

#[cfg(feature = "dynamodb")]
pub mod dynamodb;
#[cfg(feature = "dynamodb")]
pub mod griptape_dynamodb;
#[cfg(feature = "dynamodb")]
pub mod mem0_conversation;
#[cfg(feature = "dynamodb")]
pub mod mem0_graph;
#[cfg(feature = "dynamodb")]
pub mod mem0_history;
#[cfg(feature = "upstash")]
pub mod upstash_redis;
