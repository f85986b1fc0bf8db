//! Tables in the form in which Mem0 keeps them.

pub mod graph;
