//! The graph layout on a server of DynamoDB's protocol, with a proxy between them.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use canvas_memory::clock::Clock;
use canvas_memory::conformance::{Fault, Hook, Requests};
use canvas_memory::dynamodb::mem0::graph::{GraphConfig, Mem0GraphStore, table};
use canvas_memory::dynamodb::{DynamoClient, Timeouts};
use canvas_memory::graph::conformance::{ForeignGraph, GraphHarness};
use canvas_memory::graph::{Edge, EdgeId, GraphStore, Node, NodeId, RelationshipType};
use canvas_memory::json::RawJson;
use canvas_memory::session::Scope;

use crate::items::{FIXTURE, fixture, put_items, stored, update_text};
use crate::support::dynoxide::{Dynoxide, client_at, config_at};
use crate::support::fault_proxy::{Dialect, FaultProxy};
use crate::support::moto::Moto;

pub(crate) const TABLE: &str = "graph";

/// What serves the table.
pub(crate) trait Server: Send + Sync {
    fn endpoint(&self) -> String;

    /// Ends it as a power cut would, and starts it again on what it had written.
    fn reopen(&mut self) -> Hook {
        Hook::NotOffered
    }
}

/// The database that the host carries, on a file.
pub(crate) struct DynoxideFile {
    engine: Dynoxide,
    folder: tempfile::TempDir,
    starts: u32,
}

impl DynoxideFile {
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let engine = Dynoxide::start_on(&folder.path().join("0.db"));
        Self { engine, folder, starts: 1 }
    }
}

impl Server for DynoxideFile {
    fn endpoint(&self) -> String {
        self.engine.endpoint.clone()
    }

    fn reopen(&mut self) -> Hook {
        // What a power cut would leave: the files of the running engine, as they are now.
        let file = |number: u32, suffix: &str| self.folder.path().join(format!("{number}.db{suffix}"));
        for suffix in ["", "-wal"] {
            let _ = std::fs::copy(file(self.starts - 1, suffix), file(self.starts, suffix));
        }
        self.engine = Dynoxide::start_on(&file(self.starts, ""));
        self.starts += 1;
        Hook::Done
    }
}

pub(crate) struct MotoServer(Moto);

impl MotoServer {
    pub(crate) fn start() -> Self {
        Self(Moto::start())
    }
}

impl Server for MotoServer {
    fn endpoint(&self) -> String {
        self.0.endpoint().to_owned()
    }
}

fn address(server: &dyn Server) -> SocketAddr {
    server.endpoint().strip_prefix("http://").unwrap().parse().unwrap()
}

pub(crate) fn config(index: bool) -> GraphConfig {
    let config = GraphConfig::new(TABLE);
    if index { config } else { GraphConfig { index: None, ..config } }
}

/// A graph on a server.
pub(crate) struct Graphs {
    server: Mutex<Box<dyn Server>>,
    proxy: FaultProxy,
    index: bool,
}

impl Graphs {
    pub(crate) async fn on(server: impl Server + 'static, index: bool) -> Self {
        let client = client_at(&server.endpoint(), Clock::default());
        table(&config(index)).create(&client).await.unwrap();
        let proxy = FaultProxy::start(address(&server), Dialect::DynamoDb, Duration::from_secs(120)).await;
        Self { server: Mutex::new(Box::new(server)), proxy, index }
    }

    /// A client past the proxy.
    fn client(&self) -> DynamoClient {
        client_at(&self.server.lock().unwrap().endpoint(), Clock::default())
    }
}

/// A row's partition in a scope of the suite's.
fn partition(scope: &Scope, name: &str) -> String {
    format!("canvas-memory:scope:{}:{name}", scope.as_str())
}

#[async_trait]
impl GraphHarness for Graphs {
    async fn store(&self) -> Arc<dyn GraphStore> {
        let mut config_at = config_at(self.proxy.url(), Clock::default());
        config_at.max_attempts = NonZeroU32::new(2).unwrap();
        config_at.first_pause = Duration::from_millis(10);
        let patience = Duration::from_secs(60);
        config_at.timeouts = Timeouts { attempt: patience, operation: patience * 2, ..Timeouts::default() };
        let client = DynamoClient::new(config_at).unwrap();
        Arc::new(Mem0GraphStore::new(client, config(self.index)).unwrap())
    }

    async fn reopen(&self) -> Hook {
        let mut server = self.server.lock().unwrap();
        let reopened = server.reopen();
        self.proxy.set_upstream(address(&**server));
        reopened
    }

    async fn inject(&self, fault: Fault, requests: Requests) -> Hook {
        self.proxy.inject(fault, requests);
        Hook::Done
    }

    async fn heal(&self) -> bool {
        self.proxy.heal()
    }

    async fn corrupt_node(&self, scope: &Scope, node: &NodeId) -> Hook {
        let at = partition(scope, node.as_str());
        update_text(&self.client(), &at, "META", "metadata", r#"{"half a"#).await;
        Hook::Done
    }

    async fn corrupt_edge(&self, scope: &Scope, edge: &Edge) -> Hook {
        let (at, sort) = (partition(scope, edge.source.as_str()), format!("OUT#{}", edge.id));
        update_text(&self.client(), &at, &sort, "properties", r#"{"half a"#).await;
        Hook::Done
    }

    async fn foreign(&self) -> Option<ForeignGraph> {
        put_items(&self.client(), fixture(FIXTURE)).await;
        assert!(!stored(&self.client()).await.is_empty());
        Some(mem0_graph())
    }
}

/// What the fixture says.
pub(crate) fn mem0_graph() -> ForeignGraph {
    let created = Some(1_795_168_632);
    let node = |id: &str, content: &str, metadata: &str| Node {
        id: NodeId::new(id).unwrap(),
        content: content.to_owned(),
        metadata: Some(RawJson::parse(metadata).unwrap()),
        created_at_epoch_secs: created,
        updated_at_epoch_secs: None,
    };
    let blue = node("blue", "My favorite color is blue", r#"{"topic": "colors", "importance": "high"}"#);
    let sky = node("sky", "The sky is blue on clear days", r#"{"topic": "colors"}"#);
    let edge = Edge {
        id: EdgeId::new("11ca3148-948d-4802-9551-c4411a784909").unwrap(),
        source: blue.id.clone(),
        relationship_type: RelationshipType::new("RELATED_TO").unwrap(),
        target: sky.id.clone(),
        properties: Some(RawJson::parse(r#"{"strength": "high"}"#).unwrap()),
        created_at_epoch_secs: created,
    };
    ForeignGraph { nodes: vec![blue, sky], edges: vec![edge] }
}
