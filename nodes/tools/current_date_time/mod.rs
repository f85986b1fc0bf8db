#![doc = include_str!("docs.md")]

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use crate::clock::Clock;
use crate::declare::{Capability, Category, ConnectArgs, Connected, Instance, Node, Port};
use crate::error::{Error, ErrorKind, Result};
use crate::json::RawJson;
use crate::model::ToolSpec;
use crate::session::Source;
use crate::tool::{self, Tool, ToolOutput};

/// Current Date & Time
///
/// Tells an agent the date and time, which models don't know.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Inputs {}

/// The node `currentDateTime`.
#[derive(Debug)]
pub struct CurrentDateTimeNode;

impl Node for CurrentDateTimeNode {
    type Inputs = Inputs;

    const TYPE: &'static str = "currentDateTime";
    const CATEGORY: Category = Category::TOOLS;
    const ICON: &'static str = include_str!("icon.svg");
    const DOCS: &'static str = include_str!("docs.md");
    const OUTPUT_PORTS: &'static [Port] =
        &[Port::new("tool", "Tool", &["CurrentDateTime", "Tool", "StructuredTool"])];
    const CAPABILITIES: &'static [Capability] = &[Capability::Builtin];

    async fn connect(Inputs {}: Inputs, args: ConnectArgs<'_>) -> Result<Connected> {
        let tool = CurrentDateTime { clock: args.context.clock.clone() };
        Ok(Connected::new(Instance::Tool(Arc::new(tool))))
    }
}

crate::register_node!(CurrentDateTimeNode);

/// The tool `current_date_time`.
#[derive(Debug)]
pub struct CurrentDateTime {
    clock: Clock,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Arguments {
    /// An IANA time zone such as `Europe/Berlin`; UTC when left out.
    #[serde(default)]
    timezone: Option<String>,
}

#[async_trait]
impl Tool for CurrentDateTime {
    fn spec(&self) -> ToolSpec {
        ToolSpec::of::<Arguments>("current_date_time", "Tells the current date, time and day of the week.")
    }

    async fn call(&self, arguments: &RawJson, _: &Source) -> Result<ToolOutput> {
        let Arguments { timezone } = tool::arguments(arguments)?;
        let zone = match timezone.as_deref().filter(|name| !name.is_empty()) {
            None => TimeZone::UTC,
            Some(name) => TimeZoneDatabase::bundled().get(name).map_err(|_| {
                let problem = "is not a time zone that is known; give an IANA name such as `Europe/Berlin`";
                Error::invalid_input("timezone", problem)
            })?,
        };
        let epoch_secs = self.clock.epoch_secs();
        let now = i64::try_from(epoch_secs).ok().and_then(|secs| Timestamp::from_second(secs).ok());
        let now =
            now.ok_or_else(|| Error::new(ErrorKind::Unavailable, "the clock of this machine is wrong"))?;
        let now = now.to_zoned(zone);
        let told = json!({
            "iso8601": now.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(),
            "date": now.strftime("%Y-%m-%d").to_string(),
            "time": now.strftime("%H:%M:%S").to_string(),
            "weekday": now.strftime("%A").to_string(),
            "timezone": now.time_zone().iana_name().unwrap_or("UTC"),
            "unix_timestamp": epoch_secs,
        });
        Ok(told.to_string().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::{SessionId, TurnId};

    async fn tell(arguments: &str) -> Result<serde_json::Value> {
        let tool = CurrentDateTime { clock: Clock::manual(1_709_164_800) };
        let source = Source { session: SessionId::mint(), turn_id: TurnId::mint(), message_ids: Vec::new() };
        let told = tool.call(&RawJson::parse(arguments).unwrap(), &source).await?;
        Ok(serde_json::from_str(&told.text).unwrap())
    }

    #[tokio::test]
    async fn the_time_is_told_in_the_zone_that_is_asked_for() {
        let utc = json!({"iso8601": "2024-02-29T00:00:00+00:00", "date": "2024-02-29", "time": "00:00:00",
            "weekday": "Thursday", "timezone": "UTC", "unix_timestamp": 1_709_164_800});
        for arguments in ["{}", r#"{"timezone": null}"#, r#"{"timezone": ""}"#, r#"{"timezone": "UTC"}"#] {
            assert_eq!(tell(arguments).await.unwrap(), utc, "{arguments}");
        }
        let new_york = tell(r#"{"timezone": "america/new_york"}"#).await.unwrap();
        assert_eq!(new_york["iso8601"], "2024-02-28T19:00:00-05:00");
        assert_eq!(
            (&new_york["weekday"], &new_york["timezone"]),
            (&json!("Wednesday"), &json!("America/New_York"))
        );
    }

    #[tokio::test]
    async fn a_zone_that_is_not_known_is_refused_with_the_way_out() {
        for name in ["Mars/Olympus", "../../etc/passwd"] {
            let error = tell(&json!({"timezone": name}).to_string()).await.unwrap_err();
            assert!(error.message().contains("Europe/Berlin") && !error.message().contains(name), "{error}");
        }
    }
}
