//! The suite on the graph that keeps everything in this process.

use std::sync::Arc;

use async_trait::async_trait;
use canvas_memory::graph::conformance::{self, GraphHarness, Options};
use canvas_memory::graph::{GraphStore, InProcessGraph};

struct InProcess(InProcessGraph);

#[async_trait]
impl GraphHarness for InProcess {
    async fn store(&self) -> Arc<dyn GraphStore> {
        Arc::new(self.0.clone())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_reference_graph_keeps_its_promises() {
    let report = conformance::run_with(&InProcess(InProcessGraph::new()), Options::default()).await;
    println!("{report}");
    for promise in 2..=9 {
        let passed = report.passed().filter(|check| check.promise == promise).count();
        // It has no rows that could be corrupted.
        assert!(passed >= 2 || promise == 8, "only {passed} checks of promise {promise} could be made");
    }
    report.into_result().unwrap();
}
