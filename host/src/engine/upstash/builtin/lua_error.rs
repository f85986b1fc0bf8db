//! A script's errors, in Redis's words.

use std::fmt;

use mlua::{Error, Lua, Value};

/// Lua writes this in front of its own errors: `user_script:1: …`.
pub(super) const CHUNK_NAME: &str = "@user_script";

/// Deeper than Lua itself lets calls nest.
const MAX_STACK_LEVELS: usize = 200;

/// An error of `redis.call`. It is raised from Rust: of a Lua function in `return redis.call(…)`, a tail call, the script's
/// own line could no longer be told.
#[derive(Debug)]
pub(super) struct Refusal(pub(super) String);

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refusal {}

/// A raised error as scripts see it: the table `{err = …}` when `redis.call` raised it, else as it is.
pub(super) fn visible(lua: &Lua, raised: Value) -> mlua::Result<Value> {
    let refusal = match &raised {
        Value::Error(error) => error.downcast_ref::<Refusal>(),
        _ => None,
    };
    let Some(Refusal(text)) = refusal else { return Ok(raised) };
    let table = lua.create_table()?;
    table.raw_set("err", text.as_str())?;
    Ok(Value::Table(table))
}

/// The line of the script that is being run, seen from a function that it called.
pub(super) fn current_line(lua: &Lua) -> Option<usize> {
    for level in 0..MAX_STACK_LEVELS {
        let in_script = lua.inspect_stack(level, |frame| {
            let source = frame.source().source;
            (source.as_deref() == Some(CHUNK_NAME)).then(|| frame.current_line())
        })?;
        if let Some(line) = in_script {
            return line;
        }
    }
    None
}

/// The text of an error that ended a script.
pub(super) fn raised(value: &Value, sha: &str) -> String {
    let (text, line) = match value {
        Value::Table(table) => {
            let text = table.raw_get::<Option<mlua::LuaString>>("err").ok().flatten();
            let line = table.raw_get::<Option<usize>>("line").ok().flatten();
            (text.map_or_else(|| "ERR unknown error".to_owned(), |text| text.to_string_lossy()), line)
        }
        Value::String(text) => (format!("ERR {}", text.to_string_lossy()), None),
        other => (format!("ERR a {} was raised as an error", other.type_name()), None),
    };
    let text = text.replace(['\r', '\n'], " ");
    match line {
        Some(line) => format!("{text} script: {sha}, on {CHUNK_NAME}:{line}."),
        None => format!("{text} script: {sha}"),
    }
}

/// The text for a script that is no Lua.
pub(super) fn compiling(error: &Error) -> String {
    let message = match error {
        Error::SyntaxError { message, .. } => message.clone(),
        other => other.to_string(),
    };
    format!("ERR Error compiling script (new function): {}", message.replace(['\r', '\n'], " "))
}

/// The text for a failure around a script rather than in it, such as memory that ran out.
pub(super) fn internal(error: &Error) -> String {
    format!("ERR Error running script: {}", error.to_string().replace(['\r', '\n'], " "))
}
