//! Automatic mail: RFC 3834, and the fields and habits of software that does not follow it.

use std::sync::LazyLock;

use crate::mail::languages::{self, Language};
use crate::mail::message::{EnvelopeSender, Origin};
use crate::mail::parse::Parsed;
use crate::mail::parse::headers::Headers;

/// Why a message is automatic.
struct Finding {
    because: String,
    reply: bool,
}

/// Whether a person or a machine wrote the message.
pub(crate) fn origin(parsed: &Parsed<'_>) -> Origin {
    let headers = parsed.headers();
    let list = list_field(headers);
    // Exchange marks its absence notes as generated, not as an answer; their subject says that they are one.
    let finding = auto_submitted(headers)
        .filter(|finding| finding.reply)
        .or_else(|| reply_fields(headers))
        .or_else(|| vacation_subject(parsed))
        .or_else(|| auto_submitted(headers))
        .or_else(|| precedence(headers))
        .or_else(|| suppressed(headers))
        .or_else(|| machine_fields(headers))
        .or_else(|| report(parsed))
        .or_else(|| null_sender(parsed))
        .or_else(|| robot_address(parsed));
    match finding {
        Some(Finding {
            because,
            reply: true,
        }) => Origin::AutoReply { because },
        Some(Finding {
            because,
            reply: false,
        }) => Origin::Automatic {
            because,
            list: list.is_some(),
        },
        None => match list {
            Some(name) => Origin::Automatic {
                because: format!("{name} is present"),
                list: true,
            },
            None => Origin::Person,
        },
    }
}

fn found(because: String, reply: bool) -> Option<Finding> {
    Some(Finding { because, reply })
}

/// The first word of a value, in lower case, comments and parameters dropped (RFC 3834, 5).
fn keyword(value: &str) -> String {
    let mut value = value.trim();
    while let Some(rest) = value.strip_prefix('(') {
        value = rest
            .split_once(')')
            .map_or("", |(_, rest)| rest)
            .trim_start();
    }
    value
        .split(|c: char| c == ';' || c == '(' || c == ',' || c.is_whitespace())
        .next()
        .unwrap_or_default()
        .trim_matches('"')
        .to_ascii_lowercase()
}

/// `Auto-Submitted`: `no` is a person, `auto-replied` an answer, anything else a machine.
fn auto_submitted(headers: &Headers<'_>) -> Option<Finding> {
    let value = headers
        .all("auto-submitted")
        .map(super::super::parse::headers::unfold)
        .find(|value| {
            let word = keyword(value);
            !word.is_empty() && word != "no"
        })?;
    let word = keyword(&value);
    found(
        format!("Auto-Submitted: {word}"),
        word.starts_with("auto-repl"),
    )
}

/// Fields that only software which answers by itself writes.
const REPLY_FIELDS: &[&str] = &[
    "x-autoreply",
    "x-auto-reply",
    "x-autorespond",
    "x-autoresponder",
    "x-autoresponder-id",
    "x-autoreply-from",
    "x-mail-autoreply",
    "x-mailautoreply",
    "x-auto-reply-from",
    "x-autoreply-domain",
    "x-amazon-auto-reply",
    "x-vacation",
    "auto-reply",
    "autoresponder",
];

fn reply_fields(headers: &Headers<'_>) -> Option<Finding> {
    let name = REPLY_FIELDS.iter().find(|name| {
        headers
            .text(name)
            .is_some_and(|value| !matches!(keyword(&value).as_str(), "no" | "false" | "0"))
    });
    if let Some(name) = name {
        return found(format!("{} is present", shown(name)), true);
    }
    let robot = headers
        .text("delivered-to")
        .is_some_and(|value| keyword(&value) == "autoresponder");
    if robot {
        return found("Delivered-To: Autoresponder".to_owned(), true);
    }
    // Exchange's own "vacation" mailers and Unix vacation(1).
    let mailer = headers
        .text("x-mailer")
        .unwrap_or_default()
        .to_ascii_lowercase();
    ["vacation", "autorespond", "auto-respond", "autoreply"]
        .iter()
        .any(|word| mailer.contains(word))
        .then(|| Finding {
            because: "X-Mailer names an autoresponder".to_owned(),
            reply: true,
        })
}

