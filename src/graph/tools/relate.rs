//! The tool `relate`.

use std::sync::Arc;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::Deserialize;

use super::things::{self, Thing};
use super::{MAX_NAME_CHARS, to_its_end, unrecorded};
use crate::error::Result;
use crate::graph::facts::edge_line;
use crate::graph::{GraphMemory, Link, NewNode, Recorded, provenance};
use crate::json::RawJson;
use crate::model::ToolSpec;
use crate::session::Source;
use crate::tool::{self, Tool, ToolOutput};
use crate::usage::Usage;

const DESCRIPTION: &str = "\
Keeps for later conversations how two things or persons are related, such as `user` `LIKES` `green tea`. Things that are not \
remembered yet are made.";

#[derive(Debug)]
pub(super) struct Relate(pub(super) Arc<GraphMemory>);

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Arguments {
    /// The thing that stands in the relation, such as `Alice`. `user` is the person you talk with.
    #[schemars(length(min = 1, max = MAX_NAME_CHARS))]
    source: String,
    /// The relation, a verb or a few words in capitals: `LIKES`, `LIVES_IN`, `SISTER_OF`.
    #[schemars(length(min = 1, max = MAX_NAME_CHARS))]
    relation: String,
    /// The thing to which it stands in the relation, such as `green tea`.
    #[schemars(length(min = 1, max = MAX_NAME_CHARS))]
    target: String,
}

#[async_trait]
impl Tool for Relate {
    fn spec(&self) -> ToolSpec {
        ToolSpec::of::<Arguments>("relate", DESCRIPTION)
    }

    async fn call(&self, arguments: &RawJson, source: &Source) -> Result<ToolOutput> {
        let arguments: Arguments = tool::arguments(arguments)?;
        let (memory, source) = (self.0.clone(), source.clone());
        to_its_end(async move {
            let mut usage = Usage::default();
            let related = relate(&memory, &arguments, &source, &mut usage).await;
            let text = related.map_err(|error| error.with_usage(usage))?;
            Ok(ToolOutput { text, usage })
        })
        .await
    }
}

async fn relate(
    memory: &GraphMemory,
    arguments: &Arguments,
    source: &Source,
    usage: &mut Usage,
) -> Result<String> {
    let relation = things::relationship_type("relation", &arguments.relation)?;
    let ends = [("source", arguments.source.as_str()), ("target", &arguments.target)];
    let [from, to] = things::find(memory, ends, usage).await?;
    let line = edge_line(from.id(), &relation, to.id());
    if let (Thing::Known(from), Thing::Known(to)) = (&from, &to) {
        let between = things::edges_between(memory, &from.id, &relation, &to.id, usage).await?;
        if !between.is_empty() {
            return Ok(format!("This was remembered already: {line}"));
        }
    }
    let sources = std::slice::from_ref(source);
    let mut unwritten = None;
    for thing in [&from, &to] {
        let Thing::New(id) = thing else { continue };
        let node =
            NewNode { id: id.clone(), content: String::new(), metadata: provenance::mark(None, sources) };
        let Recorded { outcome: put, unrecorded } = memory.put_node(node).await?;
        *usage += put.usage;
        unwritten = unwritten.or(unrecorded);
    }
    let link = Link::new(from.id().clone(), relation, to.id().clone()).once().between_existing();
    let link = Link { properties: provenance::mark(None, sources), ..link };
    let Recorded { outcome: linked, unrecorded: error } = memory.link(link).await?;
    *usage += linked.usage;
    Ok(format!("Remembered: {line}{}", unrecorded(error.or(unwritten).as_ref())))
}
