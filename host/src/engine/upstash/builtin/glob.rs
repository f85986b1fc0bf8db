//! Patterns of `KEYS` and `SCAN MATCH`.

/// Whether `name` matches: `*` any bytes, `?` one byte, `[a-c]` and `[^a-c]` one of a set, `\` the next byte as it is.
/// Takes time in proportion to the product of both lengths at worst.
pub(super) fn matches(pattern: &[u8], name: &[u8]) -> bool {
    let (mut pattern, mut name) = (pattern, name);
    // Where to go on after the last star, should what follows it not fit: with one more byte left to the star.
    let mut retry: Option<(&[u8], &[u8])> = None;
    loop {
        if let [b'*', after_star @ ..] = pattern {
            pattern = after_star;
            retry = Some((after_star, name));
            continue;
        }
        let step = match name {
            [] if pattern.is_empty() => return true,
            [] => return false,
            [byte, rest @ ..] => match_one(pattern, *byte).map(|after| (after, rest)),
        };
        match (step, retry) {
            (Some((after, rest)), _) => (pattern, name) = (after, rest),
            (None, Some((after_star, [_, rest @ ..]))) => {
                (pattern, name) = (after_star, rest);
                retry = Some((after_star, rest));
            }
            (None, _) => return false,
        }
    }
}

/// Matches one byte and returns the pattern after what matched it.
fn match_one(pattern: &[u8], byte: u8) -> Option<&[u8]> {
    match pattern {
        [b'?', rest @ ..] => Some(rest),
        [b'[', set @ ..] => {
            let (found, rest) = match_set(set, byte);
            found.then_some(rest)
        }
        [b'\\', literal, rest @ ..] => (*literal == byte).then_some(rest),
        [literal, rest @ ..] => (*literal == byte).then_some(rest),
        [] => None,
    }
}

/// Matches a byte against a set and returns the pattern after the set. A set that never closes ends with the pattern.
fn match_set(set: &[u8], byte: u8) -> (bool, &[u8]) {
    let (negated, mut set) = match set {
        [b'^', rest @ ..] => (true, rest),
        _ => (false, set),
    };
    let mut found = false;
    loop {
        match set {
            [b'\\', literal, rest @ ..] => {
                found |= *literal == byte;
                set = rest;
            }
            [b']', rest @ ..] => return (found != negated, rest),
            [] => return (found != negated, set),
            [low, b'-', high, rest @ ..] => {
                found |= (*low.min(high)..=*low.max(high)).contains(&byte);
                set = rest;
            }
            [literal, rest @ ..] => {
                found |= *literal == byte;
                set = rest;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns_match_as_in_redis() {
        for (pattern, name) in [
            ("*", ""),
            ("*", "abc"),
            ("a*c", "abbbc"),
            ("a?c", "abc"),
            ("h[ae]llo", "hello"),
            ("h[^e]llo", "hallo"),
            ("h[a-c]llo", "hbllo"),
            ("h[c-a]llo", "hbllo"),
            (r"\*", "*"),
            (r"[\]]", "]"),
            ("message_store:*", "message_store:a"),
            ("*a*b*", "xxaxxbxx"),
            ("[ab", "a"),
            (r"a\", r"a\"),
        ] {
            assert!(matches(pattern.as_bytes(), name.as_bytes()), "{pattern} should match {name}");
        }
        for (pattern, name) in [
            ("", "a"),
            ("a", ""),
            ("a?c", "ac"),
            ("h[^e]llo", "hello"),
            (r"\*", "a"),
            ("*a", "ab"),
            ("a*b", "acbd"),
        ] {
            assert!(!matches(pattern.as_bytes(), name.as_bytes()), "{pattern} should not match {name}");
        }
    }

    #[test]
    fn many_stars_do_not_take_forever() {
        let name = vec![b'a'; 2_000];
        let pattern = format!("{}b", "a*".repeat(200));
        assert!(!matches(pattern.as_bytes(), &name));
    }
}
