//! When keys expire.

use super::super::reply::Reply;
use super::args::{Args, integer, is_option, one, wrong_arity};
use super::db::{Checked, CommandResult, Db, refused};

/// How an expiry is written in a command.
#[derive(Debug, Clone, Copy)]
pub(super) enum ExpiryUnit {
    Seconds,
    Milliseconds,
    EpochSeconds,
    EpochMilliseconds,
}

impl ExpiryUnit {
    /// The unit that an option of `SET` names.
    pub(super) fn of_option(option: &[u8]) -> Option<Self> {
        match option.to_ascii_uppercase().as_slice() {
            b"EX" => Some(Self::Seconds),
            b"PX" => Some(Self::Milliseconds),
            b"EXAT" => Some(Self::EpochSeconds),
            b"PXAT" => Some(Self::EpochMilliseconds),
            _ => None,
        }
    }
}

/// Milliseconds since the Unix epoch; `None` when they do not fit.
pub(super) fn deadline_ms(amount: i64, unit: ExpiryUnit, now_ms: i64) -> Option<i64> {
    match unit {
        ExpiryUnit::Seconds => amount.checked_mul(1000)?.checked_add(now_ms),
        ExpiryUnit::Milliseconds => amount.checked_add(now_ms),
        ExpiryUnit::EpochSeconds => amount.checked_mul(1000),
        ExpiryUnit::EpochMilliseconds => Some(amount),
    }
}

pub(super) fn expire(db: &Db<'_>, args: &Args) -> CommandResult {
    set_expiry(db, "expire", ExpiryUnit::Seconds, args)
}

pub(super) fn pexpire(db: &Db<'_>, args: &Args) -> CommandResult {
    set_expiry(db, "pexpire", ExpiryUnit::Milliseconds, args)
}

pub(super) fn expireat(db: &Db<'_>, args: &Args) -> CommandResult {
    set_expiry(db, "expireat", ExpiryUnit::EpochSeconds, args)
}

pub(super) fn pexpireat(db: &Db<'_>, args: &Args) -> CommandResult {
    set_expiry(db, "pexpireat", ExpiryUnit::EpochMilliseconds, args)
}

/// Under which condition an expiry is changed. A key without one counts as never expiring.
#[derive(Default)]
struct Conditions {
    only_if_none: bool,
    only_if_some: bool,
    only_if_later: bool,
    only_if_earlier: bool,
}

impl Conditions {
    fn parse(options: &Args) -> Checked<Self> {
        let mut conditions = Self::default();
        for option in options {
            if is_option(option, "NX") {
                conditions.only_if_none = true;
            } else if is_option(option, "XX") {
                conditions.only_if_some = true;
            } else if is_option(option, "GT") {
                conditions.only_if_later = true;
            } else if is_option(option, "LT") {
                conditions.only_if_earlier = true;
            } else {
                return refused(format!("ERR Unsupported option {}", String::from_utf8_lossy(option)));
            }
        }
        let Self { only_if_none, only_if_some, only_if_later, only_if_earlier } = conditions;
        if only_if_none && (only_if_some || only_if_later || only_if_earlier) {
            return refused("ERR NX and XX, GT or LT options at the same time are not compatible");
        }
        if only_if_later && only_if_earlier {
            return refused("ERR GT and LT options at the same time are not compatible");
        }
        Ok(conditions)
    }

    fn allow(&self, old_ms: Option<i64>, new_ms: i64) -> bool {
        let later = old_ms.is_some_and(|old_ms| new_ms > old_ms);
        let earlier = old_ms.is_none_or(|old_ms| new_ms < old_ms);
        !(self.only_if_none && old_ms.is_some()
            || self.only_if_some && old_ms.is_none()
            || self.only_if_later && !later
            || self.only_if_earlier && !earlier)
    }
}

fn set_expiry(db: &Db<'_>, command: &str, unit: ExpiryUnit, args: &Args) -> CommandResult {
    let [name, amount, options @ ..] = args else { return wrong_arity(command) };
    let conditions = Conditions::parse(options)?;
    let Some(at_ms) = deadline_ms(integer(amount)?, unit, db.now_ms) else {
        return refused(format!("ERR invalid expire time in '{command}' command"));
    };
    match db.find(name)? {
        Some(key) if conditions.allow(key.expires_at_ms, at_ms) => {
            db.set_expiry(&key, Some(at_ms))?;
            Ok(Reply::Int(1))
        }
        _ => Ok(Reply::Int(0)),
    }
}

pub(super) fn persist(db: &Db<'_>, args: &Args) -> CommandResult {
    match db.find(one("persist", args)?)? {
        Some(key) if key.expires_at_ms.is_some() => {
            db.set_expiry(&key, None)?;
            Ok(Reply::Int(1))
        }
        _ => Ok(Reply::Int(0)),
    }
}

pub(super) fn ttl(db: &Db<'_>, args: &Args) -> CommandResult {
    remaining(db, one("ttl", args)?, |ms| ms.saturating_add(500) / 1000)
}

pub(super) fn pttl(db: &Db<'_>, args: &Args) -> CommandResult {
    remaining(db, one("pttl", args)?, |ms| ms)
}

fn remaining(db: &Db<'_>, name: &[u8], unit: fn(i64) -> i64) -> CommandResult {
    Ok(Reply::Int(match db.find(name)? {
        None => -2,
        Some(key) => key.expires_at_ms.map_or(-1, |at_ms| unit(at_ms.saturating_sub(db.now_ms))),
    }))
}
