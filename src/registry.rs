//! All node and credential types that this program was built with.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::declare::manifest::Manifest;
use crate::declare::validate::Validation;
use crate::declare::{
    Alias, Choice, ConnectArgs, ConnectContext, Connected, Credential, CredentialEntry, Health, Node,
    NodeEntry, Problem, Target,
};
use crate::error::{Error, ErrorKind, Result};

mod adopt;
mod check;
mod credentials;
mod diagnose;
mod set_up;
mod spelling;

pub use adopt::Adopted;
use check::Checks;

/// The node and credential types, sorted. What is wrong with one does not keep the others from working.
#[derive(Debug)]
pub struct Registry {
    nodes: BTreeMap<&'static str, RegisteredNode>,
    credentials: BTreeMap<&'static str, RegisteredCredential>,
    /// Node types of other canvases, with the type here that opens them.
    aliases: BTreeMap<&'static str, (&'static str, Alias)>,
    refused: Vec<Refused>,
}

#[derive(Debug)]
struct RegisteredNode {
    entry: NodeEntry,
    schema: Value,
    validation: Validation,
}

#[derive(Debug)]
struct RegisteredCredential {
    entry: CredentialEntry,
    schema: Value,
}

/// A declaration that the registry does not take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The node or credential type's name.
    pub name: String,
    /// The Rust type that declares it.
    pub rust_type: &'static str,
    /// What is wrong with it.
    pub reason: String,
}

impl Registry {
    /// What [`register_node!`](crate::register_node) and
    /// [`register_credential_type!`](crate::register_credential_type) have added, in this crate and in every pack that
    /// the program names (`use pack as _;`).
    #[must_use]
    pub fn collect() -> Self {
        Self::of(inventory::iter::<NodeEntry>().copied(), inventory::iter::<CredentialEntry>().copied())
    }

    /// Just these.
    #[must_use]
    pub fn of(
        nodes: impl IntoIterator<Item = NodeEntry>,
        credentials: impl IntoIterator<Item = CredentialEntry>,
    ) -> Self {
        let mut registry = Self {
            nodes: BTreeMap::new(),
            credentials: BTreeMap::new(),
            aliases: BTreeMap::new(),
            refused: Vec::new(),
        };
        match Checks::new() {
            Ok(checks) => {
                for entry in
                    registry.without_duplicates(credentials, |entry| (entry.credential_type, entry.rust_type))
                {
                    registry.add_credential(&checks, entry);
                }
                for entry in registry.without_duplicates(nodes, |entry| (entry.node_type, entry.rust_type)) {
                    registry.add_node(&checks, entry);
                }
                registry.add_aliases();
            }
            Err(reason) => {
                registry.refused.push(Refused { name: "meta-schema".into(), rust_type: "", reason });
            }
        }
        registry.refused.sort_by(|one, other| one.name.cmp(&other.name));
        registry
    }

    /// Which of two should win can't be known, so neither does.
    fn without_duplicates<E: Copy>(
        &mut self,
        entries: impl IntoIterator<Item = E>,
        names: impl Fn(&E) -> (&'static str, fn() -> &'static str),
    ) -> Vec<E> {
        let mut by_name: BTreeMap<&str, Vec<E>> = BTreeMap::new();
        for entry in entries {
            by_name.entry(names(&entry).0).or_default().push(entry);
        }
        let mut single = Vec::new();
        for (name, entries) in by_name {
            if let [entry] = entries.as_slice() {
                single.push(*entry);
                continue;
            }
            let rust_types: Vec<_> = entries.iter().map(|entry| (names(entry).1)()).collect();
            self.refused.extend(rust_types.iter().map(|rust_type| Refused {
                name: name.to_owned(),
                rust_type,
                reason: format!(
                    "is declared more than once, by {}; rename or drop one",
                    rust_types.join(" and ")
                ),
            }));
        }
        single
    }

    fn add_credential(&mut self, checks: &Checks, entry: CredentialEntry) {
        let schema = (entry.schema)();
        match checks.credential(&schema) {
            Ok(()) => {
                self.credentials.insert(entry.credential_type, RegisteredCredential { entry, schema });
            }
            Err(reason) => self.refuse(entry.credential_type, entry.rust_type, reason),
        }
    }

