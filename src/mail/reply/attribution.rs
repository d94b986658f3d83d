//! The line above a quote: "On Tue, 3 Jan 2023 at 10:00, Ann <ann@example.org> wrote:".

mod person;

use std::collections::HashMap;
use std::sync::LazyLock;

use regex::Regex;

use super::lines::{Line, bare, is_blank_char};
use crate::mail::{effort, languages};

pub(crate) use person::parts;

/// Lines that an attribution may be wrapped over.
const MOST_LINES: usize = 6;
/// Bytes that it may have.
const LONGEST: usize = 500;
/// Lines with a colon at the end that it may be wrapped over.
const MOST_COLONS: usize = 2;
/// Places in a line at which an attribution may begin that are tried, the last ones first.
const MOST_BEGINNINGS: usize = 8;

/// The words that attributions begin with, by their first character.
static STARTS: LazyLock<HashMap<char, Vec<String>>> = LazyLock::new(|| {
    let mut by_start: HashMap<char, Vec<String>> = HashMap::new();
    for phrase in languages::phrases(|language| &language.attribution_start) {
        if let Some(first) = phrase.chars().next() {
            by_start.entry(first).or_default().push(phrase);
        }
    }
    by_start
});
static QUOTING: LazyLock<Vec<String>> =
    LazyLock::new(|| languages::phrases(|language| &language.quoting));
static VERBS: LazyLock<Vec<String>> =
    LazyLock::new(|| languages::phrases(|language| &language.attribution_verb));

/// The verbs by their last character, so that few are compared.
static VERBS_BY_END: LazyLock<HashMap<char, Vec<&'static str>>> = LazyLock::new(|| {
    let mut by_end: HashMap<char, Vec<&str>> = HashMap::new();
    for verb in VERBS.iter() {
        if let Some(last) = verb.chars().next_back() {
            by_end.entry(last).or_default().push(verb);
        }
    }
    by_end
});

/// Characters that are more than any verb has.
const LONGEST_VERB: usize = 60;

/// A time of day or a date in figures, in the forms that clients write.
static MOMENT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?x)
        \d{1,2} \s? [:h] \s? \d{2} \b | \d{1,2}\.\d{2} (?:\.\d{2})? \b [^.\d]
        | \b (?:19|20)\d{2} [-/.] \s?\d{1,2} [-/.] \s?\d{1,2}
        | \b \d{1,2} [-/.] \s?\d{1,2} [-/.] \s?(?:19|20)?\d{2} \b
        | \d{4}\s?年 | \d{4}\s?년
        | \b \d{1,2} [.\s-]* \p{L}+ [.,\s-]* (?:de\ )? (?:19|20)\d{2} \b
        | \p{L}+ \.? \s \d{1,2} (?:st|nd|rd|th)? ,? \s (?:19|20)\d{2} \b
        ",
    )
    .ok()
});

fn has_moment(text: &str) -> bool {
    effort::spend(text.len());
    MOMENT.as_ref().is_some_and(|regex| regex.is_match(text))
}

