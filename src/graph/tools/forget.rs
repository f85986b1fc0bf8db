//! The tool `forget`.

use std::sync::Arc;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::Deserialize;

use super::things::{self, Thing};
use super::{MAX_NAME_CHARS, to_its_end, unrecorded};
use crate::error::{Error, Result};
use crate::graph::facts::edge_line;
use crate::graph::{GraphMemory, NodeId, Recorded};
use crate::json::RawJson;
use crate::model::ToolSpec;
use crate::session::Source;
use crate::tool::{self, Tool, ToolOutput};
use crate::usage::Usage;

const DESCRIPTION: &str = "\
Removes what was remembered: a thing with all its relations, or one relation alone. Use it when someone asks you to forget \
something. Where a fact is merely out of date, use `remember` with `replace` instead.";

#[derive(Debug)]
pub(super) struct Forget(pub(super) Arc<GraphMemory>);

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Arguments {
    /// The thing to forget, or the one at which the relation begins.
    #[schemars(length(min = 1, max = MAX_NAME_CHARS))]
    name: String,
    /// The relation to forget, such as `LIKES`, together with `target`. Leave both out to forget the thing itself.
    #[schemars(length(max = MAX_NAME_CHARS))]
    relation: Option<String>,
    /// The thing at which the relation ends.
    #[schemars(length(max = MAX_NAME_CHARS))]
    target: Option<String>,
}

#[async_trait]
impl Tool for Forget {
    fn spec(&self) -> ToolSpec {
        ToolSpec::of::<Arguments>("forget", DESCRIPTION)
    }

    async fn call(&self, arguments: &RawJson, _: &Source) -> Result<ToolOutput> {
        let arguments: Arguments = tool::arguments(arguments)?;
        let memory = self.0.clone();
        to_its_end(async move {
            let mut usage = Usage::default();
            let forgotten = forget(&memory, &arguments, &mut usage).await;
            let text = forgotten.map_err(|error| error.with_usage(usage))?;
            Ok(ToolOutput { text, usage })
        })
        .await
    }
}

async fn forget(memory: &GraphMemory, arguments: &Arguments, usage: &mut Usage) -> Result<String> {
    let given = |text: &Option<String>| text.clone().filter(|text| !text.trim().is_empty());
    match (given(&arguments.relation), given(&arguments.target)) {
        (None, None) => forget_thing(memory, &arguments.name, usage).await,
        (Some(relation), Some(target)) => {
            forget_relation(memory, &arguments.name, &relation, &target, usage).await
        }
        (Some(_), None) => Err(Error::invalid_input("target", "is missing; say where the relation ends")),
        (None, Some(_)) => Err(Error::invalid_input("relation", "is missing; say which relation to forget")),
    }
}

async fn forget_thing(memory: &GraphMemory, name: &str, usage: &mut Usage) -> Result<String> {
    let [thing] = things::find(memory, [("name", name)], usage).await?;
    let Thing::Known(node) = thing else { return Ok(nothing(thing.id())) };
    let Recorded { outcome: deleted, unrecorded: error } = memory.delete_node(&node.id).await?;
    *usage += deleted.usage;
    let relations = match deleted.edges {
        0 => String::new(),
        1 => " and its 1 relation".to_owned(),
        edges => format!(" and its {edges} relations"),
    };
    Ok(format!("Forgot {}{relations}.{}", node.id, unrecorded(error.as_ref())))
}

async fn forget_relation(
    memory: &GraphMemory,
    name: &str,
    relation: &str,
    target: &str,
    usage: &mut Usage,
) -> Result<String> {
    let relation = things::relationship_type("relation", relation)?;
    let [from, to] = things::find(memory, [("name", name), ("target", target)], usage).await?;
    let edges = things::edges_between(memory, from.id(), &relation, to.id(), usage).await?;
    let line = edge_line(from.id(), &relation, to.id());
    if edges.is_empty() {
        return Ok(format!("There is nothing to forget: {line} is not remembered."));
    }
    let mut unwritten = None;
    for edge in edges {
        let Recorded { outcome: unlinked, unrecorded } = memory.unlink(&edge.key()).await?;
        *usage += unlinked.usage;
        unwritten = unwritten.or(unrecorded);
    }
    Ok(format!("Forgot: {line}{}", unrecorded(unwritten.as_ref())))
}

fn nothing(id: &NodeId) -> String {
    format!("There is nothing to forget: nothing is remembered of {id}.")
}
