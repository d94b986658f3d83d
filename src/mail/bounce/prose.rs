//! Bounces of servers that send no delivery report, read from their prose.
//!
//! They share a shape: words that something failed, the address (alone on a line, or in the words of
//! the remote server), what the remote server said, and the returned message below.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::whom::{self, MOST, find_ignoring_case};
use super::{address, report, returned, settle, status};
use crate::mail::languages;
use crate::mail::message::{BouncedRecipient, EnvelopeSender, ParsedMail};
use crate::mail::parse::Parsed;
use crate::mail::reply::lines::bare;

/// Bytes of prose that are read; a returned message may be long.
const LONGEST: usize = 64 << 10;

/// Bytes of it that are read for one recipient.
const LONGEST_SEGMENT: usize = 4_000;

static SUBJECTS: LazyLock<Vec<String>> =
    LazyLock::new(|| languages::phrases(|language| &language.bounce));
static WORDS: LazyLock<Vec<String>> =
    LazyLock::new(|| languages::phrases(|language| &language.bounce_body));
static DELAYS: LazyLock<Vec<String>> =
    LazyLock::new(|| languages::phrases(|language| &language.bounce_delay));

/// The recipients of a bounce in prose; `None` when it is none.
pub(super) fn recipients(parsed: &Parsed<'_>) -> Option<Vec<BouncedRecipient>> {
    let mail = &parsed.mail;
    let named = failed_recipients_field(parsed);
    let daemon = is_daemon(mail);
    let null = mail.envelope_sender == Some(EnvelopeSender::Null);
    let subject = mail.subject.to_lowercase();
    let subject_says = SUBJECTS
        .iter()
        .any(|phrase| subject.contains(phrase.as_str()));
    if named.is_empty() && !daemon && !null && !subject_says {
        return None;
    }
    let text = mail
        .text
        .get(..floor(&mail.text, LONGEST))
        .unwrap_or(&mail.text);
    let prose = returned::before(text);
    let lower = prose.to_lowercase();
    let body_says = SUBJECTS
        .iter()
        .chain(WORDS.iter())
        .any(|phrase| lower.contains(phrase.as_str()));
    let coded = status::enhanced(prose).is_some() || status::reply(prose).is_some();
    let is_bounce = !named.is_empty()
        || (daemon && (subject_says || body_says || coded))
        || (null && (subject_says && (body_says || coded)))
        || (null && body_says && (coded || returned::is_there(parsed)))
        || (subject_says && body_says && coded && whom::has_failure_list(prose, mail))
        || (subject_says && body_says && returned::is_there(parsed));
    if !is_bounce || is_auto_reply(parsed, daemon) {
        return None;
    }
    let delayed = DELAYS
        .iter()
        .any(|phrase| lower.contains(phrase.as_str()) || subject.contains(phrase.as_str()));
    Some(read(parsed, prose, named, delayed))
}

/// A character boundary at or below `limit`.
fn floor(text: &str, limit: usize) -> usize {
    (0..=limit.min(text.len()))
        .rev()
        .find(|&at| text.is_char_boundary(at))
        .unwrap_or(0)
}

/// Exim, and Gmail after it, name the addresses in a field.
fn failed_recipients_field(parsed: &Parsed<'_>) -> Vec<String> {
    parsed
        .headers()
        .all("x-failed-recipients")
        .flat_map(|value| address::all(&String::from_utf8_lossy(value)).collect::<Vec<_>>())
        .take(MOST)
        .collect()
}

/// Whether a mail system is the author.
fn is_daemon(mail: &ParsedMail) -> bool {
    let Some(from) = &mail.from else { return false };
    let local = from
        .address
        .split('@')
        .next()
        .unwrap_or_default()
        .to_lowercase();
    let name = from.name.to_lowercase();
    [
        "mailer-daemon",
        "mailerdaemon",
        "mail-daemon",
        "postmaster",
        "post_master",
        "mail.delivery",
        "mdaemon",
        "maildelivery",
        "mail-delivery",
        "mail_daemon",
        "mailsystem",
        "bounce-notification",
    ]
    .iter()
    .any(|known| local.starts_with(known))
        || [
            "mail delivery",
            "mailer-daemon",
            "mailer daemon",
            "mail system",
            "delivery subsystem",
            "mail administrator",
            "postmaster",
            "メール配信",
        ]
        .iter()
        .any(|known| name.contains(known))
}

