//! Which tables, and how they are to be.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use canvas_memory::dynamodb::catalog::{Mem0Tables, TableKind, TableNames};
use canvas_memory::dynamodb::tables::{Capacity, KeyAttribute, TableDefinition};
use canvas_memory::{Error, Result};
use clap::{Args, ValueEnum};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which tables, and how they are to be.
#[derive(Clone, Debug, Args, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TableOptions {
    /// What lies in the table
    #[arg(value_enum)]
    pub layout: TableLayout,
    /// The table's name [default: Mem0Conversations, Mem0History, Mem0Graph; the others have none]
    #[arg(long, value_name = "NAME")]
    pub table_name: Option<String>,
    /// Of `mem0`: the name of the table of conversations [default: Mem0Conversations]
    #[arg(long, value_name = "NAME")]
    pub conversation_table_name: Option<String>,
    /// Of `mem0`: the name of the table of the graph [default: Mem0Graph]
    #[arg(long, value_name = "NAME")]
    pub graph_table_name: Option<String>,
    /// The partition key's name [default: sessionId; history: SessionId; griptape: id]
    #[arg(long, value_name = "NAME")]
    pub partition_key: Option<String>,
    /// The sort key's name [default: turns: sk; griptape: none]
    #[arg(long, value_name = "NAME")]
    pub sort_key: Option<String>,
    /// Of griptape: what the sort key's values are [default: text]
    #[arg(long, value_enum, value_name = "TYPE", requires = "sort_key")]
    pub sort_key_type: Option<SortKeyType>,
    /// The attribute by which the table removes items [default: none are removed]
    #[arg(long, value_name = "NAME", alias = "ttl-attribute")]
    pub expiry_attribute: Option<String>,
    /// Of `mem0` and mem0-conversations: whether conversations expire, by `expiration_time`
    #[arg(long, alias = "ttl")]
    #[serde(default)]
    pub ttl_enabled: bool,
    /// Of `mem0` and mem0-graph: whether edges are found by their type, through an index [default: true]
    #[arg(long, aliases = ["gsi", "enable-gsi"], value_name = "BOOL", num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = "true")]
    pub gsi_enabled: Option<bool>,
    /// Of mem0-graph: the index's name [default: RelationshipTypeIndex]
    #[arg(long, value_name = "NAME")]
    pub gsi_name: Option<String>,
    /// Read units a second, of the table and of its index [default: paid by request]
    #[arg(long, value_name = "N", requires = "write_units")]
    pub read_units: Option<NonZeroU32>,
    /// Write units a second, of the table and of its index
    #[arg(long, value_name = "N", requires = "read_units")]
    pub write_units: Option<NonZeroU32>,
    /// Any state of the last 35 days can be restored
    #[arg(long)]
    #[serde(default)]
    pub point_in_time_recovery: bool,
    /// The id, ARN or alias of the KMS key that encrypts the table [default: DynamoDB's own]
    #[arg(long, value_name = "KEY")]
    pub kms_key: Option<String>,
    /// The table can't be deleted before this is switched off
    #[arg(long)]
    #[serde(default)]
    pub deletion_protection: bool,
    /// A tag; can be repeated
    #[arg(long = "tag", value_name = "KEY=VALUE", value_parser = tag)]
    #[serde(default, with = "as_object", skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "BTreeMap<String, String>")]
    pub tags: Vec<(String, String)>,
    /// The AWS region [default: us-east-1]
    #[arg(long, value_name = "REGION")]
    pub region: Option<String>,
    /// Another address that speaks DynamoDB, or `builtin` for the database inside this program
    #[arg(long, value_name = "URL|builtin")]
    pub endpoint: Option<String>,
}

/// Which DynamoDB.
#[derive(Clone, Debug, Default, Args)]
pub struct Place {
    /// The AWS region [default: us-east-1]
    #[arg(long, value_name = "REGION")]
    pub region: Option<String>,
    /// Another address that speaks DynamoDB, or `builtin` for the database inside this program
    #[arg(long, value_name = "URL|builtin")]
    pub endpoint: Option<String>,
}

/// What lies in a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TableLayout {
    /// Conversations, an item a turn, at the same cost however long they are
    Turns,
    /// Conversations, an item a session, as other canvases and LangChain JS keep them
    List,
    /// Conversations, an item a session, as LangChain Python keeps them
    History,
    /// Conversations, an item a session, as Griptape keeps them
    Griptape,
    /// Conversations of users, as Mem0 keeps them
    Mem0Conversations,
    /// What became of Mem0's memories
    Mem0History,
    /// Mem0's graph of facts
    Mem0Graph,
    /// The two tables that Mem0's own utility makes: conversations and graph
    Mem0,
}

