//! One turn id has one effect: always, when the retry carries the position it first tried; by the id alone, for 24 h
//! (exact) or while the turn is among the newest read (lean; the result says which). Same id, other content:
//! `TurnIdReused`.

use std::collections::BTreeMap;

use tokio::task::JoinSet;

use super::Fault;
use super::faulty::{Way, append_under};
use super::suite::{
    SAID, Stop, Suite, Verdict, append, ensure, ensure_discreet, ensure_holds, everything, fail, fill,
    not_proven, small_turn,
};
use crate::error::ErrorKind;
use crate::json::RawJson;
use crate::message::Message;
use crate::session::{SessionKey, Turn};
use crate::store::{After, Append, ChatStore, Dedupe};

pub(super) async fn check(suite: &Suite<'_>) {
    suite.check(2, "again at once, by the id alone", again_at_once(suite)).await;
    suite.check(2, "again exactly at a position is no conflict", again_exactly(suite)).await;
    suite.check(2, "again with the position first tried, much later", again_much_later(suite)).await;
    suite.check(2, "again by an exact id alone, much later", exact_much_later(suite)).await;
    suite.check(2, "again in a burst", burst(suite)).await;
    suite.check(2, "the position of a repeated turn can be used", position_of_duplicate(suite)).await;
    suite.check(2, "same id, other content is refused", other_content(suite)).await;
    suite.check(2, "same id, content that differs in a detail", other_detail(suite)).await;
    suite.check(2, "an id belongs to one session", ids_per_session(suite)).await;
    for (name, fault, way) in [
        ("a request delivered twice, at the end", Fault::TwiceFirstAnswer, Way::End),
        ("a request delivered twice, near", Fault::TwiceFirstAnswer, Way::Near),
        ("a request delivered twice, exactly", Fault::TwiceFirstAnswer, Way::Exactly),
        ("a request delivered twice, exact id", Fault::TwiceFirstAnswer, Way::ExactId),
        ("a request delivered twice, big turn", Fault::TwiceFirstAnswer, Way::Big),
        ("delivered twice, last answer, at the end", Fault::TwiceSecondAnswer, Way::End),
        ("delivered twice, last answer, first", Fault::TwiceSecondAnswer, Way::First),
        ("delivered twice, last answer, near", Fault::TwiceSecondAnswer, Way::Near),
        ("delivered twice, last answer, exactly", Fault::TwiceSecondAnswer, Way::Exactly),
        ("delivered twice, last answer, exact id", Fault::TwiceSecondAnswer, Way::ExactId),
        ("delivered twice, last answer, big turn", Fault::TwiceSecondAnswer, Way::Big),
    ] {
        suite.check(2, name, delivered_twice(suite, fault, way)).await;
    }
}

async fn again_at_once(suite: &Suite<'_>) -> Verdict {
    let (store, key) = (suite.store().await, suite.key()?);
    let (first, second) = (small_turn(0), small_turn(1));
    append(&*store, &key, &first).await?;
    let once = append(&*store, &key, &second).await?;
    ensure(!once.duplicate, || "a new turn is called a duplicate".to_owned())?;
    for store in [store, suite.store().await] {
        for again in [Append::new(second.clone()), Append::new(second.clone()).exact()] {
            let again = store.append(&key, again).await?;
            ensure(again.duplicate, || "the second append says that it is no duplicate".to_owned())?;
        }
        ensure(append(&*store, &key, &first).await?.duplicate, || "an older turn is taken twice".to_owned())?;
        ensure_holds(&*store, &key, &[&first, &second]).await?;
    }
    Ok(())
}

async fn again_exactly(suite: &Suite<'_>) -> Verdict {
    let (store, key) = (suite.store().await, suite.key()?);
    let (first, second, third) = (small_turn(0), small_turn(1), small_turn(2));
    let at_start = Append::new(first.clone()).after(After::Exactly(None));
    let position = store.append(&key, at_start.clone()).await?.position;
    ensure(store.append(&key, at_start.clone()).await?.duplicate, || "first turn: no duplicate".to_owned())?;
    let at_first = Append::new(second.clone()).after(After::Exactly(Some(position)));
    store.append(&key, at_first.clone()).await?;
    append(&*store, &key, &third).await?;
    for again in [at_start, at_first] {
        ensure(store.append(&key, again).await?.duplicate, || "no duplicate".to_owned())?;
    }
    ensure_holds(&*store, &key, &[&first, &second, &third]).await
}

async fn again_much_later(suite: &Suite<'_>) -> Verdict {
    let (store, key) = (suite.store().await, suite.key()?);
    let (first, second) = (small_turn(0), small_turn(1));
    let at_start = Append::new(first).after(After::Exactly(None));
    let position = store.append(&key, at_start.clone()).await?.position;
    let near_first = Append::new(second).after(After::Near(position.clone()));
    store.append(&key, near_first.clone()).await?;
    let turns = fill(&*store, &key, suite.options.long_session_turns as usize).await?;

    let store = suite.store().await;
    for (again, what) in [(at_start, "exactly"), (near_first.clone(), "near")] {
        let again =
            store.append(&key, again).await.map_err(|error| Stop::from(error).when(|| what.to_owned()))?;
        ensure(again.duplicate, || format!("{what}: the turn was taken a second time"))?;
    }
    let other = Turn::with_id(near_first.turn.id, small_turn(9).messages);
    let other = Append::new(other).after(After::Near(position));
    ensure_reused(&*store, &key, other).await?;
    let found = everything(&*store, &key).await?.turns.len();
    ensure(found == turns.len() + 2, || format!("{found} turns instead of {}", turns.len() + 2))
}

