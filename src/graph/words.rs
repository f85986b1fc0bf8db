//! The words by which nodes are found, of nodes and of what is said.

use std::collections::BTreeSet;

use super::names::ids_in;

/// The most words by which one node is found: the longest of its name and content, which tell the most.
pub const MAX_NODE_WORDS: usize = 20;

/// The most words of a text that a search goes by, the longest too.
pub const MAX_SEARCH_WORDS: usize = 10;

/// Shorter words tell too little, but for those of scripts that need few letters.
const MIN_BYTES: usize = 3;

/// Longer words are cut.
const MAX_CHARS: usize = 40;

/// The most names that a text may mean: one batch read holds them, and nodes that were found by words.
const MAX_NAMES: usize = 60;

/// A name in a sentence is hardly longer.
const MAX_NAME_BYTES: usize = 256;

/// English words that stand in every other sentence.
const COMMON: &[&str] = &[
    "about", "all", "and", "any", "are", "but", "can", "could", "did", "does", "for", "from", "had", "has",
    "have", "her", "his", "how", "its", "not", "now", "our", "please", "she", "should", "some", "tell",
    "than", "that", "the", "their", "them", "then", "there", "these", "they", "this", "was", "were", "what",
    "when", "where", "which", "who", "why", "will", "with", "would", "you", "your",
];

/// The words by which a node is found.
#[must_use]
pub fn of_node(id: &str, content: &str) -> BTreeSet<String> {
    let mut words = split(id).collect::<BTreeSet<_>>();
    words.extend(split(content));
    longest(words, MAX_NODE_WORDS)
}

/// The words of what is said.
#[must_use]
pub fn of_text(text: &str) -> BTreeSet<String> {
    longest(split(text).collect(), MAX_SEARCH_WORDS)
}

/// The names of nodes that a text may mean: itself, and the most telling runs of its words, as they are written and in small
/// letters.
#[must_use]
pub fn names_in(text: &str) -> BTreeSet<String> {
    let mut names: BTreeSet<_> = ids_in(text, MAX_NAMES - 2).into_iter().collect();
    let text = text.trim();
    if !text.is_empty() && text.len() <= MAX_NAME_BYTES {
        names.extend([text.to_owned(), text.to_lowercase()]);
    }
    names
}

fn split(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric())
        .map(|word| word.to_lowercase().chars().take(MAX_CHARS).collect::<String>())
        .filter(|word| word.len() >= MIN_BYTES && COMMON.binary_search(&word.as_str()).is_err())
}

fn longest(words: BTreeSet<String>, most: usize) -> BTreeSet<String> {
    let mut words: Vec<_> = words.into_iter().collect();
    words.sort_by_key(|word| std::cmp::Reverse(word.chars().count()));
    words.truncate(most);
    words.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_small_telling_and_few() {
        let words: Vec<_> = of_node("sky", "The sky is BLUE on clear days, isn't it?").into_iter().collect();
        assert_eq!(words, ["blue", "clear", "days", "isn", "sky"]);
        assert!(COMMON.is_sorted());
        let many: String = (0..100).map(|number| format!("word{number} ")).collect();
        assert_eq!(of_node("n", &many).len(), MAX_NODE_WORDS);
        assert_eq!(of_text(&many).len(), MAX_SEARCH_WORDS);
        let long = "x".repeat(1_000);
        assert_eq!(of_text(&long).into_iter().map(|word| word.len()).collect::<Vec<_>>(), [MAX_CHARS]);
        assert_eq!(of_text("今日は 猫").into_iter().collect::<Vec<_>>(), ["今日は", "猫"]);
        assert!(of_text("?! \u{1f600} a b c").is_empty());
    }

    #[test]
    fn names_stand_as_they_are_written_too() {
        let names = names_in("What does Anna-Lena drink?");
        for name in ["Anna-Lena", "anna-lena", "drink", "What does Anna-Lena drink?"] {
            assert!(names.contains(name), "{name}: {names:?}");
        }
        assert!(names_in("  ").is_empty());
    }
}
