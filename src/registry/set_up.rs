//! Making what a node's service lacks, for a node of a type known by name only.

use serde_json::Value;

use super::adopt::refusal;
use super::{Registry, check_credential};
use crate::declare::{ConnectArgs, SetUp};
use crate::error::Result;

impl Registry {
    /// Makes what the service lacks for a node with these inputs, such as its table, after checking inputs and
    /// credential. What is there already is not changed. Ports may be free.
    ///
    /// # Errors
    /// `NotFound` for a type that nothing declares, `InvalidInput` that names each input in question, and whatever
    /// [`Node::set_up`](crate::declare::Node::set_up) fails with.
    pub async fn set_up(&self, node_type: &str, inputs: &Value, args: ConnectArgs<'_>) -> Result<SetUp> {
        let setting_up = async {
            let node = self.registered(node_type)?;
            let inputs = node.adopt(inputs).map_err(refusal)?.inputs;
            node.validation.require(&inputs)?;
            check_credential(&node.entry, args.credential.as_ref())?;
            (node.entry.set_up)(&inputs, args).await
        };
        setting_up.await.map_err(|error| error.in_operation("set_up"))
    }
}
