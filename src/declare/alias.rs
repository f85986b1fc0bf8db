//! Node types of other canvases that a node opens.

use serde_json::Value;

/// A node type of another canvas, and how its inputs become a node's own. Inputs that are not named here keep their
/// names.
///
/// ```
/// use canvas_memory::declare::{Alias, Fixed};
///
/// const GROQ: Alias = Alias::new("groqChat").fixed(&[("provider", Fixed::Text("groq"))]).dropped(&["cache"]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Alias {
    pub(crate) node_type: &'static str,
    pub(crate) fixed: &'static [(&'static str, Fixed)],
    pub(crate) renamed: &'static [(&'static str, &'static str)],
    pub(crate) dropped: &'static [&'static str],
    pub(crate) ports: &'static [(&'static str, &'static str)],
}

/// The value of an input that a foreign type stands for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fixed {
    /// Text, or the name of a choice.
    Text(&'static str),
    /// A switch.
    Flag(bool),
}

impl Fixed {
    pub(crate) fn value(self) -> Value {
        match self {
            Self::Text(text) => text.into(),
            Self::Flag(flag) => flag.into(),
        }
    }
}

impl Alias {
    /// The type `node_type`, whose inputs bear the same names as the node's own.
    #[must_use]
    pub const fn new(node_type: &'static str) -> Self {
        Self { node_type, fixed: &[], renamed: &[], dropped: &[], ports: &[] }
    }

    /// Inputs of the node that the foreign type says by its name.
    #[must_use]
    pub const fn fixed(self, fixed: &'static [(&'static str, Fixed)]) -> Self {
        Self { fixed, ..self }
    }

    /// Inputs under another name: theirs, then the node's own. Of several that become the same, the first that holds
    /// something counts.
    #[must_use]
    pub const fn renamed(self, renamed: &'static [(&'static str, &'static str)]) -> Self {
        Self { renamed, ..self }
    }

    /// Inputs that mean nothing here, so that their loss is not worth a report.
    #[must_use]
    pub const fn dropped(self, dropped: &'static [&'static str]) -> Self {
        Self { dropped, ..self }
    }

    /// Input ports under another name: theirs, then the node's own.
    #[must_use]
    pub const fn ports(self, ports: &'static [(&'static str, &'static str)]) -> Self {
        Self { ports, ..self }
    }
}
