//! What a node is given when it connects, and what it gives back.

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::context::ConnectContext;
use super::credential::{Credential, CredentialType};
use super::health::Health;
use crate::chain::Chain;
use crate::error::{Error, ErrorKind, Result};
use crate::graph::GraphMemory;
use crate::history::HistoryStore;
use crate::memory::ChatMemory;
use crate::model::ChatModel;
use crate::tool::Tool;

/// What stands around a node when it connects.
#[derive(Clone, Debug)]
pub struct ConnectArgs<'a> {
    /// The credential in the node's slot, if any.
    pub credential: Option<Credential>,
    /// What its input ports are connected to.
    pub ports: Ports,
    /// What the host provides.
    pub context: &'a ConnectContext,
}

impl<'a> ConnectArgs<'a> {
    /// No credential, nothing connected.
    #[must_use]
    pub fn new(context: &'a ConnectContext) -> Self {
        Self { credential: None, ports: Ports::default(), context }
    }

    /// With a credential in the slot.
    #[must_use]
    pub fn with_credential(self, credential: Credential) -> Self {
        Self { credential: Some(credential), ..self }
    }

    /// With one more instance on the input port `port`.
    #[must_use]
    pub fn with_port(mut self, port: impl Into<String>, instance: Instance) -> Self {
        self.ports.0.entry(port.into()).or_default().push(instance);
        self
    }

    /// The fields of the credential, checked.
    ///
    /// # Errors
    /// `MissingCredential` without one; `InvalidInput` when it is of another type or its fields do not fit.
    pub fn credential<C: CredentialType>(&self) -> Result<C::Fields> {
        let credential = self.credential.as_ref().ok_or_else(|| {
            let wanted = C::TYPE;
            let message = format!("no credential is connected; choose or create one of type `{wanted}`");
            Error::new(ErrorKind::MissingCredential, message)
        })?;
        credential.fields::<C>()
    }
}

/// Instances by the id of the input port that they are connected to.
#[derive(Clone, Debug, Default)]
pub struct Ports(pub BTreeMap<String, Vec<Instance>>);

impl Ports {
    /// All instances on a port, in the order they were connected.
    #[must_use]
    pub fn all(&self, port: &str) -> &[Instance] {
        self.0.get(port).map_or(&[], Vec::as_slice)
    }

    /// The memory on a port, or `None` where nothing is connected.
    ///
    /// # Errors
    /// `InvalidInput` when something else is connected.
    pub fn memory(&self, port: &str) -> Result<Option<Arc<ChatMemory>>> {
        self.one(port, "a memory", |instance| match instance {
            Instance::Memory(memory) => Some(memory.clone()),
            _ => None,
        })
    }

    /// The graph memory on a port, or `None` where nothing is connected.
    ///
    /// # Errors
    /// `InvalidInput` when something else is connected.
    pub fn graph(&self, port: &str) -> Result<Option<Arc<GraphMemory>>> {
        self.one(port, "a graph memory", |instance| match instance {
            Instance::Graph(graph) => Some(graph.clone()),
            _ => None,
        })
    }

    /// The chat model on a port, or `None` where nothing is connected.
    ///
    /// # Errors
    /// `InvalidInput` when something else is connected.
    pub fn model(&self, port: &str) -> Result<Option<Arc<dyn ChatModel>>> {
        self.one(port, "a chat model", |instance| match instance {
            Instance::Model(model) => Some(model.clone()),
            _ => None,
        })
    }

    /// The history store on a port, or `None` where nothing is connected.
    ///
    /// # Errors
    /// `InvalidInput` when something else is connected.
    pub fn history(&self, port: &str) -> Result<Option<Arc<dyn HistoryStore>>> {
        self.one(port, "a history store", |instance| match instance {
            Instance::History(history) => Some(history.clone()),
            _ => None,
        })
    }

    /// The tools on a port, in the order they were connected.
    ///
    /// # Errors
    /// `InvalidInput` when something else is connected.
    pub fn tools(&self, port: &str) -> Result<Vec<Arc<dyn Tool>>> {
        let tool = |instance: &Instance| match instance {
            Instance::Tool(tool) => Ok(tool.clone()),
            other => Err(mismatch(port, "tools", other)),
        };
        self.all(port).iter().map(tool).collect()
    }

