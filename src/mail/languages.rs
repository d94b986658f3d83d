//! The phrases that clients and servers write in their users' languages, from `languages.toml`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

/// What one language contributes. All phrases are lower case; see the head of `languages.toml`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Language {
    /// Starts of attribution lines: "on", "am", "le".
    pub attribution_start: Vec<String>,
    /// Verbs of attribution lines: "wrote", "schrieb", "a écrit".
    pub attribution_verb: Vec<String>,
    /// Starts of attribution lines that name a person and nothing else: "quoting", "zitat von".
    pub quoting: Vec<String>,
    /// Names of the author field in a quoted header.
    pub from: Vec<String>,
    /// Names of the date field.
    pub date: Vec<String>,
    /// Names of the recipient field.
    pub to: Vec<String>,
    /// Names of the copy field.
    pub cc: Vec<String>,
    /// Names of the subject field.
    pub subject: Vec<String>,
    /// Names of the Reply-To field.
    pub reply_to: Vec<String>,
    /// Names of fields that say nothing of who wrote when to whom.
    pub other_field: Vec<String>,
    /// What stands between dashes above the earlier message of a reply.
    pub original_message: Vec<String>,
    /// What stands above a forwarded message.
    pub forwarded_message: Vec<String>,
    /// Prefixes of forwarded subjects.
    pub forward_prefix: Vec<String>,
    /// Prefixes of replied subjects.
    pub reply_prefix: Vec<String>,
    /// "Sent from my …": what such a line starts with.
    pub sent_from: Vec<String>,
    /// Subjects of absence notes.
    pub vacation: Vec<String>,
    /// Words that make an absence note only before the subject that is answered.
    pub vacation_before_reply: Vec<String>,
    /// What subjects of bounces contain.
    pub bounce: Vec<String>,
    /// What only the text of bounces contains.
    pub bounce_body: Vec<String>,
    /// What subject or text of a bounce contains when the message is only delayed.
    pub bounce_delay: Vec<String>,
    /// The line above which a ticket system asks to write.
    pub reply_above: Vec<String>,
}

/// All languages by their BCP 47 tag.
pub(crate) static LANGUAGES: LazyLock<BTreeMap<String, Language>> = LazyLock::new(|| {
    // The file is part of the program; a test holds that it can be read.
    toml::from_str(include_str!("languages.toml")).unwrap_or_default()
});

/// The phrases of one kind in all languages, longest first.
pub(crate) fn phrases(kind: impl Fn(&Language) -> &Vec<String>) -> Vec<String> {
    let mut all: Vec<String> = LANGUAGES
        .values()
        .flat_map(|language| kind(language).clone())
        .collect();
    all.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
    all.dedup();
    all
}

/// A text in the lower case that the phrases are written in: a Turkish `İ` is an `i`, as its speakers see it, and not
/// one with a dot more.
pub(crate) fn lower(text: &str) -> String {
    let mut lower = text.to_lowercase();
    if lower.contains('\u{307}') {
        lower = lower.replace("i\u{307}", "i");
    }
    lower
}
