//! Capability `flat_cost`, where declared: a load reads what it returns, an append writes what it adds, at any length.

use super::suite::{SAID, Suite, Verdict, append, ensure, last_turns, not_proven, position};
use crate::message::Message;
use crate::session::{SessionKey, Turn};
use crate::store::{After, Append, ChatStore, Dedupe};
use crate::usage::Usage;

/// The length of a session at which costs are measured first.
const SHORT: usize = 25;
/// A position of more digits is more bytes; units and requests may not differ at all.
const MOST_MORE_BYTES: u64 = 256;

pub(super) async fn check(suite: &Suite<'_>) {
    suite.check(10, "a load costs what it returns", loads(suite)).await;
    suite.check(10, "an append costs what it adds", appends(suite, false)).await;
    suite.check(10, "an exact append costs what it adds", appends(suite, true)).await;
    suite.check(10, "one request an append, one a load", one_request(suite)).await;
}

/// Turns of equal size.
fn equal_turn() -> Turn {
    Turn::new([Message::user(format!("{SAID} {}", "a".repeat(300))), Message::assistant("b".repeat(900))])
}

/// The least of a few calls: some backends do their housekeeping with one call of many.
fn least(usages: impl IntoIterator<Item = Usage>) -> Usage {
    let cost =
        |usage: &Usage| (usage.requests + usage.commands) as f64 + usage.write_units + usage.read_units;
    let least = usages.into_iter().min_by(|a, b| cost(a).total_cmp(&cost(b)));
    least.unwrap_or_default()
}

fn ensure_flat(short: Usage, long: Usage, at: usize) -> Verdict {
    let units = |usage: &Usage| (usage.requests, usage.write_units, usage.read_units, usage.commands);
    ensure(units(&short) == units(&long), || {
        format!("at turn {SHORT} it cost {short:?}, at turn {at} {long:?}")
    })?;
    ensure(
        long.bytes_sent <= short.bytes_sent + MOST_MORE_BYTES
            && long.bytes_received <= short.bytes_received + MOST_MORE_BYTES,
        || format!("at turn {SHORT} it moved {short:?}, at turn {at} {long:?}"),
    )
}

fn declared(suite: &Suite<'_>) -> Verdict {
    if suite.capabilities.flat_cost { Ok(()) } else { not_proven("the layout does not declare flat cost") }
}

fn ensure_reported(usage: Usage) -> Verdict {
    if usage == Usage::default() { not_proven("the store reports no usage") } else { Ok(()) }
}

async fn grow(store: &dyn ChatStore, key: &SessionKey, from: usize, to: usize) -> Verdict {
    let mut end = None;
    for _ in from..to {
        let after = end.map_or(After::End, After::Near);
        end = Some(store.append(key, Append::new(equal_turn()).after(after)).await?.position);
    }
    Ok(())
}

async fn loads(suite: &Suite<'_>) -> Verdict {
    declared(suite)?;
    let (store, key) = (suite.store().await, suite.key()?);
    let mut costs = Vec::new();
    let long = suite.options.long_session_turns as usize;
    for (from, to) in [(0, SHORT), (SHORT, long)] {
        grow(&*store, &key, from, to).await?;
        let mut usages = Vec::new();
        for _ in 0..3 {
            usages.push(last_turns(&*store, &key, 20).await?.usage);
        }
        costs.push(least(usages));
    }
    if let [short, long_cost] = costs.as_slice() {
        ensure_reported(*short)?;
        ensure_flat(*short, *long_cost, long)?;
    }
    Ok(())
}

async fn appends(suite: &Suite<'_>, exact: bool) -> Verdict {
    declared(suite)?;
    if exact && suite.capabilities.dedupe != Dedupe::Exact {
        return not_proven("the layout does not declare exact turn ids");
    }
    let (store, key) = (suite.store().await, suite.key()?);
    let mut costs: Vec<[Usage; 2]> = Vec::new();
    let long = suite.options.long_session_turns as usize;
    for (from, to) in [(0, SHORT), (SHORT, long)] {
        grow(&*store, &key, from, to).await?;
        let (mut known, mut unknown) = (Vec::new(), Vec::new());
        for _ in 0..3 {
            let end = position(&*store, &key).await?;
            for (after, usages) in [(After::Near(end), &mut known), (After::End, &mut unknown)] {
                let append = Append::new(equal_turn()).after(after);
                let append = if exact { append.exact() } else { append };
                usages.push(store.append(&key, append).await?.usage);
            }
        }
        costs.push([least(known), least(unknown)]);
    }
    if let [short, long_cost] = costs.as_slice() {
        for (short, long_cost) in short.iter().zip(long_cost) {
            ensure_reported(*short)?;
            ensure_flat(*short, *long_cost, long)?;
        }
    }
    Ok(())
}

async fn one_request(suite: &Suite<'_>) -> Verdict {
    declared(suite)?;
    let (store, key) = (suite.store().await, suite.key()?);
    append(&*store, &key, &equal_turn()).await?;
    let mut appends = Vec::new();
    let mut loads = Vec::new();
    for _ in 0..3 {
        let loaded = last_turns(&*store, &key, 20).await?;
        let after = loaded.position.map_or(After::End, After::Near);
        loads.push(loaded.usage);
        appends.push(store.append(&key, Append::new(equal_turn()).after(after)).await?.usage);
    }
    let (append, load) = (least(appends), least(loads));
    ensure_reported(load)?;
    ensure(append.requests == 1 && load.requests == 1, || {
        format!("{} requests an append and {} a load", append.requests, load.requests)
    })
}
