//! The nodes, a folder each: `mod.rs` declares and connects, `docs.md` is the page's Docs tab and the documentation
//! here, `icon.svg` its picture. A node never knows another node.

pub mod agents;
pub mod chains;
pub mod memory;
pub mod models;
pub mod tools;
