//! The `canvas-memory` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    canvas_memory_host::main()
}
