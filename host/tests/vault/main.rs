//! The vault's promises: sealed, bound to its record, whole after a crash, and never without its key.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // Helpers of tests stand outside of test functions.

mod crash;
mod keys;
mod records;
mod rotation;
mod support;
