//! The list layout on a real Redis behind the Upstash REST API.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by them")]

#[path = "support/upstash_endpoint.rs"]
mod upstash_endpoint;

#[path = "upstash_list/faults.rs"]
mod faults;
#[path = "upstash_list/foreign.rs"]
mod foreign;
#[path = "upstash_list/listing.rs"]
mod listing;
#[path = "upstash_list/notes.rs"]
mod notes;
#[path = "upstash_list/promises.rs"]
mod promises;

use std::num::NonZeroU32;
use std::time::Duration;

use canvas_memory::message::Message;
use canvas_memory::session::{SessionKey, StoredTurn, Turn, TurnId};
use canvas_memory::store::{Append, ChatStore, Consistency, Recent, Window};
use canvas_memory::upstash::list::{ListOptions, UpstashListStore};
use canvas_memory::upstash::{Client, ClientConfig};
use upstash_endpoint::{Endpoint, TOKEN};

fn config(endpoint: &Endpoint) -> ClientConfig {
    ClientConfig::new(&endpoint.url, TOKEN)
}

fn store_with(endpoint: &Endpoint, options: ListOptions) -> UpstashListStore {
    UpstashListStore::new(Client::new(&config(endpoint)).unwrap(), options)
}

fn store(endpoint: &Endpoint) -> UpstashListStore {
    store_with(endpoint, ListOptions::default())
}

/// A store whose client repeats nothing and waits half a second.
fn store_without_retries(endpoint: &Endpoint) -> UpstashListStore {
    let mut config = config(endpoint);
    config.max_retries = 0;
    config.timeouts.request = Duration::from_millis(500);
    UpstashListStore::new(Client::new(&config).unwrap(), ListOptions::default())
}

fn key(id: &str) -> SessionKey {
    SessionKey::local(id).unwrap()
}

/// A turn with a question and an answer.
fn turn(id: &str) -> Turn {
    let messages = [Message::user(format!("question {id}")), Message::assistant(format!("answer {id}"))];
    Turn::with_id(TurnId::new(id).unwrap(), messages)
}

fn append(id: &str) -> Append {
    Append::new(turn(id))
}

async fn load(store: &UpstashListStore, session: &str) -> Recent {
    store.recent(&key(session), Window::Everything, Consistency::Strong).await.unwrap()
}

fn turns(count: u32) -> Window {
    Window::LastTurns(NonZeroU32::new(count).unwrap())
}

fn messages(count: u32) -> Window {
    Window::LastMessages(NonZeroU32::new(count).unwrap())
}

fn ids(turns: &[StoredTurn]) -> Vec<&str> {
    turns.iter().map(|turn| turn.id.as_ref().map_or("", TurnId::as_str)).collect()
}
