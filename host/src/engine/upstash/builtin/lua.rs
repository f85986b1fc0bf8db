//! Lua 5.1 with Redis's functions: no files, no operating system, no code from strings, bounded memory and time.
//!
//! What is not bounded, as in Redis, is the time of a single search for a pattern with many repetitions: Lua does not
//! look at its limits within one. Whoever holds the token could empty the database as well.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use mlua::chunk::ChunkMode;
use mlua::{
    Error, Function, HookTriggers, Lua, LuaOptions, LuaString, StdLib, Table, Value, Variadic, VmState,
};

use super::super::reply::Reply;
use super::super::request::Command;
use super::args::Args;
use super::cjson;
use super::commands::{self, Run};
use super::convert::{argument, from_reply, to_reply};
use super::db::{CommandError, Db};
use super::lua_error::{self, Refusal};
use super::scripts::sha1_hex;
use crate::engine::upstash::shebang;

const MEMORY_LIMIT_BYTES: usize = 128 * 1024 * 1024;
const INSTRUCTION_LIMIT: u64 = 50_000_000;
const INSTRUCTIONS_PER_CHECK: u32 = 10_000;
/// The longest that a script holds up every other command.
const TIME_LIMIT: Duration = Duration::from_secs(5);

const STOPPED: &str = "ERR the script was stopped and rolled back: it ran for too long";

/// Scripts get these names and no others.
const GLOBALS: [&str; 22] = [
    "assert",
    "cjson",
    "error",
    "getmetatable",
    "ipairs",
    "math",
    "next",
    "pairs",
    "pcall",
    "rawequal",
    "rawget",
    "rawset",
    "redis",
    "select",
    "setmetatable",
    "string",
    "table",
    "tonumber",
    "tostring",
    "type",
    "unpack",
    "xpcall",
];

/// A script and what it is called with.
pub(super) struct Script<'a> {
    pub(super) source: &'a [u8],
    pub(super) sha: &'a str,
    pub(super) keys: &'a Args,
    pub(super) argv: &'a Args,
    pub(super) read_only: bool,
}

