//! What an agent's model may do with a graph memory.

mod forget;
mod relate;
mod remember;
mod things;

use std::sync::Arc;

use super::GraphMemory;
use crate::error::{Error, ErrorKind, Result};
use crate::tool::{Tool, ToolOutput};

/// The most characters of a name.
const MAX_NAME_CHARS: u32 = 200;

pub(super) fn all(memory: &Arc<GraphMemory>) -> Vec<Arc<dyn Tool>> {
    vec![
        Arc::new(remember::Remember(memory.clone())),
        Arc::new(relate::Relate(memory.clone())),
        Arc::new(forget::Forget(memory.clone())),
    ]
}

/// Does `work` to its end, also when the run is stopped meanwhile: a fact is not kept without its record in the history.
async fn to_its_end(work: impl Future<Output = Result<ToolOutput>> + Send + 'static) -> Result<ToolOutput> {
    tokio::spawn(work).await.unwrap_or_else(|error| {
        let message = "a defect of this program kept the tool from its end; try another call";
        Err(Error::new(ErrorKind::Unavailable, message).with_source(error))
    })
}

/// What the model is told where the history did not take a change.
fn unrecorded(error: Option<&Error>) -> &'static str {
    if error.is_some() { " The history could not be written, so it does not show this." } else { "" }
}
