//! The tool `remember`.

use std::sync::Arc;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::Deserialize;

use super::things::{self, Thing};
use super::{MAX_NAME_CHARS, to_its_end, unrecorded};
use crate::error::{Error, ErrorKind, Result};
use crate::graph::{Change, GraphMemory, NewNode, Node, NodeChange, NodeId, Recorded, provenance};
use crate::json::RawJson;
use crate::model::ToolSpec;
use crate::session::Source;
use crate::tool::{self, Tool, ToolOutput};
use crate::usage::Usage;

/// The most characters that one call remembers.
const MAX_CONTENT_CHARS: u32 = 2_000;
/// The most bytes that are remembered of one thing.
const MAX_KNOWN_BYTES: usize = 16_000;

const DESCRIPTION: &str = "\
Keeps a fact for later conversations, under the name of the thing or person that it is about. Use it when you learn \
something lasting: what someone likes, plans, is called, or decided. What was remembered before comes back by itself when \
its name or words are mentioned.";

#[derive(Debug)]
pub(super) struct Remember(pub(super) Arc<GraphMemory>);

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Arguments {
    /// What the fact is about, such as `Alice` or `green tea`: one name for one thing, always the same. `user` is the person
    /// you talk with.
    #[schemars(length(min = 1, max = MAX_NAME_CHARS))]
    name: String,
    /// The fact, in one short sentence that makes sense without the conversation.
    #[schemars(length(min = 1, max = MAX_CONTENT_CHARS))]
    content: String,
    /// Whether it takes the place of all that was remembered under this name, because that is wrong by now. Else it is
    /// added.
    #[serde(default)]
    replace: bool,
}

#[async_trait]
impl Tool for Remember {
    fn spec(&self) -> ToolSpec {
        ToolSpec::of::<Arguments>("remember", DESCRIPTION)
    }

    async fn call(&self, arguments: &RawJson, source: &Source) -> Result<ToolOutput> {
        let arguments: Arguments = tool::arguments(arguments)?;
        let (memory, source) = (self.0.clone(), source.clone());
        to_its_end(async move {
            let mut usage = Usage::default();
            let remembered = remember(&memory, &arguments, source, &mut usage).await;
            let text = remembered.map_err(|error| error.with_usage(usage))?;
            Ok(ToolOutput { text, usage })
        })
        .await
    }
}

async fn remember(
    memory: &GraphMemory,
    arguments: &Arguments,
    source: Source,
    usage: &mut Usage,
) -> Result<String> {
    let fact = arguments.content.split_whitespace().collect::<Vec<_>>().join(" ");
    if fact.is_empty() {
        return Err(Error::invalid_input("content", "is blank; say what is to be remembered"));
    }
    let [thing] = things::find(memory, [("name", &arguments.name)], usage).await?;
    let known = match thing {
        Thing::Known(node) => node,
        Thing::New(id) => {
            let node =
                NewNode { id, content: fact.clone(), metadata: provenance::mark(None, &[source.clone()]) };
            let Recorded { outcome: put, unrecorded: error } = memory.put_node(node).await?;
            *usage += put.usage;
            if put.created {
                return Ok(format!("Remembered of {}: {fact}{}", put.node.id, unrecorded(error.as_ref())));
            }
            // Another run has put it meanwhile.
            put.node
        }
    };
    add(memory, known, &fact, arguments.replace, source, usage).await
}

async fn add(
    memory: &GraphMemory,
    known: Node,
    fact: &str,
    replace: bool,
    source: Source,
    usage: &mut Usage,
) -> Result<String> {
    let Node { id, content, metadata, .. } = known;
    let is_known = if replace { content == fact } else { content.lines().any(|line| line.trim() == fact) };
    if is_known {
        return Ok(format!("This was remembered of {id} already."));
    }
    let mut sources = if replace { Vec::new() } else { provenance::of(metadata.as_ref()) };
    if !sources.contains(&source) {
        sources.push(source);
    }
    let new_content = match content.trim_end() {
        before if replace || before.is_empty() => fact.to_owned(),
        before => format!("{before}\n{fact}"),
    };
    if new_content.len() > MAX_KNOWN_BYTES {
        let message = "too much is remembered of this thing to add to it; call this again with `replace` and, in short, \
                       all that still matters, or give the fact a name of its own";
        return Err(Error::new(ErrorKind::TooLarge, message));
    }
    let change = NodeChange {
        content: Change::Set(new_content),
        metadata: provenance::mark(metadata.as_ref(), &sources).map_or(Change::Keep, Change::Set),
        if_content: Some(content),
    };
    let Recorded { outcome: updated, unrecorded: error } = memory.update_node(&id, change).await?;
    *usage += updated.usage;
    Ok(told(&id, &updated.node, error.as_ref()))
}

fn told(id: &NodeId, node: &Node, error: Option<&Error>) -> String {
    format!("Remembered. Now known of {id}: {}{}", node.content.replace('\n', "; "), unrecorded(error))
}