/// A field name as people write it.
fn shown(name: &str) -> String {
    name.split('-')
        .map(|word| {
            let mut letters = word.chars();
            letters.next().map_or_else(String::new, |first| {
                first.to_ascii_uppercase().to_string() + letters.as_str()
            })
        })
        .collect::<Vec<_>>()
        .join("-")
}

fn precedence(headers: &Headers<'_>) -> Option<Finding> {
    headers
        .all("precedence")
        .chain(headers.all("x-precedence"))
        .map(|value| keyword(&String::from_utf8_lossy(value)))
        .find(|word| {
            matches!(
                word.as_str(),
                "bulk" | "junk" | "list" | "auto_reply" | "auto-reply" | "autoreply"
            )
        })
        .and_then(|word| found(format!("Precedence: {word}"), word.starts_with("auto")))
}

/// `X-Auto-Response-Suppress` (MS-OXCMAIL 2.2.3.2.14): who asks that no reply or absence note be sent
/// is a machine; who only declines receipts may be a person.
fn suppressed(headers: &Headers<'_>) -> Option<Finding> {
    let value = headers.text("x-auto-response-suppress")?;
    let asks = value.split([',', ';', ' ']).any(|word| {
        matches!(
            word.trim().to_ascii_lowercase().as_str(),
            "all" | "oof" | "autoreply"
        )
    });
    asks.then(|| Finding {
        because: format!("X-Auto-Response-Suppress: {value}"),
        reply: false,
    })
}

/// Fields that machines of all kinds write.
const MACHINE_FIELDS: &[&str] = &[
    "x-autogenerated",
    "x-auto-generated",
    "x-auto-submitted",
    "x-autosubmitted",
    "x-loop",
    "x-fc-machinegenerated",
    "x-cron-env",
    "x-nagios-notification",
    "x-jira-fingerprint",
    "x-github-reason",
    "x-gitlab-notificationreason",
    "x-facebook-notify",
    "x-mailgun-sid-batch",
    "x-ms-exchange-inbox-rules-loop",
    "x-ms-exchange-generated-message-source",
    "x-otrs-loop",
    "x-otrs-followup",
    "x-zammad-auto-reply",
    "x-frontdesk-ticket",
    "x-rt-loop-prevention",
    "feedback-id",
    "x-campaign",
    "x-campaignid",
    "x-mailer-campaign",
];

fn machine_fields(headers: &Headers<'_>) -> Option<Finding> {
    let name = MACHINE_FIELDS.iter().find(|name| {
        headers
            .text(name)
            .is_some_and(|value| !matches!(keyword(&value).as_str(), "no" | "false" | "0"))
    })?;
    found(format!("{} is present", shown(name)), false)
}

/// A receipt or another report (RFC 6522) that is no bounce.
fn report(parsed: &Parsed<'_>) -> Option<Finding> {
    let root = parsed.tree.parts.first()?;
    let receipt = parsed
        .tree
        .parts
        .iter()
        .any(|part| part.content_type == "message/disposition-notification");
    if receipt {
        return found(
            "it is a receipt (message/disposition-notification)".to_owned(),
            true,
        );
    }
    (root.content_type == "multipart/report").then(|| Finding {
        because: "it is a report (multipart/report)".to_owned(),
        reply: false,
    })
}

/// RFC 3834, 2: what comes from the null sender is never answered.
fn null_sender(parsed: &Parsed<'_>) -> Option<Finding> {
    (parsed.mail.envelope_sender == Some(EnvelopeSender::Null)).then(|| Finding {
        because: "Return-Path: <>".to_owned(),
        reply: false,
    })
}

/// Local parts under which no person writes (RFC 3834, 2).
const ROBOTS: &[&str] = &[
    "mailer-daemon",
    "mailerdaemon",
    "mail-daemon",
    "listserv",
    "majordomo",
    "autoresponder",
    "auto-reply",
    "autoreply",
    "auto-responder",
];

