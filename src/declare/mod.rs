//! Declaring nodes and credential types: one Rust struct is the schema, the form, the validation and the docs.
//!
//! A node in full, written outside of this crate:
//!
//! ```
//! use std::sync::Arc;
//!
//! use canvas_memory::declare::{
//!     Category, ConnectArgs, ConnectContext, Connected, Instance, Node, Port, Ui,
//! };
//! use canvas_memory::registry::Registry;
//! use schemars::JsonSchema;
//! use serde::Deserialize;
//!
//! /// Greeting
//! ///
//! /// Hands a greeting to whatever it is connected to.
//! #[derive(Deserialize, JsonSchema)]
//! #[serde(rename_all = "camelCase", deny_unknown_fields)]
//! struct Inputs {
//!     /// Name
//!     ///
//!     /// Who is greeted.
//!     #[schemars(length(min = 1), extend("x-ui" = Ui::new().placeholder("Collin")))]
//!     name: String,
//! }
//!
//! struct Greeting;
//!
//! impl Node for Greeting {
//!     type Inputs = Inputs;
//!     const TYPE: &'static str = "greeting";
//!     const CATEGORY: Category = Category("Examples");
//!     const ICON: &'static str = r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"/>"#;
//!     const DOCS: &'static str = "Says hello.";
//!     const OUTPUT_PORTS: &'static [Port] = &[Port::new("greeting", "Greeting", &["Text"])];
//!
//!     async fn connect(inputs: Inputs, _: ConnectArgs<'_>) -> canvas_memory::Result<Connected> {
//!         let greeting = format!("Hello {}!", inputs.name);
//!         Ok(Connected::new(Instance::Other(Arc::new(greeting))))
//!     }
//! }
//!
//! canvas_memory::register_node!(Greeting);
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> canvas_memory::Result<()> {
//! let registry = Registry::collect();
//! let context = ConnectContext::default();
//! let inputs = serde_json::json!({"name": "Collin"});
//! let connected = registry.connect_json("greeting", &inputs, ConnectArgs::new(&context)).await?;
//! let Instance::Other(greeting) = connected.instance else { panic!("it is something else") };
//! assert_eq!(greeting.downcast_ref::<String>().unwrap(), "Hello Collin!");
//!
//! let misspelt = serde_json::json!({"nane": "Collin"});
//! let error = registry.connect_json("greeting", &misspelt, ConnectArgs::new(&context)).await.unwrap_err();
//! assert!(error.message().contains("did you mean `name`?"), "{error}");
//! # Ok(())
//! # }
//! ```
//!
//! A crate that brings nodes registers them only when something in the program names the crate: a host says
//! `use pack as _;`.

mod alias;
pub(crate) mod binding;
mod clients;
mod connect;
mod context;
mod credential;
mod diagnosis;
mod endpoints;
mod health;
pub(crate) mod manifest;
mod node;
mod port;
mod schema;
mod secret;
mod set_up;
pub(crate) mod validate;

pub use alias::Alias;
pub use clients::{ClientKey, Clients};
pub use connect::{ConnectArgs, Connected, Instance, Ports};
pub use context::{BUILTIN, BuiltinDynamoDb, BuiltinEngines, BuiltinUpstash, ConnectContext, NoEngines};
pub use credential::{Credential, CredentialEntry, CredentialType, Target};
pub use diagnosis::Diagnosis;
pub use endpoints::{AllowedEndpoint, Endpoint, EndpointPolicy, HttpsOnly, HttpsOrLoopback, OperatorPolicy};
pub use health::{Finding, Health, Level};
pub use manifest::Manifest;
pub use node::{Capability, Category, Choice, CredentialSlot, Node, NodeEntry, Required};
pub use port::Port;
pub use schema::{Deprecated, Options, Ui, Widget};
pub use secret::Secret;
pub use set_up::SetUp;
pub use validate::Problem;

#[doc(hidden)]
pub use inventory;

/// Adds a [`Node`] to the registry of every program that this code is linked into.
#[macro_export]
macro_rules! register_node {
    ($node:ty) => {
        $crate::declare::inventory::submit! { $crate::declare::NodeEntry::of::<$node>() }
    };
}

/// Adds a [`CredentialType`] to the registry of every program that this code is linked into.
#[macro_export]
macro_rules! register_credential_type {
    ($credential_type:ty) => {
        $crate::declare::inventory::submit! { $crate::declare::CredentialEntry::of::<$credential_type>() }
    };
}
