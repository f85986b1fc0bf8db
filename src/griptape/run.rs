//! A run, which is a turn: kept as the text that it was read from until it is changed.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::artifact;
use super::config::Generation;
use super::fields::{Fields, shape_of};
use super::kept::{self, Ends, KEY, Kept};
use crate::error::{Error, ErrorKind, Result};
use crate::json::RawJson;
use crate::message::{Message, Part, Role};
use crate::session::{Position, Turn, TurnId};

/// Fields of a run that a reader of the newest generation takes. With any other it refuses the whole session.
const FIELDS: &[&str] = &["type", "id", "meta", "input", "output"];

/// What stands for an artifact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Texts,
    Artifacts,
    /// Both, or neither.
    Unfit,
}

/// One run.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Run {
    raw: RawJson,
    id: Option<String>,
    form: Form,
    /// Our fields, where the generation has them beside the value.
    pub(super) beside: Option<Kept>,
}

/// A run whose messages were read.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ReadRun {
    pub(super) messages: Vec<Message>,
    pub(super) kept: Kept,
    /// The run's `meta`, without ours.
    meta: Fields,
    input: RawJson,
    output: RawJson,
    /// Other fields of the run.
    others: Fields,
}

impl Run {
    /// A run as it stands in the list of them.
    pub(super) fn stored(raw: RawJson) -> Self {
        #[derive(Deserialize)]
        struct Head<'a> {
            #[serde(borrow, default)]
            id: Option<&'a RawValue>,
            #[serde(borrow, default)]
            input: Option<&'a RawValue>,
            #[serde(borrow, default)]
            output: Option<&'a RawValue>,
        }
        let head: Option<Head<'_>> = serde_json::from_str(raw.as_str()).ok();
        let first = |value: Option<&RawValue>| value.and_then(|value| value.get().bytes().next());
        let (id, form) = head.map_or((None, Form::Unfit), |head| {
            let form = match (first(head.input), first(head.output)) {
                (Some(b'"'), Some(b'"')) => Form::Texts,
                (Some(b'{'), Some(b'{')) => Form::Artifacts,
                _ => Form::Unfit,
            };
            (head.id.and_then(|id| serde_json::from_str(id.get()).ok()), form)
        });
        Self { raw, id, form, beside: None }
    }

    /// The run of a turn.
    pub(super) fn of(turn: &Turn, at_epoch_secs: u64) -> Result<Self> {
        let kept = Kept {
            sum: Some(kept::checksum(&turn.messages)?),
            at: Some(at_epoch_secs),
            tokens: turn.tokens.clone(),
            ..Kept::default()
        };
        let id = RawJson::from(turn.id.as_str());
        ReadRun { messages: Vec::new(), kept, ..ReadRun::blank() }
            .with_messages(&turn.messages)?
            .into_artifacts(id)
    }

    pub(super) fn raw(&self) -> &RawJson {
        &self.raw
    }

    pub(super) fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// The turn's id, where the run's is one.
    pub(super) fn turn_id(&self) -> Option<TurnId> {
        TurnId::new(self.id.as_deref()?).ok()
    }

    /// A run under the id of an earlier one is told by its text.
    pub(super) fn forget_id(&mut self) {
        self.id = None;
    }

    /// Reads the messages.
    ///
    /// # Errors
    /// What is wrong with the run's shape, without its text.
    pub(super) fn read(&self) -> Result<ReadRun, String> {
        let mut fields: Fields =
            serde_json::from_str(self.raw.as_str()).map_err(|_| match shape_of(&self.raw) {
                "an object" => "an object whose fields can't be told apart".to_owned(),
                other => format!("{other} and no run"),
            })?;
        let others = fields.split_off(FIELDS);
        let mut end = |name: &str| fields.remove(name).ok_or_else(|| format!("a run without `{name}`"));
        let (input, output) = (end("input")?, end("output")?);
        let meta = fields.remove("meta").filter(|meta| meta.as_str() != "null");
        let mut run = ReadRun { input, output, others, ..ReadRun::blank() };
        match meta.map(|meta| (serde_json::from_str(meta.as_str()), meta)) {
            None => {}
            Some((Ok(meta), _)) => run.meta = meta,
            Some((Err(_), meta)) => return Err(format!("a run whose `meta` is {}", shape_of(&meta))),
        }
        run.kept = match &self.beside {
            Some(beside) => beside.clone(),
            None => Kept::among(&run.meta),
        };
        run.meta.remove(KEY);
        if self.beside.is_some() {
            run.take_what_lies_beside();
        }
        if let Some(fields) =
            run.kept.fields.take().and_then(|fields| serde_json::from_str(fields.as_str()).ok())
        {
            run.others.extend(fields);
        }
        let parts = |name: &str, raw: &RawJson| {
            artifact::parts(raw).map_err(|problem| format!("a run whose `{name}` {problem}"))
        };
        let ends = Ends { input: parts("input", &run.input)?, output: parts("output", &run.output)? };
        run.messages = match &run.kept.messages {
            None => vec![message(Role::User, ends.input), message(Role::Assistant, ends.output)],
            Some(text) => kept::read(text, ends)
                .ok_or_else(|| "a run whose messages beside input and output can't be read".to_owned())?,
        };
        Ok(run)
    }

    /// Where the session ends just after this run: the number of its messages and its id, `~` and a digest where it has none.
    pub(super) fn position(&self) -> Position {
        self.position_if_read().unwrap_or_else(|| self.position_with(0))
    }

    pub(super) fn position_if_read(&self) -> Option<Position> {
        self.read().ok().map(|run| self.position_with(run.messages.len()))
    }

    pub(super) fn position_with(&self, messages: usize) -> Position {
        Position::new(match &self.id {
            Some(id) => format!("{messages}.{id}"),
            None => format!("{messages}~{}", kept::hex16(self.raw.as_str().as_bytes())),
        })
    }

    /// Whether a position is that of this run, whatever the number of its messages then was.
    pub(super) fn is_at(&self, position: &Position) -> bool {
        let without_number = |position: &Position| {
            position.as_str().trim_start_matches(|digit: char| digit.is_ascii_digit()).to_owned()
        };
        without_number(position) == without_number(&self.position_with(0))
    }

    pub(super) fn holds_texts(&self) -> bool {
        self.form == Form::Texts
    }

    pub(super) fn holds_artifacts(&self) -> bool {
        self.form == Form::Artifacts
    }

    /// The run in a generation: itself, with the text that it has, where it fits. One that fits nowhere stays where the
    /// session `is_there` already.
    ///
    /// # Errors
    /// `Corrupt` when it would have to be changed and can't be read.
    pub(super) fn brought_to(self, generation: Generation, is_there: bool, at: usize) -> Result<Self> {
        let fits = match self.form {
            Form::Texts => generation == Generation::F1,
            Form::Artifacts => generation == Generation::F3,
            Form::Unfit => is_there,
        };
        if fits {
            return Ok(self);
        }
        let read = self.read().map_err(|problem| {
            let message = format!(
                "a run can't be read, and so not be brought into generation {generation:?}: it is {problem}; inspect \
                 the session and mend it, or write the generation that is there"
            );
            Error::new(ErrorKind::Corrupt, message).with("run", at)
        })?;
        let id = self.id.as_deref().map_or_else(|| RawJson::from(TurnId::mint().as_str()), RawJson::from);
        match generation {
            Generation::F1 => read.into_texts(id),
            Generation::F3 => read.into_artifacts(id),
        }
    }

    /// The run with other messages.
    ///
    /// # Errors
    /// `InvalidInput` when a message has no JSON form.
    pub(super) fn with_messages(&self, read: ReadRun, messages: &[Message]) -> Result<Self> {
        let id = self.id.as_deref().map_or_else(|| RawJson::from(TurnId::mint().as_str()), RawJson::from);
        let read = read.with_messages(messages)?;
        match self.form {
            Form::Texts => read.into_texts(id),
            Form::Artifacts | Form::Unfit => read.into_artifacts(id),
        }
    }
}

