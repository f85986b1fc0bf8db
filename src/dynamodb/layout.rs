//! Which layout a table's sessions have.

use aws_sdk_dynamodb::operation::scan::ScanError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::client::DynamoClient;
use super::history::HistoryCodec;
use super::item_per_session::{self, Codec};
use super::list::ListCodec;
use super::policy::Need;
use super::size::Item;
use super::tables::Table;
use super::turns;
use crate::error::{Error, ErrorKind, Result};
use crate::usage::Usage;

/// How many items are looked at to learn what is stored.
const SAMPLE: i32 = 10;

/// How turns lie in a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Layout {
    /// One item a session with a `messages` list, as existing canvases and LangChain JS keep it.
    List,
    /// One item a session with a `History` list, as LangChain Python keeps it.
    History,
    /// An item a turn, at a cost that does not grow. Needs a sort key.
    Turns,
}

impl Layout {
    /// What the layout needs of its table.
    #[must_use]
    pub fn needs(self) -> &'static [Need] {
        match self {
            Self::Turns => turns::NEEDS,
            Self::List | Self::History => item_per_session::NEEDS,
        }
    }

    /// What the layout means for who uses it, in a line.
    #[must_use]
    pub fn summary(self) -> &'static str {
        match self {
            Self::Turns => "an item a turn, at the same cost however long the conversation",
            Self::List => "one item a session, as other canvases keep it; it holds at most 400 KB",
            Self::History => "one item a session, as LangChain Python keeps it; it holds at most 400 KB",
        }
    }
}

/// A layout that was chosen, and what it took to find out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Chosen {
    /// The layout.
    pub layout: Layout,
    /// What the look at the table cost.
    pub usage: Usage,
}

/// The layout of a table: the wish if there is one, else turns where the table has a sort key, else what its first items
/// look like, else list.
///
/// # Errors
/// `Mismatch` when turns are wished for and the table has no sort key.
pub async fn choose(
    client: &DynamoClient,
    table: &Table,
    wish: Option<Layout>,
    messages_attribute: Option<&str>,
) -> Result<Chosen> {
    let free = |layout| Ok(Chosen { layout, usage: Usage::default() });
    match (wish, &table.sort_key) {
        (Some(Layout::Turns), None) => {
            let message = "an item a turn needs a sort key, which the table does not have; choose another layout, or a \
                           table with a sort key";
            Err(Error::new(ErrorKind::Mismatch, message).with("table", &table.name))
        }
        (Some(layout), _) => free(layout),
        (None, Some(_)) => free(Layout::Turns),
        (None, None) => look(client, table, messages_attribute).await,
    }
}

async fn look(client: &DynamoClient, table: &Table, messages_attribute: Option<&str>) -> Result<Chosen> {
    let (list, history) = match messages_attribute {
        Some(name) => (name, name),
        None => (ListCodec::ATTRIBUTE, HistoryCodec::ATTRIBUTE),
    };
    // Enough of the first message to tell its shape, whatever its text weighs.
    let projection = if list == history {
        "#l[0].#t, #l[0].#d.#t"
    } else {
        "#l[0].#t, #h[0].#t, #l[0].#d.#t, #h[0].#d.#t"
    };
    let (output, usage) = client
        .call::<_, ScanError, _>(|meter| {
            let mut request = client
                .sdk()
                .scan()
                .table_name(&table.name)
                .limit(SAMPLE)
                .projection_expression(projection)
                .expression_attribute_names("#l", list)
                .expression_attribute_names("#t", "type")
                .expression_attribute_names("#d", "data")
                .return_consumed_capacity(ReturnConsumedCapacity::Total);
            if list != history {
                request = request.expression_attribute_names("#h", history);
            }
            request.customize().interceptor(meter).send()
        })
        .await
        .map_err(|error| error.into_error().with("table", &table.name))?;
    let seen = output.items().iter().find_map(|item| seen_in(item, list, history));
    Ok(Chosen { layout: seen.unwrap_or(Layout::List), usage })
}

fn seen_in(item: &Item, list: &str, history: &str) -> Option<Layout> {
    let first = |name: &str| match item.get(name) {
        Some(AttributeValue::L(elements)) => elements.first()?.as_m().ok(),
        _ => None,
    };
    if first(history).is_some_and(|message| message.contains_key("data")) {
        return Some(Layout::History);
    }
    first(list).map(|_| Layout::List)
}
