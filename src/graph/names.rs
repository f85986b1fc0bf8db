//! The names of things that a text may hold.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use unicode_segmentation::UnicodeSegmentation;

/// Words of the longest name that is looked for. In scripts without spaces, such as Chinese, a sign is a word.
const MAX_WORDS: usize = 4;
/// How much of one text is looked at, in bytes: who pastes a book says near its beginning what it is about.
const MAX_TEXT_BYTES: usize = 64 << 10;

/// The id of the thing that people call `name`: without white space around it, one space between words, small letters.
pub(super) fn node_id(name: &str) -> String {
    name.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// The ids under which things that `text` names may be kept, the most telling first, `max_ids` at most.
///
/// Each run of words may be a name, and so may whatever stands between two spaces, such as `c++` or an address. A run
/// tells as much as its shortest word, so that `New York` comes before `in the`; words with capitals or digits come first.
/// A name is looked for as [`node_id`] has it, as it stands in the text, and with `_` between its words, as other writers
/// have it.
pub(super) fn ids_in(text: &str, max_ids: usize) -> Vec<String> {
    let text = up_to(text, MAX_TEXT_BYTES);
    let mut names = runs(text);
    names.extend(
        text.split_whitespace().map(without_punctuation).filter(|part| !part.is_empty()).map(Name::single),
    );
    names.sort_by_key(|name| Reverse(name.rank()));
    let mut seen = BTreeSet::new();
    let ids = names.iter().flat_map(Name::ids);
    ids.filter(|id| seen.insert(id.clone())).take(max_ids).collect()
}

struct Name<'a> {
    text: &'a str,
    words: usize,
    shortest_chars: usize,
    all_stand_out: bool,
}

impl<'a> Name<'a> {
    fn single(text: &'a str) -> Self {
        Self { text, words: 1, shortest_chars: text.chars().count(), all_stand_out: stands_out(text) }
    }

    fn rank(&self) -> (bool, usize, usize) {
        (self.all_stand_out, self.shortest_chars, self.words)
    }

    fn ids(&self) -> impl Iterator<Item = String> + use<> {
        let id = node_id(self.text);
        let joined = id.replace(' ', "_");
        [id, self.text.to_owned(), joined].into_iter()
    }
}

/// Every run of up to [`MAX_WORDS`] words with nothing but a space or a hyphen between them.
fn runs(text: &str) -> Vec<Name<'_>> {
    let words: Vec<_> = text.unicode_word_indices().map(|(at, word)| (at, without_genitive(word))).collect();
    let mut runs = Vec::new();
    for (first, &(start, _)) in words.iter().enumerate() {
        let mut end = start;
        let (mut shortest_chars, mut all_stand_out) = (usize::MAX, true);
        for (count, &(at, word)) in words.iter().skip(first).take(MAX_WORDS).enumerate() {
            let is_joined =
                text.get(end..at).is_some_and(|gap| gap.chars().all(|sign| matches!(sign, ' ' | '-')));
            if !is_joined {
                break;
            }
            end = at + word.len();
            shortest_chars = shortest_chars.min(word.chars().count());
            all_stand_out &= stands_out(word);
            let Some(text) = text.get(start..end) else { break };
            runs.push(Name { text, words: count + 1, shortest_chars, all_stand_out });
        }
    }
    runs
}

fn stands_out(word: &str) -> bool {
    word.chars().any(|sign| sign.is_uppercase() || sign.is_numeric())
}

/// Without what stands around a name in a sentence; `c++` and `#42` keep their signs.
fn without_punctuation(part: &str) -> &str {
    part.trim_matches(|sign: char| !sign.is_alphanumeric() && !"+#@_".contains(sign))
}

/// `Alice's` speaks of `Alice`.
fn without_genitive(word: &str) -> &str {
    word.strip_suffix("'s").or_else(|| word.strip_suffix("’s")).unwrap_or(word)
}

fn up_to(text: &str, max_bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(max_bytes)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_the_same_however_the_name_is_written() {
        for name in ["Green Tea", " green  tea ", "GREEN\ntea"] {
            assert_eq!(node_id(name), "green tea");
        }
    }

    #[test]
    fn names_come_before_what_stands_between_them() {
        let ids = ids_in("Does Alice's sister live in New York?", 100);
        let at =
            |id: &str| ids.iter().position(|found| found == id).unwrap_or_else(|| panic!("{id}: {ids:?}"));
        for name in ["alice", "Alice", "new york", "New York", "new_york"] {
            assert!(at(name) < at("sister"), "{name}: {ids:?}");
        }
        assert!(at("sister") < at("live in"), "{ids:?}");
        assert!(!ids.iter().any(|id| id.contains('?')), "{ids:?}");
    }

    #[test]
    fn words_that_something_parts_are_no_name() {
        let ids = ids_in("Tea. Coffee, cake\nmilk; jean-luc", 100);
        for id in ["tea", "coffee", "cake", "milk", "jean-luc"] {
            assert!(ids.iter().any(|found| found == id), "{id}: {ids:?}");
        }
        assert!(!ids.iter().any(|id| id.contains("tea ") || id.contains("cake\n")), "{ids:?}");
    }

    #[test]
    fn a_name_may_hold_signs() {
        let ids = ids_in("(Is C++ in src/graph.rs, ann@example.org?)", 100);
        for id in ["c++", "C++", "src/graph.rs", "ann@example.org"] {
            assert!(ids.iter().any(|found| found == id), "{id}: {ids:?}");
        }
    }

    #[test]
    fn names_are_found_where_words_are_not_parted_by_spaces() {
        let ids = ids_in("私は東京大学の学生です", 100);
        for id in ["東京", "東京大学", "学生"] {
            assert!(ids.iter().any(|found| found == id), "{id}: {ids:?}");
        }
    }

    #[test]
    fn no_text_gives_more_than_it_may() {
        let long = "lorem Ipsum 7 ".repeat(100_000);
        let many: String = (0..100_000).map(|n| format!("word{n} ")).collect();
        for text in [long.as_str(), &many, &"é".repeat(100_000), &"\u{0}".repeat(10_000), "", "?!…", "😀😀"]
        {
            assert!(ids_in(text, 100).len() <= 100);
        }
        assert_eq!(ids_in(&many, 7).len(), 7);
    }
}
