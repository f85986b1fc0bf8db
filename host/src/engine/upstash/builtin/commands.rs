//! The commands of the built-in database.

use super::super::reply::Reply;
use super::super::request::Command;
use super::args::{Args, wrong_arity};
use super::db::{Checked, CommandError, CommandResult, Db, refused};
use super::{expiry, hashes, keys, lists, strings};

/// One command.
#[derive(Debug)]
pub(in super::super) struct CommandSpec {
    /// In lower case.
    pub(in super::super) name: &'static str,
    /// How many arguments there must be at least, without the name.
    min_args: usize,
    /// Whether it can change data.
    pub(in super::super) writes: bool,
    pub(super) run: Run,
}

/// How a command is run.
#[derive(Debug, Clone, Copy)]
pub(super) enum Run {
    /// On its keys.
    OnKeys(fn(&Db<'_>, &Args) -> CommandResult),
    /// As a Lua script; not from within a script.
    Script(ScriptCommand),
}

/// The commands around scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ScriptCommand {
    Eval,
    EvalReadOnly,
    EvalSha,
    EvalShaReadOnly,
    Script,
}

type Handler = fn(&Db<'_>, &Args) -> CommandResult;

const fn read(name: &'static str, min_args: usize, handler: Handler) -> CommandSpec {
    CommandSpec { name, min_args, writes: false, run: Run::OnKeys(handler) }
}

const fn write(name: &'static str, min_args: usize, handler: Handler) -> CommandSpec {
    CommandSpec { name, min_args, writes: true, run: Run::OnKeys(handler) }
}

const fn script(name: &'static str, min_args: usize, writes: bool, command: ScriptCommand) -> CommandSpec {
    CommandSpec { name, min_args, writes, run: Run::Script(command) }
}

/// Sorted by name.
static COMMANDS: [CommandSpec; 56] = [
    write("append", 2, strings::append),
    read("dbsize", 0, keys::dbsize),
    write("decr", 1, strings::decr),
    write("decrby", 2, strings::decrby),
    write("del", 1, keys::del),
    read("echo", 1, keys::echo),
    script("eval", 2, true, ScriptCommand::Eval),
    script("eval_ro", 2, false, ScriptCommand::EvalReadOnly),
    script("evalsha", 2, true, ScriptCommand::EvalSha),
    script("evalsha_ro", 2, false, ScriptCommand::EvalShaReadOnly),
    read("exists", 1, keys::exists),
    write("expire", 2, expiry::expire),
    write("expireat", 2, expiry::expireat),
    write("flushall", 0, keys::flush),
    write("flushdb", 0, keys::flush),
    read("get", 1, strings::get),
    write("hdel", 2, hashes::hdel),
    read("hexists", 2, hashes::hexists),
    read("hget", 2, hashes::hget),
    read("hgetall", 1, hashes::hgetall),
    read("hkeys", 1, hashes::hkeys),
    read("hlen", 1, hashes::hlen),
    read("hmget", 2, hashes::hmget),
    write("hset", 3, hashes::hset),
    write("hsetnx", 3, hashes::hsetnx),
    read("hvals", 1, hashes::hvals),
    write("incr", 1, strings::incr),
    write("incrby", 2, strings::incrby),
    read("keys", 1, keys::keys),
    read("lindex", 2, lists::lindex),
    read("llen", 1, lists::llen),
    write("lpop", 1, lists::lpop),
    write("lpush", 2, lists::lpush),
    read("lrange", 3, lists::lrange),
    write("lrem", 3, lists::lrem),
    write("lset", 3, lists::lset),
    write("ltrim", 3, lists::ltrim),
    read("mget", 1, strings::mget),
    write("mset", 2, strings::mset),
    write("persist", 1, expiry::persist),
    write("pexpire", 2, expiry::pexpire),
    write("pexpireat", 2, expiry::pexpireat),
    read("ping", 0, keys::ping),
    read("pttl", 1, expiry::pttl),
    write("rpop", 1, lists::rpop),
    write("rpush", 2, lists::rpush),
    read("scan", 1, keys::scan),
    script("script", 1, true, ScriptCommand::Script),
    write("set", 2, strings::set),
    write("setex", 3, strings::setex),
    write("setnx", 2, strings::setnx),
    read("strlen", 1, strings::strlen),
    read("time", 0, keys::time),
    read("ttl", 1, expiry::ttl),
    read("type", 1, keys::kind),
    write("unlink", 1, keys::del),
];

/// The command of this name, in lower case.
pub(in super::super) fn find(name: &str) -> Option<&'static CommandSpec> {
    COMMANDS.binary_search_by_key(&name, |spec| spec.name).ok().and_then(|index| COMMANDS.get(index))
}

/// The command's spec, if there is such a command and its arguments are enough for it to be tried.
pub(super) fn check(command: &Command) -> Checked<&'static CommandSpec> {
    match find(command.name()) {
        Some(spec) if command.args().len() >= spec.min_args => Ok(spec),
        Some(spec) => wrong_arity(spec.name),
        None => refused(format!("ERR unknown command '{}'", command.name())),
    }
}

/// A refusal is an answer; only a failure of the database ends what the command is part of.
pub(super) fn as_reply(result: CommandResult) -> Result<Reply, rusqlite::Error> {
    match result {
        Ok(reply) => Ok(reply),
        Err(CommandError::Refused(text)) => Ok(Reply::Error(text)),
        Err(CommandError::Storage(error)) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_without_duplicates() {
        assert!(COMMANDS.is_sorted_by(|a, b| a.name < b.name));
    }
}
