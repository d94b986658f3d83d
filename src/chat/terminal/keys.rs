//! The short keys by which buttons are pressed and files are saved.
//!
//! Each message with buttons gets a letter, and each of its buttons a number behind it: `a1`, `a2`, then `b1`. A key means
//! the same for the next twenty-five such messages, so that a post that comes while somebody types changes nothing under
//! their fingers.

use std::collections::BTreeMap;

use crate::chat::{ChatFile, PostRef};

/// What a key stands for.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Pick {
    /// A button, or an entry of a list.
    Press {
        /// The action.
        action: String,
        /// The entry that it chooses.
        values: Vec<String>,
        /// The post that it is on.
        post: Option<PostRef>,
    },
    /// A file to be saved.
    Save(ChatFile),
}

/// The keys that mean something now.
#[derive(Debug, Default)]
pub(super) struct Keys {
    next: u8,
    picks: BTreeMap<char, Vec<Pick>>,
}

impl Keys {
    /// Begins a message: a new letter, and what the letter meant before is forgotten.
    pub fn letter(&mut self) -> char {
        let letter = char::from(b'a' + self.next);
        self.next = (self.next + 1) % 26;
        self.picks.remove(&letter);
        letter
    }

    /// Gives the next key of a letter to something.
    pub fn add(&mut self, letter: char, pick: Pick) -> String {
        let picks = self.picks.entry(letter).or_default();
        picks.push(pick);
        format!("{letter}{}", picks.len())
    }

    /// What a key stands for.
    pub fn get(&self, key: &str) -> Option<&Pick> {
        let mut chars = key.chars();
        let letter = chars.next()?.to_ascii_lowercase();
        let number: usize = chars.as_str().parse().ok()?;
        self.picks.get(&letter)?.get(number.checked_sub(1)?)
    }

    /// Whether a word has the shape of a key, be there one or not.
    pub fn is_shaped(word: &str) -> bool {
        let mut chars = word.chars();
        let letter = chars.next().is_some_and(|c| c.is_ascii_alphabetic());
        let number = chars.as_str();
        letter
            && !number.is_empty()
            && number.len() <= 3
            && number.bytes().all(|b| b.is_ascii_digit())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(action: &str) -> Pick {
        Pick::Press {
            action: action.to_owned(),
            values: Vec::new(),
            post: None,
        }
    }

    #[test]
    fn a_key_keeps_its_meaning_until_its_letter_comes_again() {
        let mut keys = Keys::default();
        let first = keys.letter();
        assert_eq!(keys.add(first, press("take")), "a1");
        assert_eq!(keys.add(first, press("note")), "a2");
        for _ in 0..25 {
            let other = keys.letter();
            keys.add(other, press("other"));
        }
        assert_eq!(keys.get("a2"), Some(&press("note")));
        assert_eq!(keys.get("A1"), Some(&press("take")));
        let again = keys.letter();
        keys.add(again, press("new"));
        assert_eq!(keys.get("a1"), Some(&press("new")));
        assert_eq!(keys.get("a2"), None);
        for none in ["a0", "a", "", "1", "äö", "a99"] {
            assert_eq!(keys.get(none), None, "{none}");
        }
    }

    #[test]
    fn words_are_no_keys() {
        assert!(Keys::is_shaped("b12"));
        for word in ["take", "b", "12", "b1x", "TKT-1", "é1"] {
            assert!(!Keys::is_shaped(word), "{word}");
        }
    }
}
