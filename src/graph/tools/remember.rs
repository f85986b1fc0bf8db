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
/// How often a fact is added to a thing to which others add at the same time.
const MAX_TRIES: u32 = 10;

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
    let addition = Addition { fact, replaces: arguments.replace, source };
    let mut tries = 0;
    loop {
        tries += 1;
        match addition.make(memory, &arguments.name, usage).await {
            // Another run has added to the same thing meanwhile: what it added stays.
            Err(error) if matches!(error.kind(), ErrorKind::Conflict { .. }) && tries < MAX_TRIES => {
                *usage += error.usage();
            }
            made => return made,
        }
    }
}

/// A fact on its way to what is known of its thing.
struct Addition {
    fact: String,
    replaces: bool,
    source: Source,
}

impl Addition {
    async fn make(&self, memory: &GraphMemory, name: &str, usage: &mut Usage) -> Result<String> {
        let [thing] = things::find(memory, [("name", name)], usage).await?;
        let known = match thing {
            Thing::Known(node) => node,
            Thing::New(id) => {
                let metadata = provenance::mark(None, std::slice::from_ref(&self.source));
                let node = NewNode { id, content: self.fact.clone(), metadata };
                let Recorded { outcome: put, unrecorded: error } = memory.put_node(node).await?;
                *usage += put.usage;
                if put.created {
                    let Node { id, .. } = put.node;
                    return Ok(format!("Remembered of {id}: {}{}", self.fact, unrecorded(error.as_ref())));
                }
                put.node
            }
        };
        let Some(change) = self.change(&known)? else {
            return Ok(format!("This was remembered of {} already.", known.id));
        };
        let Recorded { outcome: updated, unrecorded: error } = memory.update_node(&known.id, change).await?;
        *usage += updated.usage;
        Ok(told(&known.id, &updated.node, error.as_ref()))
    }

    /// How `node` is to be changed; `None` where it says this already.
    fn change(&self, node: &Node) -> Result<Option<NodeChange>> {
        let Node { content, metadata, .. } = node;
        let is_known = if self.replaces {
            *content == self.fact
        } else {
            content.lines().any(|line| line.trim() == self.fact)
        };
        if is_known {
            return Ok(None);
        }
        let mut sources = if self.replaces { Vec::new() } else { provenance::of(metadata.as_ref()) };
        if !sources.contains(&self.source) {
            sources.push(self.source.clone());
        }
        let new_content = match content.trim_end() {
            before if self.replaces || before.is_empty() => self.fact.clone(),
            before => format!("{before}\n{}", self.fact),
        };
        if new_content.len() > MAX_KNOWN_BYTES {
            let message = "too much is remembered of this thing to add to it; call this again with `replace` and, in \
                           short, all that still matters, or give the fact a name of its own";
            return Err(Error::new(ErrorKind::TooLarge, message));
        }
        Ok(Some(NodeChange {
            content: Change::Set(new_content),
            metadata: provenance::mark(metadata.as_ref(), &sources).map_or(Change::Keep, Change::Set),
            if_content: Some(content.clone()),
        }))
    }
}

fn told(id: &NodeId, node: &Node, error: Option<&Error>) -> String {
    format!("Remembered. Now known of {id}: {}{}", node.content.replace('\n', "; "), unrecorded(error))
}
