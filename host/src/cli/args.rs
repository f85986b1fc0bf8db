//! The command line, as its users type it.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;

use canvas_memory::declare::AllowedEndpoint;
use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;

use super::tables::TablesCommand;

const EXAMPLES: &str = "\
Examples:
  canvas-memory
  canvas-memory chat --flow dynamodb-on-this-machine --session user-id-123 \"Hello my name is Collin.\"
  canvas-memory chat --session user-id-123 \"Hello my name is Collin.\"
  canvas-memory chat --session user-id-123 \"What is my name?\"
  canvas-memory memory load --session user-id-123
  canvas-memory memory sessions
  canvas-memory doctor --flow dynamodb-on-this-machine
  canvas-memory tables create turns --table-name chat-memory --region eu-west-1 --credential aws

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
  11 too large for the backend
  12 the doctor, or a look at tables, found what keeps them from working";

/// Conversations kept in DynamoDB or Upstash Redis: whole, in order, once.
///
/// Without a command it serves, as `canvas-memory serve` does.
#[derive(Debug, Parser)]
#[command(name = "canvas-memory", version, after_help = EXAMPLES)]
pub(super) struct Cli {
    #[command(flatten)]
    pub(super) common: Common,
    #[command(flatten)]
    pub(super) serve: ServeArgs,
    #[command(subcommand)]
    pub(super) command: Option<Command>,
}

#[derive(Debug, Args)]
pub(super) struct Common {
    /// Where flows, credentials and conversations are kept [default: canvas-memory in the user's data directory]
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
    /// Serve the API, run flows, keep conversations: what happens without a command, too
    Serve(ServeArgs),
    /// Talk to a model, with a memory
    Chat(Box<ChatArgs>),
    /// Work with a memory node from a script: JSON in, JSON out
    #[command(subcommand)]
    Memory(MemoryCommand),
    /// Find everything that keeps a node or a flow from working, and the least policy that would do; changes nothing
    Doctor(DoctorArgs),
    /// Make, compare and delete tables of DynamoDB
    #[command(subcommand)]
    Tables(TablesCommand),
    /// Save, list, delete and reseal credentials of the data directory
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

/// How to serve.
#[derive(Debug, Args)]
#[group(id = SERVE_OPTIONS, multiple = true)]
pub(super) struct ServeArgs {
    /// Address to listen on; port 0 takes any free one. Away from loopback a token is needed
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:4680")]
    pub(super) listen: SocketAddr,
    /// File with the token that every request has to bear [default: CANVAS_MEMORY_TOKEN]
    #[arg(long, value_name = "FILE")]
    pub(super) token_file: Option<PathBuf>,
    /// A further name that requests may call this host by, such as a proxy's; can be repeated
    #[arg(long, value_name = "NAME")]
    pub(super) host_name: Vec<String>,
    /// An endpoint that nodes may dial besides https to public addresses: HOST, HOST:PORT, IP, IP:PORT or a network; can
    /// be repeated
    #[arg(long, value_name = "ENDPOINT")]
    pub(super) allow_endpoint: Vec<AllowedEndpoint>,
    /// Whether a credential may stand for this machine's own AWS identity [default: true on loopback, else false]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(super) machine_identity: Option<bool>,
    /// A Redis or Valkey for the built-in Upstash endpoint to stand in front of, such as redis://127.0.0.1:6379; one with
    /// a password goes into CANVAS_MEMORY_REDIS_URL, which other users of this machine can't read
    #[arg(long, value_name = "URL")]
    pub(super) redis: Option<String>,
}

/// The group of all options of [`ServeArgs`].
pub(super) const SERVE_OPTIONS: &str = "serve-options";

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
pub(super) struct DoctorArgs {
    /// The flow to look at, with all its nodes: a saved one, or a file of this program or exported from Flowise or AnswerAI
    #[arg(long, value_name = "ID|FILE", conflicts_with_all = ["node", "inputs", "credential"])]
    pub(super) flow: Option<String>,
    #[command(flatten)]
    pub(super) node: NodeArgs,
    /// Print the least policy that would do and nothing else, as JSON to give to the service
    #[arg(long)]
    pub(super) policy: bool,
}

#[derive(Debug, Args)]
pub(super) struct ChatArgs {
    /// The flow to talk to: a saved one, or a file of this program or exported from Flowise or AnswerAI
    #[arg(long, value_name = "ID|FILE", conflicts_with_all = [
        "node", "inputs", "credential", "model", "base_url", "model_credential", "system"
    ])]
    pub(super) flow: Option<String>,
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
    /// Who speaks, where several share a conversation: kept as the message's name
    #[arg(long, value_name = "NAME")]
    pub(super) speaker: Option<String>,
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
        /// Also while flows name it
        #[arg(long)]
        force: bool,
    },
    /// Seal every credential with another key, while no host runs
    ///
    /// From then on the new file is given with --key-file, or takes the place of the default one. A rotation that was
    /// interrupted goes on when it is called again with the same arguments.
    Rotate {
        /// The file of the new key; made when it is not there
        #[arg(long, value_name = "FILE")]
        new_key_file: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum EngineCommand {
    /// DynamoDB's API on a durable file; prints the URL and where its access key lies
    Dynamodb {
        /// Address to listen on; from another machine too, nobody gets in without the engine's credential
        #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
        listen: SocketAddr,
    },
    /// Upstash's REST API, on a durable file or in front of a Redis
    Upstash {
        /// Address to listen on; from another machine too, nobody gets in without the engine's credential
        #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
        listen: SocketAddr,
        /// A Redis or Valkey to stand in front of, such as redis://127.0.0.1:6379; one with a password goes into
        /// CANVAS_MEMORY_REDIS_URL, which other users of this machine can't read
        #[arg(long, value_name = "URL")]
        redis: Option<String>,
    },
}
