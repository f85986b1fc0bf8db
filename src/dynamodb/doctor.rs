//! All that keeps a table from working as a memory, looked for without changing anything.

use super::client::DynamoClient;
use super::clock_skew::{ClockSkew, ClockWatch};
use super::denial::Denial;
use super::layout::Layout;
use super::policy::{self, Grant};
use super::probe::{self, Standing};
use crate::declare::Diagnosis;
use crate::error::{Error, ErrorKind};

mod rights;
mod table;

use table::Seen;

/// AWS refuses what is signed by a clock that is wrong by more.
const SKEW_LIMIT_SECS: u64 = 300;
const SKEW_WARNING_SECS: u64 = 120;

/// A table as a node's inputs name it, and what is to be looked at.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// The table's name.
    pub table: &'a str,
    /// The partition key's name.
    pub partition_key: &'a str,
    /// The sort key's name, where the inputs give one.
    pub sort_key: Option<&'a str>,
    /// The layout, where the inputs give one.
    pub layout: Option<Layout>,
    /// The list's attribute, where the inputs give one.
    pub messages_attribute: Option<&'a str>,
    /// The attribute of expiry, where the inputs give one.
    pub expiry_attribute: Option<&'a str>,
    /// What becomes of a table that is not there.
    pub missing: Missing<'a>,
    /// Whether IAM decides about rights here. The built-in engine has no policies.
    pub has_policies: bool,
}

/// What becomes of a table that is not there when the node connects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing<'a> {
    /// The node fails.
    Fails,
    /// The node makes it, with this sort key.
    Made {
        /// The new table's sort key.
        sort_key: Option<&'a str>,
    },
}

/// A diagnosis, and what was learnt of the table on the way.
#[derive(Clone, Debug)]
pub struct Examination {
    /// What was found.
    pub diagnosis: Diagnosis,
    /// The layout that the table has, or would be taken to have.
    pub layout: Layout,
    /// The table's sort key, or the one that it would be taken to have.
    pub sort_key: Option<String>,
}

/// Looks at endpoint, clock, credential, table, keys, layout, expiry and every right that the layout needs. Goes on as
/// far as it can; creates and changes nothing. Costs a few read and write units.
pub async fn examine(client: &DynamoClient, case: &Case<'_>) -> Examination {
    let mut doctor = Doctor { client, case, diagnosis: Diagnosis::default(), is_known: false };
    let seen = if doctor.reaches().await { Some(doctor.look_at_table().await) } else { None };
    let (layout, sort_key) = match &seen {
        Some(seen) => (seen.layout, seen.sort_key.clone()),
        None => Seen::as_the_inputs_say(case),
    };
    match seen {
        Some(seen) => doctor.try_rights(&seen).await,
        None if case.has_policies => {
            let table_arn = policy::table_arn(client.region(), case.table);
            let grant = Grant {
                table_arn: &table_arn,
                layout,
                expires: case.expiry_attribute.is_some(),
                makes_table: case.missing != Missing::Fails,
                kms_key_arn: None,
            };
            doctor.diagnosis.policy = Some(grant.policy());
        }
        None => {}
    }
    Examination { diagnosis: doctor.diagnosis, layout, sort_key }
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