fn robot_address(parsed: &Parsed<'_>) -> Option<Finding> {
    let from = parsed.mail.from.as_ref()?;
    let local = from
        .address
        .split('@')
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    ROBOTS.contains(&local.as_str()).then(|| Finding {
        because: format!("{local} is no person"),
        reply: false,
    })
}

static VACATION: LazyLock<Vec<String>> =
    LazyLock::new(|| languages::phrases(|language: &Language| &language.vacation));
static BEFORE_REPLY: LazyLock<Vec<String>> =
    LazyLock::new(|| languages::phrases(|language| &language.vacation_before_reply));
static REPLY_PREFIXES: LazyLock<Vec<String>> =
    LazyLock::new(|| languages::phrases(|language| &language.reply_prefix));

/// Absence notes of software that marks them by their subject alone.
fn vacation_subject(parsed: &Parsed<'_>) -> Option<Finding> {
    let subject = languages::lower(parsed.mail.subject.trim());
    let subject =
        subject.trim_start_matches(['[', '(', '*', '"', ' ', '【', '［', '（', '「', '《', '<']);
    let phrase = VACATION
        .iter()
        .find(|phrase| match phrase.split_once('…') {
            Some((head, tail)) => names_somebody(subject, head, tail),
            None => subject
                .strip_prefix(phrase.as_str())
                .is_some_and(is_label_before),
        })
        .or_else(|| {
            let mut weak = BEFORE_REPLY.iter();
            weak.find(|phrase| {
                subject
                    .strip_prefix(phrase.as_str())
                    .is_some_and(is_before_reply)
            })
        })?;
    found(format!("the subject begins with \"{phrase}\""), true)
}

/// Whether what stands before is a label: a colon follows, the original subject's `Re:`, the end of brackets, or
/// nothing at all.
fn is_label_before(after: &str) -> bool {
    let after = after.trim_start();
    let ends = [
        ':', '：', ']', ')', '-', '–', '—', '*', '"', '!', '.', '/', '】', '］', '）', '」', '》',
        '>',
    ];
    after.is_empty()
        || after.starts_with(ends)
        || after.starts_with("re:")
        || after.starts_with("re :")
}

/// Whether the subject that is answered follows, with its prefix.
fn is_before_reply(after: &str) -> bool {
    let after = after.trim_start_matches([' ', ':', '：', '-', '–']);
    let prefix = after
        .split([':', '：'])
        .next()
        .unwrap_or_default()
        .trim_end();
    prefix.len() < after.len() && REPLY_PREFIXES.iter().any(|known| known == prefix)
}

/// "Ann Example is out of the office (returning 01/09/2023)", as Lotus Notes writes it: a name between the two parts,
/// and no more than a date behind them.
fn names_somebody(subject: &str, head: &str, tail: &str) -> bool {
    let Some(rest) = subject.strip_prefix(head.trim_end()) else {
        return false;
    };
    let Some((name, after)) = rest.split_once(tail.trim()) else {
        return false;
    };
    let words = name.split_whitespace().count();
    let sound = (1..=5).contains(&words) && !name.contains(['?', '!', ',', ';']);
    let after = after.trim();
    sound
        && (after.is_empty()
            || after == "."
            || (after.starts_with('(') && after.ends_with([')', '.'])))
}

/// The field that says the message came through a list (RFC 2369, RFC 2919, older list servers).
pub(crate) fn list_field(headers: &Headers<'_>) -> Option<&'static str> {
    [
        ("list-id", "List-Id"),
        ("list-post", "List-Post"),
        ("list-unsubscribe", "List-Unsubscribe"),
        ("list-subscribe", "List-Subscribe"),
        ("list-help", "List-Help"),
        ("list-owner", "List-Owner"),
        ("list-archive", "List-Archive"),
        ("x-mailing-list", "X-Mailing-List"),
        ("mailing-list", "Mailing-List"),
        ("x-mailman-version", "X-Mailman-Version"),
        ("x-beenthere", "X-BeenThere"),
        ("x-ml-name", "X-ML-Name"),
        ("x-listname", "X-ListName"),
    ]
    .into_iter()
    .find(|(name, _)| headers.has(name))
    .map(|(_, shown)| shown)
}
