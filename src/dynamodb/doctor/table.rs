//! The table: whether it is there, its state, keys, indexes, limits, layout and expiry.

use super::{Case, Doctor, Missing};
use crate::dynamodb::denial::Denial;
use crate::dynamodb::layout::{self, Layout};
use crate::dynamodb::policy::Action;
use crate::dynamodb::probe;
use crate::dynamodb::tables::{self, Table, TableFacts};
use crate::error::ErrorKind;

/// What the look at a table showed.
pub(super) struct Seen {
    pub(super) layout: Layout,
    pub(super) partition_key: String,
    pub(super) sort_key: Option<String>,
    pub(super) table_arn: Option<String>,
    pub(super) is_there: bool,
    /// Whether the names and types of the keys come from the table itself.
    pub(super) is_described: bool,
    /// What was refused on the way.
    pub(super) denied: Vec<(Action, Denial)>,
    /// What was allowed on the way.
    pub(super) allowed: Vec<Action>,
}

impl Seen {
    /// Layout and sort key where the table can't be asked.
    pub(super) fn as_the_inputs_say(case: &Case<'_>) -> (Layout, Option<String>) {
        let made = match case.missing {
            Missing::Made { sort_key } => sort_key,
            Missing::Fails => None,
        };
        let sort_key = case.sort_key.or(made);
        let by_keys = if sort_key.is_some() { Layout::Turns } else { Layout::List };
        (case.layout.unwrap_or(by_keys), sort_key.map(str::to_owned))
    }

    fn unseen(case: &Case<'_>) -> Self {
        let (layout, sort_key) = Self::as_the_inputs_say(case);
        Self {
            layout,
            partition_key: case.partition_key.to_owned(),
            sort_key,
            table_arn: None,
            is_there: true,
            is_described: false,
            denied: Vec::new(),
            allowed: Vec::new(),
        }
    }
}

