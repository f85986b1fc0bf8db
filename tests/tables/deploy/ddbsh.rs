//! The tables as `ddbsh` makes them, the shell for DynamoDB of awslabs.

use canvas_memory::dynamodb::catalog::TableKind;
use canvas_memory::dynamodb::tables::{KeyAttribute, KeyKind};

const HEAD: &str = "\
-- Tables for canvas-memory, for ddbsh (https://github.com/awslabs/dynamodb-shell). Nothing here drops a table or changes
-- one that is there: keep what you need and rename the tables as you like. What expires does so by the attribute that
-- the node names; `canvas-memory tables check` compares a table with its layout.
--
-- Generated from the layouts: `cargo test --test tables` rewrites it.
";

pub(super) fn schema() -> String {
    let tables = TableKind::ALL.map(table);
    format!("{HEAD}\n{}", tables.join("\n"))
}

fn table(kind: TableKind) -> String {
    let table = kind.usual();
    let mut defined: Vec<&KeyAttribute> = Vec::new();
    for key in table.keys().chain(table.indexes.iter().flat_map(|index| index.keys())) {
        if !defined.contains(&key) {
            defined.push(key);
        }
    }
    let attributes: Vec<_> = defined
        .iter()
        .map(|key| {
            let kind = match key.kind {
                KeyKind::Text => "string",
                KeyKind::Number => "number",
                KeyKind::Bytes => "binary",
            };
            format!("\"{}\" {kind}", key.name)
        })
        .collect();
    let mut text = format!(
        "-- {}: {}\nCREATE TABLE IF NOT EXISTS \"{}\" ({})\n  PRIMARY KEY {}\n  BILLING MODE ON DEMAND",
        kind.name(),
        kind.summary(),
        table.name,
        attributes.join(", "),
        keys(table.keys()),
    );
    for index in &table.indexes {
        let keys = keys(index.keys());
        text.push_str(&format!(
            "\n  GSI (\"{}\" ON {keys} PROJECTING ALL BILLING MODE ON DEMAND)",
            index.name
        ));
    }
    text.push_str(";\n");
    if let Some(attribute) = kind.usual_expiry_attribute() {
        text.push_str(&format!(
            "-- Where items are to expire: ALTER TABLE \"{}\" SET TTL (\"{attribute}\");\n",
            table.name
        ));
    }
    text
}

fn keys<'a>(keys: impl Iterator<Item = &'a KeyAttribute>) -> String {
    let keys: Vec<_> =
        keys.zip(["HASH", "RANGE"]).map(|(key, kind)| format!("\"{}\" {kind}", key.name)).collect();
    format!("({})", keys.join(", "))
}
