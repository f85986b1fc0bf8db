//! The text in which a model of OpenAI refuses. It comes in a field of its own, which genai passes over.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use genai::chat::{ChatFrameSink, FrameCtx, RawFrameRef};
use serde::Deserialize;

/// Gathers the refusal of one answer.
#[derive(Clone, Default)]
pub(super) struct Refusal(Arc<Mutex<String>>);

impl Refusal {
    /// The whole text; empty where the model did not refuse.
    pub(super) fn take(&self) -> String {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl ChatFrameSink for Refusal {
    fn on_frame(&self, _: &FrameCtx, frame: RawFrameRef<'_>) {
        #[derive(Deserialize)]
        struct Chunk {
            choices: Vec<Choice>,
        }
        #[derive(Deserialize)]
        struct Choice {
            delta: Delta,
        }
        #[derive(Deserialize)]
        struct Delta {
            refusal: Option<String>,
        }
        if !frame.data.contains("\"refusal\"") {
            return;
        }
        let Ok(Chunk { choices }) = serde_json::from_str(frame.data) else { return };
        if let Some(piece) = choices.into_iter().next().and_then(|choice| choice.delta.refusal) {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push_str(&piece);
        }
    }
}

impl fmt::Debug for Refusal {
    /// Without its text, which is part of the conversation.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Refusal")
    }
}
