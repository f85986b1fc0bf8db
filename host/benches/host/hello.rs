//! The baseline: the least that axum can serve.

use std::process::Command;

use axum::Router;
use axum::routing::get;

/// Makes a process of this bench be the server.
pub(crate) const OPTION: &str = "--serve-hello";

pub(crate) fn command() -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.arg(OPTION);
    command
}

/// Prints its address and serves until it is killed.
pub(crate) fn serve() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        println!("http://{}", listener.local_addr().unwrap());
        axum::serve(listener, Router::new().route("/", get(async || "hello"))).await.unwrap();
    });
}
