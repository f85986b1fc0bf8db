//! `canvas-memory engine`: one built-in engine alone, until it is told to stop.

use std::net::SocketAddr;
use std::process::ExitCode;

use canvas_memory::{Error, ErrorKind, Result};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::args::EngineCommand;
use super::output::Output;
use super::setting::{Setting, redis_or};
use super::signal::until_stopped;
use crate::data_dir::DataDir;
use crate::engine::EngineStorage;
use crate::engine::dynamodb::{DynamoDbEngine, DynamoDbOptions};
use crate::engine::upstash::{UpstashBackend, UpstashEngine, UpstashOptions};

pub(super) async fn run(command: &EngineCommand, setting: &Setting, output: Output) -> Result<ExitCode> {
    let data_dir = setting.data_dir()?;
    let storage = EngineStorage::Directory(data_dir.clone());
    match command {
        EngineCommand::Dynamodb { listen } => {
            let options = DynamoDbOptions { listen: *listen, ..DynamoDbOptions::new(storage) };
            let engine = DynamoDbEngine::start(options)?;
            tell_who_reaches(*listen, output);
            let credential = json!({
                "type": "dynamodbMemoryApi",
                "accessKey": engine.access_key().expose_secret(),
                "secretAccessKey": engine.secret_access_key().expose_secret(),
            });
            announce(&data_dir, output, "dynamodb", &engine.endpoint(), &credential)?;
            until_stopped().await;
        }
        EngineCommand::Upstash { listen, redis } => {
            let backend = match redis_or(redis.as_deref())? {
                Some(url) => UpstashBackend::Redis(url),
                None => UpstashBackend::BuiltIn(storage),
            };
            let options = UpstashOptions { listen: *listen, ..UpstashOptions::new(backend) };
            let engine = UpstashEngine::start(options)?;
            tell_who_reaches(*listen, output);
            let url = engine.url();
            let host = url.trim_start_matches("http://").rsplit_once(':').map(|(host, _port)| host);
            let credential = json!({
                "type": "upstashRedisMemoryApi",
                "host": host,
                "upstashRestToken": engine.token().expose_secret(),
            });
            announce(&data_dir, output, "upstash", &url, &credential)?;
            until_stopped().await;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// An engine always has a secret of its own, so it may listen anywhere.
fn tell_who_reaches(listen: SocketAddr, output: Output) {
    if !listen.ip().is_loopback() {
        output.note(
            "Other machines can reach this engine. It answers only who brings its credential, which travels over plain \
             http: keep it inside a network that you trust.",
        );
    }
}

/// Prints the address; the secret goes to a file that only its owner reads.
fn announce(data_dir: &DataDir, output: Output, engine: &str, url: &str, credential: &Value) -> Result<()> {
    let path = data_dir.private_file(&format!("{engine}-credential.json"))?;
    std::fs::write(&path, credential.to_string()).map_err(|error| {
        Error::new(ErrorKind::Storage, "the engine's credential can't be written")
            .with_source(error)
            .with("file", path.display())
    })?;
    if output.json {
        output.value(&json!({"url": url, "credential_file": path}));
    } else {
        output.text(&format!("{url}\n"));
        output.note(&format!("Its credential: --credential @{}", path.display()));
    }
    Ok(())
}
