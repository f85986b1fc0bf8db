//! What calls cost: by DynamoDB's rules, by Amazon's own emulator, and by the engine that the host carries.

use std::collections::BTreeSet;

use canvas_memory::clock::Clock;
use canvas_memory::dynamodb::DynamoClient;
use canvas_memory::dynamodb::griptape::{self, GriptapeStore, ItemSlot, ItemSlotConfig};
use canvas_memory::dynamodb::mem0::conversation::{self, ConversationConfig, ConversationStore};
use canvas_memory::dynamodb::mem0::graph::{self, GraphConfig, Mem0GraphStore};
use canvas_memory::dynamodb::size::{Item, item_bytes};
use canvas_memory::dynamodb::turns::{self, TurnsConfig, TurnsStore};
use canvas_memory::graph::{GraphStore, Link, NewNode, NodeId, RelationshipType};
use canvas_memory::griptape::GriptapeConfig;
use canvas_memory::json::RawJson;
use canvas_memory::message::Message;
use canvas_memory::session::{Scope, SessionKey, Turn};
use canvas_memory::store::{After, Append, ChatStore, Consistency, Dedupe, Recent, Window};
use canvas_memory::usage::Usage;

use super::support::dynamodb_local::DynamoDbLocal;
use super::support::dynoxide::{Dynoxide, client_at};

/// Bytes of an item: the most for 3 write units and one more, then the most for 1 read unit and one more.
const SIZES: [u64; 4] = [3_072, 3_073, 4_096, 4_097];

#[derive(Debug, PartialEq)]
struct Charge {
    call: String,
    requests: u64,
    read_units: f64,
    write_units: f64,
}

/// An action of a transaction, by what it would cost outside of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Action {
    table_units: u64,
    index_units: u64,
}

/// What an engine takes for a transaction.
type Transacted = fn(&[Action]) -> u64;

/// Twice the action; the index follows by itself.
fn transacted(actions: &[Action]) -> u64 {
    actions.iter().map(|action| 2 * action.table_units + action.index_units).sum()
}

/// Of actions that cost the same DynamoDB Local of 2020 counts one, and that fourfold, in the index too. DynamoDB takes 4 units
/// for two small items, and 2 for one.
fn transacted_by_local(actions: &[Action]) -> u64 {
    let distinct = actions.iter().collect::<BTreeSet<_>>().into_iter();
    distinct.map(|action| 4 * (action.table_units + action.index_units)).sum()
}

/// The calls on one engine: what they reported that it charged, and what the rules say.
struct Bill {
    client: DynamoClient,
    transacted: Transacted,
    charged: Vec<Charge>,
    by_rules: Vec<Charge>,
}

impl Bill {
    async fn of(endpoint: &str, transacted: Transacted) -> Self {
        let client = client_at(endpoint, Clock::manual(1_795_168_640));
        let mut bill = Self { client, transacted, charged: Vec::new(), by_rules: Vec::new() };
        griptape(&mut bill).await;
        mem0_conversations(&mut bill).await;
        turns(&mut bill).await;
        graph_links(&mut bill).await;
        bill
    }

    fn add(&mut self, call: String, usage: Usage, (requests, read_units, write_units): (u64, u64, u64)) {
        let (read_units, write_units) = (read_units as f64, write_units as f64);
        self.by_rules.push(Charge { call: call.clone(), requests, read_units, write_units });
        let Usage { requests, read_units, write_units, .. } = usage;
        self.charged.push(Charge { call, requests, read_units, write_units });
    }

    fn add_transaction(&mut self, call: String, usage: Usage, mut actions: Vec<Action>) {
        actions.sort_unstable();
        let write_units = (self.transacted)(&actions);
        self.add(format!("{call}: {actions:?}"), usage, (1, 0, write_units));
    }

    /// What rows cost that were not there before.
    async fn written(&self, table: &str, before: &[(Item, u64)]) -> Vec<u64> {
        let rows = self.items(table).await;
        let new = rows.iter().filter(|row| !before.contains(row));
        new.map(|(_, bytes)| write_units(*bytes)).collect()
    }

