//! Agents.

pub mod tool_agent;
