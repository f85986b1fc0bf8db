//! How large a flow may be. Whoever draws something larger by hand has made a mistake, or means harm.

/// Bytes of a saved document.
pub const MAX_DOCUMENT_BYTES: usize = 8 << 20;
/// Bytes of a document to import: an export repeats every declaration in every node.
pub const MAX_IMPORT_BYTES: usize = 25 << 20;
/// Nodes of a flow.
pub const MAX_NODES: usize = 1_000;
/// Edges of a flow.
pub const MAX_EDGES: usize = 4_000;
/// Inputs of all nodes of a flow.
pub const MAX_INPUTS: usize = 50_000;
/// Characters of the name of a flow or node.
pub const MAX_NAME_CHARS: usize = 200;
/// Bytes of a node's id.
pub const MAX_ID_BYTES: usize = 128;
