//! One item a session with a `messages` list, as existing canvases and LangChain JS keep it.
//!
//! Their fields are left as they are; ours stand beside them under names that begin with `cm`.

mod codec;

pub use codec::ListCodec;

use super::item_per_session::ItemPerSession;

/// Sessions in the layout of the canvas node `DynamoDBChatMemory`.
pub type ListStore = ItemPerSession<ListCodec>;
