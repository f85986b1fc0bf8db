//! A search finds nodes by name and by words, as they are now.

use std::num::NonZeroU32;

use super::suite::{Suite, Verdict, ensure, id, not_proven};
use crate::graph::{Change, GraphStore, Hits, NewNode, NodeChange};
use crate::session::Scope;

pub(super) async fn check(suite: &Suite<'_>) {
    suite.check(9, "by name", by_name(suite)).await;
    suite.check(9, "by words, the best first", by_words(suite)).await;
    suite.check(9, "a node as it is now", as_it_is_now(suite)).await;
    suite.check(9, "many nodes with one word", many(suite)).await;
}

async fn found(store: &dyn GraphStore, scope: &Scope, text: &str) -> Verdict<Vec<String>> {
    let limit = NonZeroU32::MIN.saturating_add(9);
    let Hits { hits, .. } = store.search(scope, text, limit).await?;
    Ok(hits.into_iter().map(|hit| hit.node.id.to_string()).collect())
}

async fn put(store: &dyn GraphStore, scope: &Scope, name: &str, content: &str) -> Verdict {
    store.put_node(scope, NewNode::new(id(name)?, content)).await?;
    Ok(())
}

async fn by_name(suite: &Suite<'_>) -> Verdict {
    let (store, scope) = (suite.store().await, suite.scope()?);
    put(&*store, &scope, "Anna", "drinks tea").await?;
    put(&*store, &scope, "New York", "is a city").await?;
    put(&*store, &scope, "blue", "").await?;
    for (text, expected) in [
        ("What does Anna drink?", "Anna"),
        ("New York", "New York"),
        ("Is it BLUE?", "blue"),
        ("  blue  ", "blue"),
    ] {
        let found = found(&*store, &scope, text).await?;
        ensure(found.first().is_some_and(|name| name == expected), || format!("{text}: {found:?}"))?;
    }
    for text in ["", "  ", "?!", "nothing of that"] {
        let found = found(&*store, &scope, text).await?;
        ensure(found.is_empty(), || format!("{text:?}: {found:?}"))?;
    }
    Ok(())
}

fn need_words(suite: &Suite<'_>) -> Verdict {
    if suite.capabilities.word_search { Ok(()) } else { not_proven("the store searches by names alone") }
}

async fn by_words(suite: &Suite<'_>) -> Verdict {
    need_words(suite)?;
    let (store, scope) = (suite.store().await, suite.scope()?);
    put(&*store, &scope, "f1", "Der Lieblingskäse ist Gouda").await?;
    put(&*store, &scope, "f2", "gouda comes from Holland").await?;
    put(&*store, &scope, "f3", "likes cheddar").await?;
    put(&*store, &scope, "holland", "a part of the Netherlands").await?;
    let text = "Is GOUDA made in Holland?";
    let ranked = found(&*store, &scope, text).await?;
    ensure(ranked == ["holland", "f2", "f1"], || format!("{ranked:?}"))?;
    let found = found(&*store, &scope, "lieblingskäse!").await?;
    ensure(found == ["f1"], || format!("{found:?}"))?;
    let one = store.search(&scope, text, NonZeroU32::MIN).await?;
    ensure(one.hits.len() == 1 && one.truncated, || format!("{one:?}"))
}

async fn as_it_is_now(suite: &Suite<'_>) -> Verdict {
    need_words(suite)?;
    let (store, scope) = (suite.store().await, suite.scope()?);
    put(&*store, &scope, "fact", "prefers trains").await?;
    let change = NodeChange { content: Change::Set("prefers bicycles".to_owned()), ..NodeChange::default() };
    store.update_node(&scope, &id("fact")?, change).await?;
    ensure(found(&*store, &scope, "trains").await?.is_empty(), || "an old word finds it".to_owned())?;
    ensure(found(&*store, &scope, "bicycles").await? == ["fact"], || "a new word does not".to_owned())?;
    store.delete_node(&scope, &id("fact")?).await?;
    ensure(found(&*store, &scope, "bicycles fact").await?.is_empty(), || {
        "a deleted node is found".to_owned()
    })?;
    put(&*store, &scope, "fact", "").await?;
    ensure(found(&*store, &scope, "bicycles").await?.is_empty(), || {
        "words of the old node find it".to_owned()
    })
}

async fn many(suite: &Suite<'_>) -> Verdict {
    need_words(suite)?;
    let (store, scope) = (suite.store().await, suite.scope()?);
    let nodes = (0..150).map(|number| {
        let rest = if number == 77 { "and rhubarb" } else { "" };
        Ok(NewNode::new(id(&format!("f{number}"))?, format!("likes strawberries {rest}")))
    });
    store.put_nodes(&scope, nodes.collect::<Verdict<Vec<_>>>()?).await?;
    let hits = store.search(&scope, "strawberries with rhubarb", NonZeroU32::MIN.saturating_add(9)).await?;
    let first = hits.hits.first().map(|hit| hit.node.id.as_str());
    ensure(first == Some("f77"), || format!("{first:?} is first"))?;
    ensure(hits.hits.len() == 10 && hits.truncated, || format!("{} hits", hits.hits.len()))
}
