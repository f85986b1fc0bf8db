//! Deleting tables.

use canvas_memory::ErrorKind;
use canvas_memory::clock::Clock;
use canvas_memory::dynamodb::catalog::TableKind;
use canvas_memory::dynamodb::tables::{self, TableDefinition};

use super::support::dynoxide::Dynoxide;

#[tokio::test]
async fn the_named_table_goes_and_no_other() {
    let engine = Dynoxide::start();
    let client = engine.client(Clock::system());
    for name in ["chat", "chat-2"] {
        TableDefinition { name: name.into(), ..TableKind::Turns.usual() }.create(&client).await.unwrap();
    }
    let usage = tables::delete(&client, "chat").await.unwrap();
    assert!(usage.requests >= 3, "{usage:?}");
    assert_eq!(tables::list(&client, 100, None).await.unwrap().names, ["chat-2"]);
    let error = tables::delete(&client, "chat").await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::NotFound);
    assert!(error.to_string().contains("table chat"), "{error}");
}

#[tokio::test]
async fn a_protected_table_stays() {
    let engine = Dynoxide::start();
    let client = engine.client(Clock::system());
    let table = TableDefinition { deletion_protection: true, ..TableKind::Turns.usual() };
    table.create(&client).await.unwrap();
    let error = tables::delete(&client, &table.name).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Denied);
    assert!(error.message().contains("switch its deletion protection off first"), "{error}");
    assert!(tables::describe(&client, &table.name).await.unwrap().ready);
}
