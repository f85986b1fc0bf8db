//! The JSON of a session, in whichever generation it is.
//!
//! | generation | griptape | top level | input and output of a run |
//! |---|---|---|---|
//! | F0 | up to 0.22 | `type`, `runs`, `max_runs` | texts |
//! | F1 | 0.23 to 0.27 | the same; a run has a `type` | texts |
//! | F2 | 0.28 to 0.30 | the same | artifacts |
//! | F3 | 0.31 and newer | `runs`, `metadata` | artifacts |
//!
//! F0 is a case of F1 that has no types in its runs, and its readers take both; F2's runs are F3's without `meta`. So a run
//! stays as it was written unless texts have to become artifacts, or artifacts texts.

use super::config::Generation;
use super::fields::{Fields, shape_of};
use super::kept::{KEY, Kept};
use super::run::Run;
use super::slot::Content;
use crate::error::{Error, ErrorKind, Result};
use crate::json::RawJson;

/// Fields of the older top level that mean nothing as they are here.
const DEFAULTS: &[(&str, &str)] = &[
    ("type", "\"ConversationMemory\""),
    ("type", "\"SummaryConversationMemory\""),
    ("max_runs", "null"),
    ("offset", "1"),
];

/// A session.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Document {
    pub(super) runs: Vec<Run>,
    /// What the newest generation keeps beside the runs, the summary too.
    pub(super) metadata: Fields,
    /// Fields of the older top level, such as `max_runs`.
    earlier: Fields,
    /// Fields of the newest top level that nobody knows.
    others: Fields,
    /// In which generation its runs are, where that is known.
    generation: Option<Generation>,
}

impl Document {
    /// Reads a session.
    ///
    /// # Errors
    /// `Corrupt` when it is not one, without its text.
    pub(super) fn read(content: &Content) -> Result<Self> {
        let text = content.value.trim_start_matches('\u{feff}');
        let mut top: Fields = serde_json::from_str(text).map_err(|_| no_object(text))?;
        let runs = match top.remove("runs") {
            Some(runs) => serde_json::from_str(runs.as_str())
                .map_err(|_| corrupt(&format!("is an object whose `runs` are {}", shape_of(&runs))))?,
            None => return Err(corrupt("is an object without `runs`")),
        };
        let mut document = Self { runs: stored(runs), ..Self::default() };
        let is_older = top.get("type").is_some() && top.get("metadata").is_none();
        if is_older {
            document.read_older(top, content.beside.as_deref())?;
        } else {
            if let Some(metadata) = top.remove("metadata").filter(|metadata| metadata.as_str() != "null") {
                document.metadata = object(&metadata, "`metadata`")?;
            }
            document.others = top;
            let ours = document.ours()?;
            document.earlier =
                ours.get("earlier").map_or(Ok(Fields::default()), |raw| object(raw, "`metadata.cm`"))?;
        }
        document.generation = if document.runs.iter().any(Run::holds_artifacts) {
            Some(Generation::F3)
        } else if document.runs.iter().any(Run::holds_texts) {
            Some(Generation::F1)
        } else {
            (!is_older).then_some(Generation::F3)
        };
        Ok(document)
    }

    fn read_older(&mut self, mut top: Fields, beside: Option<&str>) -> Result<()> {
        let unreadable = || corrupt("is there, and what lies beside it can't be read");
        let beside: Fields =
            beside.map_or(Ok(Fields::default()), serde_json::from_str).map_err(|_| unreadable())?;
        let object_in =
            |name: &str, what: &str| beside.get(name).map_or(Ok(Fields::default()), |raw| object(raw, what));
        self.metadata = object_in("metadata", "the metadata beside it")?;
        let kept = object_in("runs", "what lies beside its runs")?;
        for run in &mut self.runs {
            run.beside = run.id().and_then(|id| kept.decode::<Kept>(id));
        }
        for name in ["summary", "summary_index"] {
            if let Some(value) = top.remove(name) {
                self.metadata.set(name, value);
            }
        }
        if self.metadata.get("summary").is_none_or(RawJson::is_blank) {
            self.metadata.remove("summary");
            self.metadata.remove("summary_index");
        }
        self.earlier = top;
        Ok(())
    }

    /// Brings the session into a generation.
    ///
    /// # Errors
    /// `Corrupt` when a run can't be read that would have to be changed.
    pub(super) fn brought_to(mut self, generation: Generation) -> Result<Self> {
        let is_there = self.generation.is_none_or(|there| there == generation);
        let runs = self.runs.into_iter().enumerate();
        self.runs = runs.map(|(at, run)| run.brought_to(generation, is_there, at)).collect::<Result<_>>()?;
        self.generation = Some(generation);
        Ok(self)
    }

    /// The session as it is written.
    ///
    /// # Errors
    /// Never in practice: all fields have a form in JSON.
    pub(super) fn write(&self) -> Result<Content> {
        let content = match self.generation.unwrap_or_default() {
            Generation::F1 => self.write_older(),
            Generation::F3 => self.write_newest(),
        };
        content.map_err(|source| {
            Error::new(ErrorKind::Protocol, "the session has no JSON form").with_source(source)
        })
    }

