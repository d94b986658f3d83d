//! Whom and which moment an attribution names.

use std::sync::LazyLock;

use regex::Regex;

use super::VERBS;
use crate::mail::bounce::address;
use crate::mail::reply::lines::{bare, is_blank_char};

/// The person and the moment that an attribution names, as written.
pub(crate) fn parts(text: &str) -> (Option<String>, Option<String>) {
    let text = bare(text);
    let core = text.trim_end_matches(|c: char| is_blank_char(c) || matches!(c, ':' | '：'));
    let date = date_span(core);
    let Some((start, end, _)) = address::spans(core).next() else {
        return (
            None,
            date.and_then(|(from, to)| core.get(from..to))
                .map(|date| bare(date).to_owned()),
        );
    };
    let before = core.get(..start).unwrap_or_default();
    // The name stands between the moment (or the verb) and the address.
    let name_from = match date {
        Some((_, to)) if to <= start => to,
        _ => 0,
    };
    let name = before.get(name_from..).unwrap_or_default();
    let name =
        name.trim_matches(|c: char| is_blank_char(c) || matches!(c, '<' | '(' | '[' | ',' | ';'));
    let name = match name
        .rfind('"')
        .and_then(|close| name.get(..close))
        .and_then(|inside| inside.rfind('"').map(|open| (open, inside)))
    {
        Some((open, inside)) => inside.get(open + 1..).unwrap_or_default().to_owned(),
        None => without_verb(name),
    };
    let address = core.get(start..end).unwrap_or_default();
    let person = if name.is_empty() {
        address.to_owned()
    } else {
        format!("{name} <{address}>")
    };
    (
        Some(person),
        date.and_then(|(from, to)| core.get(from..to))
            .map(|date| bare(date).to_owned()),
    )
}

/// Where the moment stands: from the first figure of the line (outside of the address) to the time.
pub(super) fn date_span(core: &str) -> Option<(usize, usize)> {
    let regex = MOMENT_SPAN.as_ref()?;
    let found = regex.find(core)?;
    Some((found.start(), found.end()))
}

static MOMENT_SPAN: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?x) \d{1,4} [-/.\s年] .{0,40}? \d{1,2}\s?[:.h時点]\s?\d{2} (?: [:.]\d{2} )? (?: \s? [AaPp]\.?[Mm]\.? )? (?: \s (?: UTC | GMT ) [+-]?\d* )?").ok()
});

/// A name without the verbs and linking words that stand before it in some languages ("schrieb", "heeft").
fn without_verb(name: &str) -> String {
    let words: Vec<&str> = name.split_whitespace().collect();
    let linking = words.iter().rposition(|word| {
        let lower = word.to_lowercase();
        VERBS.contains(&lower)
            || matches!(
                lower.as_str(),
                "heeft"
                    | "użytkownik"
                    | "uživatel"
                    | "o"
                    | "oseba"
                    | "utilisateur"
                    | "ο"
                    | "χρήστης"
            )
    });
    words
        .get(linking.map_or(0, |index| index + 1)..)
        .unwrap_or_default()
        .join(" ")
}
