//! Reading a command's arguments, with Redis's own words for what is wrong with them.

use super::db::{Checked, refused};

/// A command's arguments, without its name.
pub(super) type Args = [Vec<u8>];

pub(super) const SYNTAX_ERROR: &str = "ERR syntax error";
pub(super) const NOT_AN_INTEGER: &str = "ERR value is not an integer or out of range";

pub(super) fn wrong_arity<T>(command: &str) -> Checked<T> {
    refused(format!("ERR wrong number of arguments for '{command}' command"))
}

/// The arguments of a command that takes exactly so many.
pub(super) fn exactly<'a, const N: usize>(command: &str, args: &'a Args) -> Checked<&'a [Vec<u8>; N]> {
    match args.try_into() {
        Ok(args) => Ok(args),
        Err(_) => wrong_arity(command),
    }
}

/// The argument of a command that takes one.
pub(super) fn one<'a>(command: &str, args: &'a Args) -> Checked<&'a [u8]> {
    exactly(command, args).map(|[only]| only.as_slice())
}

/// The first argument of a command and at least one more.
pub(super) fn first_and_rest<'a>(command: &str, args: &'a Args) -> Checked<(&'a [u8], &'a Args)> {
    match args {
        [first, rest @ ..] if !rest.is_empty() => Ok((first, rest)),
        _ => wrong_arity(command),
    }
}

/// A whole number as Redis reads it: no plus sign, no leading zeros, no spaces.
pub(super) fn integer(bytes: &[u8]) -> Checked<i64> {
    match parse_integer(bytes) {
        Some(number) => Ok(number),
        None => refused(NOT_AN_INTEGER),
    }
}

pub(super) fn parse_integer(bytes: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(bytes).ok()?;
    let number: i64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

/// Whether an argument is this option's name, in any case.
pub(super) fn is_option(arg: &[u8], name: &str) -> bool {
    arg.eq_ignore_ascii_case(name.as_bytes())
}
