//! dynalite, a DynamoDB emulator on npm: right capacity figures and item limit, no transactions.

use super::interop;
use super::process::Process;

/// A dynalite of its own, empty, in memory.
pub(crate) struct Dynalite {
    _process: Process,
    endpoint: String,
}

impl Dynalite {
    pub(crate) fn start() -> Self {
        let (process, endpoint) = Process::listening(&mut interop::node("dynalite.mjs"));
        Self { _process: process, endpoint }
    }

    /// `http://127.0.0.1:PORT`
    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }
}
