use std::sync::Arc;

use async_trait::async_trait;

use crate::conformance::{Fault, Hook, Requests};
use crate::graph::{Edge, GraphStore, Node, NodeId};
use crate::session::Scope;

/// What another program wrote into the scope `local`.
#[derive(Clone, Debug)]
pub struct ForeignGraph {
    /// Its nodes.
    pub nodes: Vec<Node>,
    /// Its edges.
    pub edges: Vec<Edge>,
}

/// What the suite needs of a backend. Hooks that fail, other than by not being offered, should panic.
#[async_trait]
pub trait GraphHarness: Send + Sync {
    /// A newly connected store on the same data as all others of this harness.
    async fn store(&self) -> Arc<dyn GraphStore>;

    /// Ends the backend as a power cut would, and starts it again on what it had written. Stores made before need not
    /// work afterwards.
    async fn reopen(&self) -> Hook {
        Hook::NotOffered
    }

    /// Makes requests of any store of this harness fail from now on, counted from the next, until
    /// [`GraphHarness::heal`].
    async fn inject(&self, _fault: Fault, _requests: Requests) -> Hook {
        Hook::NotOffered
    }

    /// Ends the fault; says whether it met a request.
    async fn heal(&self) -> bool {
        false
    }

    /// Makes a node unreadable where it is stored: its metadata is half a JSON text.
    async fn corrupt_node(&self, _scope: &Scope, _node: &NodeId) -> Hook {
        Hook::NotOffered
    }

    /// Makes an edge unreadable where it is stored at its source: its properties are half a JSON text.
    async fn corrupt_edge(&self, _scope: &Scope, _edge: &Edge) -> Hook {
        Hook::NotOffered
    }

    /// Lays down what another program wrote, and says what that is.
    async fn foreign(&self) -> Option<ForeignGraph> {
        None
    }

    /// What an engine lacks that a check failed for, going by what failed. The check then is not proven, and this is the
    /// reason.
    fn lack(&self, _failure: &str) -> Option<&'static str> {
        None
    }
}
