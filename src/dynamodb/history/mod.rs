//! One item a session with a `History` list, as LangChain Python keeps it.
//!
//! It writes the list anew with each message it adds, and keeps what it does not know inside a message's `data`: ours
//! stands in `data.response_metadata.canvas_memory`.

mod codec;

pub use codec::HistoryCodec;

use super::item_per_session::ItemPerSession;

/// Sessions in the layout of LangChain Python's `DynamoDBChatMessageHistory`.
pub type HistoryStore = ItemPerSession<HistoryCodec>;
