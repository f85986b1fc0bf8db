//! Reading what an argument holds, or names.

use std::io::Read;
use std::path::Path;

use canvas_memory::{Error, ErrorKind, Result};
use secrecy::SecretString;
use serde::Deserialize;

/// Reads an argument that is JSON, or names a file that holds it.
pub(super) fn json_argument<T: for<'de> Deserialize<'de>>(field: &'static str, argument: &str) -> Result<T> {
    let text = match argument.strip_prefix('@') {
        Some(path) => read_file(field, path)?,
        None => argument.to_owned(),
    };
    parse_json(field, &text)
}

/// Reads an argument that names a file, or standard input. Secrets are never arguments themselves: other users of the
/// machine see those.
pub(super) fn secret_argument(field: &'static str, argument: &str) -> Result<SecretString> {
    match argument.strip_prefix('@') {
        Some(path) => read_file(field, path).map(SecretString::from),
        None if argument == "-" => read_stdin(field).map(SecretString::from),
        None => {
            Err(Error::invalid_input(field, "is neither `-` for standard input nor @FILE; give one of them"))
        }
    }
}

/// Parses JSON that a person gave; the error tells the place and not the text.
pub(super) fn parse_json<T: for<'de> Deserialize<'de>>(field: &'static str, text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let problem = match error.classify() {
            serde_json::error::Category::Data => "does not have the shape that is asked for",
            _ => "is not well-formed JSON",
        };
        Error::invalid_input(field, format!("{problem}, from line {line}, column {column} on"))
    })
}

pub(super) fn read_stdin(field: &'static str) -> Result<String> {
    let mut text = String::new();
    match std::io::stdin().read_to_string(&mut text) {
        Ok(_) => Ok(text),
        Err(error) => Err(Error::invalid_input(field, "can't be read from standard input; give UTF-8 text")
            .with_source(error)),
    }
}

pub(super) fn read_file(field: &'static str, path: &str) -> Result<String> {
    std::fs::read_to_string(Path::new(path)).map_err(|error| {
        Error::new(
            ErrorKind::InvalidInput { field: field.to_owned() },
            format!("`{field}` can't be read: {error}"),
        )
        .with("file", path)
    })
}
