//! Node types of other canvases that a node opens.

/// A node type of another canvas, and how its inputs become a node's own. Inputs that are not named here keep their
/// names.
///
/// ```
/// use canvas_memory::declare::Alias;
///
/// const GROQ: Alias = Alias::new("groqChat")
///     .fixed(&[("provider", "groq")])
///     .renamed(&[("model", "modelName")])
///     .dropped(&["streaming"]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alias {
    node_type: &'static str,
    fixed: &'static [(&'static str, &'static str)],
    renamed: &'static [(&'static str, &'static str)],
    dropped: &'static [&'static str],
}

impl Alias {
    /// The type `node_type`, whose inputs bear the same names as the node's own.
    #[must_use]
    pub const fn new(node_type: &'static str) -> Self {
        Self { node_type, fixed: &[], renamed: &[], dropped: &[] }
    }

    /// Inputs of the node that the foreign type says by its name. An input that says otherwise wins.
    #[must_use]
    pub const fn fixed(self, fixed: &'static [(&'static str, &'static str)]) -> Self {
        Self { fixed, ..self }
    }

    /// Inputs under another name: theirs, then the node's own. Of several that become the same, the first of this list
    /// that holds something counts, before one that bears the node's own name.
    #[must_use]
    pub const fn renamed(self, renamed: &'static [(&'static str, &'static str)]) -> Self {
        Self { renamed, ..self }
    }

    /// Inputs that mean nothing here, so that their loss is not worth a report.
    #[must_use]
    pub const fn dropped(self, dropped: &'static [&'static str]) -> Self {
        Self { dropped, ..self }
    }

    /// The foreign type.
    #[must_use]
    pub const fn node_type(&self) -> &'static str {
        self.node_type
    }

    /// What [`Alias::fixed`] was given.
    #[must_use]
    pub const fn fixed_inputs(&self) -> &'static [(&'static str, &'static str)] {
        self.fixed
    }

    /// What [`Alias::renamed`] was given.
    #[must_use]
    pub const fn renamed_inputs(&self) -> &'static [(&'static str, &'static str)] {
        self.renamed
    }

    /// What [`Alias::dropped`] was given.
    #[must_use]
    pub const fn dropped_inputs(&self) -> &'static [&'static str] {
        self.dropped
    }
}
