//! The `cjson` library of Redis: JSON to Lua and back.

use mlua::{Lua, LuaString, Table, Value, Variadic};
use serde_json::Value as Json;

use super::convert::general_format;

const MAX_DEPTH: usize = 1000;
/// Arrays up to this length may have any number of holes.
const SPARSE_SAFE_LENGTH: i64 = 10;
/// A longer array is refused when fewer than one in this many elements is there.
const SPARSE_RATIO: i64 = 2;

/// `cjson`, whose functions answer a value, or nil and what is wrong.
pub(super) fn module(lua: &Lua) -> mlua::Result<Table> {
    let module = lua.create_table()?;
    module.raw_set("null", Value::NULL)?;
    module.raw_set(
        "encode",
        lua.create_function(|lua, args: Variadic<Value>| {
            let [value] = args.as_slice() else { return problem(lua, "expected 1 argument") };
            let mut json = Vec::new();
            match encode(value, 0, &mut json) {
                Ok(()) => Ok((Value::String(lua.create_string(&json)?), None)),
                Err(text) => problem(lua, &text),
            }
        })?,
    )?;
    module.raw_set(
        "decode",
        lua.create_function(|lua, args: Variadic<Value>| {
            let [Value::String(text)] = args.as_slice() else {
                return problem(lua, "expected 1 argument, a string");
            };
            match serde_json::from_slice::<Json>(&text.as_bytes()) {
                Ok(json) => Ok((decode(lua, &json)?, None)),
                // serde_json's own words quote no more than a token, but a token may be a person's words.
                Err(error) => problem(lua, &format!("invalid JSON at character {}", error.column())),
            }
        })?,
    )?;
    Ok(module)
}

fn problem(lua: &Lua, text: &str) -> mlua::Result<(Value, Option<LuaString>)> {
    Ok((Value::Nil, Some(lua.create_string(text)?)))
}

fn decode(lua: &Lua, json: &Json) -> mlua::Result<Value> {
    match json {
        Json::Null => Ok(Value::NULL),
        Json::Bool(value) => Ok(Value::Boolean(*value)),
        Json::Number(number) => Ok(Value::Number(number.as_f64().unwrap_or(f64::NAN))),
        Json::String(text) => Ok(Value::String(lua.create_string(text)?)),
        Json::Array(items) => {
            let table = lua.create_table_with_capacity(items.len(), 0)?;
            for item in items {
                table.raw_push(decode(lua, item)?)?;
            }
            Ok(Value::Table(table))
        }
        Json::Object(fields) => {
            let table = lua.create_table_with_capacity(0, fields.len())?;
            for (name, value) in fields {
                table.raw_set(name.as_str(), decode(lua, value)?)?;
            }
            Ok(Value::Table(table))
        }
    }
}

fn encode(value: &Value, depth: usize, json: &mut Vec<u8>) -> Result<(), String> {
    match value {
        Value::Nil => json.extend_from_slice(b"null"),
        Value::LightUserData(pointer) if pointer.0.is_null() => json.extend_from_slice(b"null"),
        Value::Boolean(value) => json.extend_from_slice(if *value { b"true" } else { b"false" }),
        Value::Integer(number) => json.extend_from_slice(number_text(*number)?.as_bytes()),
        Value::Number(number) if !number.is_finite() => {
            return Err("Cannot serialise number: must not be NaN or Inf".to_owned());
        }
        Value::Number(number) => json.extend_from_slice(general_format(*number, 14).as_bytes()),
        Value::String(text) => encode_string(&text.as_bytes(), json),
        Value::Table(table) => {
            if depth >= MAX_DEPTH {
                return Err(format!("Cannot serialise, excessive depth ({})", depth + 1));
            }
            encode_table(table, depth, json)?;
        }
        other => return Err(format!("Cannot serialise {}: type not supported", other.type_name())),
    }
    Ok(())
}

/// Lua has one kind of number, and this library writes 14 digits of it.
fn number_text(number: i64) -> Result<String, String> {
    let text = number.to_string();
    if text.trim_start_matches('-').len() <= 14 {
        return Ok(text);
    }
    text.parse::<f64>().map(|number| general_format(number, 14)).map_err(|error| error.to_string())
}

fn encode_table(table: &Table, depth: usize, json: &mut Vec<u8>) -> Result<(), String> {
    if let Some(length) = array_length(table)? {
        json.push(b'[');
        for index in 1..=length {
            if index > 1 {
                json.push(b',');
            }
            let item = table.raw_get(index).map_err(|error| error.to_string())?;
            encode(&item, depth + 1, json)?;
        }
        json.push(b']');
        return Ok(());
    }
    json.push(b'{');
    let mut first = true;
    for pair in table.pairs::<Value, Value>() {
        let (name, value) = pair.map_err(|error| error.to_string())?;
        if !first {
            json.push(b',');
        }
        first = false;
        match &name {
            Value::String(text) => encode_string(&text.as_bytes(), json),
            Value::Integer(number) => encode_string(number_text(*number)?.as_bytes(), json),
            Value::Number(number) => encode_string(general_format(*number, 14).as_bytes(), json),
            _ => return Err("Cannot serialise table: table key must be a number or string".to_owned()),
        }
        json.push(b':');
        encode(&value, depth + 1, json)?;
    }
    json.push(b'}');
    Ok(())
}

/// The length of a table that is an array: only whole numbers from 1 on as keys, and not too many holes.
fn array_length(table: &Table) -> Result<Option<i64>, String> {
    let (mut longest, mut count) = (0, 0);
    for pair in table.pairs::<Value, Value>() {
        match pair.map_err(|error| error.to_string())? {
            (Value::Integer(index), _) if index > 0 => {
                longest = longest.max(index);
                count += 1;
            }
            _ => return Ok(None),
        }
    }
    if longest > SPARSE_SAFE_LENGTH && longest > count * SPARSE_RATIO {
        return Err("Cannot serialise table: excessively sparse array".to_owned());
    }
    Ok((longest > 0).then_some(longest))
}

fn encode_string(bytes: &[u8], json: &mut Vec<u8>) {
    json.push(b'"');
    for &byte in bytes {
        match byte {
            b'"' => json.extend_from_slice(b"\\\""),
            b'\\' => json.extend_from_slice(b"\\\\"),
            b'/' => json.extend_from_slice(b"\\/"),
            0x08 => json.extend_from_slice(b"\\b"),
            0x0c => json.extend_from_slice(b"\\f"),
            b'\n' => json.extend_from_slice(b"\\n"),
            b'\r' => json.extend_from_slice(b"\\r"),
            b'\t' => json.extend_from_slice(b"\\t"),
            0..0x20 | 0x7f => json.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
            _ => json.push(byte),
        }
    }
    json.push(b'"');
}
