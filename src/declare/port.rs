//! Where nodes join.

use serde::Serialize;

/// An input or output of a node that another node connects to.
///
/// Two ports connect when the types of one meet those of the other. The handle on the canvas bears the id and nothing
/// else, so that a type may change without a flow losing its lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Port {
    /// Names the port within its side of the node, such as `memory`.
    pub id: &'static str,
    /// What the card shows.
    pub title: &'static str,
    /// Most specific first: `["DynamoDBChatMemory", "BaseChatMemory", "BaseMemory"]`.
    pub types: &'static [&'static str],
    /// Whether the node can't connect without it. Of input ports only.
    #[serde(skip_serializing_if = "is_false")]
    pub required: bool,
    /// Whether several nodes may connect to it. Of input ports only.
    #[serde(skip_serializing_if = "is_false")]
    pub many: bool,
}

impl Port {
    /// A port that may stay open, for one connection.
    #[must_use]
    pub const fn new(id: &'static str, title: &'static str, types: &'static [&'static str]) -> Self {
        Self { id, title, types, required: false, many: false }
    }

    /// An input port that must be connected.
    #[must_use]
    pub const fn required(self) -> Self {
        Self { required: true, ..self }
    }

    /// An input port for any number of connections.
    #[must_use]
    pub const fn many(self) -> Self {
        Self { many: true, ..self }
    }

    /// The type that the outputs of all chains and agents bear. A flow runs the node that has it.
    pub const CHAIN: &'static str = "BaseChain";

    /// Whether this output is that of a chain or agent.
    #[must_use]
    pub fn gives_chain(&self) -> bool {
        self.types.contains(&Self::CHAIN)
    }

    /// Whether an output with these types fits this input.
    #[must_use]
    pub fn accepts(&self, output: &Self) -> bool {
        self.types.iter().any(|wanted| output.types.contains(wanted))
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_false(flag: &bool) -> bool {
    !flag
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_connect_when_their_types_meet() {
        let memory = Port::new("memory", "Memory", &["BaseChatMemory", "BaseMemory"]);
        let dynamodb = Port::new("memory", "Memory", &["DynamoDBChatMemory", "BaseChatMemory"]);
        let model = Port::new("model", "Model", &["BaseChatModel"]);
        assert!(memory.accepts(&dynamodb));
        assert!(!memory.accepts(&model));
    }
}
