//! `canvas-memory tables`: the tables under the nodes on DynamoDB.

use std::fmt::Write as _;
use std::io::BufRead as _;
use std::process::ExitCode;

use canvas_memory::declare::Level;
use canvas_memory::registry::Registry;
use canvas_memory::{Error, ErrorKind, Result};
use clap::{Args, Subcommand};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::credentials::Credentials;
use super::doctor;
use super::exit;
use super::failure::Failure;
use super::output::Output;
use super::remote::Remote;
use super::setting::Setting;
use super::workbench::Workbench;
use crate::tables::{Deleted, Place, TableOptions, TablesReport};

/// The node by whose declaration a typed credential is read: all on DynamoDB take the same type.
const NODE: &str = "DynamoDBChatMemory";

#[derive(Debug, Subcommand)]
pub(super) enum TablesCommand {
    /// Make a layout's tables unless they are there, and wait until they can be used; tell what differs in those that are
    Create {
        #[command(flatten)]
        tables: Box<TableOptions>,
        #[command(flatten)]
        who: Who,
    },
    /// Compare tables with what they are to be; changes nothing
    Check {
        #[command(flatten)]
        tables: Box<TableOptions>,
        #[command(flatten)]
        who: Who,
    },
    /// Delete one table with all that is in it
    Delete {
        /// The table's name
        table: String,
        /// Don't ask; else the table's name is read from standard input once more
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        who: Who,
    },
}

#[derive(Debug, Args)]
pub(super) struct Who {
    /// Who asks: a saved credential, a file, or standard input; the built-in engine needs none
    #[arg(long, value_name = "ID|@FILE|-")]
    credential: Option<String>,
}

pub(super) async fn run(
    command: &TablesCommand,
    setting: &Setting,
    output: Output,
) -> Result<ExitCode, Failure> {
    let registry = Registry::collect();
    let mut credentials = Credentials::new(setting);
    let (TablesCommand::Create { who, .. }
    | TablesCommand::Check { who, .. }
    | TablesCommand::Delete { who, .. }) = command;
    if let TablesCommand::Delete { table, yes: false, .. } = command {
        confirm(table, who, output)?;
    }
    let credential = match &who.credential {
        Some(argument) => Some(credentials.id(&registry, NODE, "credential", argument)?),
        None => None,
    };
    let worker = match super::running_host(&credentials, setting)? {
        Some(remote) => Worker::There(remote),
        None => Worker::Here(Workbench::new(setting, &registry, credentials)),
    };
    match command {
        TablesCommand::Create { tables, .. } => {
            let report = match &worker {
                Worker::Here(workbench) => {
                    let work = workbench.tables();
                    workbench.advised(work.create(tables, credential.as_deref()).await)?
                }
                Worker::There(remote) => {
                    ask(remote, "tables/create", json!({"tables": tables, "credential": credential})).await?
                }
            };
            Ok(tell(&report, output))
        }
        TablesCommand::Check { tables, .. } => {
            let report = match &worker {
                Worker::Here(workbench) => {
                    let work = workbench.tables();
                    workbench.advised(work.check(tables, credential.as_deref()).await)?
                }
                Worker::There(remote) => {
                    ask(remote, "tables/check", json!({"tables": tables, "credential": credential})).await?
                }
            };
            Ok(tell(&report, output))
        }
        TablesCommand::Delete { table, place, .. } => {
            let deleted: Deleted = match &worker {
                Worker::Here(workbench) => {
                    let work = workbench.tables();
                    workbench.advised(work.delete(table, place, credential.as_deref()).await)?
                }
                Worker::There(remote) => {
                    let request = json!({
                        "table": table, "region": place.region, "endpoint": place.endpoint, "credential": credential,
                    });
                    ask(remote, "tables/delete", request).await?
                }
            };
            if output.json {
                output.value(&deleted);
            } else {
                output.text(&format!("deleted {table}\n"));
            }
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// Who does the work.
enum Worker<'a> {
    Here(Workbench<'a>),
    There(Remote),
}

async fn ask<T: DeserializeOwned>(remote: &Remote, path: &str, request: Value) -> Result<T, Failure> {
    remote.post(path, &request).await?.decode().map_err(|_| {
        let message =
            "the running host answered something else than was asked for; is it of another version?";
        Error::new(ErrorKind::Protocol, message).into()
    })
}

/// Whoever deletes a table names it twice.
fn confirm(table: &str, who: &Who, output: Output) -> Result<()> {
    let refused = |problem| Err(Error::invalid_input("yes", problem));
    if who.credential.as_deref() == Some("-") {
        return refused("is missing; standard input holds the credential, so nobody can be asked");
    }
    output.note(&format!("This deletes `{table}` with all that is in it. Type its name to go on:"));
    let mut line = String::new();
    let read = std::io::stdin().lock().read_line(&mut line);
    if read.is_err() || line.trim_end_matches(['\r', '\n']) != table {
        return refused("is missing, and the name that was read is not the table's; nothing was deleted");
    }
    Ok(())
}

fn tell(report: &TablesReport, output: Output) -> ExitCode {
    if output.json {
        output.value(report);
    } else {
        let mut text = String::new();
        for table in &report.tables {
            let _ = writeln!(text, "{}", table.table);
            for finding in &table.findings {
                doctor::finding(&mut text, finding);
            }
        }
        output.text(&text);
    }
    match report.level {
        Level::Error => ExitCode::from(exit::NOT_WORKING),
        Level::Ok | Level::Warning => ExitCode::SUCCESS,
    }
}
