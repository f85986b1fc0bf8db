//! The command line.

mod args;
mod chat;
mod credential;
mod credentials;
mod doctor;
mod document;
mod engine;
mod exit;
mod failure;
mod log;
mod memory;
mod output;
mod read;
mod remote;
mod runs;
mod serve;
mod setting;
mod signal;
mod tables;
mod trace;
mod workbench;

use std::process::ExitCode;

use canvas_memory::registry::Registry;
use canvas_memory::{Error, ErrorKind, Result};
use clap::{CommandFactory, FromArgMatches};

use args::{ChatArgs, Cli, Command, DoctorArgs, MemoryCommand, SERVE_OPTIONS};
use credentials::Credentials;
use doctor::Patient;
use document::FlowChoice;
use failure::Failure;
use output::Output;
use remote::{Remote, RemoteRuns};
use setting::Setting;
use workbench::Workbench;

/// Runs the program on the command line of this process.
#[must_use]
pub fn main() -> ExitCode {
    let cli = parse();
    let output = Output { json: cli.common.json };
    log::to_stderr();
    run(&cli, output).unwrap_or_else(|failure| {
        output.error(&failure);
        if failure.is_missing_credential() {
            output.note("A credential is given with --credential ID, @FILE or - for standard input.");
        }
        failure.exit_code()
    })
}

fn parse() -> Cli {
    let matches = Cli::command().get_matches();
    if let (Some(command), true) = (matches.subcommand_name(), matches.contains_id(SERVE_OPTIONS)) {
        let problem = format!("the options of `serve` stand before `{command}`; they belong behind `serve`");
        Cli::command().error(clap::error::ErrorKind::ArgumentConflict, problem).exit();
    }
    Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
}

fn run(cli: &Cli, output: Output) -> Result<ExitCode, Failure> {
    let setting = Setting::new(&cli.common)?;
    let runtime = tokio::runtime::Runtime::new().map_err(|error| {
        Error::new(ErrorKind::Unavailable, "no threads can be started").with_source(error)
    })?;
    runtime.block_on(async {
        match &cli.command {
            None => Ok(serve::run(&cli.serve, &setting, output).await?),
            Some(Command::Serve(args)) => Ok(serve::run(args, &setting, output).await?),
            Some(Command::Chat(args)) => chat(args, &setting, output).await,
            Some(Command::Memory(command)) => memory(command, &setting, output).await,
            Some(Command::Doctor(args)) => doctor(args, &setting, output).await,
            Some(Command::Tables(command)) => tables::run(command, &setting, output).await,
            Some(Command::Credential(command)) => credential::run(command, &setting, output).await,
            Some(Command::Manifest) => {
                output.value(&Registry::collect().manifest());
                Ok(ExitCode::SUCCESS)
            }
            Some(Command::Engine(command)) => Ok(engine::run(command, &setting, output).await?),
            Some(Command::Completions { shell }) => {
                let mut script = Vec::new();
                clap_complete::generate(*shell, &mut Cli::command(), "canvas-memory", &mut script);
                output.text(&String::from_utf8_lossy(&script));
                Ok(ExitCode::SUCCESS)
            }
        }
    })
}

async fn chat(args: &ChatArgs, setting: &Setting, output: Output) -> Result<ExitCode, Failure> {
    let registry = Registry::collect();
    let mut credentials = Credentials::new(setting);
    let choice = FlowChoice::of(args, &mut credentials, &registry, output)?;
    if let Some(remote) = running_host(&credentials, setting)? {
        return chat::run(args, &RemoteRuns::new(remote, choice), output).await;
    }
    let workbench = Workbench::new(setting, &registry, credentials);
    let flow = workbench.flow(choice).await?;
    let ran = chat::run(args, &flow.chain, output).await;
    workbench.finish().await;
    ran
}

async fn memory(command: &MemoryCommand, setting: &Setting, output: Output) -> Result<ExitCode, Failure> {
    let registry = Registry::collect();
    let mut credentials = Credentials::new(setting);
    let node = document::memory_node(command.node(), &mut credentials, &registry)?;
    if let Some(remote) = running_host(&credentials, setting)? {
        return memory::run_remotely(command, &node, &remote, output).await;
    }
    let workbench = Workbench::new(setting, &registry, credentials);
    memory::run(command, &node, &workbench, output).await
}

async fn doctor(args: &DoctorArgs, setting: &Setting, output: Output) -> Result<ExitCode, Failure> {
    let registry = Registry::collect();
    let mut credentials = Credentials::new(setting);
    let patient = Patient::of(args, &mut credentials, &registry, output)?;
    let report = match running_host(&credentials, setting)? {
        Some(remote) => patient.examine_remotely(&remote).await?,
        None => patient.examine(&Workbench::new(setting, &registry, credentials)).await?,
    };
    Ok(doctor::tell(&report, args.policy, output))
}

/// The host that has the data directory open. A credential that was typed is never sent to it.
fn running_host(credentials: &Credentials<'_>, setting: &Setting) -> Result<Option<Remote>, Failure> {
    if credentials.any_typed() { Ok(None) } else { setting.running_host().map(Remote::new).transpose() }
}
