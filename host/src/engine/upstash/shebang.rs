//! The first line of a script: `#!lua flags=no-writes,allow-key-locking`.

use std::borrow::Cow;

/// The flag that lets Upstash run scripts on different keys side by side. Redis refuses it.
const KEY_LOCKING: &str = "allow-key-locking";
const OTHER_FLAGS: [&str; 4] = ["allow-oom", "allow-stale", "no-cluster", "allow-cross-slot-keys"];

/// What a script says about itself.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Flags {
    /// It promises not to write, and is held to it.
    pub(super) no_writes: bool,
}

/// Reads the line, if there is one.
pub(super) fn parse(source: &[u8]) -> Result<Flags, String> {
    let mut flags = Flags::default();
    let Some((line, _)) = split(source)? else { return Ok(flags) };
    let mut words = line.split_ascii_whitespace();
    match words.next() {
        Some("#!lua") => {}
        engine => {
            return Err(format!("ERR Unexpected engine in script shebang: {}", engine.unwrap_or_default()));
        }
    }
    for word in words {
        let Some(list) = word.strip_prefix("flags=") else {
            return Err(format!("ERR Unknown lua shebang option: {word}"));
        };
        for flag in list.split(',').filter(|flag| !flag.is_empty()) {
            match flag {
                "no-writes" => flags.no_writes = true,
                KEY_LOCKING => {}
                flag if OTHER_FLAGS.contains(&flag) => {}
                flag => return Err(format!("ERR Unexpected flag in script shebang: {flag}")),
            }
        }
    }
    Ok(flags)
}

/// The script without the line, which is no Lua; an empty line keeps the line numbers.
pub(super) fn strip(source: &[u8]) -> &[u8] {
    match split(source) {
        Ok(Some((_, code))) => code,
        _ => source,
    }
}

/// The script without the one flag that Redis refuses.
pub(super) fn without_key_locking(source: &[u8]) -> Cow<'_, [u8]> {
    let Ok(Some((line, code))) = split(source) else { return Cow::Borrowed(source) };
    if !line.contains(KEY_LOCKING) {
        return Cow::Borrowed(source);
    }
    let line = line.replace(KEY_LOCKING, "").replace(",,", ",").replace("=,", "=");
    let line = line.trim_end_matches(',').trim_end_matches("flags=").trim_end();
    // A bare `#!lua` would still ask for another mode of Redis than no line at all.
    let line = if line == "#!lua" { "" } else { line };
    Cow::Owned([line.as_bytes(), code].concat())
}

/// The line, and the rest from its line break on.
fn split(source: &[u8]) -> Result<Option<(&str, &[u8])>, String> {
    if !source.starts_with(b"#!") {
        return Ok(None);
    }
    let invalid = || "ERR Invalid script shebang".to_owned();
    let end = source.iter().position(|byte| *byte == b'\n').ok_or_else(invalid)?;
    let (line, code) = source.split_at(end);
    let line = std::str::from_utf8(line).map_err(|_| invalid())?;
    Ok(Some((line, code)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_read_and_unknown_ones_refused() {
        assert_eq!(parse(b"return 1"), Ok(Flags { no_writes: false }));
        assert_eq!(
            parse(b"#!lua flags=no-writes,allow-key-locking\nreturn 1"),
            Ok(Flags { no_writes: true })
        );
        assert!(parse(b"#!lua flags=fast\nreturn 1").unwrap_err().contains("fast"));
        assert!(parse(b"#!js\nreturn 1").is_err());
        assert!(parse(b"#!lua").is_err());
    }

    #[test]
    fn only_the_flag_that_redis_refuses_goes() {
        let strip =
            |source: &str| String::from_utf8(without_key_locking(source.as_bytes()).into_owned()).unwrap();
        assert_eq!(strip("#!lua flags=allow-key-locking\nreturn 1"), "\nreturn 1");
        assert_eq!(strip("#!lua flags=allow-key-locking,no-writes\nx"), "#!lua flags=no-writes\nx");
        assert_eq!(strip("#!lua flags=no-writes,allow-key-locking\nx"), "#!lua flags=no-writes\nx");
        assert_eq!(
            strip("#!lua flags=allow-oom,allow-key-locking,no-writes\nx"),
            "#!lua flags=allow-oom,no-writes\nx"
        );
        assert_eq!(strip("#!lua flags=no-writes\nx"), "#!lua flags=no-writes\nx");
        assert_eq!(strip("return 'allow-key-locking'"), "return 'allow-key-locking'");
    }
}
