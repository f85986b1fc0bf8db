//! A host with one node more: the program as it is, linked with a crate that registers the node.
//!
//! `cargo run -p canvas-memory-host --example custom_node_host`

use std::process::ExitCode;

#[expect(dead_code, reason = "its own program is not run here")]
#[path = "../../examples/custom_node.rs"]
mod custom_node;

fn main() -> ExitCode {
    canvas_memory_host::main()
}
