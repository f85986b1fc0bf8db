//! Notes of a session, the summary where Griptape looks for it.
//!
//! Griptape reads `summary` and `summary_index`, the number of runs that it covers, counted from the oldest. What it has no
//! place for, and all other notes, lie in `metadata` under [`KEY`](super::kept::KEY).

use serde::{Deserialize, Serialize};

use super::document::Document;
use super::fields::Fields;
use super::run::Run;
use crate::error::{Error, ErrorKind, Result};
use crate::store::Note;
use crate::summary::Summary;

/// How many ids of runs that are gone are remembered.
const MAX_REMOVED: usize = 16;

const TEXT: &str = "summary";
const INDEX: &str = "summary_index";
const NOTES: &str = "notes";
const REMOVED: &str = "removed";

/// What Griptape has no place for.
#[derive(Default, Serialize, Deserialize)]
struct About {
    version: u64,
    turns_covered: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    model: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Record {
    text: String,
    version: u64,
}

impl Document {
    /// All notes, in order of name.
    ///
    /// # Errors
    /// `Corrupt` when something else has the name of our fields.
    pub(super) fn notes(&self) -> Result<Vec<Note>> {
        let records: Fields = self.ours()?.decode(NOTES).unwrap_or_default();
        let notes = records.iter().filter_map(|(name, raw)| {
            let Record { text, version } = raw.decode_exact()?;
            Some(Note { name: name.to_owned(), text, version })
        });
        let mut notes: Vec<_> = notes.collect();
        if notes.iter().all(|note| note.name != Summary::NOTE) {
            notes.extend(self.summary_note()?);
        }
        notes.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(notes)
    }

    pub(super) fn note(&self, name: &str) -> Result<Option<Note>> {
        Ok(self.notes()?.into_iter().find(|note| note.name == name))
    }

    /// Writes a note. A summary that says no more than Griptape and our fields can hold goes where Griptape looks.
    ///
    /// # Errors
    /// `Conflict` when the turn through which a summary goes is not there.
    pub(super) fn set_note(&mut self, name: &str, text: &str, version: u64) -> Result<()> {
        let mut ours = self.ours()?;
        let mut records: Fields = ours.decode(NOTES).unwrap_or_default();
        records.remove(name);
        let summary = Summary::parse(text).ok().filter(|_| name == Summary::NOTE);
        let fits = summary.as_ref().is_some_and(|summary| {
            !summary.text.is_empty() && summary.to_note_text().is_ok_and(|same| same == text)
        });
        if name == Summary::NOTE {
            self.metadata.remove(TEXT);
            self.metadata.remove(INDEX);
            ours.remove(Summary::NOTE);
        }
        if let Some(summary) = summary {
            let index = self.index_of(&summary)?;
            self.metadata.put(TEXT, &summary.text).map_err(no_json)?;
            self.metadata.put(INDEX, &index).map_err(no_json)?;
            let Summary { turns_covered, model, .. } = summary;
            ours.put(Summary::NOTE, &About { version, turns_covered, model }).map_err(no_json)?;
        }
        if !fits {
            records.put(name, &Record { text: text.to_owned(), version }).map_err(no_json)?;
        }
        ours.remove(NOTES);
        if !records.is_empty() {
            ours.set(NOTES, records.to_raw());
        }
        self.set_ours(&ours);
        Ok(())
    }

    /// Lets the oldest runs go; the summary, which covers them still, moves with those that stay.
    pub(super) fn drop_oldest(&mut self, count: usize) -> Result<()> {
        let gone: Vec<_> = self.runs.drain(..count.min(self.runs.len())).collect();
        if let Some(index) = self.index() {
            self.metadata.put(INDEX, &index.saturating_sub(gone.len())).map_err(no_json)?;
        }
        self.remember_removed(gone.iter().filter_map(|run| run.id()))
    }

    /// Removes a run.
    pub(super) fn remove_run(&mut self, place: usize) -> Result<()> {
        let removed = (place < self.runs.len()).then(|| self.runs.remove(place));
        self.remember_removed(removed.iter().filter_map(|run| run.id()))
    }

    /// What was said at a run is another now, or gone: a summary that covers it holds no more.
    pub(super) fn touched(&mut self, run: usize) -> Result<()> {
        if self.index().is_some_and(|index| run < index) {
            self.metadata.remove(TEXT);
            self.metadata.remove(INDEX);
            let mut ours = self.ours()?;
            ours.remove(Summary::NOTE);
            self.set_ours(&ours);
        }
        Ok(())
    }

    /// Whether a run under this id was there, as far as that is remembered.
    pub(super) fn was_removed(&self, id: &str) -> Result<bool> {
        Ok(self.removed()?.iter().any(|removed| removed == id))
    }

    fn remember_removed<'a>(&mut self, ids: impl Iterator<Item = &'a str>) -> Result<()> {
        let mut removed = self.removed()?;
        let before = removed.len();
        removed.extend(ids.map(str::to_owned));
        if removed.len() == before {
            return Ok(());
        }
        removed.drain(..removed.len().saturating_sub(MAX_REMOVED));
        let mut ours = self.ours()?;
        ours.put(REMOVED, &removed).map_err(no_json)?;
        self.set_ours(&ours);
        Ok(())
    }

    fn removed(&self) -> Result<Vec<String>> {
        Ok(self.ours()?.decode(REMOVED).unwrap_or_default())
    }

    /// How many runs the summary covers. Other programs let runs go and leave the number as it was.
    fn index(&self) -> Option<usize> {
        let is_there =
            self.metadata.get(TEXT).is_some_and(|text| text.as_str().starts_with('"') && !text.is_blank());
        let index = self.metadata.decode::<usize>(INDEX).unwrap_or_default();
        is_there.then(|| index.min(self.runs.len()))
    }

    fn summary_note(&self) -> Result<Option<Note>> {
        let (Some(index), Some(text)) = (self.index(), self.metadata.decode::<String>(TEXT)) else {
            return Ok(None);
        };
        let about: Option<About> = self.ours()?.decode(Summary::NOTE);
        let About { version, turns_covered, model } =
            about.unwrap_or(About { version: 1, turns_covered: index as u64, model: None });
        // A run that can't be read is at no turn's position.
        let through = self.runs.iter().take(index).rev().find_map(Run::position_if_read);
        let text = Summary { text, through, turns_covered, model }.to_note_text()?;
        Ok(Some(Note { name: Summary::NOTE.to_owned(), text, version }))
    }

    fn index_of(&self, summary: &Summary) -> Result<usize> {
        let Some(through) = &summary.through else { return Ok(0) };
        let at = self.runs.iter().position(|run| run.is_at(through) && run.position() == *through);
        at.map(|at| at + 1).ok_or_else(|| {
            let message = "the turn through which the summary goes is not there, or is another now; load the session and \
                           summarise anew";
            Error::new(ErrorKind::Conflict { position: None }, message)
        })
    }
}

fn no_json(source: serde_json::Error) -> Error {
    Error::new(ErrorKind::Protocol, "the note has no JSON form").with_source(source)
}
