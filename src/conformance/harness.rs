use std::sync::Arc;

use async_trait::async_trait;

use crate::message::Role;
use crate::session::SessionKey;
use crate::store::ChatStore;

/// Whether a hook did what it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hook {
    /// It did.
    Done,
    /// This backend can't; what rests on it is not proven.
    NotOffered,
}

/// What goes wrong between the store's client and its backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// The backend does the request; the connection breaks before the answer.
    LoseReply,
    /// The connection breaks before the backend gets the request.
    LoseRequest,
    /// The backend gets the request twice; the client gets the first answer.
    TwiceFirstAnswer,
    /// The backend gets the request twice; the client gets the second answer.
    TwiceSecondAnswer,
    /// The backend refuses the request because there are too many.
    Throttle,
    /// The answer is a 5xx; the backend did nothing.
    ServerError,
    /// The answer is a 5xx; the backend did the request all the same.
    ServerErrorAfterCommit,
    /// The backend cancels a transaction because another one is at it.
    CancelTransaction,
    /// The backend does the request; half of the answer's body arrives.
    Truncate,
    /// The backend does the request; its answer takes longer than the client waits.
    Slow,
    /// The answer is a web page; the backend did nothing.
    Html,
    /// The connection ends without an answer; the backend did nothing.
    Nothing,
}

/// Which of the requests to come, retries of a client included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Requests {
    /// The nth, from 1.
    Nth(u32),
    /// The nth, from 1, and all after it.
    From(u32),
}

impl Requests {
    /// Whether the request with this number, from 1, is meant.
    #[must_use]
    pub fn include(self, number: u32) -> bool {
        match self {
            Self::Nth(nth) => number == nth,
            Self::From(first) => number >= first,
        }
    }
}

/// Why a backend does not let a store in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The key or token is known and may not do this.
    Denied,
    /// The key or token is not known.
    Unauthenticated,
    /// The table is not there.
    NotFound,
    /// The table or key has another shape.
    Mismatch,
    /// Nothing listens.
    Unavailable,
}

/// A store whose turns expire.
#[derive(Clone, Debug)]
pub struct Expiring {
    /// The store.
    pub store: Arc<dyn ChatStore>,
    /// How long a turn is there, in seconds; at least 4.
    pub ttl_secs: u64,
}

/// What the suite needs of a backend. Hooks that fail, other than by not being offered, should panic.
#[async_trait]
pub trait Harness: Send + Sync {
    /// A newly connected store on the same data as all others of this harness.
    async fn store(&self) -> Arc<dyn ChatStore>;

    /// Ends the backend as a power cut would, and starts it again on what it had written. Stores made before need not
    /// work afterwards.
    async fn reopen(&self) -> Hook {
        Hook::NotOffered
    }

    /// Makes requests of any store of this harness fail from now on, counted from the next, until [`Harness::heal`].
    async fn inject(&self, _fault: Fault, _requests: Requests) -> Hook {
        Hook::NotOffered
    }

    /// Ends the fault; says whether it met a request.
    async fn heal(&self) -> bool {
        false
    }

    /// Makes the `nth` turn of a session, from 0, unreadable where it is stored.
    async fn corrupt(&self, _key: &SessionKey, _nth: usize) -> Hook {
        Hook::NotOffered
    }

    /// A store that its backend refuses.
    async fn refused(&self, _refusal: Refusal) -> Option<Arc<dyn ChatStore>> {
        None
    }

    /// A store whose turns expire, under the same clock as [`Harness::shift_clock`].
    async fn expiring(&self) -> Option<Expiring> {
        None
    }

    /// Moves the time that stores and backend see, back for a negative number.
    async fn shift_clock(&self, _secs: i64) -> Hook {
        Hook::NotOffered
    }

    /// What an engine lacks that a check failed for, going by what failed. An emulator may lack a whole operation;
    /// the check then is not proven, and this is the reason.
    fn lack(&self, _failure: &str) -> Option<&'static str> {
        None
    }

    /// A session as another program reads it that knows the backend's format: role and text of each message, oldest
    /// first.
    async fn foreign_view(&self, _key: &SessionKey) -> Option<Vec<(Role, String)>> {
        None
    }
}
