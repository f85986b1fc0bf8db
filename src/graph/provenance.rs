//! Where facts came from, kept inside of the metadata of nodes and the properties of edges.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::json::RawJson;
use crate::session::Source;

/// The field of metadata and properties that lists the [`Source`]s of a fact, the newest last.
pub const SOURCES: &str = "cm_sources";

/// How many are kept of a fact to which many turns have added: the newest.
const MAX_SOURCES: usize = 8;

/// What metadata or properties say; nothing where another writer left them without.
#[must_use]
pub fn of(object: Option<&RawJson>) -> Vec<Source> {
    #[derive(Deserialize)]
    struct Marked {
        cm_sources: Vec<Source>,
    }
    object.and_then(|object| object.decode::<Marked>().ok()).map_or_else(Vec::new, |marked| marked.cm_sources)
}

/// These metadata or properties with `sources`; everything else that they hold stays as it was written.
///
/// `None` where they can't be read, and so must be left alone.
pub(super) fn mark(object: Option<&RawJson>, sources: &[Source]) -> Option<RawJson> {
    let mut fields: BTreeMap<String, RawJson> = match object {
        Some(object) => object.decode_exact()?,
        None => BTreeMap::new(),
    };
    let newest = sources.get(sources.len().saturating_sub(MAX_SOURCES)..)?;
    fields.insert(SOURCES.to_owned(), RawJson::of(&newest).ok()?);
    RawJson::of(&fields).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::{SessionId, TurnId};

    fn source(turn: &str) -> Source {
        Source {
            session: SessionId::new("s").unwrap(),
            turn_id: TurnId::new(turn).unwrap(),
            message_ids: vec![format!("{turn}:0")],
        }
    }

    #[test]
    fn sources_stand_beside_what_others_wrote() {
        let theirs = RawJson::parse(r#"{"topic": "colors", "n": 1.000000000000000000001}"#).unwrap();
        let marked = mark(Some(&theirs), &[source("t1"), source("t2")]).unwrap();
        assert_eq!(of(Some(&marked)), [source("t1"), source("t2")]);
        assert!(marked.as_str().contains(r#""n":1.000000000000000000001,"topic":"colors""#), "{marked:?}");
        assert_eq!(of(mark(None, &[source("t3")]).as_ref()), [source("t3")]);
    }

    #[test]
    fn what_others_wrote_is_no_source_and_is_not_lost() {
        for theirs in ["{}", "[]", r#"{"cm_sources": 7}"#, r#"{"cm_sources": [{"session": ""}]}"#, r#""x""#] {
            assert!(of(Some(&RawJson::parse(theirs).unwrap())).is_empty(), "{theirs}");
        }
        assert_eq!(mark(Some(&RawJson::parse(r#"["a list"]"#).unwrap()), &[source("t")]), None);
        assert_eq!(of(None), []);
    }

    #[test]
    fn the_newest_sources_are_kept() {
        let many: Vec<_> = (0..50).map(|turn| source(&format!("t{turn}"))).collect();
        let kept = of(mark(None, &many).as_ref());
        assert_eq!(kept.len(), MAX_SOURCES);
        assert_eq!(kept.last(), many.last());
    }
}
