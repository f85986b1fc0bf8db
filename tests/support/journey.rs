//! A session that a foreign package and our store write in turns.

use canvas_memory::ErrorKind;
use canvas_memory::message::Message;
use canvas_memory::session::{Position, SessionKey, Turn, TurnId};
use canvas_memory::store::{After, Append, Appended, ChatStore, Consistency, Recent, SessionState, Window};
use serde_json::{Value, json};

use super::conversation::{message, odd_messages, role_and_text, texts, texts_with_kwargs, whole_messages};
use super::interop::History;

/// How much of a message the package's history keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keeps {
    /// Role and text of a person and a model.
    Texts,
    /// Role, text and additional fields.
    TextsWithKwargs,
    /// Role and text of a person and a model when it writes, everything when it reads.
    TextsOfWholeMessages,
    /// Everything.
    WholeMessages,
}

impl Keeps {
    /// What the package writes, and shows when it reads it.
    pub(crate) fn conversation(self) -> Vec<Value> {
        match self {
            Self::Texts | Self::TextsOfWholeMessages => texts(),
            Self::TextsWithKwargs => texts_with_kwargs(),
            Self::WholeMessages => whole_messages(),
        }
    }

    /// What the package has to show of messages that we wrote: `(message, shown)`.
    fn ours(self) -> Vec<(Message, Value)> {
        let whole = whole_messages().into_iter().map(|json| (message(&json), json));
        let odd = odd_messages().into_iter().map(|odd| (odd.message(), odd.shown()));
        whole.chain(odd).map(|(message, shown)| (message.clone(), self.shown(&message, shown))).collect()
    }

    fn shown(self, message: &Message, whole: Value) -> Value {
        match self {
            Self::Texts | Self::TextsWithKwargs => role_and_text(message),
            Self::TextsOfWholeMessages | Self::WholeMessages => whole,
        }
    }
}

/// They, we, they, we; then both read. At the end we clear and they begin anew, they clear and we begin anew.
///
/// `after` says how our last turn is to follow where they ended.
pub(crate) async fn take_turns(
    store: &dyn ChatStore,
    key: &SessionKey,
    foreign: &History,
    keeps: Keeps,
    after: fn(Position) -> After,
) {
    let theirs = keeps.conversation();

    foreign.write(&json!(theirs)).await.unwrap();
    let first = load(store, key).await;
    assert_eq!(messages(&first), theirs);
    assert_eq!(ids(&first), [None, None]);
    assert!(
        first.turns.iter().all(|turn| turn.messages.iter().any(|message| message.role.as_str() == "user"))
    );

    // What they wrote, in turns of ours, and then what only we can write.
    let echo = turn("echo", theirs.iter().map(message));
    let (ours, ours_shown): (Vec<_>, Vec<_>) = keeps.ours().into_iter().unzip();
    let ours = turn("ours", ours);
    append(store, key, &echo).await;
    let before = append(store, key, &ours).await.position;
    assert_eq!(load(store, key).await.position.as_ref(), Some(&before));

    foreign.write(&json!(theirs)).await.unwrap();

    let last = turn("last", [Message::user("still there?"), Message::assistant("Yes. 😀")]);
    let stale = Append::new(last.clone()).after(After::Exactly(Some(before)));
    let refused = store.append(key, stale).await.unwrap_err();
    let end = load(store, key).await.position;
    assert_eq!(*refused.kind(), ErrorKind::Conflict { position: end.clone() });
    store.append(key, Append::new(last.clone()).after(after(end.unwrap()))).await.unwrap();

    repeat(store, key, &[&echo, &ours, &last]).await;

    let all = load(store, key).await;
    let ours_stored: Vec<_> = ours.messages.iter().map(json_of).collect();
    let last_stored: Vec<_> = last.messages.iter().map(json_of).collect();
    assert_eq!(messages(&all), [&theirs[..], &theirs, &ours_stored, &theirs, &last_stored].concat());
    assert_eq!(ids(&all), [None, None, Some("echo"), Some("ours"), None, None, Some("last")]);

    let echo_shown: Vec<_> = theirs.iter().map(|json| keeps.shown(&message(json), json.clone())).collect();
    let shown = [&theirs[..], &echo_shown, &ours_shown, &theirs, &last_stored].concat();
    assert_eq!(shown_by(foreign).await, shown);

    let cleared = store.clear(key).await.unwrap();
    assert_eq!((cleared.turns, cleared.messages), (7, shown.len() as u64));
    assert_eq!(shown_by(foreign).await, Vec::<Value>::new());
    assert!(matches!(load(store, key).await.state, SessionState::New | SessionState::Empty));
    foreign.write(&json!(theirs)).await.unwrap();
    assert_eq!(messages(&load(store, key).await), theirs);

    foreign.clear().await.unwrap();
    assert_eq!(load(store, key).await.state, SessionState::New);
    append(store, key, &turn("anew", last.messages)).await;
    assert_eq!(ids(&load(store, key).await), [Some("anew")]);
}

