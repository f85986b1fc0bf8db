//! Messages that a host runs.

use async_trait::async_trait;
use canvas_memory::flow::Flow;
use canvas_memory::json::RawJson;
use canvas_memory::message::Message;
use canvas_memory::session::{SessionId, TurnId};
use canvas_memory::{Error, ErrorKind};
use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::sse::{EventReader, ServerEvent};
use super::{Remote, unreachable};
use crate::cli::document::FlowChoice;
use crate::cli::failure::Failure;
use crate::cli::runs::{Kept, Ran, Runs, Said, null};

/// One flow, run by a host.
#[derive(Debug)]
pub(in crate::cli) struct RemoteRuns {
    remote: Remote,
    flow: FlowChoice,
}

/// What a host is asked to run.
#[derive(Serialize)]
struct Order<'a> {
    flow: FlowReference<'a>,
    message: &'a Message,
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<&'a SessionId>,
    chat: &'a SessionId,
    #[serde(skip_serializing_if = "Option::is_none")]
    turn_id: Option<&'a TurnId>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum FlowReference<'a> {
    Id(&'a str),
    Document(&'a Flow),
}

#[derive(Deserialize)]
struct Accepted {
    id: String,
    turn_id: Option<TurnId>,
}

/// The data of the event `done`.
#[derive(Deserialize)]
struct Done {
    turn: RawJson,
    session: RawJson,
    stored: StoredState,
    usage: RawJson,
}

/// Whether the host kept the turn.
#[derive(Deserialize)]
struct StoredState {
    state: String,
    error: Option<Value>,
    /// What the store said.
    #[serde(flatten)]
    appended: Map<String, Value>,
}

/// A run whose turn was stored again.
#[derive(Deserialize)]
struct StoredAgain {
    result: Done,
}

impl RemoteRuns {
    pub(in crate::cli) fn new(remote: Remote, flow: FlowChoice) -> Self {
        Self { remote, flow }
    }

    /// Follows a run to its end: the data of its last event.
    async fn follow(
        &self,
        run: &Accepted,
        show: &mut (dyn FnMut(RawJson) + Send),
    ) -> Result<RawJson, Failure> {
        let host = &self.remote.host;
        let path = format!("runs/{}/events", run.id);
        let mut response = self.remote.send(self.remote.request(Method::GET, &path)).await?;
        let mut events = EventReader::default();
        while let Some(bytes) = response.chunk().await.map_err(|_| self.gone(run))? {
            events.push(&bytes);
            while let Some(ServerEvent { name, data }) = events.next() {
                let data = RawJson::parse(data).map_err(|error| unreachable(host, error))?;
                match name.as_str() {
                    "done" => return Ok(data),
                    "error" => return Err(failure(&data)),
                    _ => show(data),
                }
            }
        }
        Err(self.gone(run))
    }

    /// The error for a host that went away while it worked on a run.
    fn gone(&self, run: &Accepted) -> Failure {
        let message = "the host ended while it worked on this message: the turn may or may not be stored. Start it again, \
                       and say the message again with this --turn-id";
        let kind = match run.turn_id.clone() {
            Some(turn_id) => ErrorKind::Unknown { turn_id, position: None },
            None => ErrorKind::Unavailable,
        };
        let turn_id = run.turn_id.as_ref().map(TurnId::as_str).unwrap_or_default();
        Error::new(kind, message).with("turn", turn_id).with("url", &self.remote.host.url).into()
    }
}

#[async_trait]
impl Runs for RemoteRuns {
    /// The id of the run.
    type Again = String;

    async fn run(
        &self,
        said: Said<'_>,
        show: &mut (dyn FnMut(RawJson) + Send),
    ) -> Result<Ran<String>, Failure> {
        let Said { message, session, chat, turn_id } = said;
        let flow = match &self.flow {
            FlowChoice::Saved(id) => FlowReference::Id(id),
            FlowChoice::Document(flow) => FlowReference::Document(flow),
        };
        let order = Order { flow, message, session, chat, turn_id };
        let accepted: Accepted = self.decode(&self.remote.post("runs", &order).await?)?;
        let Done { turn, session, stored, usage } = self.decode(&self.follow(&accepted, show).await?)?;
        Ok(Ran { turn, session, kept: kept(stored, accepted.id), usage })
    }

    async fn store_again(&self, id: &String) -> Result<RawJson, Failure> {
        let answered = self.remote.post(&format!("runs/{id}/store"), &json!({})).await?;
        let StoredAgain { result: Done { stored, .. } } = self.decode(&answered)?;
        match kept(stored, id.clone()) {
            Kept::Yes(stored) => Ok(stored),
            Kept::No(failure, _) => Err(failure),
        }
    }
}

impl RemoteRuns {
    fn decode<T: for<'de> Deserialize<'de>>(&self, json: &RawJson) -> Result<T, Failure> {
        serde_json::from_str(json.as_str()).map_err(|error| unreachable(&self.remote.host, error))
    }
}

fn kept(stored: StoredState, run: String) -> Kept<String> {
    let StoredState { state, error, appended } = stored;
    match state.as_str() {
        "stored" => Kept::Yes(RawJson::of(&appended).unwrap_or_else(|_| null())),
        "not_stored" => Kept::No(Failure::from_json(error.unwrap_or_default()), run),
        _ => Kept::Yes(null()),
    }
}

fn failure(data: &RawJson) -> Failure {
    let told = data.decode::<Value>().unwrap_or_default();
    Failure::from_json(told.get("error").cloned().unwrap_or_default())
}
