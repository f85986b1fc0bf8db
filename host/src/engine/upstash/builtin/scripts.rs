//! `EVAL` and its relatives: which script is run, and what is kept of it.

use std::collections::{HashMap, VecDeque};

use sha1::{Digest, Sha1};

use super::super::reply::Reply;
use super::args::{Args, SYNTAX_ERROR, integer, is_option, wrong_arity};
use super::commands::ScriptCommand;
use super::db::{Checked, CommandError, CommandResult, Db, refused};
use super::lua::{self, Outcome, Script};
use crate::engine::upstash::shebang;

const NO_SCRIPT: &str = "NOSCRIPT No matching script. Please use EVAL.";
const SHA1_HEX_DIGITS: usize = 40;
/// How many scripts are kept for `EVALSHA`. A client whose script was dropped sends it again.
const MAX_CACHED_SCRIPTS: usize = 500;

/// The SHA-1 of a script or text, as hexadecimal digits.
pub(in super::super) fn sha1_hex(bytes: &[u8]) -> String {
    Sha1::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Scripts seen since the start, as in Redis: they are no data.
#[derive(Default)]
pub(super) struct ScriptCache {
    sources: HashMap<String, Vec<u8>>,
    oldest_first: VecDeque<String>,
}

impl ScriptCache {
    fn insert(&mut self, sha: &str, source: &[u8]) {
        if self.sources.contains_key(sha) {
            return;
        }
        if self.sources.len() >= MAX_CACHED_SCRIPTS
            && let Some(oldest) = self.oldest_first.pop_front()
        {
            self.sources.remove(&oldest);
        }
        self.sources.insert(sha.to_owned(), source.to_vec());
        self.oldest_first.push_back(sha.to_owned());
    }

    fn get(&self, sha: &[u8]) -> Option<(String, Vec<u8>)> {
        let sha = String::from_utf8_lossy(sha).to_ascii_lowercase();
        self.sources.get(&sha).map(|source| (sha, source.clone()))
    }

    /// Runs a command around scripts.
    pub(super) fn run(&mut self, db: &Db<'_>, command: ScriptCommand, args: &Args) -> CommandResult {
        let (script, rest) = match args {
            [script, rest @ ..] => (script, rest),
            [] => return wrong_arity("eval"),
        };
        let (by_sha, read_only) = match command {
            ScriptCommand::Script => return self.manage(script, rest),
            ScriptCommand::Eval => (false, false),
            ScriptCommand::EvalReadOnly => (false, true),
            ScriptCommand::EvalSha => (true, false),
            ScriptCommand::EvalShaReadOnly => (true, true),
        };
        if by_sha && script.len() != SHA1_HEX_DIGITS {
            return refused(NO_SCRIPT);
        }
        let (keys, argv) = keys_and_argv(rest)?;
        let (sha, source) = match by_sha.then(|| self.get(script)) {
            Some(Some(cached)) => cached,
            Some(None) => return refused(NO_SCRIPT),
            None => (sha1_hex(script), script.clone()),
        };
        let flags = shebang::parse(&source).map_err(CommandError::Refused)?;
        let script =
            Script { source: &source, sha: &sha, keys, argv, read_only: read_only || flags.no_writes };
        let reply = run_as_unit(db, &script)?;
        self.insert(&sha, &source);
        Ok(reply)
    }

    fn manage(&mut self, subcommand: &[u8], args: &Args) -> CommandResult {
        if is_option(subcommand, "LOAD") {
            let [source] = args else { return wrong_arity("script|load") };
            shebang::parse(source).map_err(CommandError::Refused)?;
            lua::compile(source).map_err(CommandError::Refused)?;
            let sha = sha1_hex(source);
            self.insert(&sha, source);
            Ok(Reply::Bulk(sha.into_bytes()))
        } else if is_option(subcommand, "EXISTS") && !args.is_empty() {
            Ok(Reply::Array(args.iter().map(|sha| Reply::flag(self.get(sha).is_some())).collect()))
        } else if is_option(subcommand, "FLUSH") {
            *self = Self::default();
            Ok(Reply::ok())
        } else {
            refused(SYNTAX_ERROR)
        }
    }
}

fn keys_and_argv(args: &Args) -> Checked<(&Args, &Args)> {
    let [count, rest @ ..] = args else { return wrong_arity("eval") };
    let count = integer(count)?;
    if count < 0 {
        return refused("ERR Number of keys can't be negative");
    }
    match usize::try_from(count).ok().and_then(|count| rest.split_at_checked(count)) {
        Some(split) => Ok(split),
        None => refused("ERR Number of keys can't be greater than number of args"),
    }
}

/// As in Redis, what a script did before it failed stays. A script that was stopped leaves nothing: it would be half
/// done at a point that nobody chose.
fn run_as_unit(db: &Db<'_>, script: &Script<'_>) -> CommandResult {
    db.connection.execute_batch("SAVEPOINT script")?;
    match lua::run(db, script) {
        Ok(Outcome::Finished(reply)) => {
            db.connection.execute_batch("RELEASE script")?;
            Ok(reply)
        }
        Ok(Outcome::Stopped(reason)) => {
            db.connection.execute_batch("ROLLBACK TO script; RELEASE script")?;
            refused(reason)
        }
        Err(error) => Err(error.into()),
    }
}
