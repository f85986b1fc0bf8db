//! The table: whether it is there, its state, keys, indexes, limits, layout and expiry.

use super::{Case, Doctor, Work};
use crate::dynamodb::denial::Denial;
use crate::dynamodb::layout::{self, Layout};
use crate::dynamodb::policy::{Action, Need};
use crate::dynamodb::probe;
use crate::dynamodb::tables::{self, KeyAttribute, Table, TableDefinition, TableFacts};
use crate::error::ErrorKind;

/// What the look at a table showed.
pub(super) struct Seen {
    /// Of conversations: how they lie in the table.
    pub(super) layout: Option<Layout>,
    /// What the layout needs.
    pub(super) needs: &'static [Need],
    /// The table with the keys that it has, or else those of the definition.
    pub(super) table: TableDefinition,
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
    /// The table as the inputs say it is, where it can't be asked.
    pub(super) fn unseen(case: &Case<'_>) -> Self {
        let mut table = case.table.clone();
        let (layout, needs) = match case.work {
            Work::Conversations { layout, sort_key, .. } => {
                // A sort key that only a new table would have says nothing of one that is there.
                if !case.makes_table {
                    table.sort_key = sort_key.map(KeyAttribute::text);
                }
                let by_keys = if table.sort_key.is_some() { Layout::Turns } else { Layout::List };
                let layout = layout.unwrap_or(by_keys);
                (Some(layout), layout.needs())
            }
            Work::Fixed { needs, .. } => (None, needs),
        };
        Self {
            layout,
            needs,
            table,
            table_arn: None,
            is_there: true,
            is_described: false,
            denied: Vec::new(),
            allowed: Vec::new(),
        }
    }

    fn is_laid_out(&mut self, layout: Layout) {
        self.layout = Some(layout);
        self.needs = layout.needs();
    }
}

impl Doctor<'_> {
    pub(super) async fn look_at_table(&mut self) -> Seen {
        let (case, region) = (self.case, self.client.region());
        let mut seen = Seen::unseen(case);
        let name = &case.table.name;
        match tables::describe(self.client, name).await {
            Ok(table) => {
                self.diagnosis.usage += table.usage;
                self.is_known = true;
                seen.allowed.push(Action::DescribeTable);
                self.tell_table(&table);
                seen.is_described = true;
                seen.table_arn = table.facts.arn.clone();
                seen.table.partition_key = table.partition_key.clone();
                seen.table.sort_key = table.sort_key.clone();
                self.tell_work(&table, &mut seen).await;
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
        match (self.case.makes_table, self.case.has_policies) {
            (false, _) => self.diagnosis.error(
                "table",
                format!(
                    "`{name}` is not there in {region}; create it, or correct `tableName` or `region`: the same name in \
                     another region is another table"
                ),
            ),
            (true, true) => self.diagnosis.warn(
                "table",
                format!(
                    "`{name}` is not there in {region}; the node makes it when it connects, for which it needs the \
                     statement `MakeTable` of the policy: that can't be tried beforehand"
                ),
            ),
            (true, false) => {
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
        let mut wanted = self.case.table.clone();
        let (is_open, has_key_inputs) = match self.case.work {
            Work::Conversations { sort_key, .. } => (sort_key.is_none(), true),
            Work::Fixed { .. } => (false, false),
        };
        if is_open {
            wanted.sort_key.clone_from(&table.sort_key);
        }
        let problems = table.key_problems(&wanted);
        if problems.is_empty() {
            self.diagnosis.ok("keys", wanted.keys_in_words());
        }
        for (field, problem) in problems {
            self.diagnosis.error(if has_key_inputs { field } else { "keys" }, problem);
        }
        self.tell_indexes(table);
        self.tell_facts(&table.facts);
    }

    fn tell_indexes(&mut self, table: &Table) {
        let wanted = &self.case.table.indexes;
        self.diagnosis.findings.extend(table.index_findings(wanted));
        if table.facts.local_indexes > 0 {
            self.diagnosis.warn(
                "index",
                "the table has a local one, which this node does not use and which limits a session to 10 GB; a table \
                 without one has no such limit",
            );
        } else if wanted.is_empty() {
            let text = match table.indexes.len() {
                0 => "the table has none, and needs none",
                _ => "the table has global ones, which this node does not use",
            };
            self.diagnosis.ok("index", text);
        }
    }

    fn tell_facts(&mut self, facts: &TableFacts) {
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

    async fn tell_work(&mut self, table: &Table, seen: &mut Seen) {
        let (layout, messages_attribute) = match self.case.work {
            Work::Fixed { summary, .. } => return self.diagnosis.ok("layout", summary),
            Work::Conversations { layout, messages_attribute, .. } => (layout, messages_attribute),
        };
        match layout::choose(self.client, table, layout, messages_attribute).await {
            Ok(chosen) => {
                self.diagnosis.usage += chosen.usage;
                seen.is_laid_out(chosen.layout);
                self.diagnosis.ok("layout", chosen.layout.summary());
            }
            Err(error) => match Denial::of(&error) {
                Some(denial) => {
                    self.diagnosis.usage += error.usage();
                    seen.is_laid_out(Layout::List);
                    seen.denied.push((Action::Scan, denial));
                    let text = "it can't be found without `dynamodb:Scan`; set `layout`, or allow that";
                    self.diagnosis.error("layout", text);
                }
                None => {
                    let by_keys = if table.sort_key.is_some() { Layout::Turns } else { Layout::List };
                    seen.is_laid_out(by_keys);
                    self.met("layout", &error);
                }
            },
        }
    }

    async fn look_at_expiry(&mut self, seen: &mut Seen) {
        if self.case.table.expiry_attribute.is_none() {
            return;
        }
        match probe::expiry_attribute(self.client, &self.case.table.name).await {
            Ok((found, usage)) => {
                self.diagnosis.usage += usage;
                self.is_known = true;
                seen.allowed.push(Action::DescribeTimeToLive);
                self.diagnosis.findings.extend(self.case.table.expiry_finding(found.as_deref()));
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
