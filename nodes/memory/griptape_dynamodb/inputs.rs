//! What the node's form takes in.

use std::num::{NonZeroU32, NonZeroU64};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::credentials::aws::DEFAULT_REGION;
use crate::declare::{Options, Ui, Widget};
use crate::error::{Error, Result};
use crate::griptape::{Generation, WhenFull};
use crate::memory::MemoryKey;
use crate::recall::Recall;
use crate::session::SessionId;
use crate::store::Consistency;

/// Griptape Conversation Memory (DynamoDB)
///
/// Keeps conversations in a table of Amazon DynamoDB as Griptape does, and goes on with those that Griptape keeps there.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Inputs {
    /// Table name
    ///
    /// The table that keeps the conversations.
    #[schemars(length(min = 3, max = 1024), extend("x-ui" = Ui::new().placeholder("griptape").group("Table")))]
    #[schemars(extend("x-options" = Options::method("tables").depends_on(&["region", "endpoint"])))]
    pub table_name: String,
    /// Partition key
    ///
    /// The name of the table's partition key, of type string. It holds the session id.
    #[serde(default = "default_partition_key")]
    #[schemars(length(min = 1, max = 255), extend("x-ui" = Ui::new().placeholder("id").group("Table")))]
    pub partition_key: String,
    /// Value attribute
    ///
    /// The attribute that holds the conversation, as JSON text.
    #[serde(default = "default_value_attribute_key")]
    #[schemars(length(min = 1, max = 255), extend("x-ui" = Ui::new().placeholder("value").group("Table")))]
    pub value_attribute_key: String,
    /// Region
    ///
    /// The AWS region in which the table lies.
    #[serde(default = "default_region")]
    #[schemars(length(min = 1), extend("x-ui" = Ui::new().placeholder("us-east-1").group("Table")))]
    #[schemars(extend("x-options" = Options::method("regions")))]
    pub region: String,
    /// Session ID
    ///
    /// The conversation to continue when a request names none. When left out, each chat has its own.
    #[schemars(length(min = 1), extend("x-ui" = Ui::new().widget(Widget::Session).group("Session")))]
    pub partition_key_value: Option<String>,
    /// Max runs
    ///
    /// The most runs that a conversation keeps; the oldest go for good. Left out, it is what Griptape left in the
    /// conversation, or else all.
    #[schemars(extend("x-ui" = Ui::new().unit("runs").group("Session").advanced()))]
    pub max_runs: Option<NonZeroU32>,
    /// When full
    ///
    /// What happens when a conversation would pass DynamoDB's limit of 400 KB.
    #[serde(default)]
    #[schemars(extend("x-ui" = Ui::new().group("Session").advanced()))]
    pub when_full: WhenFull,
    /// Generation
    ///
    /// The form in which conversations are written. Every form is read.
    #[serde(default)]
    #[schemars(extend("x-ui" = Ui::new().group("Session").advanced()))]
    pub generation: Generation,
    /// Memory key
    ///
    /// The prompt variable under which a chain finds the history.
    #[serde(default)]
    #[schemars(regex(pattern = r"^[^{}\s]+$"))]
    #[schemars(extend("x-ui" = Ui::new().widget(Widget::Variable).group("Recall")))]
    pub memory_key: MemoryKey,
    /// Recall
    ///
    /// How much of the conversation the model is given.
    #[serde(default)]
    #[schemars(extend("x-ui" = Ui::new().group("Recall")))]
    pub recall: Recall,
    /// Sort key
    ///
    /// The name of the table's sort key, where it has one.
    #[schemars(length(min = 1, max = 255), extend("x-ui" = Ui::new().placeholder("sk").group("Table").advanced()))]
    pub sort_key: Option<String>,
    /// Sort key value
    ///
    /// The value of the sort key, the same for all conversations.
    #[schemars(length(min = 1, max = 1024))]
    #[schemars(extend("x-ui" = Ui::new().placeholder("memory").group("Table").advanced()))]
    pub sort_key_value: Option<String>,
    /// Sort key type
    ///
    /// What the sort key's values are.
    #[serde(default)]
    #[schemars(extend("x-ui" = Ui::new().group("Table").advanced()))]
    pub sort_key_type: SortKeyType,
    /// Create the table
    ///
    /// Makes the table, paid by request, when it is not there.
    #[serde(default)]
    #[schemars(extend("x-ui" = Ui::new().group("Table").advanced()))]
    pub create_table: bool,
    /// Endpoint
    ///
    /// Another address that speaks DynamoDB, such as a VPC endpoint, or `builtin` for the database inside this program.
    #[schemars(length(min = 1), extend("x-ui" = Ui::new().placeholder("builtin").group("Connection").advanced()))]
    pub endpoint: Option<String>,
    /// Consistency
    ///
    /// How fresh a load is.
    #[serde(default)]
    #[schemars(extend("x-ui" = Ui::new().group("Recall").advanced()))]
    pub consistency: Consistency,
    /// Expiry attribute
    ///
    /// The attribute by which the table's time to live removes items.
    #[schemars(length(min = 1, max = 255))]
    #[schemars(extend("x-ui" = Ui::new().placeholder("expireAt").group("Expiry").advanced()))]
    pub expiry_attribute: Option<String>,
    /// Time to live
    ///
    /// How long a conversation is kept after its newest turn.
    #[schemars(extend("x-ui" = Ui::new().placeholder("2592000").unit("seconds").group("Expiry").advanced()))]
    pub ttl_secs: Option<NonZeroU64>,
}

impl Inputs {
    /// The session that the node names.
    pub(super) fn session(&self) -> Result<Option<SessionId>> {
        let session = self.partition_key_value.clone().map(SessionId::new).transpose();
        session.map_err(|error| {
            let problem = format!("is no session id: {}", error.message());
            Error::invalid_input("partitionKeyValue", problem)
        })
    }
}

/// What a sort key's values are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum SortKeyType {
    /// Text, of type `S`.
    #[default]
    Text,
    /// A number, of type `N`.
    Number,
}

fn default_partition_key() -> String {
    "id".to_owned()
}

fn default_value_attribute_key() -> String {
    "value".to_owned()
}

fn default_region() -> String {
    DEFAULT_REGION.to_owned()
}
