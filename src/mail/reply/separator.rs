//! Lines that divide a message from an earlier one: "-----Original Message-----".

use std::collections::HashMap;
use std::sync::LazyLock;

use regex::Regex;

use super::lines::{bare, is_blank_char};
use crate::mail::{effort, languages};

/// What such a line announces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Separator {
    /// The message that is answered.
    Original,
    /// A forwarded message.
    Forwarded,
}

/// The phrases by their first character, so that few are compared; those of forwards come first, the longest of
/// each kind before the others.
static PHRASES: LazyLock<HashMap<char, Vec<(String, Separator)>>> = LazyLock::new(|| {
    let forwarded = languages::phrases(|language| &language.forwarded_message);
    let original = languages::phrases(|language| &language.original_message);
    let forwarded = forwarded
        .into_iter()
        .map(|phrase| (phrase, Separator::Forwarded));
    let original = original
        .into_iter()
        .map(|phrase| (phrase, Separator::Original));
    let mut by_start: HashMap<char, Vec<(String, Separator)>> = HashMap::new();
    for (phrase, separator) in forwarded.chain(original) {
        if let Some(first) = phrase.chars().next() {
            by_start.entry(first).or_default().push((phrase, separator));
        }
    }
    by_start
});

/// Bytes that the shortest line has which asks to write above it.
const SHORTEST_REQUEST: usize = 8;

static ABOVE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let phrases = languages::phrases(|language| &language.reply_above);
    let escaped: Vec<String> = phrases.iter().map(|phrase| regex::escape(phrase)).collect();
    Regex::new(&format!("(?i){}", escaped.join("|"))).ok()
});

fn is_rule_char(c: char) -> bool {
    matches!(c, '-' | '_' | '=' | '*' | '—' | '–' | '─' | '~' | '#' | '+')
}

/// Whether the line is nothing but a rule.
pub(crate) fn is_rule(text: &str) -> bool {
    let text = bare(text);
    text.chars().count() >= 3 && text.chars().all(|c| is_rule_char(c) || c == ' ')
}

/// Reads a line as a separator; gives back what stands after it on the same line.
pub(crate) fn read(text: &str) -> Option<(Separator, &str)> {
    effort::spend(text.len().min(80));
    let text = bare(text);
    let text = bare(text.strip_prefix('>').unwrap_or(text));
    let core = text.trim_start_matches(|c: char| is_rule_char(c) || is_blank_char(c));
    let ruled = text.len() - core.len() >= 2;
    if !ruled && !text.contains([':', '：']) {
        return None;
    }
    let head: String = core.chars().take(80).collect::<String>().to_lowercase();
    let phrases = PHRASES.get(&head.chars().next()?)?;
    phrases.iter().find_map(|(phrase, separator)| {
        after(core, &head, phrase, ruled).map(|rest| (*separator, rest))
    })
}

/// What follows the phrase, if the phrase is set off as clients do it: by dashes around it, or alone
/// with a colon.
fn after<'a>(core: &'a str, head: &str, phrase: &str, ruled: bool) -> Option<&'a str> {
    head.strip_prefix(phrase)?;
    let length = phrase.chars().count();
    // Lower-casing may change lengths (İ): count characters of the original.
    let rest = core
        .char_indices()
        .nth(length)
        .map_or("", |(at, _)| core.get(at..).unwrap_or_default());
    let end = rest.trim_start_matches(|c: char| {
        is_blank_char(c) || is_rule_char(c) || matches!(c, ':' | '：')
    });
    let between = rest.len() - end.len();
    let set_off = rest.get(..between).unwrap_or_default();
    let closed = set_off.contains("--") || set_off.contains("==") || set_off.contains("__");
    let alone = end.is_empty() && (ruled || set_off.contains([':', '：']));
    ((ruled && closed) || alone).then_some(end)
}

/// Whether the line asks to write above it.
pub(crate) fn asks_above(text: &str) -> bool {
    let text = bare(text);
    if !(SHORTEST_REQUEST..=300).contains(&text.len()) {
        return false;
    }
    effort::spend(text.len());
    ABOVE.as_ref().is_some_and(|phrases| phrases.is_match(text))
}