    fn add_node(&mut self, checks: &Checks, entry: NodeEntry) {
        let schema = (entry.schema)();
        let checked = checks.node(&schema, |credential_type| self.credentials.contains_key(credential_type));
        let validation = checked.and_then(|()| {
            Validation::of_node(entry.node_type, &schema).map_err(|error| error.message().to_owned())
        });
        match validation {
            Ok(validation) => {
                self.nodes.insert(entry.node_type, RegisteredNode { entry, schema, validation });
            }
            Err(reason) => self.refuse(entry.node_type, entry.rust_type, reason),
        }
    }

    /// Which of two nodes should open a foreign type can't be known, so neither does.
    fn add_aliases(&mut self) {
        let mut by_name: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for entry in self.nodes.values().map(|node| node.entry) {
            for alias in entry.aliases {
                by_name.entry(alias.node_type()).or_default().push((entry, *alias));
            }
        }
        for (name, openers) in by_name {
            let is_other = self.nodes.get(name).map(|node| node.entry.node_type);
            let taken = |entry: &NodeEntry| is_other.is_some_and(|other| other != entry.node_type);
            match openers.as_slice() {
                [(entry, alias)] if !taken(entry) => {
                    self.aliases.insert(name, (entry.node_type, *alias));
                }
                _ => {
                    for (entry, _) in openers {
                        let reason =
                            "is a foreign type that several nodes would open; let one of them".to_owned();
                        self.refuse(name, entry.rust_type, reason);
                    }
                }
            }
        }
    }

    fn refuse(&mut self, name: &str, rust_type: fn() -> &'static str, reason: String) {
        self.refused.push(Refused { name: name.to_owned(), rust_type: rust_type(), reason });
    }

    /// What was refused, and why. A host shows it at start.
    #[must_use]
    pub fn refused(&self) -> &[Refused] {
        &self.refused
    }

    /// The names of all node types, sorted.
    pub fn node_types(&self) -> impl Iterator<Item = &'static str> {
        self.nodes.keys().copied()
    }

    /// The names of all credential types, sorted.
    pub fn credential_types(&self) -> impl Iterator<Item = &'static str> {
        self.credentials.keys().copied()
    }

    /// What a node says about itself, besides its schema.
    #[must_use]
    pub fn node(&self, node_type: &str) -> Option<&NodeEntry> {
        self.nodes.get(node_type).map(|node| &node.entry)
    }

    /// The node that opens what another canvas saved under the type `foreign_type`, and how.
    #[must_use]
    pub fn opener(&self, foreign_type: &str) -> Option<(&NodeEntry, Alias)> {
        match self.aliases.get(foreign_type) {
            Some((node_type, alias)) => Some((self.node(node_type)?, *alias)),
            None => self.node(foreign_type).map(|entry| (entry, Alias::new(entry.node_type()))),
        }
    }

    /// The declarations of all nodes, sorted by type.
    pub fn nodes(&self) -> impl Iterator<Item = &NodeEntry> {
        self.nodes.values().map(|node| &node.entry)
    }

    /// A node's declaration: the JSON Schema of its inputs with `x-node`.
    #[must_use]
    pub fn node_schema(&self, node_type: &str) -> Option<&Value> {
        self.nodes.get(node_type).map(|node| &node.schema)
    }

    /// A credential type's declaration: the JSON Schema of its fields with `x-credential`.
    #[must_use]
    pub fn credential_schema(&self, credential_type: &str) -> Option<&Value> {
        self.credentials.get(credential_type).map(|credential| &credential.schema)
    }

    /// Every declaration, as one JSON document.
    #[must_use]
    pub fn manifest(&self) -> Manifest {
        Manifest::new(
            self.nodes.values().map(|node| node.schema.clone()).collect(),
            self.credentials.values().map(|credential| credential.schema.clone()).collect(),
        )
    }

    /// What is wrong with the inputs of a node; nothing when they are complete and fit. Here and wherever inputs are taken,
    /// `table_name` may stand for `tableName`.
    ///
    /// # Errors
    /// `NotFound` for a type that nothing declares.
    pub fn validate(&self, node_type: &str, inputs: &Value) -> Result<Vec<Problem>> {
        let node = self.registered(node_type)?;
        Ok(match node.adopt(inputs) {
            Ok(adopted) => node.validation.problems(&adopted.inputs),
            Err(problem) => vec![problem],
        })
    }

    /// Connects a node of a type known by name only, after checking inputs, credential and ports.
    ///
    /// # Errors
    /// `NotFound` for a type that nothing declares, `InvalidInput` that names each input in question, and whatever
    /// [`Node::connect`] fails with.
    pub async fn connect_json(
        &self,
        node_type: &str,
        inputs: &Value,
        args: ConnectArgs<'_>,
    ) -> Result<Connected> {
        let connecting = async {
            let node = self.registered(node_type)?;
            let Adopted { inputs, left_out } = node.adopt(inputs).map_err(adopt::refusal)?;
            node.validation.require(&inputs)?;
            check_credential(&node.entry, args.credential.as_ref())?;
            check_ports(&node.entry, &args)?;
            let connected = (node.entry.connect)(&inputs, args).await?;
            Ok::<_, Error>(adopt::telling(connected, left_out))
        };
        connecting.await.map_err(|error| error.in_operation("connect"))
    }

    /// The choices of an input whose `x-options` names `method`, for what the form holds so far.
    ///
    /// # Errors
    /// `NotFound` for a type that nothing declares, and whatever [`Node::choices`] fails with.
    pub async fn choices(
        &self,
        node_type: &str,
        method: &str,
        inputs: &Map<String, Value>,
        args: ConnectArgs<'_>,
    ) -> Result<Vec<Choice>> {
        let looking_up = async {
            let node = self.registered(node_type)?;
            check_credential(&node.entry, args.credential.as_ref())?;
            (node.entry.choices)(method, inputs, args).await
        };
        looking_up.await.map_err(|error| error.in_operation("choices"))
    }

    /// Asks the service whether it knows a credential.
    ///
    /// # Errors
    /// `NotFound` for a credential type that nothing declares, and whatever
    /// [`CredentialType::test`](crate::declare::CredentialType::test) fails with.
    pub async fn test_credential(
        &self,
        credential: &Credential,
        target: &Target,
        context: &ConnectContext,
    ) -> Result<Health> {
        let name = credential.credential_type();
        let registered = self.credentials.get(name).ok_or_else(|| {
            let message =
                format!("there is no credential type `{name}`; {}", built_with(self.credential_types()));
            Error::new(ErrorKind::NotFound, message).in_operation("test")
        })?;
        (registered.entry.test)(credential, target, context).await
    }

    fn registered(&self, node_type: &str) -> Result<&RegisteredNode> {
        self.nodes.get(node_type).ok_or_else(|| {
            let message = format!("there is no node type `{node_type}`; {}", built_with(self.node_types()));
            Error::new(ErrorKind::NotFound, message)
        })
    }
}

