//! From the start of the process to its answers, and what it holds when nothing happens.

use std::path::Path;
use std::time::Duration;

use crate::client::{Api, TEMPLATES};
use crate::pair::{print_table, verdict};
use crate::server::Server;
use crate::{Effort, hello, megabytes, milliseconds};

const FLOWS: usize = 100;
const MAX_START: Duration = Duration::from_millis(300);
const MAX_IDLE_BYTES: f64 = 80e6;
/// How long nothing happens before memory is looked at.
const IDLE: Duration = Duration::from_secs(2);

pub(crate) async fn measure(program: &Path, effort: Effort) {
    let home = tempfile::tempdir().unwrap();
    let made = {
        let host = Server::host(program, home.path());
        let api = Api::new(&host);
        let mut made = Vec::new();
        while api.flows().await < FLOWS {
            let (_, template) = TEMPLATES[made.len() % TEMPLATES.len()];
            made.push(api.flow_from(template).await);
        }
        made
    };

    let (mut answered, mut engines_answered, mut hello_answered) = (Vec::new(), Vec::new(), Vec::new());
    let mut idle = (0, 0);
    for start in 0..effort.starts {
        let baseline = Server::start(hello::command());
        let greeting = reqwest::get(&baseline.url).await.unwrap().text().await.unwrap();
        hello_answered.push(baseline.started.elapsed());
        assert_eq!(greeting, "hello");

        let host = Server::host(program, home.path());
        let api = Api::new(&host);
        assert_eq!(api.flows().await, FLOWS);
        answered.push(host.started.elapsed());
        for flow in &made[..TEMPLATES.len()] {
            api.load(flow, "s").await.unwrap();
        }
        engines_answered.push(host.started.elapsed());
        if start + 1 == effort.starts {
            tokio::time::sleep(IDLE).await;
            idle = (host.resident_kib(), baseline.resident_kib());
        }
    }
    let row = |what: &str, mut ours: Vec<Duration>, bare: Option<Duration>| {
        ours.sort_unstable();
        let (median, slowest) = (ours[ours.len() / 2], ours[ours.len() - 1]);
        vec![
            what.to_owned(),
            format!("median of {}, slowest {}", ours.len(), milliseconds(slowest)),
            milliseconds(median),
            bare.map_or_else(|| "-".to_owned(), milliseconds),
            milliseconds(MAX_START),
            verdict(median.as_secs_f64(), MAX_START.as_secs_f64()).to_owned(),
        ]
    };
    hello_answered.sort_unstable();
    let hello = hello_answered[hello_answered.len() / 2];
    let size = std::fs::metadata(program).unwrap().len();
    let rows = [
        row("start to first answer", answered, Some(hello)),
        row("start to an answer of both engines", engines_answered, None),
        vec![
            "memory, idle".to_owned(),
            "both engines have answered".to_owned(),
            megabytes(idle.0),
            megabytes(idle.1),
            "80.0 MB".to_owned(),
            verdict(idle.0 as f64 * 1024.0, MAX_IDLE_BYTES).to_owned(),
        ],
        vec![
            "size of the binary".to_owned(),
            String::new(),
            megabytes(size / 1024),
            "-".to_owned(),
            "-".to_owned(),
            String::new(),
        ],
    ];
    let head = ["", "", "host", "bare axum", "at most", ""];
    print_table(&format!("The host with both engines and {FLOWS} flows"), &head, &rows);
}