    /// All items of a small table, with the bytes of each.
    async fn items(&self, table: &str) -> Vec<(Item, u64)> {
        let scan = self.client.sdk().scan().table_name(table).consistent_read(true).send().await.unwrap();
        assert_eq!(scan.last_evaluated_key, None);
        scan.items.unwrap().into_iter().map(|item| (item.clone(), item_bytes(&item))).collect()
    }

    /// The bytes of the table's only item; 0 without one.
    async fn only_item(&self, table: &str) -> u64 {
        let items = self.items(table).await;
        assert!(items.len() <= 1, "{items:?}");
        items.first().map_or(0, |(_, bytes)| *bytes)
    }
}

/// A strong read of one item.
fn read_units(bytes: u64) -> u64 {
    bytes.div_ceil(4_096).max(1)
}

fn write_units(bytes: u64) -> u64 {
    bytes.div_ceil(1_024).max(1)
}

fn key() -> SessionKey {
    SessionKey::local("c").unwrap()
}

async fn append(store: &dyn ChatStore, length: usize, after: After, dedupe: Dedupe) -> Usage {
    let turn = Turn::new([Message::user("x".repeat(length)), Message::assistant("y")]);
    let append = Append { dedupe, ..Append::new(turn).after(after) };
    store.append(&key(), append).await.unwrap().usage
}

async fn load(store: &dyn ChatStore) -> Recent {
    store.recent(&key(), Window::Everything, Consistency::Strong).await.unwrap()
}

/// A session that is one item: appended to until that has exactly `bytes`, and loaded.
async fn one_item(bill: &mut Bill, table: &str, store: &dyn ChatStore, bytes: u64) {
    let (mut length, mut last) = (1, 0);
    for turn in 1..=4 {
        let before = bill.only_item(table).await;
        if turn == 4 {
            // As much as the third turn added, and what is still missing.
            length += usize::try_from(bytes - before - (before - last)).unwrap();
        }
        let usage = append(store, length, After::End, Dedupe::Lean).await;
        let after = bill.only_item(table).await;
        let call = format!("{table}: turn {turn} makes {after} bytes of {before}");
        bill.add(call, usage, (2, read_units(before), write_units(after)));
        last = before;
    }
    assert_eq!(bill.only_item(table).await, bytes);
    bill.add(format!("{table}: load"), load(store).await.usage, (1, read_units(bytes), 0));
}

async fn griptape(bill: &mut Bill) {
    for bytes in SIZES {
        let name = format!("griptape-{bytes}");
        griptape::table(&name, "id", None).create(&bill.client).await.unwrap();
        let slot = ItemSlot::new(bill.client.clone(), ItemSlotConfig::new(&name, "id")).unwrap();
        let store = GriptapeStore::new(slot, GriptapeConfig::default()).unwrap();
        one_item(bill, &name, &store, bytes).await;
    }
}

async fn mem0_conversations(bill: &mut Bill) {
    for bytes in SIZES {
        let name = format!("conversations-{bytes}");
        conversation::table(&name).create(&bill.client).await.unwrap();
        let config = ConversationConfig { user_id: Some("ann".into()), ..ConversationConfig::new(&name) };
        let store = ConversationStore::new(bill.client.clone(), config).unwrap();
        one_item(bill, &name, &store, bytes).await;
    }
}