impl Doctor<'_> {
    pub(super) async fn look_at_table(&mut self) -> Seen {
        let (case, region) = (self.case, self.client.region());
        let mut seen = Seen::unseen(case);
        let name = case.table;
        match tables::describe(self.client, name).await {
            Ok(table) => {
                self.diagnosis.usage += table.usage;
                self.is_known = true;
                seen.allowed.push(Action::DescribeTable);
                self.tell_table(&table);
                seen.is_described = true;
                seen.table_arn = table.facts.arn.clone();
                seen.partition_key.clone_from(&table.partition_key.name);
                seen.sort_key = table.sort_key.as_ref().map(|key| key.name.clone());
                self.find_layout(&table, &mut seen).await;
            }
            Err(error) if *error.kind() == ErrorKind::NotFound => {
                self.diagnosis.usage += error.usage();
                self.is_known = true;
                seen.allowed.push(Action::DescribeTable);
                seen.is_there = false;
                self.tell_missing(name, region);
            }
            Err(error) => match Denial::of(&error) {
                Some(denial) => {
                    self.diagnosis.usage += error.usage();
                    seen.denied.push((Action::DescribeTable, denial));
                }
                None => drop(self.met("table", &error)),
            },
        }
        if seen.is_there {
            self.look_at_expiry(&mut seen).await;
        }
        seen
    }

    fn tell_missing(&mut self, name: &str, region: &str) {
        match (self.case.missing, self.case.has_policies) {
            (Missing::Fails, _) => self.diagnosis.error(
                "table",
                format!(
                    "`{name}` is not there in {region}; make it, switch on `createTable`, or correct `tableName` or \
                     `region`: the same name in another region is another table"
                ),
            ),
            (Missing::Made { .. }, true) => self.diagnosis.warn(
                "table",
                format!(
                    "`{name}` is not there in {region}; the node makes it when it connects, for which it needs the \
                     statement `MakeTable` of the policy: that can't be tried beforehand"
                ),
            ),
            (Missing::Made { .. }, false) => {
                self.diagnosis.ok("table", format!("`{name}` is not there yet; it is made when the node connects"));
            }
        }
    }

    fn tell_table(&mut self, table: &Table) {
        let (name, region) = (&table.name, self.client.region());
        let status = table.facts.status.as_deref().unwrap_or("unknown");
        match status {
            _ if table.ready => self.diagnosis.ok("table", format!("`{name}` is there in {region}")),
            "CREATING" => {
                self.diagnosis.warn("table", format!("`{name}` is still being made in {region}; wait a moment"));
            }
            _ => self.diagnosis.error(
                "table",
                format!("`{name}` can't be used, it is in the state {status}; wait, restore it, or use another table"),
            ),
        }
        let problems = table.key_problems(
            self.case.partition_key,
            self.case.sort_key.or(table.sort_key.as_ref().map(|key| key.name.as_str())),
        );
        if problems.is_empty() {
            let text = match &table.sort_key {
                Some(sort_key) => {
                    format!("`{}` and `{}`, both text", table.partition_key.name, sort_key.name)
                }
                None => format!("`{}`, text, and no sort key", table.partition_key.name),
            };
            self.diagnosis.ok("keys", text);
        }
        for (field, problem) in problems {
            self.diagnosis.error(field, problem);
        }
        self.tell_facts(&table.facts);
    }

    fn tell_facts(&mut self, facts: &TableFacts) {
        match (facts.local_indexes, facts.global_indexes) {
            (0, 0) => self.diagnosis.ok("index", "the table has none, and needs none"),
            (0, _) => self.diagnosis.ok("index", "the table has global ones, which this node does not use"),
            _ => self.diagnosis.warn(
                "index",
                "the table has a local one, which this node does not use and which limits a session to 10 GB; a table \
                 without one has no such limit",
            ),
        }
        if let Some((reads, writes)) = facts.provisioned {
            let text = format!(
                "limited to {reads} read and {writes} write units a second; beyond that turns are refused, so on-demand \
                 capacity suits conversations better"
            );
            self.diagnosis.warn("capacity", text);
        }
        if facts.kms_key_lost {
            let text = "DynamoDB can't use the KMS key that encrypts the table any more; enable the key again, or restore \
                        the table from a backup";
            self.diagnosis.error("encryption", text);
        } else if let Some(key) = &facts.kms_key_arn {
            self.diagnosis.ok("encryption", format!("with the KMS key {key}"));
        }
        match facts.deletion_protection {
            Some(true) => self.diagnosis.ok("deletion", "the table is protected from being deleted"),
            Some(false) => self.diagnosis.ok(
                "deletion",
                "the table is not protected from being deleted; switch deletion protection on where that matters",
            ),
            None => {}
        }
    }

    async fn find_layout(&mut self, table: &Table, seen: &mut Seen) {
        let case = self.case;
        match layout::choose(self.client, table, case.layout, case.messages_attribute).await {
            Ok(chosen) => {
                self.diagnosis.usage += chosen.usage;
                seen.layout = chosen.layout;
                self.diagnosis.ok("layout", chosen.layout.summary());
            }
            Err(error) => match Denial::of(&error) {
                Some(denial) => {
                    self.diagnosis.usage += error.usage();
                    seen.layout = Layout::List;
                    seen.denied.push((Action::Scan, denial));
                    let text = "it can't be found without `dynamodb:Scan`; set `layout`, or allow that";
                    self.diagnosis.error("layout", text);
                }
                None => {
                    seen.layout = if table.sort_key.is_some() { Layout::Turns } else { Layout::List };
                    self.met("layout", &error);
                }
            },
        }
    }

    async fn look_at_expiry(&mut self, seen: &mut Seen) {
        let Some(wanted) = self.case.expiry_attribute else { return };
        match probe::expiry_attribute(self.client, self.case.table).await {
            Ok((found, usage)) => {
                self.diagnosis.usage += usage;
                self.is_known = true;
                seen.allowed.push(Action::DescribeTimeToLive);
                match found {
                    Some(found) if found == wanted => {
                        self.diagnosis.ok("expiry", format!("the table removes items by `{wanted}`"));
                    }
                    Some(other) => self.diagnosis.warn(
                        "expiry",
                        format!(
                            "the table removes items by `{other}` and not by `{wanted}`; give `{other}` as \
                             `expiryAttribute`, else what has expired is hidden and stays"
                        ),
                    ),
                    None => self.diagnosis.warn(
                        "expiry",
                        format!(
                            "the table removes nothing by itself; turn on its time to live for `{wanted}`, else what has \
                             expired is hidden and stays"
                        ),
                    ),
                }
            }
            Err(error) => match Denial::of(&error) {
                Some(denial) => {
                    self.diagnosis.usage += error.usage();
                    seen.denied.push((Action::DescribeTimeToLive, denial));
                }
                None => {
                    self.diagnosis.usage += error.usage();
                    self.diagnosis.warn("expiry", error.to_string());
                }
            },
        }
    }
}
