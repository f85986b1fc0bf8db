//! Values between Lua and Redis, by Redis's rules.

use mlua::{Error, Lua, LuaString, Value};

use super::super::reply::Reply;

/// Deeper answers are refused: a table may hold itself.
const MAX_REPLY_DEPTH: usize = 100;

/// An argument of `redis.call`; `None` for what is neither a string nor a number.
pub(super) fn argument(value: &Value) -> Option<Vec<u8>> {
    match value {
        Value::String(text) => Some(text.as_bytes().to_vec()),
        Value::Integer(number) => Some(number.to_string().into_bytes()),
        Value::Number(number) => Some(general_format(*number, 17).into_bytes()),
        _ => None,
    }
}

/// A command's answer for a script.
pub(super) fn from_reply(lua: &Lua, reply: Reply) -> mlua::Result<Value> {
    let field = |name: &str, text: String| {
        let table = lua.create_table()?;
        table.raw_set(name, text)?;
        Ok(Value::Table(table))
    };
    match reply {
        Reply::Nil => Ok(Value::Boolean(false)),
        Reply::Int(number) => Ok(Value::Integer(number)),
        Reply::Bulk(bytes) => Ok(Value::String(lua.create_string(bytes)?)),
        Reply::Status(text) => field("ok", text),
        Reply::Error(text) => field("err", text),
        Reply::Array(items) => {
            let table = lua.create_table_with_capacity(items.len(), 0)?;
            for item in items {
                table.raw_push(from_reply(lua, item)?)?;
            }
            Ok(Value::Table(table))
        }
    }
}

/// A script's result as an answer.
pub(super) fn to_reply(value: &Value) -> mlua::Result<Reply> {
    nested_reply(value, 0)
}

fn nested_reply(value: &Value, depth: usize) -> mlua::Result<Reply> {
    if depth > MAX_REPLY_DEPTH {
        return Err(Error::runtime("reached lua stack limit"));
    }
    match value {
        Value::String(text) => Ok(Reply::Bulk(text.as_bytes().to_vec())),
        Value::Integer(number) => Ok(Reply::Int(*number)),
        Value::Number(number) => Ok(Reply::Int(truncate(*number))),
        Value::Boolean(true) => Ok(Reply::Int(1)),
        Value::Table(table) => {
            if let Value::String(text) = table.raw_get("err")? {
                return Ok(Reply::Error(one_line(&text)));
            }
            if let Value::String(text) = table.raw_get("ok")? {
                return Ok(Reply::Status(one_line(&text)));
            }
            let mut items = Vec::new();
            for item in table.sequence_values::<Value>() {
                items.push(nested_reply(&item?, depth + 1)?);
            }
            Ok(Reply::Array(items))
        }
        _ => Ok(Reply::Nil),
    }
}

/// Redis cuts the fraction off, and `as` does so without leaving the range.
#[expect(clippy::cast_possible_truncation, reason = "the point of it")]
fn truncate(number: f64) -> i64 {
    number as i64
}

fn one_line(text: &LuaString) -> String {
    text.to_string_lossy().replace(['\r', '\n'], " ")
}

/// A number as C's `%.{digits}g` writes it.
pub(super) fn general_format(number: f64, digits: usize) -> String {
    if number.is_nan() {
        return if number.is_sign_negative() { "-nan" } else { "nan" }.to_owned();
    }
    if number.is_infinite() {
        return if number < 0.0 { "-inf" } else { "inf" }.to_owned();
    }
    if number == 0.0 {
        return if number.is_sign_negative() { "-0" } else { "0" }.to_owned();
    }
    let scientific = format!("{number:.*e}", digits.saturating_sub(1));
    let Some((mantissa, exponent)) = scientific.split_once('e') else { return scientific };
    let Ok(exponent) = exponent.parse::<i64>() else { return scientific };
    let precision = i64::try_from(digits).unwrap_or(i64::MAX);
    if exponent < -4 || exponent >= precision {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{}e{sign}{:02}", without_trailing_zeros(mantissa), exponent.unsigned_abs());
    }
    let decimals = usize::try_from(precision - 1 - exponent).unwrap_or_default();
    without_trailing_zeros(&format!("{number:.decimals$}")).to_owned()
}

fn without_trailing_zeros(text: &str) -> &str {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text }
}

#[cfg(test)]
mod tests {
    use super::general_format;

    #[test]
    fn numbers_are_written_as_in_c() {
        for (number, seventeen, fourteen) in [
            (3.0, "3", "3"),
            (0.1, "0.10000000000000001", "0.1"),
            (-2.5, "-2.5", "-2.5"),
            (1e17, "1e+17", "1e+17"),
            (1e16, "10000000000000000", "1e+16"),
            (1.0 / 3.0, "0.33333333333333331", "0.33333333333333"),
            (0.00001, "1.0000000000000001e-05", "1e-05"),
            (0.0, "0", "0"),
        ] {
            assert_eq!(general_format(number, 17), seventeen);
            assert_eq!(general_format(number, 14), fourteen);
        }
    }
}
