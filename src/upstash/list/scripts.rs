//! The Lua scripts. Each names all its keys, so that Upstash locks those and not the whole database.

use std::sync::LazyLock;

pub(super) static APPEND: LazyLock<String> =
    LazyLock::new(|| script(concat!(include_str!("turns.lua"), include_str!("append.lua"))));
pub(super) static RECENT: LazyLock<String> =
    LazyLock::new(|| script(concat!(include_str!("turns.lua"), include_str!("recent.lua"))));
pub(super) static PAGE: LazyLock<String> = LazyLock::new(|| script(include_str!("page.lua")));
pub(super) static CLEAR: LazyLock<String> =
    LazyLock::new(|| script(concat!(include_str!("turns.lua"), include_str!("clear.lua"))));
pub(super) static SET_NOTE: LazyLock<String> = LazyLock::new(|| script(include_str!("set_note.lua")));

/// The script as it is sent with each call: without indentation and comments.
fn script(source: &str) -> String {
    let lines =
        source.lines().map(str::trim_start).filter(|line| !line.is_empty() && !line.starts_with("--"));
    std::iter::once("#!lua flags=allow-key-locking").chain(lines).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::upstash::list::RIGHTS;

    #[test]
    fn every_command_of_the_scripts_is_among_the_rights() {
        let scripts = [&APPEND, &RECENT, &CLEAR, &SET_NOTE].map(|script| script.as_str());
        let calls = scripts.iter().flat_map(|script| script.split("call('").skip(1));
        let used: Vec<_> = calls.map(|rest| rest.split('\'').next().unwrap()).collect();
        assert!(used.len() > 10, "{used:?}");
        assert!(used.iter().all(|name| RIGHTS.contains(name)), "{used:?}");
        assert!(RIGHTS.iter().all(|name| used.contains(name)), "{RIGHTS:?} but {used:?}");
    }
}
