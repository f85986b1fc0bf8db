//! Kill -9 while flows and credentials are being written: what was acknowledged is there, whole, and the host starts again.

use std::fs;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use reqwest::Client;
use serde_json::{Value, json};

use crate::host::Host;
use crate::support::Program;

const KILLS: u32 = 20;
/// The latest moment of a kill: some hundred writes after the start.
const LATEST_KILL: Duration = Duration::from_millis(400);

/// What was acknowledged of one document, and what may be there instead: the write that was under way.
#[derive(Debug, Default)]
struct Written {
    acknowledged: u64,
    made: Vec<String>,
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_kills_in_mid_write() {
    let program = Program::new();
    let host = Host::start(&program);
    host.post("flows", &flow(0)).await;
    let fields = json!({"accessKey": "AKIAEXAMPLE", "secretAccessKey": "0"});
    let credential = json!({"id": "aws", "name": "0", "type": "dynamodbMemoryApi", "fields": fields});
    host.post("credentials", &credential).await;
    let mut host = Some(host);
    let (mut flow_at, mut credential_at) = (0, 0);
    let mut made = Vec::new();
    let mut random = u64::from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().subsec_nanos());
    println!("seed {random}");
    for _ in 0..KILLS {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let running = host.take().unwrap();
        let flows = tokio::spawn(write_flows(running.api(), flow_at));
        let credentials = tokio::spawn(write_credentials(running.api(), credential_at));
        tokio::time::sleep(LATEST_KILL.mul_f64((random >> 33) as f64 / (1_u64 << 31) as f64)).await;
        running.kill();
        let (flows, credentials) = (flows.await.unwrap(), credentials.await.unwrap());
        made.extend(flows.made);

        let running = Host::start(&program);
        let now = running.get("flows/hammered").await;
        flow_at = check_whole(&now["flow"]);
        let acknowledged = flows.acknowledged;
        assert!(flow_at == acknowledged || flow_at == acknowledged + 1, "{flow_at}, {acknowledged}");
        let listed = running.get("flows").await;
        assert!(listed["flows"].as_array().unwrap().iter().all(|flow| flow["error"].is_null()), "{listed}");
        for id in &made {
            check_whole(&running.get(&format!("flows/{id}")).await["flow"]);
        }
        let shown = running.get("credentials/aws").await;
        assert!(shown["error"].is_null(), "{shown}");
        credential_at = shown["credential"]["revision"].as_u64().unwrap() - 1;
        let acknowledged = credentials.acknowledged;
        assert!(
            credential_at == acknowledged || credential_at == acknowledged + 1,
            "{credential_at}, {acknowledged}"
        );
        for directory in ["flows", "credentials"] {
            let names = fs::read_dir(program.data_dir().join(directory)).unwrap();
            let left =
                names.filter(|name| name.as_ref().unwrap().file_name().to_string_lossy().starts_with('.'));
            assert_eq!(left.count(), 0, "what the killed host left in {directory} is swept");
        }
        host = Some(running);
    }
    assert!(flow_at > u64::from(KILLS) && credential_at > u64::from(KILLS), "{flow_at}, {credential_at}");
}

/// A document of some size that says its number at its beginning and at its end.
fn flow(number: u64) -> Value {
    let nodes: Vec<_> = (0..200)
        .map(|at| json!({"id": format!("n{at}"), "type": "echoModel", "inputs": {"number": number}}))
        .collect();
    json!({"name": "hammered", "flow": {"format": 1, "name": "hammered", "nodes": nodes, "end": number}})
}

/// The number of a document, which has to be the same at each place.
fn check_whole(flow: &Value) -> u64 {
    let number = flow["end"].as_u64().unwrap();
    let nodes = flow["nodes"].as_array().unwrap();
    assert_eq!(nodes.len(), 200);
    assert!(nodes.iter().all(|node| node["inputs"]["number"] == number), "a document of two writes: {flow}");
    number
}

/// Overwrites one flow and makes others, until the host is gone.
async fn write_flows((http, url): (Client, String), mut at: u64) -> Written {
    let mut written = Written { acknowledged: at, made: Vec::new() };
    loop {
        at += 1;
        let put = http.put(format!("{url}flows/hammered")).header("if-match", "*").json(&flow(at)["flow"]);
        match put.send().await {
            Ok(answer) => assert_eq!(answer.status(), 200),
            Err(_) => return written,
        }
        written.acknowledged = at;
        if at.is_multiple_of(10) {
            let Ok(answer) = http.post(format!("{url}flows")).json(&flow(at)).send().await else {
                return written;
            };
            let Ok(record) = answer.json::<Value>().await else { return written };
            written.made.push(record["id"].as_str().unwrap().to_owned());
        }
    }
}

/// Changes one credential, until the host is gone.
async fn write_credentials((http, url): (Client, String), mut at: u64) -> Written {
    let mut written = Written { acknowledged: at, made: Vec::new() };
    loop {
        at += 1;
        let change = json!({"name": at.to_string(), "fields": {"secretAccessKey": "x".repeat(8000)}});
        match http.patch(format!("{url}credentials/aws")).json(&change).send().await {
            Ok(answer) => assert_eq!(answer.status(), 200),
            Err(_) => return written,
        }
        written.acknowledged = at;
    }
}
