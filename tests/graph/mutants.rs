//! Graphs that each break a promise, so that the suite is seen to notice.

use std::num::NonZeroU32;
use std::sync::Arc;

use async_trait::async_trait;
use canvas_memory::Result;
use canvas_memory::error::ErrorKind;
use canvas_memory::graph::conformance::{self, GraphHarness, Options};
use canvas_memory::graph::*;
use canvas_memory::session::Scope;
use canvas_memory::store::Page;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mutation {
    Overwrites,
    MakesPhantoms,
    LinksTwice,
    LinksToNobody,
    CountsBeforeTypes,
    EndsEarly,
    SeesGhosts,
    LeavesAnEdge,
    MixesScopes,
    ForgetsWords,
}

#[derive(Clone, Debug)]
struct Mutant {
    inner: InProcessGraph,
    mutation: Mutation,
}

impl Mutant {
    fn has(&self, mutation: Mutation) -> bool {
        self.mutation == mutation
    }

    fn scope(&self, scope: &Scope) -> Scope {
        if self.has(Mutation::MixesScopes) { Scope::default() } else { scope.clone() }
    }
}

#[async_trait]
impl GraphStore for Mutant {
    fn capabilities(&self) -> GraphCapabilities {
        self.inner.capabilities()
    }

    async fn put_nodes(&self, scope: &Scope, nodes: Vec<NewNode>) -> Result<NodesPut> {
        let scope = self.scope(scope);
        if self.has(Mutation::Overwrites) {
            for node in &nodes {
                self.inner.delete_node(&scope, &node.id).await?;
            }
        }
        self.inner.put_nodes(&scope, nodes).await
    }

    async fn nodes(&self, scope: &Scope, ids: &[NodeId]) -> Result<NodesRead> {
        let mut read = self.inner.nodes(&self.scope(scope), ids).await?;
        if self.has(Mutation::SeesGhosts) {
            for id in std::mem::take(&mut read.missing) {
                let content = "boo".to_owned();
                let (metadata, at) = (None, None);
                read.nodes.push(Node {
                    id,
                    content,
                    metadata,
                    created_at_epoch_secs: at,
                    updated_at_epoch_secs: at,
                });
            }
        }
        Ok(read)
    }

    async fn update_node(&self, scope: &Scope, id: &NodeId, change: NodeChange) -> Result<NodeUpdated> {
        let scope = self.scope(scope);
        match self.inner.update_node(&scope, id, change).await {
            Err(error) if *error.kind() == ErrorKind::NotFound && self.has(Mutation::MakesPhantoms) => {
                let NodePut { node, usage, .. } =
                    self.inner.put_node(&scope, NewNode::new(id.clone(), "")).await?;
                Ok(NodeUpdated { node, usage })
            }
            result => result,
        }
    }

    async fn delete_node(&self, scope: &Scope, id: &NodeId) -> Result<NodeDeleted> {
        let scope = self.scope(scope);
        let edges = self.inner.edges(&scope, id, &EdgesOf::default()).await?.edges;
        let deleted = self.inner.delete_node(&scope, id).await?;
        if let (true, Some(edge)) = (self.has(Mutation::LeavesAnEdge), edges.into_iter().next()) {
            let link = Link::new(edge.source, edge.relationship_type, edge.target);
            self.inner.link(&scope, link.with_id(edge.id)).await?;
        }
        Ok(deleted)
    }

    async fn list_nodes(&self, scope: &Scope, page: Page) -> Result<NodePage> {
        self.inner.list_nodes(&self.scope(scope), page).await
    }

    async fn link(&self, scope: &Scope, mut link: Link) -> Result<Linked> {
        if self.has(Mutation::LinksTwice) {
            link.key.identity = Identity::Own(EdgeId::mint());
        }
        link.between_existing &= !self.has(Mutation::LinksToNobody);
        self.inner.link(&self.scope(scope), link).await
    }

    async fn unlink(&self, scope: &Scope, edge: &EdgeKey) -> Result<Unlinked> {
        self.inner.unlink(&self.scope(scope), edge).await
    }

    async fn edges(&self, scope: &Scope, node: &NodeId, which: &EdgesOf) -> Result<EdgePage> {
        let scope = self.scope(scope);
        if self.has(Mutation::CountsBeforeTypes) {
            let all = EdgesOf { types: Vec::new(), ..which.clone() };
            let mut page = self.inner.edges(&scope, node, &all).await?;
            let types = &which.types;
            page.edges.retain(|edge| types.is_empty() || types.contains(&edge.relationship_type));
            return Ok(page);
        }
        let mut page = self.inner.edges(&scope, node, which).await?;
        if self.has(Mutation::EndsEarly) {
            page.next = None;
        }
        Ok(page)
    }

    async fn edges_of_type(
        &self,
        scope: &Scope,
        relationship_type: &RelationshipType,
        page: Page,
    ) -> Result<EdgePage> {
        self.inner.edges_of_type(&self.scope(scope), relationship_type, page).await
    }

    async fn search(&self, scope: &Scope, text: &str, limit: NonZeroU32) -> Result<Hits> {
        let mut hits = self.inner.search(&self.scope(scope), text, limit).await?;
        if self.has(Mutation::ForgetsWords) {
            hits.hits.retain(|hit| hit.by_name);
        }
        Ok(hits)
    }
}

#[async_trait]
impl GraphHarness for Mutant {
    async fn store(&self) -> Arc<dyn GraphStore> {
        Arc::new(self.clone())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_promise_is_noticed() {
    for (mutation, promise) in [
        (Mutation::Overwrites, 2),
        (Mutation::MakesPhantoms, 2),
        (Mutation::LinksTwice, 3),
        (Mutation::LinksToNobody, 3),
        (Mutation::CountsBeforeTypes, 4),
        (Mutation::EndsEarly, 4),
        (Mutation::SeesGhosts, 5),
        (Mutation::LeavesAnEdge, 6),
        (Mutation::MixesScopes, 7),
        (Mutation::ForgetsWords, 9),
    ] {
        let options = Options { hub_edges: 60, writers: 4, promises: vec![promise] };
        let mutant = Mutant { inner: InProcessGraph::new(), mutation };
        let report = conformance::run_with(&mutant, options).await;
        assert!(report.failed().count() > 0, "{mutation:?} goes unnoticed:\n{report}");
    }
}
