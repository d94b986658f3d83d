//! Addresses in the prose of bounces.

use crate::mail::effort;

/// The first address in a text, without brackets and quotes.
pub(crate) fn first(text: &str) -> Option<String> {
    all(text).next()
}

/// All addresses in a text.
pub(crate) fn all(text: &str) -> impl Iterator<Item = String> {
    spans(text).map(|(_, _, address)| address)
}

/// All addresses in a text, with where they start and end.
pub(crate) fn spans(text: &str) -> impl Iterator<Item = (usize, usize, String)> {
    text.match_indices('@')
        .filter_map(|(at, _)| around(text, at))
}

/// The address around the `@` at that offset.
fn around(text: &str, at: usize) -> Option<(usize, usize, String)> {
    effort::spend(1);
    let (before, after) = text.split_at_checked(at)?;
    let domain_end = after
        .char_indices()
        .skip(1)
        .take(256)
        .find(|(_, c)| !(c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '[' | ']' | ':')))
        .map_or(after.len().min(257), |(end, _)| end);
    let domain = after
        .get(1..domain_end)?
        .trim_end_matches(['.', ':', ',', '-', ']']);
    let local = if before.ends_with('"') {
        let inside = before.strip_suffix('"')?;
        let start = inside.rfind('"')?;
        before.get(start..)?
    } else {
        let start = before
            .char_indices()
            .rev()
            .take(256)
            .find(|(_, c)| !(c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(*c)))
            .map_or(0, |(start, c)| start + c.len_utf8());
        before.get(start..)?.trim_start_matches(['.', '\'', '='])
    };
    let sound = !local.is_empty()
        && local.len() <= 128
        && !domain.is_empty()
        && !domain.starts_with(['.', '-', ':']);
    sound.then(|| {
        (
            at - local.len(),
            at + 1 + domain.len(),
            format!("{local}@{domain}"),
        )
    })
}