/// How a script ended.
pub(super) enum Outcome {
    /// By itself, if only with an error.
    Finished(Reply),
    /// At a limit. What it wrote must not stay.
    Stopped(&'static str),
}

/// Whether a script is Lua at all, in Redis's words if not.
pub(super) fn compile(source: &[u8]) -> Result<(), String> {
    let lua = new_lua().map_err(|error| lua_error::internal(&error))?;
    load(&lua, source).map(drop)
}

/// Runs a script to its end.
pub(super) fn run(db: &Db<'_>, script: &Script<'_>) -> Result<Outcome, rusqlite::Error> {
    let lua = match new_lua() {
        Ok(lua) => lua,
        Err(error) => return Ok(Outcome::Finished(Reply::Error(lua_error::internal(&error)))),
    };
    let function = match load(&lua, script.source) {
        Ok(function) => function,
        Err(text) => return Ok(Outcome::Finished(Reply::Error(text))),
    };
    let stopped = Arc::new(AtomicBool::new(false));
    let calls = Calls {
        db,
        read_only: script.read_only,
        deadline: Instant::now() + TIME_LIMIT,
        stopped: Arc::clone(&stopped),
        storage_error: RefCell::new(None),
    };
    let result = limit_instructions(&lua, &stopped).and_then(|()| execute(&lua, script, function, &calls));
    if let Some(error) = calls.storage_error.into_inner() {
        return Err(error);
    }
    if stopped.load(Ordering::Relaxed) {
        return Ok(Outcome::Stopped(STOPPED));
    }
    Ok(Outcome::Finished(result.unwrap_or_else(|error| Reply::Error(lua_error::internal(&error)))))
}

fn new_lua() -> mlua::Result<Lua> {
    let lua = Lua::new_with(StdLib::STRING | StdLib::TABLE | StdLib::MATH, LuaOptions::new())?;
    lua.set_memory_limit(MEMORY_LIMIT_BYTES)?;
    Ok(lua)
}

fn load(lua: &Lua, source: &[u8]) -> Result<Function, String> {
    lua.load(shebang::strip(source))
        .set_name(lua_error::CHUNK_NAME)
        .set_mode(ChunkMode::Text)
        .into_function()
        .map_err(|error| lua_error::compiling(&error))
}

/// Once over the limit every single instruction raises an error, so that no `pcall` in a loop outlives it.
fn limit_instructions(lua: &Lua, stopped: &Arc<AtomicBool>) -> mlua::Result<()> {
    let executed = AtomicU64::new(0);
    let stopped = Arc::clone(stopped);
    lua.set_hook(HookTriggers::new().every_nth_instruction(INSTRUCTIONS_PER_CHECK), move |lua, _| {
        let before = executed.fetch_add(u64::from(INSTRUCTIONS_PER_CHECK), Ordering::Relaxed);
        if before < INSTRUCTION_LIMIT && !stopped.load(Ordering::Relaxed) {
            return Ok(VmState::Continue);
        }
        stopped.store(true, Ordering::Relaxed);
        lua.set_hook(HookTriggers::new().every_nth_instruction(1), |_, _| Err(Error::runtime(STOPPED)))?;
        Err(Error::runtime(STOPPED))
    })
}

fn execute(lua: &Lua, script: &Script<'_>, function: Function, calls: &Calls<'_, '_>) -> mlua::Result<Reply> {
    lua.scope(|scope| {
        let call = scope.create_function(|lua, args: Variadic<Value>| calls.call(lua, &args))?;
        let pcall = scope.create_function(|lua, args: Variadic<Value>| calls.pcall(lua, &args))?;
        let globals = lua.globals();
        globals.raw_set("KEYS", string_list(lua, script.keys)?)?;
        globals.raw_set("ARGV", string_list(lua, script.argv)?)?;
        globals.raw_set("redis", lua.create_table()?)?;
        globals.raw_set("cjson", cjson::module(lua)?)?;
        let sha1hex =
            lua.create_function(|lua, text: LuaString| lua.create_string(sha1_hex(&text.as_bytes())))?;
        let locate = lua.create_function(|lua, ()| Ok(lua_error::current_line(lua)))?;
        let visible = lua.create_function(lua_error::visible)?;
        let allowed = lua.create_sequence_from(GLOBALS.into_iter().chain(["KEYS", "ARGV"]))?;
        let guarded: Function = lua
            .load(include_str!("prelude.lua"))
            .set_name("=prelude")
            .call((call, pcall, sha1hex, locate, visible, allowed))?;
        let (finished, value): (bool, Value) = guarded.call(function)?;
        if finished { to_reply(&value) } else { Ok(Reply::Error(lua_error::raised(&value, script.sha))) }
    })
}

fn string_list(lua: &Lua, items: &Args) -> mlua::Result<Table> {
    let strings = items.iter().map(|item| lua.create_string(item)).collect::<mlua::Result<Vec<_>>>()?;
    lua.create_sequence_from(strings)
}

/// What `redis.call` and `redis.pcall` work with.
struct Calls<'d, 'c> {
    db: &'d Db<'c>,
    read_only: bool,
    deadline: Instant,
    stopped: Arc<AtomicBool>,
    /// The first failure of the database. It ends the script, whatever the script makes of it.
    storage_error: RefCell<Option<rusqlite::Error>>,
}

impl Calls<'_, '_> {
    /// The answer, or an error raised.
    fn call(&self, lua: &Lua, args: &[Value]) -> mlua::Result<Value> {
        match self.reply(args)? {
            Reply::Error(text) => Err(Error::external(Refusal(text))),
            reply => from_reply(lua, reply),
        }
    }

    /// The answer, be it an error.
    fn pcall(&self, lua: &Lua, args: &[Value]) -> mlua::Result<Value> {
        from_reply(lua, self.reply(args)?)
    }

    fn reply(&self, args: &[Value]) -> mlua::Result<Reply> {
        if Instant::now() > self.deadline {
            self.stopped.store(true, Ordering::Relaxed);
        }
        if self.stopped.load(Ordering::Relaxed) || self.storage_error.borrow().is_some() {
            return Err(Error::runtime(STOPPED));
        }
        Ok(match args.iter().map(argument).collect::<Option<Vec<_>>>() {
            Some(words) if words.is_empty() => {
                Reply::Error("ERR Please specify at least one argument for this redis.call() call".to_owned())
            }
            Some(words) => self.command(Command::new(words)),
            None => {
                Reply::Error("ERR Lua redis lib command arguments must be strings or integers".to_owned())
            }
        })
    }

    fn command(&self, command: Option<Command>) -> Reply {
        let error = |text: &str| Reply::Error(text.to_owned());
        let known = command.and_then(|command| commands::find(command.name()).map(|spec| (command, spec)));
        let Some((command, spec)) = known else {
            return error("ERR Unknown Redis command called from script");
        };
        let Run::OnKeys(run) = spec.run else {
            return error("ERR This Redis command is not allowed from script");
        };
        if commands::check(&command).is_err() {
            return error("ERR Wrong number of args calling Redis command from script");
        }
        if spec.writes && self.read_only {
            return error("ERR Write commands are not allowed from read-only scripts.");
        }
        match run(self.db, command.args()) {
            Ok(reply) => reply,
            Err(CommandError::Refused(text)) => Reply::Error(text),
            Err(CommandError::Storage(cause)) => {
                self.storage_error.replace(Some(cause));
                error("ERR the database failed")
            }
        }
    }
}
