//! Nodes: what stands on the canvas.

use std::fmt;

use futures_util::future::BoxFuture;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize as _, Serialize};
use serde_json::{Map, Value};

use super::alias::Alias;
use super::connect::{ConnectArgs, Connected};
use super::diagnosis::{self, Diagnosis};
use super::manifest;
use super::port::Port;
use super::set_up::SetUp;
use super::validate::Problem;
use crate::error::{Error, ErrorKind, Result};

/// A kind of node: declares inputs, ports and credential slots, and connects.
///
/// The doc comment of [`Node::Inputs`] gives title and description: its first paragraph is the title when it does not
/// end with a full stop. The same goes for each field, choice and variant.
pub trait Node: Sized + 'static {
    /// The settings: with `#[serde(deny_unknown_fields)]`, in the order that the form shows.
    type Inputs: DeserializeOwned + JsonSchema + Send;

    /// The type's name in saved flows, such as `DynamoDBChatMemory`. Never changes.
    const TYPE: &'static str;
    /// Counts changes to the inputs.
    const VERSION: u32 = 1;
    /// Where the palette shows it.
    const CATEGORY: Category;
    /// An SVG of 24 × 24 in `currentColor`.
    const ICON: &'static str;
    /// The page's Docs tab, in Markdown.
    const DOCS: &'static str;
    /// Which credentials it takes.
    const CREDENTIALS: &'static [CredentialSlot] = &[];
    /// What connects to it.
    const INPUT_PORTS: &'static [Port] = &[];
    /// What it connects to.
    const OUTPUT_PORTS: &'static [Port];
    /// What hosts may want to know of its instances.
    const CAPABILITIES: &'static [Capability] = &[];
    /// Node types of other canvases that open as this one. A foreign node of the type [`Node::TYPE`] always does.
    const ALIASES: &'static [Alias] = &[];

    /// Brings inputs that were made for the older version `from_version` up to [`Node::VERSION`]. A flow is brought up
    /// when it is loaded; inputs of this version never come here.
    ///
    /// # Errors
    /// `InvalidInput` when the inputs do not fit the version that they say.
    fn upgrade(_from_version: u32, _inputs: &mut Map<String, Value>) -> Result<()> {
        Ok(())
    }

    /// Makes inputs that the configuration of another system spells its own way this node's, in place: other names, a block
    /// around them. Tells what means nothing here and is left out. It comes before the inputs are checked; what it does not
    /// know it leaves to the schema to judge.
    ///
    /// # Errors
    /// The problem, where something must not be left out in silence, such as a secret.
    fn adopt(_inputs: &mut Map<String, Value>) -> Result<Vec<Problem>, Problem> {
        Ok(Vec::new())
    }

    /// Makes the live instance and its health check.
    ///
    /// # Errors
    /// `InvalidInput` for an input that its schema can't judge; `MissingCredential`; whatever connecting fails with.
    fn connect(inputs: Self::Inputs, args: ConnectArgs<'_>)
    -> impl Future<Output = Result<Connected>> + Send;

    /// Looks up the choices of an input whose `x-options` names `method`. `inputs` is what the form holds so far, not
    /// yet complete.
    ///
    /// # Errors
    /// `Unsupported` for a method that the node does not have; whatever looking up fails with.
    fn choices(
        method: &str,
        _inputs: &Map<String, Value>,
        _args: ConnectArgs<'_>,
    ) -> impl Future<Output = Result<Vec<Choice>>> + Send {
        std::future::ready(Err(Error::new(
            ErrorKind::Unsupported,
            format!("`{}` has no choices named `{method}`", Self::TYPE),
        )))
    }

    /// Looks for all that keeps an instance with these inputs from working, and tells the least policy that would do.
    /// Creates and changes nothing, and leaves nothing behind.
    ///
    /// By itself it connects and turns an error of that or of the health check into a finding; a node whose
    /// [`connect`](Self::connect) makes something, or whose service has several things to look at, brings its own.
    /// `args.ports` may be empty: what belongs on the ports is looked at by itself.
    ///
    /// # Errors
    /// When there is no diagnosis at all; what is wrong with the node is a finding.
    fn diagnose(
        inputs: Self::Inputs,
        args: ConnectArgs<'_>,
    ) -> impl Future<Output = Result<Diagnosis>> + Send {
        async { Ok(diagnosis::by_connecting::<Self>(inputs, args).await) }
    }

    /// Makes what the service lacks for an instance with these inputs, such as the table, and waits until it can be
    /// used. What is there already is not changed. A node that has this says so by [`Capability::SetUp`].
    ///
    /// # Errors
    /// `Unsupported` by a node whose service needs nothing made; whatever making it fails with.
    fn set_up(_inputs: Self::Inputs, _args: ConnectArgs<'_>) -> impl Future<Output = Result<SetUp>> + Send {
        std::future::ready(Err(Error::new(
            ErrorKind::Unsupported,
            format!("`{}` has nothing to set up; connect it", Self::TYPE),
        )))
    }
}

/// A heading of the palette.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Category(pub &'static str);

impl Category {
    /// Chat memories.
    pub const MEMORY: Self = Self("Memory");
    /// Chat models.
    pub const CHAT_MODELS: Self = Self("Chat Models");
    /// Chains.
    pub const CHAINS: Self = Self("Chains");
    /// Agents.
    pub const AGENTS: Self = Self("Agents");
    /// Tools of agents.
    pub const TOOLS: Self = Self("Tools");

    /// The headings of this crate in the order that a palette shows them; those of packs follow, sorted.
    pub const ORDER: &'static [Self] =
        &[Self::MEMORY, Self::CHAT_MODELS, Self::CHAINS, Self::AGENTS, Self::TOOLS];
}

