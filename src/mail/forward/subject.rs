//! Subjects of forwards: "Fwd:", "WG:", "TR:", "RV:".

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::mail::languages::LANGUAGES;

/// The languages in which a prefix forwards and those in which it answers: "VS" forwards in Danish and
/// answers in Finnish.
#[derive(Debug, Default)]
struct Uses {
    forwards: bool,
    answers_in: Vec<String>,
}

static PREFIXES: LazyLock<HashMap<String, Uses>> = LazyLock::new(|| {
    let mut prefixes: HashMap<String, Uses> = HashMap::new();
    for (tag, language) in LANGUAGES.iter() {
        for prefix in &language.forward_prefix {
            prefixes.entry(prefix.clone()).or_default().forwards = true;
        }
        for prefix in &language.reply_prefix {
            prefixes
                .entry(prefix.clone())
                .or_default()
                .answers_in
                .push(tag.clone());
        }
    }
    prefixes
});

/// Whether the subject is that of a forward. `header_line` is the first line of the inner header: its
/// language decides what an ambiguous prefix means.
pub(super) fn is_forward(subject: &str, header_line: Option<&str>) -> bool {
    let subject = subject.trim_start_matches(['[', '(', ' ']);
    let Some(prefix) = subject
        .split([':', '：', '['])
        .next()
        .filter(|prefix| prefix.len() < subject.len())
    else {
        return false;
    };
    if prefix.chars().count() > 30 {
        return false;
    }
    let prefix = prefix.trim().trim_end_matches('.').to_lowercase();
    let Some(uses) = PREFIXES.get(&prefix) else {
        return false;
    };
    let answers =
        header_line.is_some_and(|line| uses.answers_in.iter().any(|tag| is_in(line, tag)));
    uses.forwards && !answers
}

/// The subject without the forward's prefix, where it has one.
pub(super) fn inner(subject: &str) -> Option<&str> {
    is_forward(subject, None).then_some(())?;
    let (_, rest) = subject.split_once([':', '：'])?;
    Some(rest.trim())
}

/// Whether a header line's label is one of that language and not English.
fn is_in(line: &str, tag: &str) -> bool {
    let label = line
        .split([':', '：'])
        .next()
        .unwrap_or_default()
        .trim_matches(['*', ' ', '>'])
        .to_lowercase();
    let named = |tag: &str| {
        LANGUAGES.get(tag).is_some_and(|language| {
            [&language.from, &language.date, &language.subject]
                .into_iter()
                .any(|names| names.contains(&label))
        })
    };
    named(tag) && !named("en")
}
