//! Where a summary ends and the recent part begins.

use super::Summary;
use crate::session::StoredTurn;
use crate::store::Recent;

/// What is known of the turns that a summary covers, from the newest part of its session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Covered {
    /// So many of the turns that were read.
    Read(usize),
    /// Turns older than those that were read, as far as one can tell from here.
    Older,
    /// Turns that are not there any more: cleared, expired, removed or changed. The summary is not to be trusted.
    Gone,
}

impl Covered {
    /// Looks for the newest turn that `summary` covers.
    pub(crate) fn of(summary: &Summary, recent: &Recent) -> Self {
        let Some(through) = &summary.through else { return Self::Read(0) };
        match recent.turns.iter().position(|turn| turn.position == *through) {
            Some(at) => Self::Read(at + 1),
            None if recent.complete => Self::Gone,
            None => Self::Older,
        }
    }
}

/// The summary to recall, if it is to be trusted, and the turns that it does not cover.
pub(crate) fn split(summary: Option<Summary>, recent: &mut Recent) -> Option<Summary> {
    let summary = summary?;
    match Covered::of(&summary, recent) {
        Covered::Read(turns) => {
            recent.turns.drain(..turns);
            Some(summary)
        }
        Covered::Older => Some(summary),
        Covered::Gone => None,
    }
}

/// How many of these turns are to go into the summary: none as long as there are at most `budget`, else all but the
/// newest `kept`.
pub(crate) fn outgrown(turns: usize, budget: usize) -> usize {
    if turns > budget { turns - kept(budget) } else { 0 }
}

/// How many turns stay out of a summary when it is made. Half of the budget, so that not each turn asks the model.
pub(crate) fn kept(budget: usize) -> usize {
    budget.div_ceil(2)
}

/// Whether any of the turns stands at the position of `turn`.
pub(super) fn holds(turns: &[StoredTurn], turn: &StoredTurn) -> bool {
    turns.iter().any(|other| other.position == turn.position)
}
