//! Where rows lie: partition and sort key values, and back.

use crate::error::{Error, Result};
use crate::graph::{EdgeId, NodeId, RelationshipType};
use crate::session::Scope;

/// What partition key values of our own start with.
const OWN: &str = "canvas-memory:";

/// The most bytes of a partition key value, and of a sort key value.
const MAX_PARTITION_BYTES: usize = 2_048;
const MAX_SORT_BYTES: usize = 1_024;

/// The sort key value of a node.
pub(super) const META: &str = "META";

/// What sort key values of edges start with: at their source, at their target, and under their type.
pub(super) const OUT: &str = "OUT#";
pub(super) const IN: &str = "IN#";
pub(super) const REL: &str = "REL#";

/// Just above all sort key values that start so.
pub(super) const OUT_END: &str = "OUT$";
pub(super) const IN_END: &str = "IN$";
pub(super) const REL_END: &str = "REL$";

/// The keys of one scope: what it calls something, and what stands in the table for that.
#[derive(Clone, Debug)]
pub(super) struct Keys {
    scope: String,
    local: bool,
}

/// How nodes of a scope are told from others'.
pub(super) enum Mine {
    /// By what their partition starts with.
    Prefix(String),
    /// By not starting with [`OWN`], or by starting with this.
    Raw { own: &'static str, escaped: String },
}

impl Keys {
    pub(super) fn of(scope: &Scope) -> Self {
        Self { scope: scope.as_str().to_owned(), local: scope.is_local() }
    }

    fn prefix(&self) -> String {
        if self.local { format!("{OWN}local:") } else { format!("{OWN}scope:{}:", self.scope) }
    }

    /// A node's partition, which is also how it stands in `source_id` and `target_id`.
    pub(super) fn node(&self, id: &NodeId) -> Result<String> {
        self.partition("nodeId", id.as_str())
    }

    /// A type's partition, which is also how it stands in `relationship_type`.
    pub(super) fn relationship_type(&self, name: &RelationshipType) -> Result<String> {
        self.partition("relationshipType", name.as_str())
    }

    fn partition(&self, field: &'static str, name: &str) -> Result<String> {
        let value = if self.local && !name.starts_with(OWN) {
            name.to_owned()
        } else {
            format!("{}{name}", self.prefix())
        };
        if value.len() > MAX_PARTITION_BYTES {
            let fits = MAX_PARTITION_BYTES.saturating_sub(value.len() - name.len());
            let problem =
                format!("has {} bytes; in its scope at most {fits} fit beside the scope's name", name.len());
            return Err(Error::invalid_input(field, problem));
        }
        Ok(value)
    }

    /// What this scope calls what stands in the table; `None` where it is not this scope's.
    pub(super) fn name<'a>(&self, value: &'a str) -> Option<&'a str> {
        match value.strip_prefix(OWN) {
            None => Some(value).filter(|_| self.local),
            Some(_) => value.strip_prefix(self.prefix().as_str()),
        }
    }

    pub(super) fn mine(&self) -> Mine {
        let prefix = self.prefix();
        if self.local { Mine::Raw { own: OWN, escaped: prefix } } else { Mine::Prefix(prefix) }
    }

    /// The partition that lists the nodes with a word.
    pub(super) fn word(&self, word: &str) -> String {
        format!("{OWN}word:{}:{word}", self.scope)
    }
}

/// Whether a node's name fits into the rows of its words.
pub(super) fn fits_word_row(id: &NodeId) -> bool {
    id.as_str().len() <= MAX_SORT_BYTES
}

/// The sort key values of an edge's three rows: at its source, at its target, under its type.
pub(super) fn edge_rows(id: &EdgeId) -> [String; 3] {
    [OUT, IN, REL].map(|prefix| format!("{prefix}{id}"))
}

/// The id in the sort key value of an edge's row.
pub(super) fn edge_id(sort: &str) -> Option<&str> {
    [OUT, IN, REL].iter().find_map(|prefix| sort.strip_prefix(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(scope: &str) -> Keys {
        Keys::of(&Scope::new(scope).unwrap())
    }

    fn node(keys: &Keys, id: &str) -> String {
        keys.node(&NodeId::new(id).unwrap()).unwrap()
    }

    #[test]
    fn no_two_nodes_of_any_scopes_share_a_partition() {
        let ids = ["blue", "ann:blue", "canvas-memory:scope:ann:blue", "canvas-memory:local:blue"];
        let mut seen = std::collections::BTreeSet::new();
        for scope in ["local", "ann", "bob"] {
            let keys = keys(scope);
            for id in ids {
                let partition = node(&keys, id);
                assert!(seen.insert(partition.clone()), "{scope} {id}: {partition}");
                assert_eq!(keys.name(&partition), Some(id));
            }
        }
        assert_eq!(node(&keys("local"), "blue"), "blue");
        assert_eq!(keys("ann").name("blue"), None);
        assert_eq!(keys("ann").name("canvas-memory:scope:bob:blue"), None);
        assert_eq!(keys("local").name("canvas-memory:word:local:blue"), None);
    }

    #[test]
    fn a_name_that_does_not_fit_beside_its_scope_is_refused() {
        let id = NodeId::new("n".repeat(2_048)).unwrap();
        assert!(keys("local").node(&id).is_ok());
        let error = keys("ann").node(&id).unwrap_err();
        assert!(error.to_string().contains("`nodeId` has 2048 bytes"), "{error}");
    }
}