async fn exact_much_later(suite: &Suite<'_>) -> Verdict {
    if suite.capabilities.dedupe != Dedupe::Exact {
        return not_proven("the layout does not declare exact turn ids");
    }
    let (store, key) = (suite.store().await, suite.key()?);
    let exact = small_turn(0);
    let once = store.append(&key, Append::new(exact.clone()).exact()).await?;
    ensure(once.dedupe == Dedupe::Exact, || "declares exact ids, and says lean in the result".to_owned())?;
    let turns = fill(&*store, &key, suite.options.long_session_turns as usize).await?;
    let store = suite.store().await;
    ensure(store.append(&key, Append::new(exact.clone()).exact()).await?.duplicate, || {
        "the turn was taken a second time".to_owned()
    })?;
    let other = Turn::with_id(exact.id, small_turn(9).messages);
    ensure_reused(&*store, &key, Append::new(other).exact()).await?;
    let found = everything(&*store, &key).await?.turns.len();
    ensure(found == turns.len() + 1, || format!("{found} turns instead of {}", turns.len() + 1))
}

async fn burst(suite: &Suite<'_>) -> Verdict {
    for exact in [false, true] {
        let (store, key) = (suite.store().await, suite.key()?);
        let (first, turn) = (small_turn(0), small_turn(1));
        append(&*store, &key, &first).await?;
        let mut tasks = JoinSet::new();
        for _ in 0..8 {
            let (store, key, turn) = (suite.store().await, key.clone(), turn.clone());
            let append = Append::new(turn);
            let append = if exact { append.exact() } else { append };
            tasks.spawn(async move { store.append(&key, append).await });
        }
        let mut fresh = 0;
        for result in tasks.join_all().await {
            fresh += usize::from(!result?.duplicate);
        }
        ensure(fresh == 1, || format!("{fresh} of 8 equal appends say that they stored the turn"))?;
        ensure_holds(&*store, &key, &[&first, &turn]).await?;
    }
    Ok(())
}

async fn position_of_duplicate(suite: &Suite<'_>) -> Verdict {
    let (store, key) = (suite.store().await, suite.key()?);
    let (first, second) = (small_turn(0), small_turn(1));
    append(&*store, &key, &first).await?;
    let again = append(&*store, &key, &first).await?;
    let exactly = Append::new(second.clone()).after(After::Exactly(Some(again.position)));
    store.append(&key, exactly).await?;
    ensure_holds(&*store, &key, &[&first, &second]).await
}

async fn other_content(suite: &Suite<'_>) -> Verdict {
    let (store, key) = (suite.store().await, suite.key()?);
    let first = small_turn(0);
    let position = append(&*store, &key, &first).await?.position;
    let second = small_turn(1);
    store.append(&key, Append::new(second.clone()).after(After::Near(position.clone())).exact()).await?;
    let other = Append::new(Turn::with_id(second.id.clone(), small_turn(9).messages));
    for append in [
        other.clone(),
        other.clone().exact(),
        other.clone().after(After::Near(position.clone())),
        other.after(After::Exactly(Some(position))),
    ] {
        ensure_reused(&*store, &key, append).await?;
    }
    let lean = Append::new(Turn::with_id(first.id.clone(), small_turn(9).messages));
    ensure_reused(&*store, &key, lean).await?;
    ensure_holds(&*store, &key, &[&first, &second]).await
}

async fn other_detail(suite: &Suite<'_>) -> Verdict {
    let (store, key) = (suite.store().await, suite.key()?);
    let stored = small_turn(0);
    append(&*store, &key, &stored).await?;
    let name = |mut message: Message| {
        message.name = Some("bob".to_owned());
        message
    };
    let extra = |mut message: Message| {
        message.extra = BTreeMap::from([("trace".to_owned(), RawJson::from("1"))]);
        message
    };
    let [question, answer] =
        [Message::user(format!("{SAID} 000000?")), Message::assistant(format!("{SAID} 000000."))];
    for (what, messages) in [
        ("a name", vec![name(question.clone()), answer.clone()]),
        ("metadata", vec![question.clone(), extra(answer.clone())]),
        ("the order", vec![answer.clone(), question.clone()]),
        ("one message less", vec![question.clone()]),
        ("one message more", vec![question, answer.clone(), answer]),
    ] {
        let append = Append::new(Turn::with_id(stored.id.clone(), messages));
        ensure_reused(&*store, &key, append).await.map_err(|stop| stop.when(|| what.to_owned()))?;
    }
    ensure_holds(&*store, &key, &[&stored]).await
}

async fn ids_per_session(suite: &Suite<'_>) -> Verdict {
    let store = suite.store().await;
    let turn = small_turn(0);
    for key in [suite.key()?, suite.key()?] {
        let appended = store.append(&key, Append::new(turn.clone()).exact()).await?;
        ensure(!appended.duplicate, || "an id of another session is taken".to_owned())?;
        ensure_holds(&*store, &key, &[&turn]).await?;
    }
    Ok(())
}

async fn delivered_twice(suite: &Suite<'_>, fault: Fault, way: Way) -> Verdict {
    let results = append_under(suite, fault, way).await?;
    match results.iter().find_map(|result| result.as_ref().err()) {
        Some(kind) => fail(format!("every request was answered, and the append says {}", kind.code())),
        None => Ok(()),
    }
}

async fn ensure_reused(store: &dyn ChatStore, key: &SessionKey, append: Append) -> Verdict {
    let how = format!("{:?}, {:?}", append.after, append.dedupe);
    match store.append(key, append).await {
        Ok(_) => fail(format!("{how}: accepted")),
        Err(error) => {
            ensure_discreet(&error)?;
            ensure(*error.kind() == ErrorKind::TurnIdReused, || format!("{how}: {error}"))
        }
    }
}
