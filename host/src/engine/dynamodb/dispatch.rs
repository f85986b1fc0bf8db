//! From an operation's name and JSON body to dynoxide, and back. dynoxide's own HTTP server cannot be guarded: it takes
//! no layer, answers every web page, and logs request bodies.

use dynoxide::{Database, DynoxideError};
use serde::Serialize;
use serde::de::DeserializeOwned;

type ErrorKind = fn(String) -> DynoxideError;

/// dynoxide marks in its decoding errors which kind of DynamoDB error they are.
const DECODE_MARKERS: [(&str, ErrorKind); 5] = [
    ("VALIDATION:", DynoxideError::ValidationException),
    ("VALIDATION_REQUEST:", DynoxideError::ValidationException),
    ("VALIDATION_AS_READ:", DynoxideError::ValidationException),
    ("SERIALIZATION:", DynoxideError::SerializationException),
    ("SERIALIZATION_AS_READ:", DynoxideError::SerializationException),
];

macro_rules! dispatch_table {
    ($($operation:literal => $method:ident,)*) => {
        /// Runs one operation and returns its answer as JSON; `None` when there is no such operation. Blocks on the
        /// database.
        pub(super) fn dispatch(
            database: &Database,
            operation: &str,
            body: &[u8],
        ) -> Option<Result<String, DynoxideError>> {
            match operation {
                $($operation => Some(
                    decode(operation, body)
                        .and_then(|request| database.$method(request))
                        .and_then(|answer| encode(&answer)),
                ),)*
                _ => None,
            }
        }
    };
}

dispatch_table! {
    "BatchExecuteStatement" => batch_execute_statement,
    "BatchGetItem" => batch_get_item,
    "BatchWriteItem" => batch_write_item,
    "CreateTable" => create_table,
    "DeleteItem" => delete_item,
    "DeleteTable" => delete_table,
    "DescribeStream" => describe_stream,
    "DescribeTable" => describe_table,
    "DescribeTimeToLive" => describe_time_to_live,
    "ExecuteStatement" => execute_statement,
    "ExecuteTransaction" => execute_transaction,
    "GetItem" => get_item,
    "GetRecords" => get_records,
    "GetShardIterator" => get_shard_iterator,
    "ListStreams" => list_streams,
    "ListTables" => list_tables,
    "ListTagsOfResource" => list_tags_of_resource,
    "PutItem" => put_item,
    "Query" => query,
    "Scan" => scan,
    "SearchVectors" => search_vectors,
    "TagResource" => tag_resource,
    "TransactGetItems" => transact_get_items,
    "TransactWriteItems" => transact_write_items,
    "UntagResource" => untag_resource,
    "UpdateItem" => update_item,
    "UpdateTable" => update_table,
    "UpdateTimeToLive" => update_time_to_live,
}

fn decode<T: DeserializeOwned>(operation: &str, body: &[u8]) -> Result<T, DynoxideError> {
    serde_json::from_slice(body).map_err(|error| {
        let text = error.to_string();
        let position = format!(" at line {} column {}", error.line(), error.column());
        let text = text.strip_suffix(&position).unwrap_or(&text);
        for (marker, kind) in DECODE_MARKERS {
            if let Some(message) = text.strip_prefix(marker) {
                return kind(message.to_owned());
            }
        }
        if text.starts_with("missing field") || text.contains("AttributeValue") {
            return DynoxideError::ValidationException(text.to_owned());
        }
        // serde quotes the value it could not read, which may be conversation text.
        DynoxideError::SerializationException(format!("the request body does not fit {operation}{position}"))
    })
}

fn encode<T: Serialize>(answer: &T) -> Result<String, DynoxideError> {
    serde_json::to_string(answer).map_err(|error| DynoxideError::InternalServerError(error.to_string()))
}
