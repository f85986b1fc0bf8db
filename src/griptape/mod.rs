//! Griptape's conversation memory: one JSON text a session, in four generations of which all are read and two are written.
//!
//! A turn is a run, and the run's id the turn's. A run has one input and one output; whatever else a turn holds lies in the
//! run's `meta` under `cm`, where Griptape keeps it, or beside the value where the generation has no `meta`. A run that nobody
//! changed is written back byte for byte, and fields that nobody knows stay.
//!
//! # Generations
//! A write brings the session into the generation that the node is set to, because a program that reads that one loads all of
//! it or nothing. Towards F3 texts become text artifacts; towards F1 artifacts become their text, and one that is more than a
//! text lies beside the value, from where it comes back. The summary moves between the places where each generation looks for
//! it; fields of the older top level that F3 has no place for are kept under `metadata.cm`. A run that can't be read can't be
//! brought anywhere: the write is refused then.
//!
//! # Writers
//! Each write holds only if the text still is what was read; else it is made again on what is there now, so that two writers
//! both keep their run. Griptape itself writes whatever it has: what is added between its load and its store is lost with that.

mod artifact;
mod config;
mod document;
mod fields;
mod file;
mod kept;
mod notes;
mod run;
mod slot;
mod store;

pub use config::{Generation, GriptapeConfig, WhenFull};
pub use file::{FileSlot, GriptapeFiles};
pub use slot::{Content, Lifetime, NoText, Seen, Slot, WriteError, Written};
pub use store::GriptapeStore;
