//! What the node's form takes in.

use std::num::NonZeroU32;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::credentials::aws::DEFAULT_REGION;
use crate::declare::{Options, Ui, Widget};
use crate::memory::MemoryKey;
use crate::recall::{self, Recall};
use crate::store::Consistency;

/// Mem0 Conversation Memory (DynamoDB)
///
/// Keeps conversations in a table of Amazon DynamoDB as Mem0 does, and goes on with those that Mem0 keeps there.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Inputs {
    /// Table name
    ///
    /// The table that keeps the conversations.
    #[schemars(length(min = 3, max = 1024))]
    #[schemars(extend("x-ui" = Ui::new().placeholder("Mem0Conversations").group("Table")))]
    #[schemars(extend("x-options" = Options::method("tables").depends_on(&["region", "endpoint"])))]
    pub table_name: String,
    /// Region
    ///
    /// The AWS region in which the table lies.
    #[serde(default = "default_region")]
    #[schemars(length(min = 1), extend("x-ui" = Ui::new().placeholder("us-east-1").group("Table")))]
    #[schemars(extend("x-options" = Options::method("regions")))]
    pub region: String,
    /// User ID
    ///
    /// Whose conversations these are. When left out, those of whoever uses this program.
    #[schemars(length(min = 1, max = 1000), extend("x-ui" = Ui::new().placeholder("alice").group("Session")))]
    pub user_id: Option<String>,
    /// Session ID
    ///
    /// The conversation to continue when a request names none. When left out, each chat has its own.
    #[schemars(length(min = 1), extend("x-ui" = Ui::new().widget(Widget::Session).group("Session")))]
    pub session_id: Option<String>,
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
    #[schemars(extend("x-ui" = Ui::new().group("Recall")), transform = recall::without_summary)]
    pub recall: Recall,
    /// Expire conversations
    ///
    /// Lets a conversation expire some days after its newest message.
    #[serde(default)]
    #[schemars(extend("x-ui" = Ui::new().group("Expiry")))]
    pub ttl_enabled: bool,
    /// Days
    ///
    /// After how many days.
    #[serde(default = "default_ttl_days")]
    #[schemars(range(max = 36_500), extend("x-ui" = Ui::new().unit("days").group("Expiry")))]
    pub ttl_days: NonZeroU32,
    /// Expiry attribute
    ///
    /// The attribute by which the table's time to live removes conversations. One that has expired is never shown, whoever
    /// set it.
    #[serde(default = "default_ttl_attribute")]
    #[schemars(length(min = 1, max = 255), extend("x-ui" = Ui::new().group("Expiry").advanced()))]
    pub ttl_attribute: String,
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
}

fn default_region() -> String {
    DEFAULT_REGION.to_owned()
}

fn default_ttl_days() -> NonZeroU32 {
    NonZeroU32::MIN.saturating_add(29)
}

fn default_ttl_attribute() -> String {
    "expiration_time".to_owned()
}
