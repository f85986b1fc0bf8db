//! Names of nodes, of edges, and of the types of edges.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::{Error, Result};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $field:literal, $max:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, JsonSchema)]
        #[serde(transparent)]
        pub struct $name(#[schemars(length(min = 1, max = $max))] String);

        impl $name {
            /// The most bytes that one may have; a store that adds a scope's name takes fewer.
            pub const MAX_BYTES: usize = $max;

            /// Takes a name over as it is, in any Unicode.
            ///
            /// # Errors
            #[doc = concat!("`InvalidInput` of `", $field, "` when it is empty or too long.")]
            pub fn new(name: impl Into<String>) -> Result<Self> {
                let name = name.into();
                if name.is_empty() {
                    return Err(Error::invalid_input($field, "is empty; give at least one character"));
                }
                if name.len() > Self::MAX_BYTES {
                    let problem = format!("has {} bytes; at most {} fit", name.len(), Self::MAX_BYTES);
                    return Err(Error::invalid_input($field, problem));
                }
                Ok(Self(name))
            }

            /// The name as given.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
                Self::new(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
            }
        }
    };
}

id! {
    /// The name of a node, kept as given; the node's only key.
    NodeId, "nodeId", 2048
}

id! {
    /// What kind of relation an edge stands for, such as `LIKES`, kept as given.
    RelationshipType, "relationshipType", 2048
}

id! {
    /// What tells an edge from others between the same nodes.
    EdgeId, "edgeId", 1020
}

impl EdgeId {
    /// A new id that no other edge has.
    #[must_use]
    pub fn mint() -> Self {
        Self::of(Uuid::new_v4())
    }

    pub(super) fn of(uuid: Uuid) -> Self {
        Self(uuid.to_string())
    }
}