/// The attribution that starts at line `start`: the index after its last line.
pub(crate) fn at(lines: &[Line<'_>], start: usize) -> Option<usize> {
    let first = lines.get(start)?;
    let text = bare(&first.text);
    if text.is_empty() || text.len() > LONGEST || text.starts_with('>') {
        return None;
    }
    if holds(text, followed_by_quote(lines, start + 1)) {
        return Some(start + 1);
    }
    let named = begins_with_name(lines, start, text);
    if !may_begin(text) && !named {
        return None;
    }
    let mut joined = text.to_owned();
    let mut colons = usize::from(ends_with_colon(text));
    for (index, line) in lines.iter().enumerate().skip(start + 1).take(MOST_LINES) {
        let text = bare(&line.text);
        if text.is_empty() && ends_with_colon(&joined) {
            return None;
        }
        if text.starts_with('>') && !ends_wrapped(text) {
            return None;
        }
        if !named && holds(text, false) && may_begin(text) {
            return None;
        }
        joined.push(' ');
        joined.push_str(text);
        if joined.len() > LONGEST {
            return None;
        }
        if text.is_empty() {
            continue;
        }
        let quoted = followed_by_quote(lines, index + 1);
        if holds(&joined, quoted) && (!named || quoted || has_moment(&joined)) {
            return Some(index + 1);
        }
        if named && index > start + 1 {
            return None;
        }
        // Most attributions end at their first colon; a date in brackets may come after one.
        colons += usize::from(ends_with_colon(text));
        if colons >= MOST_COLONS {
            return None;
        }
    }
    None
}

/// Whether the line is the beginning of an attribution that names the person first, and was wrapped behind the name or
/// the address: "Ann Example <ann@example.org> ezt írta (időpont: 2023. jan. 3., K,". It begins a paragraph.
fn begins_with_name(lines: &[Line<'_>], start: usize, text: &str) -> bool {
    let above = start.checked_sub(1).and_then(|above| lines.get(above));
    if !above.is_none_or(Line::is_blank)
        || !text.starts_with(|c: char| c.is_alphanumeric() || c == '"')
    {
        return false;
    }
    let has_address = text.contains(" <") && text.contains('@');
    let below = lines.get(start + 1).map(|line| bare(&line.text));
    let address_below = below.is_some_and(|below| below.starts_with('<') && below.contains('@'));
    let name_alone = text.chars().count() <= 60 && !text.ends_with(['.', '!', '?', ',', ':', ';']);
    (has_address && !ends_with_colon(text)) || (address_below && name_alone)
}

fn ends_with_colon(text: &str) -> bool {
    text.trim_end().ends_with([':', '：'])
}

/// A wrapped address leaves its closing bracket at the start of the last line: `> wrote:`.
fn ends_wrapped(text: &str) -> bool {
    let rest = bare(text.trim_start_matches('>'));
    rest.len() <= 40 && rest.ends_with([':', '：'])
}

fn followed_by_quote(lines: &[Line<'_>], from: usize) -> bool {
    lines
        .iter()
        .skip(from)
        .take(8)
        .find(|line| !line.is_blank())
        .is_some_and(Line::is_quoted)
}

/// Whether the text is a whole attribution. `quoted` says that a quote follows.
pub(crate) fn holds(text: &str, quoted: bool) -> bool {
    let text = bare(text);
    let dashed = text.starts_with("---") || text.ends_with("---");
    let core = text.trim_matches(|c: char| is_blank_char(c) || matches!(c, '-' | '*' | '_' | '—'));
    let colon = core.ends_with([':', '：']);
    let core = core.trim_end_matches(|c: char| is_blank_char(c) || matches!(c, ':' | '：' | '*'));
    if core.is_empty() || core.len() > LONGEST {
        return false;
    }
    effort::spend(core.len());
    let address = core.contains('@');
    if !colon && !dashed {
        return is_old_gmail(core) || is_without_colon(core);
    }
    let lower = core.to_lowercase();
    if ends_with_verb(&lower) {
        return quoted
            || dashed
            || address
            || has_moment(&lower)
            || (starts_like_one(&lower) && digits(&lower) >= 3);
    }
    if !colon {
        return false;
    }
    if (address || quoted)
        && QUOTING
            .iter()
            .any(|phrase| begins_with_word(&lower, phrase))
    {
        return true;
    }
    let moment = has_moment(&lower);
    let last = core.split_whitespace().next_back().unwrap_or_default();
    (moment
        && has_verb(&lower)
        && (address
            || quoted
            || starts_like_one(&lower)
            || begins_with_date(&lower)
            || ends_with_moment(core)))
        || (moment
            && address
            && (core.ends_with(['>', ')', ']']) || last.contains('@') || quoted)
            && begins_with_date(&lower))
}

/// Whether date and time stand at the end, with no more than a zone behind them.
fn ends_with_moment(core: &str) -> bool {
    person::date_span(core).is_some_and(|(_, end)| core.len() - end <= 12)
}

fn begins_with_word(lower: &str, phrase: &str) -> bool {
    let rest = lower.strip_prefix(phrase);
    rest.is_some_and(|rest| rest.starts_with(char::is_whitespace) || !phrase.is_ascii())
}

/// Gmail before 2013: "2011/4/7 Ann Example <ann@example.org>", without a colon.
fn is_old_gmail(core: &str) -> bool {
    core.ends_with('>')
        && core.contains('@')
        && core.starts_with(|c: char| c.is_ascii_digit())
        && core
            .get(..10.min(core.len()))
            .is_some_and(|head| head.contains(['/', '-', '.']))
        && has_moment(core)
}

/// Zoho Mail: "On Wed, 14 Nov 2018 08:14:43 -0200 Ann <ann@example.org> wrote", without a colon.
fn is_without_colon(core: &str) -> bool {
    if !core.contains('@') {
        return false;
    }
    let at = core.char_indices().rev().nth(LONGEST_VERB);
    let end = at.and_then(|(at, _)| core.get(at..)).unwrap_or(core);
    if !ends_with_verb(&end.to_lowercase()) {
        return false;
    }
    let lower = core.to_lowercase();
    begins_with_date(&lower) && has_moment(&lower)
}

fn digits(text: &str) -> usize {
    text.chars().filter(|c| c.is_numeric()).count()
}

/// Whether it begins with a date: a figure or a short word (a weekday), and a moment soon after.
fn begins_with_date(lower: &str) -> bool {
    let head: String = lower.chars().take(48).collect();
    let early = head.chars().take(24).any(char::is_numeric);
    early && (starts_like_one(lower) || has_moment(&head))
}

/// Whether it begins with a word that attributions begin with.
fn starts_like_one(lower: &str) -> bool {
    let first = lower.chars().next();
    let starts = first.and_then(|first| STARTS.get(&first));
    starts.into_iter().flatten().any(|start| {
        lower.strip_prefix(start.as_str()).is_some_and(|rest| {
            rest.starts_with(|c: char| c.is_whitespace() || c.is_numeric() || c == ',')
                || !start.is_ascii()
        })
    })
}

/// Bytes that a beginning has which says enough for itself: "wiadomość napisana przez".
const TELLING: usize = 16;

/// Whether it begins with words that no other text begins with.
fn starts_tellingly(lower: &str) -> bool {
    let first = lower.chars().next();
    let starts = first.and_then(|first| STARTS.get(&first));
    let mut telling = starts
        .into_iter()
        .flatten()
        .filter(|start| start.len() >= TELLING);
    telling.any(|start| begins_with_word(lower, start))
}

/// Whether an attribution that is wrapped over several lines may begin with this one.
fn may_begin(text: &str) -> bool {
    let head: String = text.chars().take(48).collect::<String>().to_lowercase();
    let head = head.trim_start_matches(|c: char| is_blank_char(c) || matches!(c, '-' | '*'));
    if !head.chars().take(44).any(char::is_numeric) {
        return starts_tellingly(head);
    }
    starts_like_one(head) || head.starts_with(char::is_numeric) || has_moment(head)
}

/// Whether the lower-case text ends with a verb of writing. Verbs of scripts without spaces need no
/// blank before them.
fn ends_with_verb(lower: &str) -> bool {
    let last = lower.chars().next_back();
    let verbs = last.and_then(|last| VERBS_BY_END.get(&last));
    verbs.into_iter().flatten().any(|verb| {
        lower.strip_suffix(verb).is_some_and(|before| {
            before.is_empty()
                || before.ends_with(|c: char| !c.is_alphanumeric())
                || !verb.starts_with(|c: char| c.is_alphabetic() && c.len_utf8() < 3)
        })
    })
}

/// Whether a verb of writing stands in the middle: "Am 3.1.2023 um 10:00 schrieb Ann:".
fn has_verb(lower: &str) -> bool {
    VERBS.iter().any(|verb| {
        lower
            .match_indices(verb.as_str())
            .take(4)
            .any(|(at, found)| {
                let before = lower.get(..at).and_then(|text| text.chars().next_back());
                let after = lower
                    .get(at + found.len()..)
                    .and_then(|text| text.chars().next());
                let wide = verb.chars().next().is_some_and(|c| c.len_utf8() >= 3);
                let apart = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
                let inside = before.is_some() || verb.contains(' ');
                wide || (inside && apart(before) && apart(after))
            })
    })
}

/// Whether the line itself begins like an attribution.
pub(crate) fn begins(text: &str) -> bool {
    let head: String = bare(text)
        .chars()
        .take(48)
        .collect::<String>()
        .to_lowercase();
    starts_like_one(&head) || head.starts_with(char::is_numeric)
}

/// Where an attribution starts within a line that begins with other words, as clients that eat line
/// ends leave it: "Fine with me On Tue, 3 Jan 2023, Ann wrote:".
pub(crate) fn inside(text: &str) -> Option<usize> {
    if text.len() > LONGEST * 2 || !bare(text).ends_with([':', '：']) {
        return None;
    }
    text.match_indices(' ')
        .map(|(at, _)| at + 1)
        .filter(|&at| {
            let rest = text.get(at..).unwrap_or_default();
            rest.starts_with(char::is_uppercase)
                && may_begin(rest)
                && starts_like_one(&rest.chars().take(48).collect::<String>().to_lowercase())
        })
        .rev()
        .take(MOST_BEGINNINGS)
        .find(|&at| text.get(at..).is_some_and(|rest| holds(rest, false)))
}
