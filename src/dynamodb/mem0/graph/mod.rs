//! The graph table: nodes and edges as Mem0 keeps them, and the words by which nodes are found.
//!
//! Partition key `node_id`, sort key `edge_id`, both S; index [`INDEX`] on `relationship_type` (S) and `created_at` (N).
//!
//! | `node_id` | `edge_id` | row |
//! |---|---|---|
//! | the node | `META` | the node: `content`, `type` = `memory_node`, `created_at`, `metadata` and `updated_at` where it has them |
//! | source | `OUT#{id}` | an edge: `source_id`, `target_id`, `relationship_type`, `direction` = `outgoing`, `created_at`, `properties` |
//! | target | `IN#{id}` | the same, `direction` = `incoming` |
//! | the type | `REL#{id}` | the same, without `direction` |
//! | `canvas-memory:word:{scope}:{word}` | the node | a word by which the node is found; ours alone |
//!
//! All three rows of an edge are put, and removed, in one transaction. They all carry the keys of the index, which has each edge
//! three times; the one at the source counts.
//!
//! In the scope `local`, names stand in `node_id`, `source_id`, `target_id` and `relationship_type` as they are: so the
//! reference writes them, and reads them. In any other scope they are `canvas-memory:scope:{scope}:{name}`, and its own
//! readers never meet them under the names that they ask for. (A name in `local` that begins with `canvas-memory:` is
//! `canvas-memory:local:{name}`.)
//!
//! A deletion first marks the node (`cm_deleting`), from which moment on it counts as gone and [`Link::between_existing`]
//! refuses it; then removes its edges, each whole, while the mark stands; and last the node with its words. What is cut off
//! goes on with the next deletion of that node, or before it is put again: the edges of the old one never come back to life.
//!
//! What it costs, in write units for small rows: an edge 6, and 3 more where there is an index; 2 more for each node that
//! has to exist. A node 2, and 2 a word. A deletion takes a request for each 33 edges, and one more for each 99.
//!
//! Words (`cm_words` lists them at the node) are put in the transaction that puts the node, up to
//! [`MAX_NODE_WORDS`](crate::graph::words::MAX_NODE_WORDS) of them, two write units each. Nodes of other writers have none:
//! a search finds them by their exact name alone. A row that no longer fits its node is never shown.

mod codec;
mod delete;
mod edges;
mod keys;
mod link;
mod list;
mod nodes;
mod requests;
mod search;
mod table;
mod update;
mod writes;

use std::num::NonZeroU32;

use async_trait::async_trait;

use crate::dynamodb::DynamoClient;
use crate::error::{Error, Result};
use crate::graph::{
    EdgeKey, EdgePage, EdgesOf, GraphCapabilities, GraphStore, Hits, Link, Linked, NewNode, NodeChange,
    NodeDeleted, NodeId, NodePage, NodeUpdated, NodesPut, NodesRead, RelationshipType, Unlinked,
};
use crate::session::Scope;
use crate::store::{Consistency, Page};

pub use self::table::{NEEDS, table};

/// The name of the index where the configuration gives no other.
pub const INDEX: &str = "RelationshipTypeIndex";

/// The most rows that a page has, whatever its limit.
const MAX_PAGE: usize = 1_000;

/// Which table, and what is used of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GraphConfig {
    /// The table's name.
    pub table: String,
    /// The index of edges by type; `None` goes by the rows of the type instead, which is strong, and in no order of age.
    pub index: Option<String>,
    /// Whether nodes are put with the words by which they are found.
    pub words: bool,
    /// How fresh reads are. Those of the index are always eventual, and those before a change always strong.
    pub consistency: Consistency,
}

impl GraphConfig {
    /// A table with the index [`INDEX`]; with words; read strongly.
    #[must_use]
    pub fn new(table: impl Into<String>) -> Self {
        Self {
            table: table.into(),
            index: Some(INDEX.to_owned()),
            words: true,
            consistency: Consistency::Strong,
        }
    }

    fn check(&self) -> Result<()> {
        for (field, name) in [("tableName", Some(&self.table)), ("gsiName", self.index.as_ref())] {
            if name.is_some_and(String::is_empty) {
                return Err(Error::invalid_input(field, "is empty; give its name"));
            }
        }
        Ok(())
    }
}