/// Connects a node whose type is known to the compiler.
///
/// # Errors
/// Whatever [`Node::connect`] fails with.
pub async fn connect<N: Node>(inputs: N::Inputs, args: ConnectArgs<'_>) -> Result<Connected> {
    N::connect(inputs, args).await.map_err(|error| error.in_operation("connect"))
}

fn built_with(names: impl Iterator<Item = &'static str>) -> String {
    format!("this program was built with {}", names.collect::<Vec<_>>().join(", "))
}

fn check_credential(entry: &NodeEntry, credential: Option<&Credential>) -> Result<()> {
    let Some(credential) = credential else { return Ok(()) };
    let found = credential.credential_type();
    let fitting: Vec<_> = entry.credentials.iter().flat_map(|slot| slot.types).copied().collect();
    if fitting.contains(&found) {
        return Ok(());
    }
    let problem = if fitting.is_empty() {
        format!("is of type `{found}`; `{}` takes no credential, disconnect it", entry.node_type)
    } else {
        format!("is of type `{found}`; choose one of type {}", fitting.join(" or "))
    };
    Err(Error::invalid_input("credential", problem))
}

fn check_ports(entry: &NodeEntry, args: &ConnectArgs<'_>) -> Result<()> {
    for port in entry.input_ports {
        let connected = args.ports.all(port.id).len();
        if port.required && connected == 0 {
            return Err(Error::invalid_input(
                port.id,
                format!("is not connected; connect a node that gives {}", port.types.join(" or ")),
            ));
        }
        if !port.many && connected > 1 {
            return Err(Error::invalid_input(
                port.id,
                format!("is connected to {connected} nodes; it takes one, disconnect the others"),
            ));
        }
    }
    match args.ports.0.keys().find(|id| !entry.input_ports.iter().any(|port| port.id == id.as_str())) {
        Some(unknown) => Err(Error::invalid_input(
            unknown.as_str(),
            format!("is no port of `{}`; disconnect it", entry.node_type),
        )),
        None => Ok(()),
    }
}