impl ReadRun {
    fn blank() -> Self {
        let nothing = RawJson::from("");
        Self {
            messages: Vec::new(),
            kept: Kept::default(),
            meta: Fields::default(),
            input: nothing.clone(),
            output: nothing,
            others: Fields::default(),
        }
    }

    /// An older generation holds the text of an artifact; the artifact lies beside, and is good as long as the text is.
    fn take_what_lies_beside(&mut self) {
        let artifacts =
            [(&mut self.input, self.kept.input.take()), (&mut self.output, self.kept.output.take())];
        for (text, artifact) in artifacts {
            // Another program may have written the same text with other escapes.
            let said = |text: &RawJson| text.decode::<String>().ok();
            let is_it = |artifact: &RawJson| text_of(artifact).is_ok_and(|shown| said(&shown) == said(text));
            if let Some(artifact) = artifact.filter(is_it) {
                *text = artifact;
            }
        }
        if let Some(meta) = self.kept.meta.take().and_then(|meta| serde_json::from_str(meta.as_str()).ok()) {
            self.meta = meta;
        }
    }

    /// With other messages, and the artifacts that hold still what they should.
    fn with_messages(mut self, messages: &[Message]) -> Result<Self> {
        let mut ends = Ends { input: Vec::new(), output: Vec::new() };
        for (at, artifact, parts) in [
            (kept::input_of(messages), &mut self.input, &mut ends.input),
            (kept::output_of(messages), &mut self.output, &mut ends.output),
        ] {
            let wanted = at.and_then(|at| messages.get(at));
            *parts = wanted.map(|message| message.parts.clone()).unwrap_or_default();
            if artifact::parts(artifact).as_ref() != Ok(parts) {
                *artifact = wanted.map_or_else(|| RawJson::from(""), text_of_message);
                *parts = artifact::parts(artifact).unwrap_or_default();
            }
        }
        self.kept.messages = kept::write(messages, &ends)?;
        self.messages = messages.to_vec();
        Ok(self)
    }

