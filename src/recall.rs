//! How much of a session comes back.

use std::borrow::Cow;
use std::collections::HashSet;
use std::num::NonZeroU32;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::message::{Message, Role};
use crate::session::{Position, StoredTurn, TurnId};
use crate::store::{Fill, Note, Recent, SessionState, Unreadable, Window};
use crate::summary::{self, Summary};
use crate::usage::Usage;

/// Which part of a session a memory recalls. It is always the newest, oldest first, and a tool call always comes with
/// its result.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "policy", rename_all = "camelCase")]
pub enum Recall {
    /// Everything.
    #[default]
    Everything,
    /// The newest turns.
    LastTurns {
        /// How many.
        turns: NonZeroU32,
    },
    /// The newest messages; fewer where a tool call would be parted from its result, but never less than one turn's
    /// answer.
    LastMessages {
        /// How many at most.
        messages: NonZeroU32,
    },
    /// A summary of what was said long ago, and the newest turns as they were said. The chat model on the memory's `model`
    /// port writes the summary, after an answer.
    SummaryAndRecent {
        /// How many turns come as they were said. When there are more, the older half goes into the summary.
        turns: NonZeroU32,
        /// What the model is asked. `{{summary}}` stands for the summary so far, `{{conversation}}` for the turns that go
        /// into it.
        #[serde(default = "default_template")]
        #[schemars(extend("x-ui" = serde_json::json!({"widget": "multiline", "advanced": true})))]
        template: String,
    },
}

fn default_template() -> String {
    summary::DEFAULT_TEMPLATE.to_owned()
}

/// Takes the choice of a summary out of the schema of [`Recall`], for a memory without a chat model.
#[cfg(any(feature = "dynamodb", feature = "upstash"))]
pub(crate) fn without_summary(schema: &mut schemars::Schema) {
    if let Some(choices) = schema.get_mut("oneOf").and_then(|choices| choices.as_array_mut()) {
        choices.retain(|choice| {
            choice.pointer("/properties/policy/const").is_none_or(|policy| policy != "summaryAndRecent")
        });
    }
}

impl Recall {
    /// Checks what the schema can't judge.
    ///
    /// # Errors
    /// `InvalidInput` for a template that has no place for the conversation.
    pub fn check(&self) -> Result<()> {
        match self {
            Self::SummaryAndRecent { template, .. } => summary::check_template(template),
            Self::Everything | Self::LastTurns { .. } | Self::LastMessages { .. } => Ok(()),
        }
    }

    /// What to read from the store. For a summary, half as many turns again as its budget: those that are not in it yet
    /// while it is being made, or while its model fails.
    #[must_use]
    pub fn window(&self) -> Window {
        match self {
            Self::Everything => Window::Everything,
            Self::LastTurns { turns } => Window::LastTurns(*turns),
            Self::LastMessages { messages } => Window::LastMessages(*messages),
            Self::SummaryAndRecent { turns, .. } => {
                let kept = summary::kept(turns.get() as usize);
                Window::LastTurns(turns.saturating_add(u32::try_from(kept).unwrap_or(u32::MAX)))
            }
        }
    }

    /// Takes what this policy recalls out of what was read.
    #[must_use]
    pub fn apply(&self, mut recent: Recent) -> Recalled {
        let read: usize = recent.turns.iter().map(|turn| turn.messages.len()).sum();
        let (mut cut, mut summary) = (None, None);
        match self {
            Self::Everything | Self::LastTurns { .. } => {}
            Self::LastMessages { messages } => {
                cut = keep_last_messages(&mut recent.turns, messages.get() as usize);
            }
            Self::SummaryAndRecent { .. } => match Summary::among(&recent.notes) {
                Ok(stored) => {
                    summary = summary::split(stored.map(|(summary, _)| summary), &mut recent);
                }
                Err(error) => recent
                    .unreadable
                    .push(Unreadable { key: Summary::NOTE.to_owned(), reason: error.message().to_owned() }),
            },
        }
        if let Window::LastTurns(keep) = self.window() {
            recent.turns.drain(..recent.turns.len().saturating_sub(keep.get() as usize));
        }
        let turns = recent.turns;
        let kept: usize = turns.iter().map(|turn| turn.messages.len()).sum();
        Recalled {
            notes: recent.notes,
            summary,
            turns,
            cut,
            left_out: LeftOut { read_messages: (read - kept) as u64, older: !recent.complete },
            position: recent.position,
            state: recent.state,
            unreadable: recent.unreadable,
            fill: recent.fill,
            usage: recent.usage,
        }
    }
}

/// Drops the oldest messages until at most `limit` are left and no tool result stands without its call. Returns the
/// turn of which a part was dropped, whole.
fn keep_last_messages(turns: &mut Vec<StoredTurn>, limit: usize) -> Option<StoredTurn> {
    let total: usize = turns.iter().map(|turn| turn.messages.len()).sum();
    let newest_len = turns.last().map(|turn| turn.messages.len())?;
    let mut skip = total.saturating_sub(limit);
    let parted = |skip: usize| {
        // Ids may come again in a later turn: a call has to stand before its result.
        let mut called = HashSet::new();
        turns.iter().flat_map(|turn| &turn.messages).skip(skip).any(|message| {
            let alone = message.role == Role::Tool
                && message.tool_call_id.as_deref().is_none_or(|id| !called.contains(id));
            called.extend(message.tool_calls.iter().map(|call| call.id.as_str()));
            alone
        })
    };
    while skip < total && parted(skip) {
        skip += 1;
    }
    if skip == total {
        skip = total - newest_len;
    }
    let mut cut = None;
    turns.retain_mut(|turn| {
        let drop = skip.min(turn.messages.len());
        skip -= drop;
        if drop > 0 && drop < turn.messages.len() {
            cut = Some(turn.clone());
        }
        turn.messages.drain(..drop);
        !turn.messages.is_empty()
    });
    cut
}

