//! The database file.

use rusqlite::Connection;

/// Raised when the tables change shape.
const SCHEMA_VERSION: i64 = 1;

/// A list's elements lie at consecutive positions from `head` up to, but not including, `tail`. Both may be negative,
/// so that an element is added at either end, and a range read, without touching the others.
const TABLES: &str = "
    CREATE TABLE keys (
        id INTEGER PRIMARY KEY,
        name BLOB NOT NULL UNIQUE,
        kind INTEGER NOT NULL,
        expires_at_ms INTEGER,
        value BLOB,
        head INTEGER NOT NULL DEFAULT 0,
        tail INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE INDEX keys_by_expiry ON keys (expires_at_ms) WHERE expires_at_ms IS NOT NULL;
    CREATE TABLE list_items (
        key_id INTEGER NOT NULL,
        position INTEGER NOT NULL,
        value BLOB NOT NULL,
        PRIMARY KEY (key_id, position)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE hash_fields (
        key_id INTEGER NOT NULL,
        field BLOB NOT NULL,
        value BLOB NOT NULL,
        PRIMARY KEY (key_id, field)
    ) STRICT, WITHOUT ROWID;
";

/// Statements of every command together; none is ever prepared twice.
const STATEMENT_CACHE: usize = 128;

/// Makes a connection ready for commands, and a new file ready for data.
pub(super) fn prepare(connection: &Connection) -> Result<(), String> {
    let version = read_version(connection).map_err(|error| error.to_string())?;
    if version > SCHEMA_VERSION {
        return Err(format!(
            "it was written by a newer canvas-memory (schema {version}, this one knows {SCHEMA_VERSION})"
        ));
    }
    configure(connection, version == 0).map_err(|error| error.to_string())
}

fn read_version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}

fn configure(connection: &Connection, new: bool) -> rusqlite::Result<()> {
    connection.set_prepared_statement_cache_capacity(STATEMENT_CACHE);
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // A commit is synced before it is acknowledged: it survives a power cut, not only a killed process.
    connection.pragma_update(None, "synchronous", "FULL")?;
    if new {
        connection
            .execute_batch(&format!("BEGIN; {TABLES} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;"))?;
    }
    Ok(())
}
