//! Single values of a file, and what is said about those that cannot be used.

use toml::Spanned;
use toml::de::DeValue;

use super::document::Report;
use super::problem::{Fault, KeyPath, listed, nearest, shown};
use super::schema::{Kind, Section};
use super::value;

/// Reports a key that the section does not have.
pub(super) fn unknown_key(
    report: &Report<'_>,
    section: &Section,
    at: &KeyPath,
    name: &str,
    span: std::ops::Range<usize>,
) {
    let names: Vec<&str> = section.keys.iter().map(|key| key.name).collect();
    let hint = match nearest(name, &names) {
        Some(meant) => format!("Did you mean `{meant}`?"),
        None => format!("The keys here are {}.", listed(&names)),
    };
    let fault = Fault::new(at.key(name), "This key is unknown.", hint);
    report.add_at(fault, span);
}

/// A text of the kind that the key wants. Text of the wrong form is reported and given all the same, so that what refers
/// to it is not reported as well.
pub(super) fn one_text(
    report: &Report<'_>,
    kind: Kind,
    at: &KeyPath,
    value: &Spanned<DeValue<'_>>,
) -> Option<String> {
    let DeValue::String(text) = value.get_ref() else {
        wrong_type(report, at.clone(), value, "text in quotes");
        return None;
    };
    if let Kind::Choice(words) = kind {
        if !words.iter().any(|(word, _)| word == text) {
            let all: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            let what = format!(
                "`{}` is not one of the values that may stand here.",
                shown(text)
            );
            let meant = nearest(text, &all)
                .map(|word| format!("Did you mean `{word}`? "))
                .unwrap_or_default();
            let hint = format!("{meant}The values are {}.", listed(&all));
            report.add(Fault::new(at.clone(), what, hint));
            return None;
        }
    } else if let Err((what, hint)) = value::check(kind, text) {
        report.add(Fault::new(at.clone(), what, hint));
    }
    Some(text.to_string())
}

/// Says which type stands there, never the value: it may be a secret at the wrong place.
pub(super) fn wrong_type(
    report: &Report<'_>,
    at: KeyPath,
    value: &Spanned<DeValue<'_>>,
    want: &str,
) {
    let is = match value.get_ref() {
        DeValue::String(_) => "text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number with a point",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date or time without quotes",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    };
    let fault = Fault::new(
        at,
        format!("{} stands here.", capital(is)),
        format!("Write {want}."),
    );
    report.add(fault);
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars
        .next()
        .map(|first| first.to_uppercase().collect::<String>() + chars.as_str())
        .unwrap_or_default()
}

/// Says the range of a number.
pub(super) fn range(min: u64, max: u64, unit: &str) -> String {
    let unit = if unit.is_empty() {
        String::new()
    } else {
        format!(" {unit}")
    };
    format!("It goes from {min} to {max}{unit}.")
}

/// Says what would stand at a missing key, where its kind tells more than its meaning.
pub(super) fn expected(kind: Kind, at: &KeyPath) -> String {
    match kind {
        Kind::Choice(words) => {
            let all: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            format!("The values are {}.", listed(&all))
        }
        Kind::Secret { .. } => super::secret::HOW.to_owned(),
        Kind::Table(_) => format!("It begins with a line [{}].", at.header()),
        Kind::Tables(_) => format!("Each entry begins with a line [[{}]].", at.header()),
        _ => String::new(),
    }
}