    /// In the newest generation.
    fn into_artifacts(mut self, id: RawJson) -> Result<Run> {
        if !self.others.is_empty() {
            self.kept.fields = Some(self.others.to_raw());
        }
        if !self.kept.is_empty() {
            self.meta.put(KEY, &self.kept).map_err(no_json)?;
        }
        let artifact =
            |end: RawJson| if end.as_str().starts_with('"') { artifact::of_text(&end) } else { end };
        let mut fields = Fields::default();
        fields.set("type", RawJson::from("Run"));
        fields.set("id", id);
        fields.put("meta", &(!self.meta.is_empty()).then(|| self.meta.to_raw())).map_err(no_json)?;
        fields.set("input", artifact(self.input));
        fields.set("output", artifact(self.output));
        Ok(Run::stored(fields.to_raw()))
    }

    /// In the older generation that is written.
    fn into_texts(mut self, id: RawJson) -> Result<Run> {
        let no_text = |problem: String| {
            Error::new(ErrorKind::Corrupt, format!("a run holds an artifact that {problem}"))
        };
        let ends = [(&self.input, &mut self.kept.input), (&self.output, &mut self.kept.output)];
        let mut texts = Vec::new();
        for (end, kept) in ends {
            if end.as_str().starts_with('"') {
                texts.push(end.clone());
                continue;
            }
            texts.push(text_of(end).map_err(no_text)?);
            *kept = artifact::plain_text(end).is_none().then(|| end.clone());
        }
        if !self.meta.is_empty() {
            self.kept.meta = Some(self.meta.to_raw());
        }
        let mut fields = Fields::default();
        fields.set("type", RawJson::from("Run"));
        fields.set("id", id);
        for (name, text) in ["input", "output"].into_iter().zip(texts) {
            fields.set(name, text);
        }
        fields.extend(self.others);
        let mut run = Run::stored(fields.to_raw());
        run.beside = (!self.kept.is_empty()).then_some(self.kept);
        Ok(run)
    }
}

fn message(role: Role, parts: Vec<Part>) -> Message {
    Message { parts, ..Message::new(role, "") }
}

/// The text that a reader of texts gets of an artifact, as JSON.
fn text_of(artifact: &RawJson) -> Result<RawJson, String> {
    match artifact::plain_text(artifact) {
        Some(text) => Ok(text),
        None => artifact::parts(artifact).map(|parts| text_of_message(&message(Role::User, parts))),
    }
}

/// The text of a message, as JSON; one that holds a lone surrogate stays as it is.
fn text_of_message(message: &Message) -> RawJson {
    match message.parts.as_slice() {
        [Part::Json(raw)] if raw.as_str().starts_with('"') => raw.clone(),
        _ => RawJson::from(message.text().as_str()),
    }
}

fn no_json(source: serde_json::Error) -> Error {
    Error::invalid_input("messages", "holds a message that has no JSON form").with_source(source)
}
