//! Lists.

use std::ops::Range;

use super::super::reply::Reply;
use super::args::{Args, exactly, first_and_rest, integer, one, parse_integer, wrong_arity};
use super::db::{Checked, CommandResult, Db, Key, Kind, refused};

#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Head,
    Tail,
}

impl Db<'_> {
    fn insert_item(&self, key: &Key, position: i64, value: &[u8]) -> Checked<()> {
        self.connection
            .prepare_cached("INSERT INTO list_items (key_id, position, value) VALUES (?1, ?2, ?3)")?
            .execute((key.id, position, value))?;
        Ok(())
    }

    fn items(&self, key: &Key, positions: Range<i64>) -> Checked<Vec<Vec<u8>>> {
        let mut select = self.connection.prepare_cached(
            "SELECT value FROM list_items WHERE key_id = ?1 AND position >= ?2 AND position < ?3 ORDER BY position",
        )?;
        let items = select.query_map((key.id, positions.start, positions.end), |row| row.get(0))?;
        Ok(items.collect::<Result<_, _>>()?)
    }

    fn delete_items(&self, key: &Key, positions: Range<i64>) -> Checked<()> {
        if !positions.is_empty() {
            self.connection
                .prepare_cached(
                    "DELETE FROM list_items WHERE key_id = ?1 AND position >= ?2 AND position < ?3",
                )?
                .execute((key.id, positions.start, positions.end))?;
        }
        Ok(())
    }

    /// Writes down a list's ends; a list without elements is no key at all.
    fn save_list(&self, key: &Key) -> Checked<()> {
        if key.head == key.tail {
            return self.remove(key);
        }
        self.connection
            .prepare_cached("UPDATE keys SET head = ?2, tail = ?3 WHERE id = ?1")?
            .execute((key.id, key.head, key.tail))?;
        Ok(())
    }
}

impl Key {
    fn len(&self) -> i64 {
        self.tail - self.head
    }

    /// The position of an index that may count from the end; `None` outside of the list.
    fn position(&self, index: i64) -> Option<i64> {
        let from = if index < 0 { self.tail } else { self.head };
        let position = from.checked_add(index)?;
        (self.head..self.tail).contains(&position).then_some(position)
    }

    /// The positions from one index up to and including another, cut to the list.
    fn positions(&self, first: i64, last: i64) -> Range<i64> {
        let from_head = |index: i64| if index < 0 { index.saturating_add(self.len()) } else { index };
        let first = from_head(first).clamp(0, self.len());
        let end = from_head(last).saturating_add(1).clamp(first, self.len());
        self.head + first..self.head + end
    }
}

pub(super) fn lpush(db: &Db<'_>, args: &Args) -> CommandResult {
    push(db, "lpush", args, End::Head)
}

pub(super) fn rpush(db: &Db<'_>, args: &Args) -> CommandResult {
    push(db, "rpush", args, End::Tail)
}

fn push(db: &Db<'_>, command: &str, args: &Args, end: End) -> CommandResult {
    let (name, values) = first_and_rest(command, args)?;
    let mut key = db.find_or_create(name, Kind::List)?;
    for value in values {
        let position = match end {
            End::Head => {
                key.head -= 1;
                key.head
            }
            End::Tail => {
                key.tail += 1;
                key.tail - 1
            }
        };
        db.insert_item(&key, position, value)?;
    }
    db.save_list(&key)?;
    Ok(Reply::Int(key.len()))
}

pub(super) fn lrange(db: &Db<'_>, args: &Args) -> CommandResult {
    let [name, first, last] = exactly("lrange", args)?;
    let (first, last) = (integer(first)?, integer(last)?);
    let Some(key) = db.find_kind(name, Kind::List)? else { return Ok(Reply::Array(Vec::new())) };
    let items = db.items(&key, key.positions(first, last))?;
    Ok(Reply::Array(items.into_iter().map(Reply::Bulk).collect()))
}

pub(super) fn llen(db: &Db<'_>, args: &Args) -> CommandResult {
    let key = db.find_kind(one("llen", args)?, Kind::List)?;
    Ok(Reply::Int(key.map_or(0, |key| key.len())))
}

