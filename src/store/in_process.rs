//! The reference store: everything in this process, nothing durable.
