//! String values.

use rusqlite::OptionalExtension;

use super::super::reply::Reply;
use super::args::{
    Args, NOT_AN_INTEGER, SYNTAX_ERROR, exactly, first_and_rest, integer, is_option, one, parse_integer,
    wrong_arity,
};
use super::db::{Checked, CommandError, CommandResult, Db, Key, Kind, refused};
use super::expiry::{ExpiryUnit, deadline_ms};

/// Redis's limit for one string.
const MAX_STRING_BYTES: usize = 512 * 1024 * 1024;

impl Db<'_> {
    fn read_string(&self, name: &[u8]) -> Checked<Option<(Key, Vec<u8>)>> {
        let Some(key) = self.find_kind(name, Kind::String)? else { return Ok(None) };
        let mut select = self.connection.prepare_cached("SELECT value FROM keys WHERE id = ?1")?;
        let value: Option<Option<Vec<u8>>> = select.query_row([key.id], |row| row.get(0)).optional()?;
        Ok(Some((key, value.flatten().unwrap_or_default())))
    }

    fn write_string(&self, key: &Key, value: &[u8]) -> Checked<()> {
        self.connection
            .prepare_cached("UPDATE keys SET value = ?2 WHERE id = ?1")?
            .execute((key.id, value))?;
        Ok(())
    }
}

pub(super) fn get(db: &Db<'_>, args: &Args) -> CommandResult {
    let [name] = exactly("get", args)?;
    Ok(Reply::bulk_or_nil(db.read_string(name)?.map(|(_, value)| value)))
}

#[derive(Default)]
struct SetOptions<'a> {
    only_if_missing: bool,
    only_if_present: bool,
    answer_old: bool,
    keep_expiry: bool,
    expiry: Option<(&'a [u8], ExpiryUnit)>,
}

impl<'a> SetOptions<'a> {
    fn parse(mut args: &'a Args) -> Checked<Self> {
        let mut options = Self::default();
        while let [option, rest @ ..] = args {
            args = rest;
            if is_option(option, "NX") && !options.only_if_present {
                options.only_if_missing = true;
            } else if is_option(option, "XX") && !options.only_if_missing {
                options.only_if_present = true;
            } else if is_option(option, "GET") {
                options.answer_old = true;
            } else if is_option(option, "KEEPTTL") && options.expiry.is_none() {
                options.keep_expiry = true;
            } else if let (Some(unit), [amount, rest @ ..]) = (ExpiryUnit::of_option(option), rest)
                && options.expiry.is_none()
                && !options.keep_expiry
            {
                options.expiry = Some((amount, unit));
                args = rest;
            } else {
                return refused(SYNTAX_ERROR);
            }
        }
        Ok(options)
    }
}

fn positive_deadline_ms(db: &Db<'_>, command: &str, amount: i64, unit: ExpiryUnit) -> Checked<i64> {
    match deadline_ms(amount, unit, db.now_ms) {
        Some(at_ms) if amount > 0 => Ok(at_ms),
        _ => refused(format!("ERR invalid expire time in '{command}' command")),
    }
}

pub(super) fn set(db: &Db<'_>, args: &Args) -> CommandResult {
    let [name, value, options @ ..] = args else { return wrong_arity("set") };
    let options = SetOptions::parse(options)?;
    let expires_at_ms = match options.expiry {
        Some((amount, unit)) => Some(positive_deadline_ms(db, "set", integer(amount)?, unit)?),
        None => None,
    };
    let old = if options.answer_old { db.read_string(name)?.map(|(_, value)| value) } else { None };
    let answer = |written: bool| match (options.answer_old, written) {
        (true, _) => Reply::bulk_or_nil(old.clone()),
        (false, true) => Reply::ok(),
        (false, false) => Reply::Nil,
    };
    let present = db.find(name)?;
    if (options.only_if_missing && present.is_some()) || (options.only_if_present && present.is_none()) {
        return Ok(answer(false));
    }
    let kept = present.and_then(|key| key.expires_at_ms).filter(|_| options.keep_expiry);
    let key = db.create(name, Kind::String)?;
    db.write_string(&key, value)?;
    if let Some(at_ms) = expires_at_ms.or(kept) {
        db.set_expiry(&key, Some(at_ms))?;
    }
    Ok(answer(true))
}