pub(super) fn lindex(db: &Db<'_>, args: &Args) -> CommandResult {
    let [name, index] = exactly("lindex", args)?;
    let key = db.find_kind(name, Kind::List)?;
    let index = integer(index);
    let Some(key) = key else { return Ok(Reply::Nil) };
    let Some(position) = key.position(index?) else { return Ok(Reply::Nil) };
    Ok(Reply::bulk_or_nil(db.items(&key, position..position + 1)?.into_iter().next()))
}

pub(super) fn lset(db: &Db<'_>, args: &Args) -> CommandResult {
    let [name, index, value] = exactly("lset", args)?;
    let Some(key) = db.find_kind(name, Kind::List)? else { return refused("ERR no such key") };
    let Some(position) = key.position(integer(index)?) else { return refused("ERR index out of range") };
    db.connection
        .prepare_cached("UPDATE list_items SET value = ?3 WHERE key_id = ?1 AND position = ?2")?
        .execute((key.id, position, value))?;
    Ok(Reply::ok())
}

pub(super) fn ltrim(db: &Db<'_>, args: &Args) -> CommandResult {
    let [name, first, last] = exactly("ltrim", args)?;
    let (first, last) = (integer(first)?, integer(last)?);
    if let Some(mut key) = db.find_kind(name, Kind::List)? {
        let kept = key.positions(first, last);
        db.delete_items(&key, key.head..kept.start)?;
        db.delete_items(&key, kept.end..key.tail)?;
        (key.head, key.tail) = (kept.start, kept.end);
        db.save_list(&key)?;
    }
    Ok(Reply::ok())
}

pub(super) fn lpop(db: &Db<'_>, args: &Args) -> CommandResult {
    pop(db, "lpop", args, End::Head)
}

pub(super) fn rpop(db: &Db<'_>, args: &Args) -> CommandResult {
    pop(db, "rpop", args, End::Tail)
}

fn pop(db: &Db<'_>, command: &str, args: &Args, end: End) -> CommandResult {
    let (name, count) = match args {
        [name] => (name, None),
        [name, count] => match parse_integer(count) {
            Some(count) if count >= 0 => (name, Some(count)),
            _ => return refused("ERR value is out of range, must be positive"),
        },
        _ => return wrong_arity(command),
    };
    let Some(mut key) = db.find_kind(name, Kind::List)? else { return Ok(Reply::Nil) };
    let taken = count.unwrap_or(1).min(key.len());
    let positions = match end {
        End::Head => key.head..key.head + taken,
        End::Tail => key.tail - taken..key.tail,
    };
    let mut items = db.items(&key, positions.clone())?;
    db.delete_items(&key, positions)?;
    match end {
        End::Head => key.head += taken,
        End::Tail => {
            key.tail -= taken;
            items.reverse();
        }
    }
    db.save_list(&key)?;
    match count {
        Some(_) => Ok(Reply::Array(items.into_iter().map(Reply::Bulk).collect())),
        None => Ok(Reply::bulk_or_nil(items.into_iter().next())),
    }
}

/// Positions have no gaps, so everything after the first removed element moves up: as in Redis, the cost grows with
/// the list.
pub(super) fn lrem(db: &Db<'_>, args: &Args) -> CommandResult {
    let [name, count, value] = exactly("lrem", args)?;
    let count = integer(count)?;
    let Some(mut key) = db.find_kind(name, Kind::List)? else { return Ok(Reply::Int(0)) };
    let limit = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
    let limit = if limit == 0 { usize::MAX } else { limit };
    let positions = {
        let order = if count < 0 { "DESC" } else { "ASC" };
        let mut select = db.connection.prepare_cached(&format!(
            "SELECT position FROM list_items WHERE key_id = ?1 AND value = ?2 ORDER BY position {order}"
        ))?;
        let found = select.query_map((key.id, value), |row| row.get(0))?;
        found.take(limit).collect::<Result<Vec<i64>, _>>()?
    };
    let Some(first) = positions.iter().copied().min() else { return Ok(Reply::Int(0)) };
    for position in &positions {
        db.delete_items(&key, *position..*position + 1)?;
    }
    let moved = db.items(&key, first..key.tail)?;
    db.delete_items(&key, first..key.tail)?;
    key.tail = first;
    for item in &moved {
        db.insert_item(&key, key.tail, item)?;
        key.tail += 1;
    }
    db.save_list(&key)?;
    Ok(Reply::count(positions.len()))
}