/// Something that hosts may want to know of a node's instances.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Capability {
    /// Works on the host's own engine, without a credential.
    Builtin,
    /// Lists the sessions that it keeps.
    Sessions,
    /// Sessions can expire.
    Expiry,
    /// Answers come piece by piece.
    Streaming,
    /// Makes what its service lacks, such as the table, when it is asked to: [`Node::set_up`].
    SetUp,
}

/// Where a credential goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CredentialSlot {
    /// What the form shows.
    pub title: &'static str,
    /// The credential types that fit.
    pub types: &'static [&'static str],
    /// When it must be filled.
    #[serde(flatten)]
    pub required: Required,
}

impl CredentialSlot {
    /// Whether it must be filled, for a node with these inputs.
    #[must_use]
    pub fn is_required(&self, inputs: &Map<String, Value>) -> bool {
        match self.required {
            Required::Is(required) => required,
            Required::Unless { input, value } => inputs.get(input).is_none_or(|held| held != value),
        }
    }
}

/// When a credential slot must be filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Required {
    /// Always, or never.
    #[serde(rename = "required")]
    Is(bool),
    /// Unless an input holds a value, such as `builtin`.
    #[serde(rename = "requiredUnless")]
    Unless {
        /// The input's name.
        input: &'static str,
        /// Its value.
        value: &'static str,
    },
}

/// A value that a form offers for an input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Choice {
    /// What goes into the input.
    pub value: String,
    /// What the form shows.
    pub title: String,
}

type Pending<'a, T> = BoxFuture<'a, Result<T>>;
type Adopt = fn(&mut Map<String, Value>) -> Result<Vec<Problem>, Problem>;
type LookUp = for<'a> fn(&'a str, &'a Map<String, Value>, ConnectArgs<'a>) -> Pending<'a, Vec<Choice>>;

/// A node as the registry holds it. Made by [`register_node!`](crate::register_node).
#[derive(Clone, Copy)]
pub struct NodeEntry {
    pub(crate) node_type: &'static str,
    pub(crate) rust_type: fn() -> &'static str,
    pub(crate) schema: fn() -> Value,
    pub(crate) version: u32,
    pub(crate) input_ports: &'static [Port],
    pub(crate) output_ports: &'static [Port],
    pub(crate) credentials: &'static [CredentialSlot],
    pub(crate) aliases: &'static [Alias],
    pub(crate) upgrade: fn(u32, &mut Map<String, Value>) -> Result<()>,
    pub(crate) adopt: Adopt,
    pub(crate) connect: for<'a> fn(&'a Value, ConnectArgs<'a>) -> Pending<'a, Connected>,
    pub(crate) choices: LookUp,
    pub(crate) diagnose: for<'a> fn(&'a Value, ConnectArgs<'a>) -> Pending<'a, Diagnosis>,
    pub(crate) set_up: for<'a> fn(&'a Value, ConnectArgs<'a>) -> Pending<'a, SetUp>,
}

impl NodeEntry {
    /// The entry of `N`.
    #[must_use]
    pub const fn of<N: Node>() -> Self {
        Self {
            node_type: N::TYPE,
            rust_type: std::any::type_name::<N>,
            schema: manifest::node_schema::<N>,
            version: N::VERSION,
            input_ports: N::INPUT_PORTS,
            output_ports: N::OUTPUT_PORTS,
            credentials: N::CREDENTIALS,
            aliases: N::ALIASES,
            upgrade: N::upgrade,
            adopt: N::adopt,
            connect: |inputs, args| Box::pin(async move { N::connect(decode::<N>(inputs)?, args).await }),
            choices: |method, inputs, args| Box::pin(N::choices(method, inputs, args)),
            diagnose: |inputs, args| Box::pin(async move { N::diagnose(decode::<N>(inputs)?, args).await }),
            set_up: |inputs, args| Box::pin(async move { N::set_up(decode::<N>(inputs)?, args).await }),
        }
    }

    /// The type's name in saved flows.
    #[must_use]
    pub fn node_type(&self) -> &'static str {
        self.node_type
    }

    /// Counts changes to the inputs.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.version
    }

    /// What connects to it.
    #[must_use]
    pub fn input_ports(&self) -> &'static [Port] {
        self.input_ports
    }

    /// What it connects to.
    #[must_use]
    pub fn output_ports(&self) -> &'static [Port] {
        self.output_ports
    }

    /// Node types of other canvases that open as this one.
    #[must_use]
    pub fn aliases(&self) -> &'static [Alias] {
        self.aliases
    }

    /// Which credential slots it has.
    #[must_use]
    pub fn credentials(&self) -> &'static [CredentialSlot] {
        self.credentials
    }

    /// Brings inputs of the older version `from_version` up to [`NodeEntry::version`].
    ///
    /// # Errors
    /// As [`Node::upgrade`].
    pub fn upgrade(&self, from_version: u32, inputs: &mut Map<String, Value>) -> Result<()> {
        (self.upgrade)(from_version, inputs)
    }

    /// Makes inputs of another system's configuration the node's own.
    ///
    /// # Errors
    /// As [`Node::adopt`].
    pub fn adopt(&self, inputs: &mut Map<String, Value>) -> Result<Vec<Problem>, Problem> {
        (self.adopt)(inputs)
    }
}

fn decode<N: Node>(inputs: &Value) -> Result<N::Inputs> {
    // The text of a decoding error may quote the value, so it is not passed on.
    N::Inputs::deserialize(inputs).map_err(|_| {
        let problem = format!("do not fit `{}` in a way its schema can't tell", N::TYPE);
        Error::invalid_input("inputs", problem)
    })
}

impl fmt::Debug for NodeEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NodeEntry({}, {})", self.node_type, (self.rust_type)())
    }
}

inventory::collect!(NodeEntry);
