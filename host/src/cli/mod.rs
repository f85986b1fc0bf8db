//! The command line.

mod args;
mod chat;
mod connect;
mod credential;
mod engine;
mod exit;
mod memory;
mod output;
mod setting;

use std::io::IsTerminal;
use std::process::ExitCode;

use canvas_memory::registry::Registry;
use canvas_memory::{Error, ErrorKind, Result};
use clap::{CommandFactory, Parser};

use args::{Cli, Command};
use connect::Workbench;
use output::Output;
use setting::Setting;

/// Runs the program on the command line of this process.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let output = Output { json: cli.common.json };
    log_to_stderr();
    run(&cli, output).unwrap_or_else(|error| {
        output.error(&error);
        if *error.kind() == ErrorKind::MissingCredential {
            output.note("A credential is given with --credential ID, @FILE or - for standard input.");
        }
        exit::code(error.kind())
    })
}

fn run(cli: &Cli, output: Output) -> Result<ExitCode> {
    let setting = Setting::new(&cli.common)?;
    let runtime = tokio::runtime::Runtime::new().map_err(|error| {
        Error::new(ErrorKind::Unavailable, "no threads can be started").with_source(error)
    })?;
    runtime.block_on(async {
        match &cli.command {
            Command::Chat(args) => chat::run(args, &Workbench::new(&setting), output).await,
            Command::Memory(command) => memory::run(command, &Workbench::new(&setting), output).await,
            Command::Credential(command) => credential::run(command, &setting, output),
            Command::Manifest => {
                output.value(&Registry::collect().manifest());
                Ok(ExitCode::SUCCESS)
            }
            Command::Engine(command) => engine::run(command, &setting, output).await,
            Command::Completions { shell } => {
                let mut script = Vec::new();
                clap_complete::generate(*shell, &mut Cli::command(), "canvas-memory", &mut script);
                output.text(&String::from_utf8_lossy(&script));
                Ok(ExitCode::SUCCESS)
            }
        }
    })
}

/// Warnings, or what `CANVAS_MEMORY_LOG` asks for, in the form of tracing's filters.
fn log_to_stderr() {
    use tracing_subscriber::EnvFilter;
    // The libraries beneath log what services answered, which may hold a conversation; our errors say what went wrong.
    let filter = EnvFilter::try_from_env("CANVAS_MEMORY_LOG")
        .unwrap_or_else(|_| EnvFilter::new("warn,genai=off,aws_config=error"));
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .try_init();
}