    fn one<T>(
        &self,
        port: &str,
        wanted: &str,
        take: impl FnOnce(&Instance) -> Option<T>,
    ) -> Result<Option<T>> {
        let Some(instance) = self.all(port).first() else { return Ok(None) };
        take(instance).ok_or_else(|| mismatch(port, wanted, instance)).map(Some)
    }
}

fn mismatch(port: &str, wanted: &str, found: &Instance) -> Error {
    Error::invalid_input(port, format!("needs {wanted} and is connected to {}", found.kind()))
}

/// What a node becomes once it is connected.
#[derive(Clone)]
#[non_exhaustive]
pub enum Instance {
    /// A chat memory.
    Memory(Arc<ChatMemory>),
    /// A graph memory.
    Graph(Arc<GraphMemory>),
    /// A chat model.
    Model(Arc<dyn ChatModel>),
    /// A chain or agent.
    Chain(Arc<dyn Chain>),
    /// A store of what happened to memories.
    History(Arc<dyn HistoryStore>),
    /// A tool that an agent's model may call.
    Tool(Arc<dyn Tool>),
    /// Whatever else the nodes of a pack hand to each other.
    Other(Arc<dyn Any + Send + Sync>),
}

impl Instance {
    /// What this is, with its article, for error texts.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Memory(_) => "a memory",
            Self::Graph(_) => "a graph memory",
            Self::Model(_) => "a chat model",
            Self::Chain(_) => "a chain",
            Self::History(_) => "a history store",
            Self::Tool(_) => "a tool",
            Self::Other(_) => "something else",
        }
    }
}

impl fmt::Debug for Instance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind())
    }
}

/// A live instance and its health check. Test connection, the card's badge and the check at start are this check.
#[must_use]
pub struct Connected {
    /// The instance.
    pub instance: Instance,
    /// Looks whether the instance can do its work. Nothing is checked until it is polled.
    pub health: BoxFuture<'static, Result<Health>>,
}

impl Connected {
    /// An instance that has nothing to check.
    pub fn new(instance: Instance) -> Self {
        Self { instance, health: Box::pin(async { Ok(Health::default()) }) }
    }

    /// With a health check.
    pub fn with_health(self, health: impl Future<Output = Result<Health>> + Send + 'static) -> Self {
        Self { health: Box::pin(health), ..self }
    }

    /// The instance, where it is a memory.
    ///
    /// # Errors
    /// `Unsupported` where it is something else.
    pub fn memory(&self) -> Result<Arc<ChatMemory>> {
        match &self.instance {
            Instance::Memory(memory) => Ok(memory.clone()),
            other => Err(wrong_kind("a memory", other)),
        }
    }

    /// The instance, where it is a graph memory.
    ///
    /// # Errors
    /// `Unsupported` where it is something else.
    pub fn graph(&self) -> Result<Arc<GraphMemory>> {
        match &self.instance {
            Instance::Graph(graph) => Ok(graph.clone()),
            other => Err(wrong_kind("a graph memory", other)),
        }
    }

    /// The instance, where it is a chat model.
    ///
    /// # Errors
    /// `Unsupported` where it is something else.
    pub fn model(&self) -> Result<Arc<dyn ChatModel>> {
        match &self.instance {
            Instance::Model(model) => Ok(model.clone()),
            other => Err(wrong_kind("a chat model", other)),
        }
    }

    /// The instance, where it is a history store.
    ///
    /// # Errors
    /// `Unsupported` where it is something else.
    pub fn history(&self) -> Result<Arc<dyn HistoryStore>> {
        match &self.instance {
            Instance::History(history) => Ok(history.clone()),
            other => Err(wrong_kind("a history store", other)),
        }
    }

    /// The instance, where it is a chain.
    ///
    /// # Errors
    /// `Unsupported` where it is something else.
    pub fn chain(&self) -> Result<Arc<dyn Chain>> {
        match &self.instance {
            Instance::Chain(chain) => Ok(chain.clone()),
            other => Err(wrong_kind("a chain", other)),
        }
    }
}

fn wrong_kind(wanted: &str, found: &Instance) -> Error {
    let message = format!("this node connects to {}, not to {wanted}; choose another node", found.kind());
    Error::new(ErrorKind::Unsupported, message)
}

impl fmt::Debug for Connected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connected").field("instance", &self.instance).finish_non_exhaustive()
    }
}