/// An absence note with a null return path is no bounce, whatever it says of messages.
fn is_auto_reply(parsed: &Parsed<'_>, daemon: bool) -> bool {
    let replied = parsed
        .headers()
        .text("auto-submitted")
        .is_some_and(|value| value.to_ascii_lowercase().starts_with("auto-replied"));
    replied
        && !daemon
        && failed_recipients_field(parsed).is_empty()
        && SUBJECTS
            .iter()
            .all(|phrase| !parsed.mail.subject.to_lowercase().contains(phrase.as_str()))
}

/// Puts recipients, codes and words together.
fn read(
    parsed: &Parsed<'_>,
    prose: &str,
    named: Vec<String>,
    delayed: bool,
) -> Vec<BouncedRecipient> {
    let embedded = report::read(prose.as_bytes());
    if !embedded.is_empty() {
        return embedded;
    }
    let found = whom::addresses(parsed, prose, named);
    let action = if delayed { "delayed" } else { "failed" };
    let general = code_in(prose, action);
    if found.is_empty() {
        return vec![verdict(None, prose, general.as_ref(), action)];
    }
    let all: HashSet<String> = found.iter().map(|address| address.to_lowercase()).collect();
    found
        .iter()
        .map(|address| {
            verdict(
                Some(address),
                segment(prose, address, &all),
                general.as_ref(),
                action,
            )
        })
        .collect()
}

fn verdict(
    recipient: Option<&String>,
    segment: &str,
    general: Option<&String>,
    action: &str,
) -> BouncedRecipient {
    let code = code_in(segment, action)
        .or_else(|| general.cloned())
        .or_else(|| status::from_words(segment).map(str::to_owned));
    let diagnostic = diagnostic(segment);
    let status = code.or_else(|| (action == "delayed").then(|| "4.0.0".to_owned()));
    settle(recipient.cloned(), status, action, diagnostic)
}

/// The code that a text tells; for a delayed message one of a failure is not believed.
fn code_in(text: &str, action: &str) -> Option<String> {
    let code = status::enhanced(text)
        .filter(|code| !code.starts_with('2'))
        .or_else(|| status::reply(text).map(|code| status::from_reply(code).to_owned()))?;
    if action == "delayed" && code.starts_with('5') {
        return None;
    }
    Some(code)
}

/// The lines about one recipient: from the first that names it to the next that names another.
fn segment<'p>(prose: &'p str, address: &str, all: &HashSet<String>) -> &'p str {
    let Some(start) = find_ignoring_case(prose, address) else {
        return prose;
    };
    let from = prose
        .get(..start)
        .and_then(|before| before.rfind('\n'))
        .map_or(0, |end| end + 1);
    let rest = prose.get(from..).unwrap_or_default();
    let rest = rest.get(..floor(rest, LONGEST_SEGMENT)).unwrap_or(rest);
    let end = address::spans(rest).find_map(|(start, _, other)| {
        let another = !other.eq_ignore_ascii_case(address) && all.contains(&other.to_lowercase());
        another.then_some(start)
    });
    end.and_then(|end| rest.get(..end)).unwrap_or(rest)
}

/// What the remote server said: the line with a code, else the first line with words.
fn diagnostic(segment: &str) -> Option<String> {
    let lines = || segment.lines().map(bare).filter(|line| line.len() > 2);
    lines()
        .find(|line| status::enhanced(line).is_some() || status::reply(line).is_some())
        .or_else(|| lines().find(|line| line.chars().filter(|c| c.is_alphabetic()).count() > 5))
        .map(|line| {
            line.trim_start_matches([':', '>', ' ', '<'])
                .chars()
                .take(500)
                .collect()
        })
}
