//! A thousand sessions that many tasks append to at once, beside the bare calls.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use canvas_memory::session::{Position, TurnId};
use canvas_memory::store::{After, Append, ChatStore, Consistency, Window};
use tokio::task::JoinSet;

use crate::support::dynamodb::{Clients, key, put_turn, turn_item};
use crate::support::pair::{Times, print_table};
use crate::support::{self, exchange};
use crate::{Upstash, judged};

const SESSIONS: usize = 1_000;
const TASKS: usize = 64;
/// Appends to each session.
const TURNS: usize = 10;

const HEAD: [&str; 6] = ["", "bare request", "ours", "bare", "ratio of times", "at most 1.5×"];

/// Our sessions and where each ends.
struct Growing<S> {
    store: S,
    ends: Vec<Mutex<Option<Position>>>,
}

impl<S: ChatStore> Growing<S> {
    fn new(store: S) -> Arc<Self> {
        Arc::new(Self { store, ends: (0..SESSIONS).map(|_| Mutex::default()).collect() })
    }

    async fn append(&self, session: usize, turn: usize) {
        let end = self.ends[session].lock().unwrap().clone();
        let append = Append::new(exchange(turn)).after(end.map_or(After::End, After::Near));
        let done = self.store.append(&key(&ours(session)), append).await.unwrap();
        assert!(!done.duplicate);
        *self.ends[session].lock().unwrap() = Some(done.position);
    }

    /// How many of the acknowledged turns are not there, or not in their order.
    async fn lost(&self, turns: usize) -> usize {
        let mut lost = 0;
        for session in 0..SESSIONS {
            let recent =
                self.store.recent(&key(&ours(session)), Window::Everything, Consistency::Strong).await;
            let found = recent.unwrap().turns;
            assert!(found.len() <= turns, "a turn is there twice");
            let is_there = |turn: &usize| {
                found.get(*turn).is_some_and(|found| found.messages == exchange(*turn).messages)
            };
            lost += turns - (0..turns).filter(is_there).count();
        }
        lost
    }
}

fn ours(session: usize) -> String {
    format!("busy-{session:06}")
}

fn bare(session: usize) -> String {
    format!("bare-busy-{session:06}")
}

/// Appends once to each session.
async fn to_each<F, Fut>(append: F) -> Duration
where
    F: Fn(usize) -> Fut + Clone + Send + 'static,
    Fut: Future<Output = ()> + Send,
{
    let start = Instant::now();
    let mut tasks = JoinSet::new();
    for task in 0..TASKS {
        let append = append.clone();
        tasks.spawn(async move {
            for session in (task..SESSIONS).step_by(TASKS) {
                append(session).await;
            }
        });
    }
    tasks.join_all().await;
    start.elapsed()
}

/// The times of the rounds: the first, and the others.
#[derive(Default)]
struct Rounds {
    first: (Vec<Duration>, Vec<Duration>),
    next: (Vec<Duration>, Vec<Duration>),
}

impl Rounds {
    fn push(&mut self, turn: usize, ours: Duration, bare: Duration) {
        let times = if turn == 0 { &mut self.first } else { &mut self.next };
        times.0.push(ours);
        times.1.push(bare);
    }

    fn print(self, title: &str, [first, next]: [&str; 2], lost: usize, turns: usize) {
        let row = |what: &str, request: &str, (ours, bare): (Vec<_>, Vec<_>)| {
            let times = Times::medians(ours, bare);
            let per_sec = |time: Duration| format!("{:.0}/s", SESSIONS as f64 / time.as_secs_f64());
            vec![
                what.to_owned(),
                request.to_owned(),
                per_sec(times.ours),
                per_sec(times.bare),
                format!("{:.2}×", times.ratio()),
                judged(times.ratio()),
            ]
        };
        let rows = [
            row("first append of each session", first, self.first),
            row("each later append", next, self.next),
        ];
        print_table(&format!("{title}: appends, {SESSIONS} sessions, {TASKS} tasks"), &HEAD, &rows);
        println!("  {lost} of {} acknowledged turns lost", SESSIONS * turns);
    }
}

pub(crate) async fn dynamodb(clients: &Clients) {
    let growing = Growing::new(clients.turns());
    let turns = support::rounds(TURNS);
    let mut rounds = Rounds::default();
    for turn in 0..turns {
        let busy = Arc::clone(&growing);
        let ours = to_each(move |session| {
            let busy = Arc::clone(&busy);
            async move { busy.append(session, turn).await }
        });
        let ours = ours.await;
        let sdk = clients.bare.clone();
        let bare = to_each(move |session| {
            let sdk = sdk.clone();
            async move { put_turn(&sdk, turn_item(&bare(session), turn as u64 + 1, &exchange(turn))).await }
        });
        rounds.push(turn, ours, bare.await);
    }
    // Ours looks for the session's end, and lists the session.
    let requests = ["PutItem; ours: and Query, PutItem", "PutItem"];
    rounds.print("DynamoDB turns", requests, growing.lost(turns).await, turns);
}

pub(crate) async fn upstash(upstash: &Upstash) {
    let (tap, config, sender) = upstash.tap();
    let growing = Growing::new(support::upstash::store(&tap, &config));
    let turns = support::rounds(TURNS);
    let mut rounds = Rounds::default();
    for turn in 0..turns {
        let busy = Arc::clone(&growing);
        let ours = to_each(move |session| {
            let busy = Arc::clone(&busy);
            async move { busy.append(session, turn).await }
        });
        let ours = ours.await;
        let sent = Arc::new(Template::of(&tap.last().0.body));
        let sender = sender.clone();
        let bare = to_each(move |session| {
            let (sent, sender) = (Arc::clone(&sent), sender.clone());
            async move {
                let outcome = sender.send(sent.body(session)).await;
                assert_eq!(outcome[0], "c3RvcmVk", "the Base64 of `stored`");
            }
        });
        rounds.push(turn, ours, bare.await);
        upstash.endpoint.seen();
    }
    rounds.print("Upstash list", ["EVAL, the same script"; 2], growing.lost(turns).await, turns);
}

/// A request of ours, for other sessions and under other turn ids.
struct Template {
    body: String,
    session: String,
    turn_id: String,
}

impl Template {
    fn of(body: &Bytes) -> Self {
        let command: Vec<String> = serde_json::from_slice(body).unwrap();
        // EVAL, the script, 3 and the keys; then the start of the mark and the turn id.
        let (session, turn_id) = (command[3].clone(), command[7].clone());
        Self { body: std::str::from_utf8(body).unwrap().to_owned(), session, turn_id }
    }

    fn body(&self, session: usize) -> Bytes {
        let turn_id = TurnId::mint();
        self.body.replace(&self.session, &bare(session)).replace(&self.turn_id, turn_id.as_str()).into()
    }
}
