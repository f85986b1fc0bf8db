//! Hashes.

use rusqlite::OptionalExtension;

use super::super::reply::Reply;
use super::args::{Args, exactly, first_and_rest, one, wrong_arity};
use super::db::{Checked, CommandResult, Db, Key, Kind};
use super::strings::pairs;

impl Db<'_> {
    fn field(&self, key: &Key, field: &[u8]) -> Checked<Option<Vec<u8>>> {
        let mut select = self
            .connection
            .prepare_cached("SELECT value FROM hash_fields WHERE key_id = ?1 AND field = ?2")?;
        Ok(select.query_row((key.id, field), |row| row.get(0)).optional()?)
    }

    /// Sets a field and returns whether it is new.
    fn set_field(&self, key: &Key, field: &[u8], value: &[u8]) -> Checked<bool> {
        let new = self.field(key, field)?.is_none();
        self.connection
            .prepare_cached("INSERT OR REPLACE INTO hash_fields (key_id, field, value) VALUES (?1, ?2, ?3)")?
            .execute((key.id, field, value))?;
        Ok(new)
    }

    fn fields(&self, key: &Key) -> Checked<Vec<(Vec<u8>, Vec<u8>)>> {
        let mut select = self
            .connection
            .prepare_cached("SELECT field, value FROM hash_fields WHERE key_id = ?1 ORDER BY field")?;
        let fields = select.query_map([key.id], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(fields.collect::<Result<_, _>>()?)
    }
}

pub(super) fn hset(db: &Db<'_>, args: &Args) -> CommandResult {
    let (name, fields) = first_and_rest("hset", args)?;
    let fields = pairs("hset", fields)?;
    let key = db.find_or_create(name, Kind::Hash)?;
    let mut new = 0;
    for (field, value) in fields {
        new += i64::from(db.set_field(&key, field, value)?);
    }
    Ok(Reply::Int(new))
}

pub(super) fn hsetnx(db: &Db<'_>, args: &Args) -> CommandResult {
    let [name, field, value] = exactly("hsetnx", args)?;
    let key = db.find_or_create(name, Kind::Hash)?;
    if db.field(&key, field)?.is_some() {
        return Ok(Reply::Int(0));
    }
    db.set_field(&key, field, value)?;
    Ok(Reply::Int(1))
}

pub(super) fn hget(db: &Db<'_>, args: &Args) -> CommandResult {
    let [name, field] = exactly("hget", args)?;
    match db.find_kind(name, Kind::Hash)? {
        Some(key) => Ok(Reply::bulk_or_nil(db.field(&key, field)?)),
        None => Ok(Reply::Nil),
    }
}

pub(super) fn hmget(db: &Db<'_>, args: &Args) -> CommandResult {
    let (name, fields) = first_and_rest("hmget", args)?;
    let key = db.find_kind(name, Kind::Hash)?;
    let mut values = Vec::with_capacity(fields.len());
    for field in fields {
        values.push(match &key {
            Some(key) => Reply::bulk_or_nil(db.field(key, field)?),
            None => Reply::Nil,
        });
    }
    Ok(Reply::Array(values))
}

pub(super) fn hgetall(db: &Db<'_>, args: &Args) -> CommandResult {
    list(db, one("hgetall", args)?, |field, value| vec![field, value])
}

pub(super) fn hkeys(db: &Db<'_>, args: &Args) -> CommandResult {
    list(db, one("hkeys", args)?, |field, _| vec![field])
}

pub(super) fn hvals(db: &Db<'_>, args: &Args) -> CommandResult {
    list(db, one("hvals", args)?, |_, value| vec![value])
}

fn list(db: &Db<'_>, name: &[u8], pick: fn(Vec<u8>, Vec<u8>) -> Vec<Vec<u8>>) -> CommandResult {
    let Some(key) = db.find_kind(name, Kind::Hash)? else { return Ok(Reply::Array(Vec::new())) };
    let fields = db.fields(&key)?.into_iter();
    Ok(Reply::Array(fields.flat_map(|(field, value)| pick(field, value)).map(Reply::Bulk).collect()))
}

pub(super) fn hlen(db: &Db<'_>, args: &Args) -> CommandResult {
    let Some(key) = db.find_kind(one("hlen", args)?, Kind::Hash)? else { return Ok(Reply::Int(0)) };
    let mut count = db.connection.prepare_cached("SELECT count(*) FROM hash_fields WHERE key_id = ?1")?;
    Ok(Reply::Int(count.query_row([key.id], |row| row.get(0))?))
}

pub(super) fn hexists(db: &Db<'_>, args: &Args) -> CommandResult {
    let [name, field] = exactly("hexists", args)?;
    match db.find_kind(name, Kind::Hash)? {
        Some(key) => Ok(Reply::flag(db.field(&key, field)?.is_some())),
        None => Ok(Reply::Int(0)),
    }
}

pub(super) fn hdel(db: &Db<'_>, args: &Args) -> CommandResult {
    let [name, fields @ ..] = args else { return wrong_arity("hdel") };
    if fields.is_empty() {
        return wrong_arity("hdel");
    }
    let Some(key) = db.find_kind(name, Kind::Hash)? else { return Ok(Reply::Int(0)) };
    let mut removed = 0;
    for field in fields {
        removed += db
            .connection
            .prepare_cached("DELETE FROM hash_fields WHERE key_id = ?1 AND field = ?2")?
            .execute((key.id, field))?;
    }
    let empty: bool = db
        .connection
        .prepare_cached("SELECT NOT EXISTS (SELECT 1 FROM hash_fields WHERE key_id = ?1)")?
        .query_row([key.id], |row| row.get(0))?;
    if empty {
        db.remove(&key)?;
    }
    Ok(Reply::count(removed))
}
