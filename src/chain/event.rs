//! What a run tells while it works.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use crate::graph::Fact;
use crate::json::RawJson;
use crate::memory::EffectiveSession;
use crate::session::TurnId;
use crate::store::SessionState;
use crate::usage::Usage;

/// What a run tells while it works. Holds text of the conversation: for the person, not for logs.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum RunEvent {
    /// First of all.
    Started {
        /// The turn to come.
        turn_id: TurnId,
        /// Where it will be kept; `None` for a chain without memory.
        session: Option<EffectiveSession>,
    },
    /// A step is done.
    Step(Step),
    /// More text of the answer.
    Text {
        /// The piece.
        text: String,
    },
}

/// A step of a run, with time and cost.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub struct Step {
    /// What was done.
    pub kind: StepKind,
    /// How long it took, in milliseconds.
    #[serde(rename = "took_ms", serialize_with = "millis")]
    #[schemars(with = "f64")]
    pub took: Duration,
    /// What the backend charged.
    pub usage: Usage,
}

fn millis<S: Serializer>(took: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64((took.as_secs_f64() * 1e6).round() / 1e3)
}

/// What a step did.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum StepKind {
    /// Memory was read.
    Loaded {
        /// Messages recalled.
        messages: u64,
        /// What is known of the session.
        state: SessionState,
        /// Rows that could not be read and were left as they are.
        unreadable: u64,
    },
    /// A graph was asked for facts near what was said.
    FactsFound {
        /// What the model is given, nearest first.
        facts: Vec<Fact>,
        /// Whether there were more than the graph memory may give.
        left_out: bool,
        /// What kept the graph from being read. The run goes on, and the model reads that facts are missing.
        problem: Option<String>,
    },
    /// The model answered.
    Answered {
        /// The model's name.
        model: String,
        /// Tokens of the prompt, where the provider tells.
        input_tokens: Option<u64>,
        /// Tokens of the answer, where the provider tells.
        output_tokens: Option<u64>,
        /// Tools that it asks to have called.
        tool_calls: u64,
    },
    /// A tool was called.
    ToolCalled {
        /// The id that the model gave the call.
        call_id: String,
        /// The tool's name.
        tool: String,
        /// What the model handed over.
        arguments: RawJson,
        /// What the model gets back: the result, or what went wrong.
        output: String,
        /// Whether the tool did its work.
        ok: bool,
    },
    /// The turn was stored.
    Stored {
        /// Whether an earlier attempt had stored it.
        duplicate: bool,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::{About, EdgeId, NodeId, RelationshipType};
    use crate::memory::SessionSource;
    use crate::session::{SessionId, Source};

    #[test]
    fn events_are_as_their_schema_says() {
        let schema = schemars::schema_for!(RunEvent).to_value();
        let validator = jsonschema::draft202012::new(&schema).unwrap();
        let session = EffectiveSession { id: SessionId::new("s").unwrap(), source: SessionSource::Request };
        let step = |kind| {
            RunEvent::Step(Step { kind, took: Duration::from_micros(1_234_567), usage: Usage::default() })
        };
        let fact = Fact {
            line: "blue —RELATED_TO→ sky".into(),
            about: About::Edge {
                id: EdgeId::new("e").unwrap(),
                source: NodeId::new("blue").unwrap(),
                relationship_type: RelationshipType::new("RELATED_TO").unwrap(),
                target: NodeId::new("sky").unwrap(),
            },
            hops: 1,
            sources: vec![Source {
                session: SessionId::new("s").unwrap(),
                turn_id: TurnId::mint(),
                message_ids: vec![],
            }],
        };
        let events = [
            RunEvent::Started { turn_id: TurnId::mint(), session: Some(session) },
            RunEvent::Started { turn_id: TurnId::mint(), session: None },
            step(StepKind::Loaded { messages: 2, state: SessionState::Present, unreadable: 0 }),
            step(StepKind::Answered {
                model: "m".into(),
                input_tokens: Some(7),
                output_tokens: None,
                tool_calls: 1,
            }),
            step(StepKind::FactsFound { facts: vec![fact], left_out: true, problem: None }),
            step(StepKind::FactsFound { facts: vec![], left_out: false, problem: Some("denied".into()) }),
            step(StepKind::ToolCalled {
                call_id: "c".into(),
                tool: "calculator".into(),
                arguments: RawJson::parse(r#"{"input": "1"}"#).unwrap(),
                output: "1".into(),
                ok: true,
            }),
            step(StepKind::Stored { duplicate: false }),
            RunEvent::Text { text: "Hello".into() },
        ];
        for event in events {
            let json = serde_json::to_value(&event).unwrap();
            let problems: Vec<_> = validator.iter_errors(&json).map(|error| error.to_string()).collect();
            assert!(problems.is_empty(), "{json}: {problems:?}");
            assert!(!validator.is_valid(&serde_json::json!({"event": json["event"].as_str()})), "{json}");
        }
        let event = serde_json::to_value(step(StepKind::Stored { duplicate: true })).unwrap();
        assert_eq!(event["event"], "step");
        assert_eq!((&event["kind"]["step"], &event["took_ms"]), (&"stored".into(), &1_234.567.into()));
    }
}