/// What came back of a session.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Recalled {
    /// Notes that the store brought along, such as a summary.
    pub notes: Vec<Note>,
    /// The summary of older turns, where the policy asks for one and there is one to be trusted.
    pub summary: Option<Summary>,
    /// Oldest first; without those that the summary covers.
    pub turns: Vec<StoredTurn>,
    /// The oldest of them as it is stored, where only a part of it was recalled.
    #[serde(skip)]
    pub cut: Option<StoredTurn>,
    /// What was not recalled.
    pub left_out: LeftOut,
    /// The end of the session.
    pub position: Option<Position>,
    /// What is known of the session.
    pub state: SessionState,
    /// Rows in the window that can't be read.
    pub unreadable: Vec<Unreadable>,
    /// How full the session's item is, in layouts that keep a session in one.
    pub fill: Option<Fill>,
    /// What the load cost.
    pub usage: Usage,
}

impl Recalled {
    /// All messages, oldest first.
    pub fn messages(&self) -> impl Iterator<Item = &Message> {
        self.turns.iter().flat_map(|turn| &turn.messages)
    }

    /// What a model is given: the summary, and all messages.
    pub fn prompt_messages(&self) -> impl Iterator<Item = Cow<'_, Message>> {
        let summary = self.summary.iter().map(|summary| Cow::Owned(summary.to_message()));
        summary.chain(self.messages().map(Cow::Borrowed))
    }

    /// The turn with this id, whole, if any part of it was recalled.
    #[must_use]
    pub fn turn(&self, id: &TurnId) -> Option<&StoredTurn> {
        self.cut.iter().chain(&self.turns).find(|turn| turn.id.as_ref() == Some(id))
    }
}

/// What was not recalled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LeftOut {
    /// Messages that were read and not recalled.
    pub read_messages: u64,
    /// Whether the session has older turns that were not even read.
    pub older: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::RawJson;
    use crate::message::ToolCall;

    fn recent(turns: Vec<Vec<Message>>) -> Recent {
        let turns = turns.into_iter().enumerate().map(|(at, messages)| StoredTurn {
            id: None,
            position: Position::new(at.to_string()),
            messages,
            tokens: None,
            stored_at_epoch_secs: None,
            expires_at_epoch_secs: None,
        });
        Recent {
            turns: turns.collect(),
            position: None,
            state: SessionState::Present,
            complete: true,
            unreadable: Vec::new(),
            notes: Vec::new(),
            fill: None,
            usage: Usage::default(),
        }
    }

    fn with_tool() -> Vec<Message> {
        let call = ToolCall::new("c1", "clock", RawJson::parse("{}").unwrap());
        let calls = Message { tool_calls: vec![call], ..Message::assistant("") };
        vec![Message::user("time?"), calls, Message::tool("c1", "noon"), Message::assistant("It is noon.")]
    }

    fn texts(recall: Recall, turns: Vec<Vec<Message>>) -> Vec<String> {
        recall.apply(recent(turns)).messages().map(Message::text).collect()
    }

    fn last_messages(messages: u32) -> Recall {
        Recall::LastMessages { messages: NonZeroU32::new(messages).unwrap() }
    }

    #[test]
    fn a_tool_result_never_stands_without_its_call() {
        assert_eq!(texts(last_messages(4), vec![with_tool()]), ["time?", "", "noon", "It is noon."]);
        assert_eq!(texts(last_messages(3), vec![with_tool()]), ["", "noon", "It is noon."]);
        assert_eq!(texts(last_messages(2), vec![with_tool()]), ["It is noon."]);
    }

    #[test]
    fn a_call_of_a_later_turn_is_not_taken_for_an_earlier_one() {
        let texts = texts(last_messages(6), vec![with_tool(), with_tool()]);
        assert_eq!(texts, ["It is noon.", "time?", "", "noon", "It is noon."]);
    }

    #[test]
    fn a_turn_that_was_cut_is_found_whole() {
        let mut recent = recent(vec![with_tool()]);
        let id = TurnId::new("t1").unwrap();
        recent.turns[0].id = Some(id.clone());
        let recalled = last_messages(1).apply(recent);
        assert_eq!(recalled.messages().count(), 1);
        assert_eq!(recalled.turn(&id).unwrap().messages, with_tool());
    }

    #[test]
    fn at_least_the_newest_turn_comes_back() {
        let mut turn = with_tool();
        turn.pop();
        assert_eq!(texts(last_messages(1), vec![vec![Message::user("a")], turn]), ["time?", "", "noon"]);
    }

    #[test]
    fn what_is_left_out_is_counted() {
        let turns = || (0..5).map(|n| vec![Message::user(n.to_string())]).collect::<Vec<_>>();
        let recalled = last_messages(2).apply(recent(turns()));
        assert_eq!(recalled.left_out, LeftOut { read_messages: 3, older: false });
        let two = NonZeroU32::new(2).unwrap();
        assert_eq!(texts(Recall::LastTurns { turns: two }, turns()), ["3", "4"]);
        assert_eq!(texts(Recall::Everything, turns()).len(), 5);
    }
}
