//! The command line, as its users type it.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;

const EXAMPLES: &str = "\
Examples:
  canvas-memory chat --session user-id-123 \"Hello my name is Collin.\"
  canvas-memory chat --session user-id-123 \"What is my name?\"
  canvas-memory memory load --session user-id-123
  canvas-memory memory sessions

Exit codes:
  0  done
  1  something unforeseen
  2  the command line or an input can't be used
  3  a credential is missing, unknown to the service, or not allowed to do this
  4  a table, key, session or model is not there, or has another shape
  5  what is stored can't be read
  6  the session has moved on, or the turn id stands for another turn
  7  no one knows whether the turn is stored: repeat it with the same --turn-id
  8  the service can't be reached, fails, or asks for fewer requests: try again
  9  the local disk is full, or another process uses the data directory
  10 answered, and not stored
  11 too large for the backend";

/// Conversations kept in DynamoDB or Upstash Redis: whole, in order, once.
#[derive(Debug, Parser)]
#[command(name = "canvas-memory", version, after_help = EXAMPLES, arg_required_else_help = true)]
pub(super) struct Cli {
    #[command(flatten)]
    pub(super) common: Common,
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Args)]
pub(super) struct Common {
    /// Where engines and credentials are kept [default: canvas-memory in the user's data directory]
    #[arg(long, global = true, env = "CANVAS_MEMORY_DATA_DIR", value_name = "DIR")]
    pub(super) data_dir: Option<PathBuf>,
    /// The key that credentials are sealed with [default: canvas-memory/key in the user's configuration directory]
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) key_file: Option<PathBuf>,
    /// Print JSON, one object a line, errors included
    #[arg(long, global = true)]
    pub(super) json: bool,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Talk to a model, with a memory
    Chat(Box<ChatArgs>),
    /// Work with a memory node from a script: JSON in, JSON out
    #[command(subcommand)]
    Memory(MemoryCommand),
    /// Save, list and delete credentials, sealed in the data directory
    #[command(subcommand)]
    Credential(CredentialCommand),
    /// Print every declaration: nodes, credential types, ports
    Manifest,
    /// Run one of the built-in engines alone
    #[command(subcommand)]
    Engine(EngineCommand),
    /// Print a completion script for a shell
    Completions {
        /// Which shell
        shell: Shell,
    },
}

/// Which memory.
#[derive(Debug, Args)]
pub(super) struct NodeArgs {
    /// The memory node's type, as `canvas-memory manifest` lists it
    #[arg(long, value_name = "TYPE", default_value = "DynamoDBChatMemory")]
    pub(super) node: String,
    /// The node's inputs [default: the built-in engine]
    #[arg(long, value_name = "JSON|@FILE")]
    pub(super) inputs: Option<String>,
    /// The node's credential: a saved one, a file, or standard input; as JSON {"type": …, fields…} or its fields alone
    #[arg(long, value_name = "ID|@FILE|-")]
    pub(super) credential: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct ChatArgs {
    #[command(flatten)]
    pub(super) node: NodeArgs,
    /// The model: `echo`, or PROVIDER:MODEL such as `openai:gpt-4o-mini`
    #[arg(long, value_name = "MODEL", default_value = "echo")]
    pub(super) model: String,
    /// The model's API, where it is not the provider's own; such as http://127.0.0.1:11434/v1/
    #[arg(long, value_name = "URL")]
    pub(super) base_url: Option<String>,
    /// The model's credential
    #[arg(long, value_name = "ID|@FILE|-")]
    pub(super) model_credential: Option<String>,
    /// Instructions to the model; `{{chat_history}}` stands for the conversation as text
    #[arg(long, value_name = "TEXT")]
    pub(super) system: Option<String>,
    /// The conversation to go on with [default: the node's, else a new one]
    #[arg(long, value_name = "ID")]
    pub(super) session: Option<String>,
    /// Makes the message repeatable: the same id again has no second effect
    #[arg(long, value_name = "ID", requires = "message")]
    pub(super) turn_id: Option<String>,
    /// What to say; without it, messages are read line by line
    pub(super) message: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(super) enum MemoryCommand {
    /// Print what the memory recalls of a session
    Load {
        #[command(flatten)]
        node: NodeArgs,
        #[command(flatten)]
        session: SessionArgs,
    },
    /// Store a turn read from standard input: {"messages": [{"role": "user", "content": "…"}, …], "id": "…"}
    ///
    /// `id` may be left out. A turn with an id can be repeated without a second effect.
    Append {
        #[command(flatten)]
        node: NodeArgs,
        #[command(flatten)]
        session: SessionArgs,
        /// Store only if the session still ends here, as `load` printed it
        #[arg(long, value_name = "POSITION")]
        after: Option<String>,
    },
    /// Remove a session
    Clear {
        #[command(flatten)]
        node: NodeArgs,
        #[command(flatten)]
        session: SessionArgs,
    },
    /// List sessions, newest first where the store can
    Sessions {
        #[command(flatten)]
        node: NodeArgs,
        #[command(flatten)]
        page: PageArgs,
    },
    /// Print what is stored, as the backend has it
    Inspect {
        #[command(flatten)]
        node: NodeArgs,
        #[command(flatten)]
        session: SessionArgs,
        #[command(flatten)]
        page: PageArgs,
    },
    /// Check credential, table or database, keys and rights
    Test {
        #[command(flatten)]
        node: NodeArgs,
    },
}

#[derive(Debug, Args)]
pub(super) struct SessionArgs {
    /// Which conversation [default: the node's]
    #[arg(long, value_name = "ID")]
    pub(super) session: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct PageArgs {
    /// The most rows to print
    #[arg(long, value_name = "N", default_value = "50")]
    pub(super) limit: NonZeroU32,
    /// The next page, as the one before printed it
    #[arg(long, value_name = "TOKEN")]
    pub(super) page: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(super) enum CredentialCommand {
    /// Seal a credential whose fields are read as JSON
    Add {
        /// The credential's id, such as `aws`
        id: String,
        /// Its type, as `canvas-memory manifest` lists it
        #[arg(long = "type", value_name = "TYPE")]
        credential_type: String,
        /// Where the fields are read
        #[arg(value_name = "@FILE|-", default_value = "-")]
        fields: String,
    },
    /// List saved credentials, without their secrets
    List,
    /// Delete a credential
    Delete {
        /// Which
        id: String,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum EngineCommand {
    /// DynamoDB's API on a durable file; prints the URL and where its access key lies
    Dynamodb {
        /// Address to listen on
        #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
        listen: SocketAddr,
    },
    /// Upstash's REST API, on a durable file or in front of a Redis
    Upstash {
        /// Address to listen on
        #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
        listen: SocketAddr,
        /// A Redis or Valkey to stand in front of, such as redis://127.0.0.1:6379; one with a password goes into the
        /// variable, which other users of this machine can't read
        #[arg(long, value_name = "URL", env = "CANVAS_MEMORY_REDIS_URL", hide_env_values = true)]
        redis: Option<String>,
    },
}