/// Appending a turn again changes nothing, and other messages under its id are refused.
pub(crate) async fn repeat(store: &dyn ChatStore, key: &SessionKey, stored: &[&Turn]) {
    let before = load(store, key).await;
    for turn in stored {
        assert!(append(store, key, turn).await.duplicate, "{}", turn.id);
        let other = Turn::with_id(turn.id.clone(), [Message::user("something else")]);
        let refused = store.append(key, Append::new(other)).await.unwrap_err();
        assert_eq!(*refused.kind(), ErrorKind::TurnIdReused);
    }
    let after = load(store, key).await;
    assert_eq!((after.turns, after.position), (before.turns, before.position));
}

/// At this position or not at all.
pub(crate) fn exactly(position: Position) -> After {
    After::Exactly(Some(position))
}

pub(crate) fn turn(id: &str, messages: impl IntoIterator<Item = Message>) -> Turn {
    Turn::with_id(TurnId::new(id).unwrap(), messages.into_iter().collect::<Vec<_>>())
}

pub(crate) async fn append(store: &dyn ChatStore, key: &SessionKey, turn: &Turn) -> Appended {
    store.append(key, Append::new(turn.clone())).await.unwrap()
}

/// Everything, all of it readable.
pub(crate) async fn load(store: &dyn ChatStore, key: &SessionKey) -> Recent {
    let recent = store.recent(key, Window::Everything, Consistency::Strong).await.unwrap();
    assert_eq!(recent.unreadable, []);
    recent
}

/// All messages, without what LangChain Python says of every tool result.
pub(crate) fn messages(recent: &Recent) -> Vec<Value> {
    let messages = recent.turns.iter().flat_map(|turn| &turn.messages);
    messages
        .map(|message| {
            let mut json = json_of(message);
            if json["status"] == "success" {
                json.as_object_mut().unwrap().remove("status");
            }
            json
        })
        .collect()
}

fn json_of(message: &Message) -> Value {
    serde_json::to_value(message).unwrap()
}

pub(crate) fn ids(recent: &Recent) -> Vec<Option<&str>> {
    recent.turns.iter().map(|turn| turn.id.as_ref().map(TurnId::as_str)).collect()
}

/// What the package shows, without our mark, which it hands to its user among the metadata.
pub(crate) async fn shown_by(foreign: &History) -> Vec<Value> {
    let Value::Array(mut messages) = foreign.read().await.unwrap() else { panic!("not a list of messages") };
    for message in &mut messages {
        let fields = message.as_object_mut().unwrap();
        let Some(metadata) = fields.get_mut("response_metadata") else { continue };
        if metadata.as_object_mut().unwrap().remove("canvas_memory").is_some() && *metadata == json!({}) {
            fields.remove("response_metadata");
        }
    }
    messages
}
