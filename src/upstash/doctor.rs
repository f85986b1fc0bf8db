//! All that keeps a database from working as a memory, looked for without changing anything.

use std::collections::HashMap;

use super::client::{Client, Command, Intent};
use super::list::RIGHTS;
use super::reply::Reply;
use crate::declare::Diagnosis;
use crate::error::{Error, ErrorKind, Result};
use crate::session::SessionId;

/// Tells which of the commands in `ARGV` the token's user may not use, where the server can say that.
const MISSING: &str = "#!lua flags=allow-key-locking
local missing = {}
if redis.acl_check_cmd then
for _, name in ipairs(ARGV) do
if not redis.acl_check_cmd(name, KEYS[1], 'a', 'b') then missing[#missing + 1] = name end
end
end
return missing";

/// From this part of its memory on, a database is as good as full.
const NEARLY_FULL: f64 = 0.9;

/// Looks at the database, what its token may do, what it does when it is full, and at the key of one session, if any.
/// Goes on as far as it can; creates and changes nothing.
pub async fn examine(client: &Client, session_key: Option<&str>) -> Diagnosis {
    let mut doctor = Doctor { client, diagnosis: Diagnosis::default() };
    if let Err(error) = doctor.run(Command::new("PING"), Intent::Read).await {
        doctor.diagnosis.failed("database", &error);
        return doctor.diagnosis;
    }
    doctor.diagnosis.ok("database", "it answers and knows the token");
    doctor.try_rights().await;
    doctor.look_at_memory().await;
    if let Some(key) = session_key {
        doctor.look_at_session(key).await;
    }
    doctor.diagnosis
}

struct Doctor<'a> {
    client: &'a Client,
    diagnosis: Diagnosis,
}

impl Doctor<'_> {
    async fn run(&mut self, command: Command<'_>, intent: Intent<'_>) -> Result<Reply> {
        let (replies, usage) = self.client.run(&[command], intent).await?;
        self.diagnosis.usage += usage;
        replies
            .into_iter()
            .next()
            .ok_or_else(|| Error::new(ErrorKind::Protocol, "the endpoint answered nothing"))
    }

    async fn try_rights(&mut self) {
        // No session has an id that was minted just now.
        let nothing = format!("canvas-memory:probe:{}", SessionId::mint());
        let removed = self.run(Command::new("DEL").arg(&*nothing), Intent::Repeatable).await;
        let script = Command::new("EVAL").arg(MISSING).number(1).arg(&*nothing);
        let script = RIGHTS.iter().fold(script, |script, name| script.arg(*name));
        let missing = self.run(script, Intent::Read).await;
        let is_denied =
            |outcome: &Result<Reply>| outcome.as_ref().is_err_and(|error| *error.kind() == ErrorKind::Denied);
        match (&removed, &missing) {
            (removed, missing) if is_denied(removed) && is_denied(missing) => self.diagnosis.error(
                "rights",
                "the token is a read-only one: it may neither write nor use `EVAL`, with which turns are loaded and kept; \
                 use the database's standard token",
            ),
            (_, missing) if is_denied(missing) => self.diagnosis.error(
                "rights",
                "`EVAL` is not allowed to the token, and turns are loaded and kept with it; allow it to the token's user, \
                 or use the database's standard token",
            ),
            (_, Err(error)) => self.diagnosis.failed("rights", error),
            (_, Ok(missing)) => {
                let mut missing = names(missing);
                if is_denied(&removed) && missing.is_empty() {
                    missing.push("DEL".to_owned());
                }
                self.tell_missing(&missing);
            }
        }
        for error in [removed.err(), missing.err()].into_iter().flatten() {
            self.diagnosis.usage += error.usage();
        }
        if let Err(error) = self.run(Command::new("SCAN").arg("0").arg("COUNT").number(1), Intent::Read).await
        {
            self.diagnosis.usage += error.usage();
            self.diagnosis
                .warn("rights", "`SCAN` is not allowed to the token, so conversations can't be listed");
        }
    }

    fn tell_missing(&mut self, missing: &[String]) {
        if missing.is_empty() {
            self.diagnosis.ok("rights", "the token may load, append and clear");
        }
        for name in missing {
            let lower = name.to_lowercase();
            let text = format!(
                "`{name}` is not allowed to the token, and the scripts of this layout use it; add `+{lower}` to the access \
                 list of the token's user"
            );
            self.diagnosis.error("rights", text);
        }
    }

    /// What a full database does. Where the endpoint does not say, nothing is told.
    async fn look_at_memory(&mut self) {
        let info = match self.run(Command::new("INFO").arg("memory"), Intent::Read).await {
            Ok(reply) => reply.text().map(str::to_owned).unwrap_or_default(),
            Err(error) => {
                self.diagnosis.usage += error.usage();
                return;
            }
        };
        let fields: HashMap<_, _> = info.lines().filter_map(|line| line.trim_end().split_once(':')).collect();
        let number = |name: &str| fields.get(name)?.parse::<f64>().ok();
        let limit = number("maxmemory").filter(|limit| *limit > 0.0);
        match (fields.get("maxmemory_policy"), limit) {
            (Some(&"noeviction"), _) => {
                self.diagnosis.ok("eviction", "off: a full database refuses turns and loses none")
            }
            (Some(policy), Some(_)) => {
                let text = format!(
                    "on, as `{policy}`: a full database removes conversations by itself; switch eviction off, and give \
                     them a lifetime instead"
                );
                self.diagnosis.warn("eviction", text);
            }
            (Some(policy), None) => {
                self.diagnosis
                    .ok("eviction", format!("`{policy}`, without a limit of memory that would start it"));
            }
            (None, _) => {}
        }
        if let (Some(used), Some(limit)) = (number("used_memory"), limit)
            && used > limit * NEARLY_FULL
        {
            let text = format!(
                "{:.0} % of the database's memory is used; give conversations a lifetime, or use a larger plan",
                used / limit * 100.0
            );
            self.diagnosis.warn("memory", text);
        }
    }

    async fn look_at_session(&mut self, key: &str) {
        match self.run(Command::new("LLEN").arg(key), Intent::Read).await {
            Ok(reply) => {
                let messages = reply.integer().unwrap_or_default();
                self.diagnosis
                    .ok("session", format!("its key is a list or free; messages in it: {messages}"));
            }
            Err(error) => self.diagnosis.failed("session", &error),
        }
    }
}

fn names(reply: &Reply) -> Vec<String> {
    let Reply::Array(names) = reply else { return Vec::new() };
    names.iter().filter_map(Reply::text).map(str::to_owned).collect()
}
