//! Ids that are also names of files: the same on every file system, and never a way out of a directory.

use canvas_memory::{Error, Result};

/// The most characters of an id.
pub(crate) const MAX_CHARS: usize = 64;

/// Names that Windows keeps for devices, whatever the extension; with COM1 to COM9 and LPT1 to LPT9.
const DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];

/// Checks the id of `what`, such as "a flow": 1 to 64 of `a-z`, `0-9` and `-`.
pub(crate) fn check(what: &str, id: &str) -> Result<()> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if id.is_empty() || id.len() > MAX_CHARS || !id.chars().all(fits) {
        let problem = format!(
            "has {} characters, or others than a-z, 0-9 and -; the id of {what} has 1 to {MAX_CHARS} of these",
            id.chars().count()
        );
        return Err(Error::invalid_input("id", problem));
    }
    if is_device(id) {
        let problem =
            "is a name that some file systems keep for a device, such as con or com1; choose another";
        return Err(Error::invalid_input("id", problem));
    }
    Ok(())
}

/// An id made of a name: its letters and digits, with `-` between; `fallback` where it has none.
pub(crate) fn from_name(name: &str, fallback: &str) -> String {
    let mut id = String::new();
    for c in name.chars() {
        let c = c.to_ascii_lowercase();
        if c.is_ascii_lowercase() || c.is_ascii_digit() {
            id.push(c);
        } else if !id.is_empty() && !id.ends_with('-') {
            id.push('-');
        }
        // Leaves room for a number behind it.
        if id.len() >= MAX_CHARS - 16 {
            break;
        }
    }
    let id = id.trim_end_matches('-');
    if id.is_empty() || is_device(id) { fallback.to_owned() } else { id.to_owned() }
}

fn is_device(id: &str) -> bool {
    let numbered = id.strip_prefix("com").or_else(|| id.strip_prefix("lpt"));
    DEVICES.contains(&id) || numbered.is_some_and(|n| matches!(n.as_bytes(), [b'1'..=b'9']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_short_and_plain() {
        for id in ["a", "prod-2", &"x".repeat(64), "0f8fad5b-d9cb-469f-a165-70867728950e", "com", "console"] {
            check("a flow", id).unwrap();
        }
        for id in ["", "A", "a/b", "..", "a.json", "é", "a b", &"x".repeat(65), "con", "lpt1", "a\n"] {
            let error = check("a flow", id).unwrap_err();
            assert!(error.message().starts_with("`id` "), "{error}");
        }
    }

    #[test]
    fn every_name_gives_an_id() {
        for (name, id) in [
            ("Support chat, 2nd try!", "support-chat-2nd-try"),
            ("DynamoDB on this machine", "dynamodb-on-this-machine"),
            ("  ../../etc/passwd", "etc-passwd"),
            ("日本語", "flow"),
            ("", "flow"),
            ("CON", "flow"),
        ] {
            assert_eq!(from_name(name, "flow"), id);
        }
        check("a flow", &from_name(&"a ".repeat(500), "flow")).unwrap();
    }
}
