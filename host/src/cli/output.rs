//! What goes to standard output and standard error. A reader that went away is no failure of ours.

use std::io::Write;

use serde::Serialize;
use serde_json::json;

use super::failure::Failure;

/// How results are printed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Output {
    /// JSON, one object a line.
    pub(super) json: bool,
}

impl Output {
    /// Prints a piece of text at once.
    pub(super) fn text(self, text: &str) {
        let mut stdout = std::io::stdout().lock();
        let _ = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
    }

    /// Prints a value as JSON: on one line with `--json`, else for a person to read.
    pub(super) fn value(self, value: &impl Serialize) {
        if let Ok(line) = serde_json::to_string(value) {
            let text = if self.json { line } else { indented(&line) };
            self.text(&(text + "\n"));
        }
    }

    /// Tells a person beside the output what is going on; says nothing with `--json`.
    pub(super) fn note(self, text: &str) {
        if !self.json {
            let _ = writeln!(std::io::stderr(), "{text}");
        }
    }

    /// Tells what went wrong.
    pub(super) fn error(self, failure: &Failure) {
        if self.json {
            self.value(&json!({"event": "error", "error": failure}));
        } else {
            let _ = writeln!(std::io::stderr(), "error: {}", failure.text());
        }
    }
}

/// JSON text, indented. Only white space between its tokens changes: numbers of any length stay as they are, also where
/// the text comes from elsewhere.
fn indented(json: &str) -> String {
    let mut text = String::with_capacity(json.len() * 2);
    let mut depth: usize = 0;
    let mut chars = json.chars().peekable();
    let new_line = |text: &mut String, depth| {
        text.push('\n');
        text.extend(std::iter::repeat_n("  ", depth));
    };
    while let Some(c) = chars.next() {
        match c {
            '"' => {
                text.push(c);
                while let Some(c) = chars.next() {
                    text.push(c);
                    match c {
                        '\\' => text.extend(chars.next()),
                        '"' => break,
                        _ => {}
                    }
                }
            }
            '{' | '[' => {
                text.push(c);
                while chars.next_if(|next| next.is_ascii_whitespace()).is_some() {}
                match chars.next_if(|next| matches!(next, '}' | ']')) {
                    Some(end) => text.push(end),
                    None => {
                        depth += 1;
                        new_line(&mut text, depth);
                    }
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                new_line(&mut text, depth);
                text.push(c);
            }
            ',' => {
                text.push(c);
                new_line(&mut text, depth);
            }
            ':' => text.push_str(": "),
            c if c.is_ascii_whitespace() => {}
            c => text.push(c),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indenting_changes_nothing_but_white_space() {
        let value = json!({"a": [], "b": {}, "c": [1, -2.5e300, {"d": "x, {y}: \"z\" \\"}], "e": null, "é": [[true]]});
        let pretty = serde_json::to_string_pretty(&value).unwrap();
        assert_eq!(indented(&value.to_string()), pretty);
        assert_eq!(indented(&pretty), pretty);
        let long = r#"[123456789012345678901234567890,"\ud800"]"#;
        assert_eq!(indented(long), "[\n  123456789012345678901234567890,\n  \"\\ud800\"\n]");
    }
}
