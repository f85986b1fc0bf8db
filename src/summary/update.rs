//! Letting the oldest turns go into the summary.

use std::collections::VecDeque;
use std::sync::Arc;

use futures_util::StreamExt;

use super::recent::{Covered, holds, kept, outgrown};
use super::{Summary, prompt};
use crate::error::{Error, ErrorKind, Result};
use crate::model::ChatModel;
use crate::prompt::transcript;
use crate::session::{Position, SessionKey, StoredTurn};
use crate::store::{ChatStore, Consistency, Recent, Window};

/// How much of a conversation the model is given at once. A session that has none yet, or has grown while the model
/// failed, is summarized piece by piece, and each piece counts.
const MAX_CONVERSATION_BYTES: usize = 64 << 10;
/// Stands for the rest of a turn that alone is longer.
const CUT: &str = "\n[…]";

/// A session whose summary is to be brought up to date.
#[derive(Debug)]
pub(super) struct Update {
    pub(super) store: Arc<dyn ChatStore>,
    pub(super) key: SessionKey,
    pub(super) model: Arc<dyn ChatModel>,
    pub(super) template: String,
    /// The newest part of the session that recall reads.
    pub(super) window: Window,
    /// How many turns stay out of the summary at most.
    pub(super) budget: usize,
}

impl Update {
    /// Brings the summary up to date; returns how many turns went into it.
    ///
    /// # Errors
    /// What kept the model from a summary, or the store from it; the summary then ends where it ended, or where the last
    /// piece did. `Conflict` where another host was first, or the session was cleared meanwhile.
    pub(super) async fn run(&self) -> Result<u64> {
        let mut recent = self.recent().await?;
        let Some(newest) = recent.turns.last().cloned() else { return Ok(0) };
        let (summary, version) = Summary::among(&recent.notes)?.unzip();
        let covered = match &summary {
            Some(summary) => Covered::of(summary, &recent),
            None if recent.complete => Covered::Gone,
            None => Covered::Older,
        };
        let mut fold = Fold::new(self, newest, version.unwrap_or(0));
        match covered {
            Covered::Read(covered) => {
                recent.turns.drain(..covered);
                fold.summary = summary;
                fold.take(recent.turns).await?;
            }
            Covered::Gone => fold.take(recent.turns).await?,
            Covered::Older => {
                let through = summary.as_ref().and_then(|summary| summary.through.clone());
                fold.summary = summary;
                if !fold.stream(through).await? {
                    // What it covers is not there any more.
                    fold.summary = None;
                    fold.stream(None).await?;
                }
            }
        }
        Ok(fold.folded)
    }

    async fn recent(&self) -> Result<Recent> {
        self.store.recent(&self.key, self.window, Consistency::Strong).await
    }
}

/// A summary on its way.
struct Fold<'a> {
    update: &'a Update,
    /// The newest turn when this began: as long as it is there, the session was not cleared.
    newest: StoredTurn,
    /// The summary so far, and the version of its note.
    summary: Option<Summary>,
    version: u64,
    /// What goes into it next.
    conversation: String,
    turns: u64,
    through: Option<Position>,
    folded: u64,
}

impl<'a> Fold<'a> {
    fn new(update: &'a Update, newest: StoredTurn, version: u64) -> Self {
        let (conversation, turns) = (String::new(), 0);
        Self { update, newest, summary: None, version, conversation, turns, through: None, folded: 0 }
    }

    /// Takes the oldest of the turns that no summary covers, if they have outgrown the budget.
    async fn take(&mut self, turns: Vec<StoredTurn>) -> Result<()> {
        let outgrown = outgrown(turns.len(), self.update.budget);
        for turn in turns.into_iter().take(outgrown) {
            self.add(turn).await?;
        }
        self.flush().await
    }

    /// The same, from the session's beginning on, or from the turn after `through`; says whether that was met.
    async fn stream(&mut self, through: Option<Position>) -> Result<bool> {
        let kept = kept(self.update.budget);
        let mut newer = VecDeque::new();
        let mut is_newer = through.is_none();
        let mut pages = self.update.store.turns(&self.update.key);
        while let Some(page) = pages.next().await.transpose()? {
            for turn in page.turns {
                if !is_newer {
                    is_newer = through.as_ref() == Some(&turn.position);
                    continue;
                }
                newer.push_back(turn);
                if newer.len() > kept
                    && let Some(turn) = newer.pop_front()
                {
                    self.add(turn).await?;
                }
            }
        }
        self.flush().await?;
        Ok(is_newer)
    }

    async fn add(&mut self, turn: StoredTurn) -> Result<()> {
        if !self.conversation.is_empty() {
            self.conversation.push('\n');
        }
        self.conversation.push_str(&transcript(&turn.messages));
        self.turns += 1;
        self.through = Some(turn.position);
        if self.conversation.len() < MAX_CONVERSATION_BYTES {
            return Ok(());
        }
        let end = self.conversation.floor_char_boundary(MAX_CONVERSATION_BYTES);
        self.conversation.truncate(end);
        self.conversation.push_str(CUT);
        self.flush().await
    }

    /// Asks the model and keeps what it says.
    async fn flush(&mut self) -> Result<()> {
        if self.turns == 0 {
            return Ok(());
        }
        let Update { store, key, model, template, .. } = self.update;
        let so_far = self.summary.as_ref();
        let text = so_far.map_or("", |summary| &summary.text);
        let text = prompt::ask(model.as_ref(), template, text, &self.conversation).await?;
        // The model took its time: a session that was cleared meanwhile is not to keep a summary of what it was.
        if !holds(&self.update.recent().await?.turns, &self.newest) {
            let message = "the session was cleared, or has grown much, while the model summarized it";
            return Err(Error::new(ErrorKind::Conflict { position: None }, message));
        }
        let summary = Summary {
            text,
            through: self.through.take(),
            turns_covered: so_far.map_or(0, |summary| summary.turns_covered) + self.turns,
            model: Some(model.name().to_owned()),
        };
        let written = store.set_note(key, Summary::NOTE, &summary.to_note_text()?, self.version).await?;
        self.version = written.version;
        self.summary = Some(summary);
        self.folded += std::mem::take(&mut self.turns);
        self.conversation.clear();
        Ok(())
    }
}
