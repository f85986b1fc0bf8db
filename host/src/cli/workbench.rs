//! Live nodes in this process.

use std::sync::Arc;
use std::time::Duration;

use canvas_memory::declare::{ConnectArgs, ConnectContext, Connected};
use canvas_memory::flow::{self, ConnectedFlow, CredentialSource, Flow, FlowNode};
use canvas_memory::memory::ChatMemory;
use canvas_memory::registry::Registry;
use canvas_memory::{Error, ErrorKind, Result};
use serde_json::Value;

use super::credentials::Credentials;
use super::document::FlowChoice;
use super::setting::Setting;
use crate::doctor::Doctor;
use crate::state::StateStore as _;
use crate::tables::Tables;

/// How long to wait for what goes on after the last answer: longer than a model may take for a summary.
const BACKGROUND_GRACE: Duration = Duration::from_secs(70);

/// What nodes are connected with. The data directory is opened when a node needs it.
pub(super) struct Workbench<'a> {
    setting: &'a Setting,
    registry: &'a Registry,
    credentials: Credentials<'a>,
    context: ConnectContext,
}

impl<'a> Workbench<'a> {
    pub(super) fn new(setting: &'a Setting, registry: &'a Registry, credentials: Credentials<'a>) -> Self {
        let context = ConnectContext {
            engines: Arc::new(setting.engines()),
            // Whoever types commands here has this machine's identity anyway.
            uses_machine_identity: true,
            ..ConnectContext::default()
        };
        Self { setting, registry, credentials, context }
    }

    /// Connects a memory node.
    pub(super) async fn memory(&self, node: &FlowNode) -> Result<(Connected, Arc<ChatMemory>)> {
        let connecting = async {
            let mut args = ConnectArgs::new(&self.context);
            if let Some(id) = &node.credential {
                args = args.with_credential(self.credentials.credential(id).await?);
            }
            let inputs = Value::Object(node.inputs.clone());
            let connected = self.registry.connect_json(&node.node_type, &inputs, args).await?;
            let memory = connected.memory()?;
            Ok((connected, memory))
        };
        connecting.await.map_err(|error: Error| self.advise(error.in_operation("connect")))
    }

    /// Connects a flow.
    pub(super) async fn flow(&self, choice: FlowChoice) -> Result<ConnectedFlow> {
        let flow = self.document(choice).await?;
        flow::connect(&flow, self.registry, &self.credentials, &self.context)
            .await
            .map_err(|error| self.advise(error))
    }

    /// Waits for what goes on after the answers, such as a summary: the engines end with this process.
    pub(super) async fn finish(&self) {
        self.context.background.finish(BACKGROUND_GRACE).await;
    }

    /// The flow itself.
    pub(super) async fn document(&self, choice: FlowChoice) -> Result<Flow> {
        match choice {
            FlowChoice::Saved(id) => {
                Ok(self.setting.flows()?.flow(&id).await?.flow.upgraded(self.registry).flow)
            }
            FlowChoice::Document(flow) => Ok(*flow),
        }
    }

    /// Who looks at nodes and flows here.
    pub(super) fn doctor(&self) -> Doctor<'_> {
        Doctor { registry: self.registry, context: &self.context, credentials: &self.credentials }
    }

    /// Who works on tables here.
    pub(super) fn tables(&self) -> Tables<'_> {
        Tables { context: &self.context, credentials: &self.credentials }
    }

    /// What came of work, with advice beside an error.
    pub(super) fn advised<T>(&self, result: Result<T>) -> Result<T> {
        result.map_err(|error| self.advise(error))
    }

    /// Tells whoever typed a credential how a host that has the data directory open could still do the work.
    fn advise(&self, error: Error) -> Error {
        let is_locked = *error.kind() == ErrorKind::Storage && self.setting.running_host().is_some();
        if !is_locked || !self.credentials.any_typed() {
            return error;
        }
        let message = format!(
            "{}. Or save the credential with `canvas-memory credential add` and give its id: the host then does the \
             work, and a credential from a file or standard input is never sent to it",
            error.message()
        );
        Error::new(ErrorKind::Storage, message)
    }
}
