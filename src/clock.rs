//! The time, settable in tests.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Tells the time for expiry and bookkeeping. The order of turns never rests on it.
#[derive(Clone, Default)]
pub struct Clock(Option<Arc<AtomicU64>>);

impl Clock {
    /// The machine's clock.
    #[must_use]
    pub fn system() -> Self {
        Self(None)
    }

    /// A clock that stands at `epoch_secs` until [`Clock::set`] moves it; clones move together.
    #[must_use]
    pub fn manual(epoch_secs: u64) -> Self {
        Self(Some(Arc::new(AtomicU64::new(epoch_secs))))
    }

    /// Sets a manual clock; says whether this is one.
    pub fn set(&self, epoch_secs: u64) -> bool {
        if let Some(manual) = &self.0 {
            manual.store(epoch_secs, Ordering::SeqCst);
        }
        self.0.is_some()
    }

    /// Seconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn epoch_secs(&self) -> u64 {
        match &self.0 {
            Some(manual) => manual.load(Ordering::SeqCst),
            None => SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()),
        }
    }

    /// Microseconds since 1970-01-01T00:00:00Z; of a manual clock, whole seconds.
    #[must_use]
    pub fn epoch_micros(&self) -> u64 {
        let since = match &self.0 {
            Some(manual) => Duration::from_secs(manual.load(Ordering::SeqCst)),
            None => SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default(),
        };
        u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Clock::manual" } else { "Clock::system" })
    }
}