    fn write_newest(&self) -> Result<Content, serde_json::Error> {
        let mut earlier = self.earlier.clone();
        for (name, value) in DEFAULTS {
            if earlier.get(name).is_some_and(|stored| stored.as_str() == *value) {
                earlier.remove(name);
            }
        }
        let mut metadata = self.metadata.clone();
        let mut ours: Fields = metadata.decode(KEY).unwrap_or_default();
        ours.remove("earlier");
        if !earlier.is_empty() {
            ours.set("earlier", earlier.to_raw());
        }
        metadata.remove(KEY);
        if !ours.is_empty() {
            metadata.set(KEY, ours.to_raw());
        }
        let mut top = self.others.clone();
        top.set("metadata", metadata.to_raw());
        Ok(Content { value: self.with_runs("", &top), beside: None })
    }

    fn write_older(&self) -> Result<Content, serde_json::Error> {
        let mut metadata = self.metadata.clone();
        let mut ours: Fields = metadata.decode(KEY).unwrap_or_default();
        ours.remove("earlier");
        metadata.remove(KEY);
        if !ours.is_empty() {
            metadata.set(KEY, ours.to_raw());
        }
        let mut top = self.earlier.clone();
        top.extend(self.others.clone());
        let summary = metadata.remove("summary");
        let index = metadata.remove("summary_index");
        let kind = top.remove("type").unwrap_or_else(|| RawJson::from("ConversationMemory"));
        let kind = match &summary {
            Some(_) if kind.as_str() == "\"ConversationMemory\"" => {
                RawJson::from("SummaryConversationMemory")
            }
            _ => kind,
        };
        if top.get("max_runs").is_none() {
            top.put("max_runs", &())?;
        }
        if kind.as_str() == "\"SummaryConversationMemory\"" {
            if top.get("offset").is_none() {
                top.put("offset", &1)?;
            }
            top.put("summary", &summary)?;
            top.set("summary_index", index.map_or_else(|| RawJson::of(&0), Ok)?);
        }
        let mut kept = Fields::default();
        for run in &self.runs {
            if let (Some(id), Some(beside)) = (run.id(), &run.beside) {
                kept.put(id, beside)?;
            }
        }
        let mut beside = Fields::default();
        for (name, fields) in [("runs", kept), ("metadata", metadata)] {
            if !fields.is_empty() {
                beside.set(name, fields.to_raw());
            }
        }
        let beside = (!beside.is_empty()).then(|| beside.to_string());
        let first = format!("\"type\": {}, ", kind.as_str());
        Ok(Content { value: self.with_runs(&first, &top), beside })
    }

    /// The top level, with the runs as they are.
    fn with_runs(&self, first: &str, rest: &Fields) -> String {
        let runs: usize = self.runs.iter().map(|run| run.raw().as_str().len() + 2).sum();
        let rest = rest.to_string();
        let mut text = String::with_capacity(first.len() + runs + rest.len() + 32);
        text.push('{');
        text.push_str(first);
        text.push_str("\"runs\": [");
        for (at, run) in self.runs.iter().enumerate() {
            text.push_str(if at == 0 { "" } else { ", " });
            text.push_str(run.raw().as_str());
        }
        text.push_str("], ");
        text.push_str(rest.strip_prefix('{').unwrap_or("}"));
        text
    }

    /// Our own fields among the metadata.
    ///
    /// # Errors
    /// `Corrupt` when something else has their name.
    pub(super) fn ours(&self) -> Result<Fields> {
        self.metadata.get(KEY).map_or(Ok(Fields::default()), |raw| object(raw, "`metadata.cm`"))
    }

    /// Puts our own fields among the metadata.
    pub(super) fn set_ours(&mut self, ours: &Fields) {
        if ours.is_empty() {
            self.metadata.remove(KEY);
        } else {
            self.metadata.set(KEY, ours.to_raw());
        }
    }

    /// How many runs the session itself says that it keeps.
    pub(super) fn max_runs(&self) -> Option<usize> {
        self.earlier.decode::<usize>("max_runs").filter(|runs| *runs > 0)
    }
}

/// Runs as they stand in their list. Of two under one id the first has it.
fn stored(runs: Vec<RawJson>) -> Vec<Run> {
    let mut ids = std::collections::HashSet::new();
    let mut runs: Vec<_> = runs.into_iter().map(Run::stored).collect();
    for run in &mut runs {
        if run.id().is_some_and(|id| !ids.insert(id.to_owned())) {
            run.forget_id();
        }
    }
    runs
}

fn object(raw: &RawJson, what: &str) -> Result<Fields> {
    serde_json::from_str(raw.as_str()).map_err(|_| {
        let shape = match shape_of(raw) {
            "an object" => "an object whose fields can't be told apart",
            other => other,
        };
        corrupt(&format!("can't be read: {what} is {shape}"))
    })
}

fn no_object(text: &str) -> Error {
    match RawJson::parse(text) {
        Ok(raw) => match shape_of(&raw) {
            "an object" => corrupt("is an object whose fields can't be told apart"),
            other => corrupt(&format!("is {other}, and not an object with `runs`")),
        },
        Err(error) => {
            let place = format!("line {}, column {}", error.line(), error.column());
            corrupt("is not JSON").with("at", place)
        }
    }
}

fn corrupt(problem: &str) -> Error {
    let message = format!(
        "the session's value {problem}; it is left as it is: inspect the session, and mend or clear it"
    );
    Error::new(ErrorKind::Corrupt, message)
}
