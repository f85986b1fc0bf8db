//! How much runs may take.

use std::time::Duration;

/// How much runs may take. What a host keeps of them is bounded, whatever comes in.
#[derive(Clone, Copy, Debug)]
pub struct RunLimits {
    /// Runs at once; one more is refused until another has ended.
    pub at_once: usize,
    /// How long a run may work; then it is stopped, and its turn stored so far.
    pub run_time: Duration,
    /// Bytes of events that are kept of one run. The oldest go first; the last one, with the whole turn, never.
    pub event_bytes: usize,
    /// Ended runs that are kept for those who ask later.
    pub finished: usize,
    /// Bytes of events that are kept of all ended runs together.
    pub finished_bytes: usize,
}

impl Default for RunLimits {
    fn default() -> Self {
        Self {
            at_once: 256,
            run_time: Duration::from_secs(30 * 60),
            event_bytes: 1 << 20,
            finished: 256,
            finished_bytes: 32 << 20,
        }
    }
}