pub(super) fn setex(db: &Db<'_>, args: &Args) -> CommandResult {
    let [name, seconds, value] = args else { return wrong_arity("setex") };
    let at_ms = positive_deadline_ms(db, "setex", integer(seconds)?, ExpiryUnit::Seconds)?;
    let key = db.create(name, Kind::String)?;
    db.write_string(&key, value)?;
    db.set_expiry(&key, Some(at_ms))?;
    Ok(Reply::ok())
}

pub(super) fn setnx(db: &Db<'_>, args: &Args) -> CommandResult {
    let [name, value] = exactly("setnx", args)?;
    if db.find(name)?.is_some() {
        return Ok(Reply::Int(0));
    }
    let key = db.create(name, Kind::String)?;
    db.write_string(&key, value)?;
    Ok(Reply::Int(1))
}

pub(super) fn mset(db: &Db<'_>, args: &Args) -> CommandResult {
    let pairs = pairs("mset", args)?;
    for (name, value) in pairs {
        let key = db.create(name, Kind::String)?;
        db.write_string(&key, value)?;
    }
    Ok(Reply::ok())
}

pub(super) fn mget(db: &Db<'_>, args: &Args) -> CommandResult {
    if args.is_empty() {
        return wrong_arity("mget");
    }
    let mut values = Vec::with_capacity(args.len());
    for name in args {
        values.push(match db.read_string(name) {
            Ok(found) => Reply::bulk_or_nil(found.map(|(_, value)| value)),
            Err(CommandError::Refused(_)) => Reply::Nil,
            Err(error) => return Err(error),
        });
    }
    Ok(Reply::Array(values))
}

pub(super) fn incr(db: &Db<'_>, args: &Args) -> CommandResult {
    add(db, one("incr", args)?, 1)
}

pub(super) fn decr(db: &Db<'_>, args: &Args) -> CommandResult {
    add(db, one("decr", args)?, -1)
}

pub(super) fn incrby(db: &Db<'_>, args: &Args) -> CommandResult {
    let [name, by] = exactly("incrby", args)?;
    add(db, name, integer(by)?)
}

pub(super) fn decrby(db: &Db<'_>, args: &Args) -> CommandResult {
    let [name, by] = exactly("decrby", args)?;
    match integer(by)?.checked_neg() {
        Some(by) => add(db, name, by),
        None => refused("ERR decrement would overflow"),
    }
}

fn add(db: &Db<'_>, name: &[u8], by: i64) -> CommandResult {
    let found = db.read_string(name)?;
    let old = match &found {
        Some((_, value)) => {
            parse_integer(value).ok_or_else(|| CommandError::Refused(NOT_AN_INTEGER.to_owned()))?
        }
        None => 0,
    };
    let Some(new) = old.checked_add(by) else {
        return refused("ERR increment or decrement would overflow");
    };
    let key = match found {
        Some((key, _)) => key,
        None => db.create(name, Kind::String)?,
    };
    db.write_string(&key, new.to_string().as_bytes())?;
    Ok(Reply::Int(new))
}

pub(super) fn append(db: &Db<'_>, args: &Args) -> CommandResult {
    let [name, more] = exactly("append", args)?;
    let (key, mut value) = match db.read_string(name)? {
        Some((key, value)) => (Some(key), value),
        None => (None, Vec::new()),
    };
    if value.len().saturating_add(more.len()) > MAX_STRING_BYTES {
        return refused("ERR string exceeds maximum allowed size (proto-max-bulk-len)");
    }
    value.extend_from_slice(more);
    let key = match key {
        Some(key) => key,
        None => db.create(name, Kind::String)?,
    };
    db.write_string(&key, &value)?;
    Ok(Reply::count(value.len()))
}

pub(super) fn strlen(db: &Db<'_>, args: &Args) -> CommandResult {
    let [name] = exactly("strlen", args)?;
    Ok(Reply::count(db.read_string(name)?.map_or(0, |(_, value)| value.len())))
}

/// Arguments as name and value pairs, at least one.
pub(super) fn pairs<'a>(
    command: &str,
    args: &'a Args,
) -> Checked<impl Iterator<Item = (&'a [u8], &'a [u8])>> {
    let (_, _) = first_and_rest(command, args)?;
    let (pairs, []) = args.as_chunks::<2>() else { return wrong_arity(command) };
    Ok(pairs.iter().map(|[name, value]| (name.as_slice(), value.as_slice())))
}
