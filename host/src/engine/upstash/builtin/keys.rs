//! Commands on keys of any kind.

use super::super::reply::Reply;
use super::args::{Args, SYNTAX_ERROR, exactly, integer, is_option, one, wrong_arity};
use super::db::{Checked, CommandResult, Db, Kind, refused};
use super::glob::matches;

pub(super) fn ping(_: &Db<'_>, args: &Args) -> CommandResult {
    match args {
        [] => Ok(Reply::Status("PONG".to_owned())),
        [message] => Ok(Reply::Bulk(message.clone())),
        _ => wrong_arity("ping"),
    }
}

pub(super) fn echo(_: &Db<'_>, args: &Args) -> CommandResult {
    Ok(Reply::Bulk(one("echo", args)?.to_vec()))
}

pub(super) fn time(db: &Db<'_>, args: &Args) -> CommandResult {
    if !args.is_empty() {
        return wrong_arity("time");
    }
    let seconds = db.now_ms.div_euclid(1000);
    let microseconds = db.now_ms.rem_euclid(1000) * 1000;
    Ok(Reply::Array(vec![Reply::text(seconds), Reply::text(microseconds)]))
}

pub(super) fn del(db: &Db<'_>, args: &Args) -> CommandResult {
    if args.is_empty() {
        return wrong_arity("del");
    }
    let mut removed = 0;
    for name in args {
        if let Some(key) = db.find(name)? {
            db.remove(&key)?;
            removed += 1;
        }
    }
    Ok(Reply::Int(removed))
}

pub(super) fn exists(db: &Db<'_>, args: &Args) -> CommandResult {
    if args.is_empty() {
        return wrong_arity("exists");
    }
    let mut found = 0;
    for name in args {
        found += i64::from(db.find(name)?.is_some());
    }
    Ok(Reply::Int(found))
}

pub(super) fn kind(db: &Db<'_>, args: &Args) -> CommandResult {
    let found = db.find(one("type", args)?)?;
    Ok(Reply::Status(found.map_or("none", |key| key.kind.name()).to_owned()))
}

pub(super) fn dbsize(db: &Db<'_>, args: &Args) -> CommandResult {
    if !args.is_empty() {
        return wrong_arity("dbsize");
    }
    let mut count = db
        .connection
        .prepare_cached("SELECT count(*) FROM keys WHERE expires_at_ms IS NULL OR expires_at_ms > ?1")?;
    Ok(Reply::Int(count.query_row([db.now_ms], |row| row.get(0))?))
}

pub(super) fn flush(db: &Db<'_>, args: &Args) -> CommandResult {
    match args {
        [] => {}
        [mode] if is_option(mode, "ASYNC") || is_option(mode, "SYNC") => {}
        _ => return refused(SYNTAX_ERROR),
    }
    db.connection.execute_batch("DELETE FROM keys; DELETE FROM list_items; DELETE FROM hash_fields;")?;
    Ok(Reply::ok())
}

pub(super) fn keys(db: &Db<'_>, args: &Args) -> CommandResult {
    let [pattern] = exactly("keys", args)?;
    let filter = Filter { pattern: Some(pattern), kind: None };
    let (names, _) = scan_from(db, 0, i64::MAX, &filter)?;
    Ok(Reply::Array(names))
}

#[derive(Default)]
struct Filter<'a> {
    pattern: Option<&'a [u8]>,
    kind: Option<&'a [u8]>,
}

impl Filter<'_> {
    fn takes(&self, name: &[u8], kind: i64) -> bool {
        let of_kind = |wanted: &[u8]| {
            [Kind::String, Kind::List, Kind::Hash]
                .iter()
                .any(|known| known.stored() == kind && is_option(wanted, known.name()))
        };
        self.pattern.is_none_or(|pattern| matches(pattern, name)) && self.kind.is_none_or(of_kind)
    }
}

const SCAN_COUNT: i64 = 10;

/// The cursor is the number of the last key looked at: a key that is there all the while is returned exactly once.
pub(super) fn scan(db: &Db<'_>, args: &Args) -> CommandResult {
    let [cursor, options @ ..] = args else { return wrong_arity("scan") };
    let mut options = options;
    let Some(cursor) = std::str::from_utf8(cursor).ok().and_then(|text| text.parse::<i64>().ok()) else {
        return refused("ERR invalid cursor");
    };
    let mut filter = Filter::default();
    let mut count = SCAN_COUNT;
    while let [option, value, rest @ ..] = options {
        options = rest;
        if is_option(option, "MATCH") {
            filter.pattern = Some(value);
        } else if is_option(option, "TYPE") {
            filter.kind = Some(value);
        } else if is_option(option, "COUNT") {
            count = integer(value)?;
            if count < 1 {
                return refused(SYNTAX_ERROR);
            }
        } else {
            return refused(SYNTAX_ERROR);
        }
    }
    if !options.is_empty() {
        return refused(SYNTAX_ERROR);
    }
    let (names, next) = scan_from(db, cursor, count, &filter)?;
    Ok(Reply::Array(vec![Reply::text(next), Reply::Array(names)]))
}

/// Looks at `count` keys after the cursor. The next cursor is 0 when there are no more.
fn scan_from(db: &Db<'_>, cursor: i64, count: i64, filter: &Filter<'_>) -> Checked<(Vec<Reply>, i64)> {
    let mut select = db.connection.prepare_cached(
        "SELECT id, name, kind FROM keys WHERE id > ?1 AND (expires_at_ms IS NULL OR expires_at_ms > ?2) \
         ORDER BY id LIMIT ?3",
    )?;
    let mut rows = select.query((cursor, db.now_ms, count))?;
    let (mut names, mut looked_at, mut last) = (Vec::new(), 0, 0);
    while let Some(row) = rows.next()? {
        looked_at += 1;
        last = row.get(0)?;
        let name: Vec<u8> = row.get(1)?;
        if filter.takes(&name, row.get(2)?) {
            names.push(Reply::Bulk(name));
        }
    }
    Ok((names, if looked_at < count { 0 } else { last }))
}
