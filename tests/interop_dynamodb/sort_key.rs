//! LangChain JS on a table with a sort key: its one item, under the sort key's own name, beside ours or continued.

use aws_sdk_dynamodb::types::AttributeValue;
use canvas_memory::clock::Clock;
use canvas_memory::dynamodb::item_per_session::ItemConfig;
use canvas_memory::dynamodb::layout::{Layout, choose};
use canvas_memory::dynamodb::list::ListStore;
use canvas_memory::dynamodb::tables::describe;
use canvas_memory::dynamodb::turns::{TurnsConfig, TurnsStore};
use canvas_memory::message::Message;
use canvas_memory::session::SessionKey;
use canvas_memory::store::{Append, ChatStore, Consistency, Window};
use serde_json::json;

use super::support::conversation::{message, texts_with_kwargs, whole_messages};
use super::support::dynamodb::{client, create_table};
use super::support::interop::{History, Package};
use super::support::journey::{Keeps, append, exactly, ids, load, messages, repeat, take_turns, turn};
use super::{DYNOXIDE, KEY, history, session};

const SORT_KEY: &str = "SK";

async fn table(name: &str) -> (SessionKey, History) {
    create_table(&client(&DYNOXIDE.endpoint), name, KEY, Some(SORT_KEY)).await;
    let key = session(name);
    let langchain = history(Package::LangChainJs, &DYNOXIDE.endpoint, name, &key);
    (key, langchain.option("sort-key", SORT_KEY))
}

#[tokio::test]
async fn the_list_layout_goes_on_in_the_item_of_langchain_js() {
    let (key, langchain) = table("sorted-list").await;
    let config = ItemConfig { sort_key: Some(SORT_KEY.to_owned()), ..ItemConfig::new("sorted-list", KEY) };
    let store = ListStore::new(DYNOXIDE.client(Clock::system()), config).unwrap();
    take_turns(&store, &key, &langchain, Keeps::TextsWithKwargs, exactly).await;
}

#[tokio::test]
async fn the_turns_layout_goes_on_after_what_langchain_js_left() {
    let (key, langchain) = table("sorted-turns").await;
    let sdk_client = DYNOXIDE.client(Clock::system());
    let found = describe(&sdk_client, "sorted-turns").await.unwrap();
    let chosen = choose(&sdk_client, &found, None, None).await.unwrap();
    assert_eq!(chosen.layout, Layout::Turns);
    let store = TurnsStore::new(sdk_client, TurnsConfig::new("sorted-turns", KEY, SORT_KEY)).unwrap();

    let theirs = texts_with_kwargs();
    langchain.write(&json!(theirs)).await.unwrap();
    let left = load(&store, &key).await;
    assert_eq!(messages(&left), theirs);
    assert_eq!(ids(&left), [None, None]);
    let item = item(&key).await;

    let ours: Vec<_> = whole_messages();
    let first = turn("first", ours.iter().map(message));
    let here = Append::new(first.clone()).after(exactly(left.position.unwrap()));
    store.append(&key, here).await.unwrap();
    let second = turn("second", [Message::user("more")]);
    append(&store, &key, &second).await;
    repeat(&store, &key, &[&first, &second]).await;
    let more = json!({"role": "user", "content": "more"});
    let all = load(&store, &key).await;
    assert_eq!(messages(&all), [&theirs[..], &ours, std::slice::from_ref(&more)].concat());
    assert_eq!(ids(&all), [None, None, Some("first"), Some("second")]);
    let newest = Window::LastTurns(3.try_into().unwrap());
    let newest = store.recent(&key, newest, Consistency::Strong).await.unwrap();
    assert_eq!((newest.turns, newest.complete), (all.turns[1..].to_vec(), false));

    // Its item is as it left it, so that it reads its own part and may even go on there.
    assert_eq!(self::item(&key).await, item);
    let late = json!({"role": "assistant", "content": "late"});
    langchain.write(&json!([late])).await.unwrap();
    let theirs = [&theirs[..], &[late]].concat();
    assert_eq!(langchain.read().await.unwrap(), json!(theirs));
    assert_eq!(messages(&load(&store, &key).await), [&theirs[..], &ours, &[more]].concat());

    let cleared = store.clear(&key).await.unwrap();
    assert_eq!(cleared.turns, 4);
    assert_eq!(langchain.read().await.unwrap(), json!([]));
}

async fn item(key: &SessionKey) -> std::collections::HashMap<String, AttributeValue> {
    let sdk = client(&DYNOXIDE.endpoint);
    let request =
        sdk.get_item().table_name("sorted-turns").key(KEY, AttributeValue::S(key.session.to_string()));
    let request = request.key(SORT_KEY, AttributeValue::S(SORT_KEY.to_owned()));
    request.send().await.unwrap().item.unwrap()
}
