//! Sessions in DynamoDB that other packages and our layouts write and read in turns.
#![cfg(feature = "dynamodb")]
#![allow(clippy::unwrap_used, reason = "clippy.toml exempts tests, but not the functions that they share")]

mod support;

#[path = "interop_dynamodb/python.rs"]
mod python;
#[path = "interop_dynamodb/sort_key.rs"]
mod sort_key;

use std::sync::LazyLock;

use canvas_memory::clock::Clock;
use canvas_memory::dynamodb::history::HistoryStore;
use canvas_memory::dynamodb::item_per_session::ItemConfig;
use canvas_memory::dynamodb::list::ListStore;
use canvas_memory::message::Message;
use canvas_memory::session::{Position, SessionKey};
use canvas_memory::store::After;
use serde_json::json;
use support::conversation::texts_with_kwargs;
use support::dynalite::Dynalite;
use support::dynamodb::{client, create_table};
use support::dynoxide::{Dynoxide, client_at};
use support::interop::{History, Package};
use support::journey::{Keeps, append, exactly, ids, load, messages, take_turns, turn};

const KEY: &str = "id";

static DYNOXIDE: LazyLock<Dynoxide> = LazyLock::new(Dynoxide::start);
static DYNALITE: LazyLock<Dynalite> = LazyLock::new(Dynalite::start);

fn session(of: &str) -> SessionKey {
    SessionKey::local(format!("-séance 😀 {of}")).unwrap()
}

fn history(package: Package, endpoint: &str, table: &str, key: &SessionKey) -> History {
    History::dynamodb(package, endpoint, table, KEY, key.session.as_str())
}

/// How our last turn follows theirs.
type AfterTheirs = fn(Position) -> After;

/// dynalite finds no two maps equal, so it can't be told after which message of theirs a turn has to come.
const ON_DYNALITE: AfterTheirs = After::Near;

async fn list_layout(package: Package, endpoint: &str, keeps: Keeps, after: AfterTheirs) {
    let (table, key) = (format!("{package:?}"), session("list"));
    create_table(&client(endpoint), &table, KEY, None).await;
    let store = ListStore::new(client_at(endpoint, Clock::system()), ItemConfig::new(&table, KEY)).unwrap();
    take_turns(&store, &key, &history(package, endpoint, &table, &key), keeps, after).await;
}

async fn history_layout(endpoint: &str, after: AfterTheirs) {
    let (table, key) = ("LangChainPython", session("history"));
    create_table(&client(endpoint), table, KEY, None).await;
    let store = HistoryStore::new(client_at(endpoint, Clock::system()), ItemConfig::new(table, KEY)).unwrap();
    let python = history(Package::LangChainPython, endpoint, table, &key);
    take_turns(&store, &key, &python, Keeps::WholeMessages, after).await;
}

#[tokio::test]
async fn langchain_js_and_we_take_turns_on_the_built_in_engine() {
    list_layout(Package::LangChainJs, &DYNOXIDE.endpoint, Keeps::TextsWithKwargs, exactly).await;
}

#[tokio::test]
async fn langchain_js_and_we_take_turns_on_dynalite() {
    list_layout(Package::LangChainJs, DYNALITE.endpoint(), Keeps::TextsWithKwargs, ON_DYNALITE).await;
}

#[tokio::test]
async fn the_canvas_node_and_we_take_turns_on_the_built_in_engine() {
    list_layout(Package::Flowise, &DYNOXIDE.endpoint, Keeps::Texts, exactly).await;
}

#[tokio::test]
async fn the_canvas_node_and_we_take_turns_on_dynalite() {
    list_layout(Package::Flowise, DYNALITE.endpoint(), Keeps::Texts, ON_DYNALITE).await;
}

#[tokio::test]
async fn langchain_python_and_we_take_turns_on_the_built_in_engine() {
    history_layout(&DYNOXIDE.endpoint, exactly).await;
}

#[tokio::test]
async fn langchain_python_and_we_take_turns_on_dynalite() {
    history_layout(DYNALITE.endpoint(), ON_DYNALITE).await;
}

#[tokio::test]
async fn tool_messages_that_langchain_js_cannot_read_back_are_read_and_continued() {
    let (table, key) = ("tools", session("tools"));
    create_table(&client(&DYNOXIDE.endpoint), table, KEY, None).await;
    let store = ListStore::new(DYNOXIDE.client(Clock::system()), ItemConfig::new(table, KEY)).unwrap();
    let asked = texts_with_kwargs()[..3].to_vec();
    let mut written = asked.clone();
    written.push(json!({"role": "tool", "content": "21.5", "tool_call_id": "call_1", "name": "get_weather"}));
    written.push(json!({"role": "function", "content": "5", "name": "f"}));
    history(Package::LangChainJs, &DYNOXIDE.endpoint, table, &key).write(&json!(written)).await.unwrap();

    // It keeps neither the call's id nor a name.
    let kept = [json!({"role": "tool", "content": "21.5"}), json!({"role": "function", "content": "5"})];
    let read = [asked, kept.to_vec()].concat();
    assert_eq!(messages(&load(&store, &key).await), read);
    append(&store, &key, &turn("ours", [Message::user("and now?")])).await;
    let all = load(&store, &key).await;
    assert_eq!(messages(&all)[..5], read);
    assert_eq!(ids(&all), [None, Some("ours")]);
}
