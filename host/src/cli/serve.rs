//! `canvas-memory serve`, and `canvas-memory` alone: the host, until it is told to stop.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use canvas_memory::declare::OperatorPolicy;
use canvas_memory::{Error, Result};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::args::ServeArgs;
use super::output::Output;
use super::setting::{Setting, redis_or};
use super::signal::until_stopped;
use crate::api::{self, ServeOptions};
use crate::app::{App, AppOptions};
use crate::engine::random_secret;
use crate::running::RunningHost;

const TOKEN_VARIABLE: &str = "CANVAS_MEMORY_TOKEN";
/// What a shell is told of a process that a second Ctrl-C ended.
const INTERRUPTED: i32 = 130;

pub(super) async fn run(args: &ServeArgs, setting: &Setting, output: Output) -> Result<ExitCode> {
    let token = token(args.token_file.as_deref())?;
    api::check_token(args.listen, token.as_ref())?;
    let app = open(args, setting).map_err(|error| match setting.running_host() {
        Some(running) => error.with("url", running.url),
        None => error,
    })?;
    let listener = TcpListener::bind(args.listen).await.map_err(|error| not_bound(args.listen, error))?;
    let addr = listener.local_addr().map_err(|error| not_bound(args.listen, error))?;

    let stop = CancellationToken::new();
    stop_when_told(stop.clone());
    let host = RunningHost::this(url(addr), random_secret());
    let announcement = host.announce(app.data_dir())?;
    if output.json {
        output.value(&json!({"url": host.url}));
    } else {
        output.text(&format!("{}\n", host.url));
    }
    let greeting = greet(app.clone(), &host.url, setting, output);
    let options = ServeOptions {
        token,
        start_secret: Some(host.secret),
        host_names: args.host_name.clone(),
        stop,
        ..ServeOptions::default()
    };
    // Nobody waits for an answer until the flows are listed.
    let (served, ()) = tokio::join!(api::serve(app, listener, options), greeting);
    drop(announcement);
    served.map(|()| ExitCode::SUCCESS)
}

fn open(args: &ServeArgs, setting: &Setting) -> Result<App> {
    App::open(AppOptions {
        endpoints: Arc::new(OperatorPolicy::new(&args.allow_endpoint)),
        uses_machine_identity: args.machine_identity.unwrap_or_else(|| args.listen.ip().is_loopback()),
        redis: redis_or(args.redis.as_deref())?,
        ..AppOptions::new(setting.data_dir_path(), setting.key())
    })
}

/// The token of the file, else of the environment, without the line's end behind it.
fn token(file: Option<&Path>) -> Result<Option<SecretString>> {
    let text = match file {
        Some(file) => SecretString::from(std::fs::read_to_string(file).map_err(|error| {
            Error::invalid_input("token-file", format!("can't be read: {error}")).with("file", file.display())
        })?),
        None => match std::env::var(TOKEN_VARIABLE) {
            Ok(token) => SecretString::from(token),
            Err(_) => return Ok(None),
        },
    };
    Ok(Some(SecretString::from(text.expose_secret().trim())))
}

fn not_bound(listen: SocketAddr, error: io::Error) -> Error {
    let problem = match error.kind() {
        io::ErrorKind::AddrInUse => format!(
            "is {listen}, which another program uses; stop that one, or choose another address, such as --listen \
             127.0.0.1:0 for any free port"
        ),
        io::ErrorKind::PermissionDenied => {
            format!(
                "is {listen}, which this user may not listen on; choose a port from 1024 on with --listen"
            )
        }
        _ => {
            format!("is {listen}, which can't be listened on: {error}; choose another address with --listen")
        }
    };
    Error::invalid_input("listen", problem).with_source(error)
}

/// The address for programs on this machine.
fn url(mut addr: SocketAddr) -> String {
    if addr.ip().is_unspecified() {
        addr.set_ip(match addr {
            SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    format!("http://{addr}")
}

/// Cancels `stop` when the process is told to stop. Whoever says so twice does not wait for the runs under way.
fn stop_when_told(stop: CancellationToken) {
    let told = until_stopped();
    tokio::spawn(async move {
        told.await;
        stop.cancel();
        until_stopped().await;
        std::process::exit(INTERRUPTED);
    });
}

/// Tells a person what to do next.
async fn greet(app: App, url: &str, setting: &Setting, output: Output) {
    let flows = app.state().flows().await.unwrap_or_default();
    let next = match flows.iter().find(|flow| flow.summary.is_ok()) {
        Some(flow) => format!(
            "Talk to a flow from another terminal:\n  canvas-memory chat{} --flow {} --session me \"Hello\"",
            setting.data_dir_option(),
            flow.id
        ),
        None => format!(
            "Make a flow from a template:\n  curl -d '{{\"template\": \"dynamodb-builtin\"}}' -H 'Content-Type: \
             application/json' {url}/api/v1/flows"
        ),
    };
    output.note(&format!(
        "canvas-memory {} serves flows, credentials and conversations of {}.\n{next}\nWhat programs can ask for is \
         described in {url}/api/v1/openapi.json. Ctrl-C stops.",
        env!("CARGO_PKG_VERSION"),
        app.data_dir().path().display(),
    ));
}
