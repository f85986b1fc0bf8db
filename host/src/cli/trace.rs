//! What a person sees of a run while it works: the answer, and then what was done for it.

use canvas_memory::json::RawJson;
use serde_json::Value;

use super::output::Output;

/// The events of one run, on their way to the person.
#[derive(Debug)]
pub(super) struct Trace {
    output: Output,
    parts: Vec<String>,
}

impl Trace {
    pub(super) fn new(output: Output) -> Self {
        Self { output, parts: Vec::new() }
    }

    /// Shows an event: as it is with `--json`, else the text at once and the rest at the end.
    pub(super) fn show(&mut self, event: &RawJson) {
        if self.output.json {
            return self.output.value(event);
        }
        let Ok(event) = event.decode::<Value>() else { return };
        match text(&event, "event") {
            "text" => self.output.text(text(&event, "text")),
            "started" => self.parts.extend(event.get("session").and_then(describe_session)),
            "step" => self.parts.push(describe_step(&event)),
            _ => {}
        }
    }

    /// Ends the answer, and tells what was done for it.
    pub(super) fn end(self) {
        if !self.output.json {
            self.output.text("\n");
            self.output.note(&self.parts.join(" · "));
        }
    }
}

fn describe_session(session: &Value) -> Option<String> {
    let id = session.get("id")?.as_str()?;
    let source = match text(session, "source") {
        "request" => "from --session",
        "node" => "from the node",
        _ => "new",
    };
    Some(format!("session {id} ({source})"))
}

fn describe_step(step: &Value) -> String {
    let kind = step.get("kind").unwrap_or(&Value::Null);
    let what = match text(kind, "step") {
        "loaded" => match number(kind, "unreadable") {
            0.0 => format!("loaded {}", count(number(kind, "messages"), "message")),
            unreadable => {
                format!("loaded {}, {unreadable} unreadable", count(number(kind, "messages"), "message"))
            }
        },
        "facts_found" if kind.get("problem").is_some_and(Value::is_string) => {
            "facts could not be read".to_owned()
        }
        "facts_found" => {
            let facts = kind.get("facts").and_then(Value::as_array).map_or(0, Vec::len);
            format!("found {}", count(facts as f64, "fact"))
        }
        "answered" => match number(kind, "tool_calls") {
            0.0 => format!("answered by {}", text(kind, "model")),
            calls => format!("{} by {}", count(calls, "tool call"), text(kind, "model")),
        },
        "tool_called" if kind.get("ok") == Some(&Value::Bool(true)) => {
            format!("called {}", text(kind, "tool"))
        }
        "tool_called" => format!("called {}, which failed", text(kind, "tool")),
        "stored" if kind.get("duplicate") == Some(&Value::Bool(true)) => "stored before".to_owned(),
        other => other.to_owned(),
    };
    let usage = step.get("usage").unwrap_or(&Value::Null);
    let mut parts = vec![what];
    for (field, noun) in [("read_units", "read unit"), ("write_units", "write unit"), ("commands", "command")]
    {
        let units = number(usage, field);
        if units > 0.0 {
            parts.push(count(units, noun));
        }
    }
    parts.push(format!("{} ms", number(step, "took_ms").floor()));
    parts.join(", ")
}

fn count(number: f64, noun: &str) -> String {
    if number == 1.0 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value.get(field).and_then(Value::as_str).unwrap_or_default()
}

fn number(value: &Value, field: &str) -> f64 {
    value.get(field).and_then(Value::as_f64).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use canvas_memory::chain::{RunEvent, Step, StepKind};
    use canvas_memory::store::SessionState;
    use canvas_memory::usage::Usage;

    use super::*;

    /// How a step reads, made from the library's own type.
    fn told(kind: StepKind, usage: Usage) -> String {
        let step = Step { kind, took: std::time::Duration::from_micros(2_900), usage };
        describe_step(&serde_json::to_value(RunEvent::Step(step)).unwrap())
    }

    #[test]
    fn steps_read_well() {
        let state = SessionState::New;
        let load = |messages, unreadable| StepKind::Loaded { messages, state, unreadable };
        let usage = Usage { read_units: 1.0, write_units: 2.5, ..Usage::default() };
        assert_eq!(told(load(2, 0), usage), "loaded 2 messages, 1 read unit, 2.5 write units, 2 ms");
        assert_eq!(told(load(1, 3), Usage::default()), "loaded 1 message, 3 unreadable, 2 ms");
        let answer = |tool_calls| StepKind::Answered {
            model: "echo".into(),
            input_tokens: None,
            output_tokens: None,
            tool_calls,
        };
        assert_eq!(told(answer(0), Usage::default()), "answered by echo, 2 ms");
        assert_eq!(told(answer(2), Usage::default()), "2 tool calls by echo, 2 ms");
        let found = |problem| StepKind::FactsFound { facts: Vec::new(), left_out: false, problem };
        assert_eq!(told(found(None), usage), "found 0 facts, 1 read unit, 2.5 write units, 2 ms");
        let unread = told(found(Some("the table is not there".into())), Usage::default());
        assert_eq!(unread, "facts could not be read, 2 ms");
        let call = |ok| StepKind::ToolCalled {
            call_id: "c".into(),
            tool: "clock".into(),
            arguments: RawJson::from(""),
            output: String::new(),
            ok,
        };
        assert_eq!(told(call(true), Usage::default()), "called clock, 2 ms");
        assert_eq!(told(call(false), Usage::default()), "called clock, which failed, 2 ms");
        assert_eq!(told(StepKind::Stored { duplicate: true }, Usage::default()), "stored before, 2 ms");
        assert_eq!(told(StepKind::Stored { duplicate: false }, Usage::default()), "stored, 2 ms");
    }
}