async fn turns(bill: &mut Bill) {
    const TABLE: &str = "turns";
    turns::table(TABLE, "id", "sk").create(&bill.client).await.unwrap();
    let store = TurnsStore::new(bill.client.clone(), TurnsConfig::new(TABLE, "id", "sk")).unwrap();
    append(&store, 1, After::End, Dedupe::Lean).await;
    for (length, dedupe) in
        [(500, Dedupe::Lean), (2_500, Dedupe::Lean), (500, Dedupe::Exact), (2_500, Dedupe::Exact)]
    {
        let before = bill.items(TABLE).await;
        let end = After::Near(load(&store).await.position.unwrap());
        let usage = append(&store, length, end, dedupe).await;
        let written = bill.written(TABLE, &before).await;
        let call = format!("turns: {length} bytes");
        match dedupe {
            Dedupe::Exact => {
                let actions = written.into_iter().map(|table_units| Action { table_units, index_units: 0 });
                bill.add_transaction(call, usage, actions.collect());
            }
            Dedupe::Lean => bill.add(call, usage, (1, 0, written.iter().sum())),
        }
    }
    // The turns and nothing else of the partition.
    let rows = bill.items(TABLE).await;
    let turns = rows.iter().filter(|(row, _)| row["sk"].as_s().unwrap().starts_with("sk#"));
    let bytes = turns.map(|(_, bytes)| bytes).sum();
    bill.add("turns: load".into(), load(&store).await.usage, (1, read_units(bytes), 0));
}

async fn graph_links(bill: &mut Bill) {
    const TABLE: &str = "graph";
    let config = GraphConfig::new(TABLE);
    graph::table(&config).create(&bill.client).await.unwrap();
    let store = Mem0GraphStore::new(bill.client.clone(), config).unwrap();
    let scope = Scope::default();
    let (anna, tea) = (NodeId::new("anna").unwrap(), NodeId::new("tea").unwrap());
    for (node, content) in [(&anna, "Anna"), (&tea, "green tea")] {
        let before = bill.items(TABLE).await;
        let put = store.put_node(&scope, NewNode::new(node.clone(), content)).await.unwrap();
        // The node and its words.
        let rows = bill.written(TABLE, &before).await;
        let actions = rows.into_iter().map(|table_units| Action { table_units, index_units: 0 });
        bill.add_transaction(format!("graph: {node}"), put.usage, actions.collect());
    }
    for (length, checks) in [(1, false), (1, true), (1_500, false), (1_500, true)] {
        let before = bill.items(TABLE).await;
        let link = Link::new(anna.clone(), RelationshipType::new("DRINKS").unwrap(), tea.clone());
        let properties = RawJson::parse(format!(r#"{{"why":"{}"}}"#, "x".repeat(length))).unwrap();
        let link = link.with_properties(properties);
        let link = if checks { link.between_existing() } else { link };
        let linked = store.link(&scope, link).await.unwrap();
        let rows = bill.written(TABLE, &before).await;
        assert_eq!(rows.len(), 3, "all of which are in the index");
        let row = |units: u64| Action { table_units: units, index_units: units };
        let mut actions: Vec<_> = rows.into_iter().map(row).collect();
        if checks {
            actions.extend([Action { table_units: 1, index_units: 0 }; 2]);
        }
        bill.add_transaction(format!("graph: link of {length} bytes"), linked.usage, actions);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn dynamodb_local_and_dynoxide_charge_what_the_rules_say() {
    let (local, dynoxide) = (DynamoDbLocal::start(), Dynoxide::start());
    let local = Bill::of(local.endpoint(), transacted_by_local).await;
    let dynoxide = Bill::of(&dynoxide.endpoint, transacted).await;
    assert_eq!(differences(&local.charged, &local.by_rules), [], "DynamoDB Local, and the rules");
    assert_eq!(differences(&dynoxide.charged, &dynoxide.by_rules), [], "dynoxide, and the rules");
    // By now those alone that write in transactions can differ.
    for (local, dynoxide) in differences(&local.charged, &dynoxide.charged) {
        assert_eq!((&local.call, local.requests), (&dynoxide.call, dynoxide.requests));
        assert!(local.call.contains("Action"), "DynamoDB Local {local:?}, dynoxide {dynoxide:?}");
    }
}

fn differences<'a>(some: &'a [Charge], others: &'a [Charge]) -> Vec<(&'a Charge, &'a Charge)> {
    assert_eq!(some.len(), others.len());
    some.iter().zip(others).filter(|(one, other)| one != other).collect()
}