impl TableLayout {
    /// The kind of the one table; `None` where there are two.
    fn kind(self) -> Option<TableKind> {
        Some(match self {
            Self::Turns => TableKind::Turns,
            Self::List => TableKind::List,
            Self::History => TableKind::History,
            Self::Griptape => TableKind::Griptape,
            Self::Mem0Conversations => TableKind::Mem0Conversations,
            Self::Mem0History => TableKind::Mem0History,
            Self::Mem0Graph => TableKind::Mem0Graph,
            Self::Mem0 => return None,
        })
    }
}

/// What a sort key's values are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SortKeyType {
    /// Text
    Text,
    /// Numbers
    Number,
}

/// Reads a tag as it is typed.
fn tag(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("a tag is given as KEY=VALUE".to_owned()),
    }
}

/// Pairs as a JSON object.
mod as_object {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(pairs: &[(String, String)], to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(pairs.iter().map(|(key, value)| (key, value)))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<(String, String)>, D::Error> {
        Ok(BTreeMap::deserialize(from)?.into_iter().collect())
    }
}

impl TableOptions {
    /// Which DynamoDB is meant.
    #[must_use]
    pub fn place(&self) -> Place {
        Place { region: self.region.clone(), endpoint: self.endpoint.clone() }
    }

    /// The tables that are meant.
    ///
    /// # Errors
    /// `InvalidInput` for an option that the layout does not have, or that is missing.
    pub fn definitions(&self) -> Result<Vec<TableDefinition>> {
        let mut tables = match self.layout.kind() {
            Some(kind) => vec![self.one(kind)?],
            None => self.mem0()?.definitions().map(|(_, table)| table).into(),
        };
        let capacity = match (self.read_units, self.write_units) {
            (None, None) => Capacity::OnDemand,
            (Some(read_units), Some(write_units)) => Capacity::Provisioned { read_units, write_units },
            (None, Some(_)) => {
                return Err(Error::invalid_input("read_units", "is missing beside write_units"));
            }
            (Some(_), None) => {
                return Err(Error::invalid_input("write_units", "is missing beside read_units"));
            }
        };
        let tags: BTreeMap<_, _> = self.tags.iter().cloned().collect();
        for table in &mut tables {
            table.capacity = capacity;
            table.point_in_time_recovery = self.point_in_time_recovery;
            table.kms_key.clone_from(&self.kms_key);
            table.deletion_protection = self.deletion_protection;
            table.tags.clone_from(&tags);
        }
        Ok(tables)
    }

    fn one(&self, kind: TableKind) -> Result<TableDefinition> {
        refuse("conversation_table_name", self.conversation_table_name.is_some(), "name it as table_name")?;
        refuse("graph_table_name", self.graph_table_name.is_some(), "name it as table_name")?;
        let is_conversations = kind == TableKind::Mem0Conversations;
        refuse("ttl_enabled", self.ttl_enabled && !is_conversations, "name an expiry_attribute")?;
        let of_mem0 = self.ttl_enabled.then(|| kind.usual_expiry_attribute()).flatten();
        let sort_key = match (&self.sort_key, self.sort_key_type) {
            (Some(name), Some(SortKeyType::Number)) if kind == TableKind::Griptape => {
                Some(KeyAttribute::number(name))
            }
            (_, Some(SortKeyType::Number)) => {
                return Err(Error::invalid_input(
                    "sort_key_type",
                    "is `number`, which only `griptape` can have",
                ));
            }
            (name, _) => name.as_ref().map(KeyAttribute::text),
        };
        kind.define(&TableNames {
            table: self.table_name.clone(),
            partition_key: self.partition_key.clone(),
            sort_key,
            expiry_attribute: self.expiry_attribute.clone().or(of_mem0.map(str::to_owned)),
            has_index: self.gsi_enabled,
            index: self.gsi_name.clone(),
        })
    }

    fn mem0(&self) -> Result<Mem0Tables> {
        for (field, is_given) in [
            ("table_name", self.table_name.is_some()),
            ("partition_key", self.partition_key.is_some()),
            ("sort_key", self.sort_key.is_some()),
            ("expiry_attribute", self.expiry_attribute.is_some()),
            ("gsi_name", self.gsi_name.is_some()),
        ] {
            refuse(field, is_given, "make the two tables one by one")?;
        }
        let usual = Mem0Tables::default();
        let tables = Mem0Tables {
            conversation_table_name: self
                .conversation_table_name
                .clone()
                .unwrap_or(usual.conversation_table_name),
            graph_table_name: self.graph_table_name.clone().unwrap_or(usual.graph_table_name),
            ttl_enabled: self.ttl_enabled,
            gsi_enabled: self.gsi_enabled.unwrap_or(usual.gsi_enabled),
        };
        if tables.conversation_table_name == tables.graph_table_name {
            return Err(Error::invalid_input("graph_table_name", "is the name of the other table too"));
        }
        Ok(tables)
    }
}

fn refuse(field: &str, is_given: bool, instead: &str) -> Result<()> {
    if is_given {
        return Err(Error::invalid_input(field, format!("is nothing that this layout has; {instead}")));
    }
    Ok(())
}