/// A graph in the form in which Mem0 keeps it.
///
/// ```
/// use canvas_memory::dynamodb::DynamoClient;
/// use canvas_memory::dynamodb::mem0::graph::{GraphConfig, Mem0GraphStore};
/// use canvas_memory::graph::{EdgesOf, GraphStore, Link, NewNode, NodeId, RelationshipType};
/// use canvas_memory::session::Scope;
///
/// async fn remember(client: DynamoClient) -> canvas_memory::Result<()> {
///     let (store, scope) = (Mem0GraphStore::new(client, GraphConfig::new("graph"))?, Scope::default());
///     let (blue, sky) = (NodeId::new("blue")?, NodeId::new("sky")?);
///     store.put_node(&scope, NewNode::new(blue.clone(), "My favorite color is blue")).await?;
///     store.put_node(&scope, NewNode::new(sky.clone(), "The sky is blue on clear days")).await?;
///     let link = Link::new(blue.clone(), RelationshipType::new("RELATED_TO")?, sky);
///     store.link(&scope, link.once().between_existing()).await?;
///     let near = store.neighbours(&scope, &blue, &EdgesOf::default()).await?;
///     assert_eq!(near.neighbours[0].node.content, "The sky is blue on clear days");
///     Ok(())
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Mem0GraphStore {
    client: DynamoClient,
    config: GraphConfig,
}

impl Mem0GraphStore {
    /// A store on a table. No request is sent.
    ///
    /// # Errors
    /// `InvalidInput` when a name is empty.
    pub fn new(client: DynamoClient, config: GraphConfig) -> Result<Self> {
        config.check()?;
        Ok(Self { client, config })
    }

    /// Which table, and what is used of it.
    #[must_use]
    pub fn config(&self) -> &GraphConfig {
        &self.config
    }

    fn now(&self) -> u64 {
        self.client.clock().epoch_secs()
    }

    fn is_strong(&self) -> bool {
        self.config.consistency == Consistency::Strong
    }
}

/// How many rows a page has.
fn page_size(page: &Page) -> usize {
    (page.limit.get() as usize).min(MAX_PAGE)
}

fn not_of_this_listing() -> Error {
    Error::invalid_input("page", "is not one of this listing; start with the first page")
}

#[async_trait]
impl GraphStore for Mem0GraphStore {
    fn capabilities(&self) -> GraphCapabilities {
        GraphCapabilities {
            layout: "dynamodb/mem0-graph",
            word_search: self.config.words,
            edges_by_age: self.config.index.is_some(),
            edges_of_type_lag: self.config.index.is_some(),
            list_reads_everything: true,
        }
    }

    async fn put_nodes(&self, scope: &Scope, nodes: Vec<NewNode>) -> Result<NodesPut> {
        nodes::put(self, scope, nodes).await
    }

    async fn nodes(&self, scope: &Scope, ids: &[NodeId]) -> Result<NodesRead> {
        nodes::read(self, scope, ids).await
    }

    async fn update_node(&self, scope: &Scope, id: &NodeId, change: NodeChange) -> Result<NodeUpdated> {
        update::update(self, scope, id, change).await
    }

    async fn delete_node(&self, scope: &Scope, id: &NodeId) -> Result<NodeDeleted> {
        delete::delete(self, scope, id).await
    }

    async fn list_nodes(&self, scope: &Scope, page: Page) -> Result<NodePage> {
        list::list(self, scope, page).await
    }

    async fn link(&self, scope: &Scope, link: Link) -> Result<Linked> {
        link::link(self, scope, link).await
    }

    async fn unlink(&self, scope: &Scope, edge: &EdgeKey) -> Result<Unlinked> {
        link::unlink(self, scope, edge).await
    }

    async fn edges(&self, scope: &Scope, node: &NodeId, which: &EdgesOf) -> Result<EdgePage> {
        edges::of_node(self, scope, node, which).await
    }

    async fn edges_of_type(
        &self,
        scope: &Scope,
        relationship_type: &RelationshipType,
        page: Page,
    ) -> Result<EdgePage> {
        edges::of_type(self, scope, relationship_type, page).await
    }

    async fn search(&self, scope: &Scope, text: &str, limit: NonZeroU32) -> Result<Hits> {
        search::search(self, scope, text, limit).await
    }
}
