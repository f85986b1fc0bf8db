//! All that keeps a table from working as a memory, looked for without changing anything.

use super::client::DynamoClient;
use super::clock_skew::{ClockSkew, ClockWatch};
use super::denial::Denial;
use super::layout::Layout;
use super::policy::{self, Grant, Need};
use super::probe::{self, Standing};
use super::tables::TableDefinition;
use crate::declare::Diagnosis;
use crate::error::{Error, ErrorKind};

mod rights;
mod table;

use table::Seen;

/// AWS refuses what is signed by a clock that is wrong by more.
const SKEW_LIMIT_SECS: u64 = 300;
const SKEW_WARNING_SECS: u64 = 120;

/// A table as a node's inputs mean it, and what is to be looked at.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// The table as the node would make it.
    pub table: &'a TableDefinition,
    /// What is done in it.
    pub work: Work<'a>,
    /// Whether the node makes a table that is not there when it connects.
    pub makes_table: bool,
    /// Whether IAM decides about rights here. The built-in engine has no policies.
    pub has_policies: bool,
}

/// What is done in a table.
#[derive(Clone, Copy, Debug)]
pub enum Work<'a> {
    /// Conversations, in whichever [`Layout`] the inputs and the table say.
    Conversations {
        /// The layout, where the inputs give one.
        layout: Option<Layout>,
        /// The sort key's name, where the inputs give one; else that of a table that is there counts.
        sort_key: Option<&'a str>,
        /// The list's attribute, where the inputs give one.
        messages_attribute: Option<&'a str>,
    },
    /// What one layout does, whose keys are those of the definition.
    Fixed {
        /// What lies in the table, in a line.
        summary: &'a str,
        /// What the layout needs.
        needs: &'static [Need],
    },
}

/// A diagnosis, and what was learnt of the table on the way.
#[derive(Clone, Debug)]
pub struct Examination {
    /// What was found.
    pub diagnosis: Diagnosis,
    /// Of conversations: the layout that the table has, or would be taken to have.
    pub layout: Option<Layout>,
    /// The table's sort key, or the one that it would be taken to have.
    pub sort_key: Option<String>,
}

/// Looks at endpoint, clock, credential, table, keys, indexes, layout, expiry and every right that the work needs. Goes
/// on as far as it can; creates and changes nothing. Costs a few read and write units.
pub async fn examine(client: &DynamoClient, case: &Case<'_>) -> Examination {
    let mut doctor = Doctor { client, case, diagnosis: Diagnosis::default(), is_known: false };
    let reaches = doctor.reaches().await;
    let seen = if reaches { doctor.look_at_table().await } else { Seen::unseen(case) };
    if reaches {
        doctor.try_rights(&seen).await;
    } else if case.has_policies {
        let table_arn = policy::table_arn(client.region(), &case.table.name);
        let grant = Grant {
            needs: seen.needs,
            table: &seen.table,
            table_arn: &table_arn,
            makes_table: case.makes_table,
            kms_key_arn: None,
        };
        doctor.diagnosis.policy = Some(grant.policy());
    }
    let sort_key = seen.table.sort_key.map(|key| key.name);
    Examination { diagnosis: doctor.diagnosis, layout: seen.layout, sort_key }
}

struct Doctor<'a> {
    client: &'a DynamoClient,
    case: &'a Case<'a>,
    diagnosis: Diagnosis,
    /// Whether the service has shown that it knows the credential.
    is_known: bool,
}

impl Doctor<'_> {
    /// Whether there is a service to go on with.
    async fn reaches(&mut self) -> bool {
        let clock = ClockWatch::default();
        let contact = probe::first_contact(self.client, clock.clone()).await;
        if let Err(error) = &contact
            && !matches!(
                error.kind(),
                ErrorKind::Unauthenticated
                    | ErrorKind::Denied
                    | ErrorKind::Throttled
                    | ErrorKind::Unsupported
            )
        {
            self.diagnosis.failed("endpoint", error);
            return false;
        }
        self.diagnosis.ok("endpoint", format!("DynamoDB answers for the region {}", self.client.region()));
        let clock_is_right = self.tell_clock(clock.skew());
        match contact {
            Ok((standing, usage)) => {
                self.diagnosis.usage += usage;
                self.is_known = true;
                let text = match standing {
                    Standing::MayListTables => "DynamoDB knows it",
                    Standing::Known => {
                        "DynamoDB knows it; it may not list tables, so forms can't offer their names"
                    }
                };
                self.diagnosis.ok("credential", text);
                true
            }
            Err(error) if *error.kind() == ErrorKind::Unauthenticated && !clock_is_right => {
                self.diagnosis.usage += error.usage();
                self.diagnosis
                    .warn("credential", "whether DynamoDB knows it can be told once the clock is right");
                false
            }
            // Not in AWS's form: the tries to come tell whether it lets anything through.
            Err(error) if Denial::of(&error).is_some() => {
                self.diagnosis.usage += error.usage();
                true
            }
            Err(error) => {
                self.diagnosis.failed("endpoint", &error);
                false
            }
        }
    }

    fn tell_clock(&mut self, skew: Option<ClockSkew>) -> bool {
        // Some emulators tell no time.
        let Some(skew) = skew else { return true };
        let secs = skew.by().as_secs();
        let direction = match skew {
            ClockSkew::Behind(_) => "behind",
            ClockSkew::Ahead(_) => "ahead of",
        };
        let text = format!(
            "this machine's clock is {secs} s {direction} the server's; let it be set over the network: AWS refuses what \
             is signed {SKEW_LIMIT_SECS} s off"
        );
        match secs {
            SKEW_LIMIT_SECS.. => self.diagnosis.error("clock", text),
            SKEW_WARNING_SECS.. => self.diagnosis.warn("clock", text),
            _ => self.diagnosis.ok("clock", format!("within {} s of the server's", secs.saturating_add(1))),
        }
        secs < SKEW_LIMIT_SECS
    }

    /// Adds what can't be told apart further, under `step`. Whether it is worth going on.
    fn met(&mut self, step: &'static str, error: &Error) -> bool {
        self.diagnosis.failed(step, error);
        !matches!(error.kind(), ErrorKind::Unauthenticated | ErrorKind::Unavailable | ErrorKind::Protocol)
    }
}
