//! Chains.

pub mod conversation;
