//! Every right that the layout needs, tried one by one, and the policy that would do.

use super::table::Seen;
use super::{Doctor, Work};
use crate::declare::{Finding, Level};
use crate::dynamodb::denial::Denial;
use crate::dynamodb::policy::{self, Action, Grant, Need};
use crate::dynamodb::probe;
use crate::error::{Error, ErrorKind};

/// What the tries showed.
#[derive(Default)]
struct Tried {
    denied: Vec<(Need, Denial)>,
    allowed: usize,
    /// Whether something else than a policy stood in the way of some.
    is_incomplete: bool,
    /// Whether it was told that table or keys are not as the inputs say.
    is_told: bool,
}

impl Doctor<'_> {
    pub(super) async fn try_rights(&mut self, seen: &Seen) {
        let tried = self.try_each(seen).await;
        let named = tried.denied.iter().find_map(|(_, denial)| denial.table_arn());
        let arn = seen.table_arn.as_deref().or(named).map(str::to_owned);
        let arn = arn.unwrap_or_else(|| policy::table_arn(self.client.region(), &self.case.table.name));
        self.tell_rights(&tried, seen, &arn);
        if self.case.has_policies {
            let kms_key_arn = tried.denied.iter().find_map(|(_, denial)| denial.kms_key_arn());
            let makes_table = !seen.is_there && self.case.makes_table;
            let grant =
                Grant { needs: seen.needs, table: &seen.table, table_arn: &arn, makes_table, kms_key_arn };
            self.diagnosis.policy = Some(grant.policy());
        }
    }

    async fn try_each(&mut self, seen: &Seen) -> Tried {
        let mut tried = Tried::default();
        for need in policy::needs(seen.needs, &seen.table) {
            let is_same = |action: Action| action == need.action && !need.on_index;
            if let Some((_, denial)) = seen.denied.iter().find(|(action, _)| is_same(*action)) {
                tried.denied.push((need, denial.clone()));
            } else if seen.allowed.iter().any(|action| is_same(*action)) {
                tried.allowed += 1;
            } else {
                match probe::attempt(self.client, &seen.table, need).await {
                    Ok(usage) => {
                        self.diagnosis.usage += usage;
                        tried.allowed += 1;
                    }
                    Err(error) => {
                        if !self.sort_out(&mut tried, seen, need, error) {
                            break;
                        }
                    }
                }
            }
        }
        self.is_known |= tried.allowed > 0 || tried.denied.iter().any(|(_, denial)| denial.is_named);
        tried
    }

    /// Whether it is worth going on.
    fn sort_out(&mut self, tried: &mut Tried, seen: &Seen, need: Need, error: Error) -> bool {
        if let Some(denial) = Denial::of(&error) {
            self.diagnosis.usage += error.usage();
            tried.denied.push((need, denial));
            return true;
        }
        if !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Mismatch) {
            tried.is_incomplete = true;
            return self.met("rights", &error.with("action", need.action.name()));
        }
        // The policies are asked before anybody looks for the table or at its keys, so this was allowed.
        tried.allowed += 1;
        if seen.is_described || !seen.is_there || tried.is_told {
            self.diagnosis.usage += error.usage();
            return true;
        }
        tried.is_told = true;
        self.met("table", &error)
    }

    fn tell_rights(&mut self, tried: &Tried, seen: &Seen, arn: &str) {
        if !self.is_known {
            if !tried.denied.is_empty() {
                let text = "the endpoint refuses every request and does not say that it knows the credential; check its \
                            access key and secret, and then whether it has a policy at all";
                self.diagnosis.error("credential", text);
            }
            return;
        }
        self.tell_known();
        if tried.denied.is_empty() {
            if !tried.is_incomplete {
                let text = match self.case.work {
                    Work::Conversations { .. } => {
                        "all that this layout needs is allowed: load, append, clear, list and inspect"
                    }
                    Work::Fixed { .. } => "all that this layout needs is allowed",
                };
                self.diagnosis.ok("rights", text);
            }
            return;
        }
        let mut addable = Vec::new();
        for (need, denial) in tried.denied.iter().filter(|(_, denial)| !denial.is_about_kms) {
            let level = if need.vital { Level::Error } else { Level::Warning };
            let (action, without) = (need.action.name(), need.without);
            let how = denial.remedy().unwrap_or_else(|| {
                addable.push(*need);
                "allow it".to_owned()
            });
            let place = if need.on_index { " on the index" } else { "" };
            let text = format!("`{action}` is not allowed{place}, and without it {without}; {how}");
            self.diagnosis.findings.push(Finding::new(level, "rights", text));
        }
        if let Some((_, denial)) = tried.denied.iter().find(|(_, denial)| denial.is_about_kms) {
            let key =
                denial.kms_key_arn().map_or_else(|| "that encrypts the table".to_owned(), str::to_owned);
            let text = format!(
                "the credential may not use the KMS key {key}; allow it `kms:Decrypt`, in its own policy and in the key's"
            );
            self.diagnosis.error("encryption", text);
        }
        if !addable.is_empty() {
            let level = if addable.iter().any(|need| need.vital) { Level::Error } else { Level::Warning };
            let who = tried.denied.iter().find_map(|(_, denial)| denial.who.as_deref());
            let who = who.map_or_else(|| "the credential".to_owned(), |who| format!("`{who}`"));
            let (on_index, on_table): (Vec<_>, Vec<_>) = addable.into_iter().partition(|need| need.on_index);
            let indexes = seen.table.indexes.iter().map(|index| policy::index_arn(arn, &index.name));
            for (needs, resources) in [(on_table, vec![arn.to_owned()]), (on_index, indexes.collect())] {
                let actions = needs.iter().map(|need| need.action);
                for resource in resources.iter().filter(|_| !needs.is_empty()) {
                    let statement = policy::statement(actions.clone(), resource);
                    let text = format!("add this statement to the policy of {who}: {statement}");
                    self.diagnosis.findings.push(Finding::new(level, "policy", text));
                }
            }
        }
    }

    /// Some endpoints refuse the first contact in a form that does not show whether they know the credential.
    fn tell_known(&mut self) {
        if !self.diagnosis.findings.iter().any(|finding| finding.subject == "credential") {
            let text = "the endpoint knows it; it may not list tables, so forms can't offer their names";
            self.diagnosis.ok("credential", text);
        }
    }
}
