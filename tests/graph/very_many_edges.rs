//! Deleting a node with 10,000 edges in bounded memory, measured in a process of its own.

use std::process::Command;

use canvas_memory::clock::Clock;
use canvas_memory::graph::GraphStore;
use canvas_memory::session::Scope;

use crate::figures::{id, store};
use crate::harness::config;
use crate::items::{fixture, put_items, stored};
use crate::support::dynoxide::Dynoxide;

const EDGES: usize = 10_000;

/// Set in the process that is measured.
const MEASURED: &str = "GRAPH_MEASURED";

const NAME: &str = "very_many_edges::deleting_them_takes_less_than_16_mb";

/// The three rows of an edge of the node `hub`, as Mem0 writes them.
fn rows(number: usize) -> String {
    let row = |node: &str, prefix: &str, direction: &str| {
        format!(
            r#"{{"node_id":{{"S":"{node}"}},"edge_id":{{"S":"{prefix}#e{number}"}},"source_id":{{"S":"hub"}},
                "target_id":{{"S":"n{number}"}},"relationship_type":{{"S":"KNOWS"}},
                "created_at":{{"N":"1795168632"}}{direction}}}"#
        )
    };
    [
        row("hub", "OUT", r#","direction":{"S":"outgoing"}"#),
        row(&format!("n{number}"), "IN", r#","direction":{"S":"incoming"}"#),
        row("KNOWS", "REL", ""),
    ]
    .join(",")
}

/// A figure of this process in bytes, such as `VmRSS`.
fn memory(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}

/// The engine runs in the same process, so that what it takes counts too.
#[tokio::test(flavor = "multi_thread")]
async fn deleting_them_takes_less_than_16_mb() {
    if std::env::var_os(MEASURED).is_none() {
        let mut child = Command::new(std::env::current_exe().unwrap());
        // One arena, so that memory that is free again is not counted twice.
        child.args(["--exact", NAME, "--nocapture"]).env(MEASURED, "1").env("MALLOC_ARENA_MAX", "1");
        assert!(child.status().unwrap().success());
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let engine = Dynoxide::start_on(&folder.path().join("engine.db"));
    let (client, store) = store(&engine, config(true), Clock::default()).await;
    for from in (0..EDGES).step_by(100) {
        let json: Vec<_> = (from..from + 100).map(rows).collect();
        put_items(&client, fixture(&format!("[{}]", json.join(",")))).await;
    }
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
    let before = memory("VmHWM:");
    let deleted = store.delete_node(&Scope::default(), &id("hub")).await.unwrap();
    let grown = memory("VmHWM:").saturating_sub(before);
    println!("peak memory grew by {} KB, {} requests", grown / 1024, deleted.usage.requests);
    assert_eq!(deleted.edges, EDGES as u64);
    assert!(stored(&client).await.is_empty());
    assert!(grown < 16 * 1024 * 1024, "peak memory grew by {grown} bytes");
}
