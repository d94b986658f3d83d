//! Drafts: the values that a mail is rendered from. What a customer may read is decided by the types here:
//! a draft for customers is made of a [`PublicComment`] and of nothing that staff wrote to one another.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::closing::{Ending, day};
use crate::ids::CommentId;
use crate::mail::message::Mailbox;
use crate::ticket::{AttachmentInfo, Comment, Visibility};

/// How much of a comment stands in a notification, in characters. The rest is counted, not hidden.
const STAFF_TEXT_CHARS: usize = 10_000;
/// How many bytes of files a notification carries; the others are listed with their size.
const STAFF_FILE_BYTES: i64 = 10 << 20;
/// The longest subject or name, in characters.
const LINE_CHARS: usize = 200;

/// The addresses that the reader sees.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// `To`.
    pub to: Vec<Shown>,
    /// `Cc`.
    pub cc: Vec<Shown>,
}

/// A name and an address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// The name; empty where there is none.
    pub name: String,
    /// The address.
    pub address: String,
}

impl From<Shown> for Mailbox {
    fn from(shown: Shown) -> Self {
        Self {
            name: shown.name,
            address: shown.address,
        }
    }
}

/// A comment that customers may read.
#[derive(Debug, Clone, Copy)]
pub(super) struct PublicComment<'a>(&'a Comment);

impl<'a> PublicComment<'a> {
    /// Nothing for an internal note and for a comment that was deleted.
    pub(super) fn of(comment: &'a Comment) -> Option<Self> {
        let public = comment.visibility == Visibility::Public && comment.deleted_at.is_none();
        public.then_some(Self(comment))
    }

    /// Its words.
    pub(super) fn body(self) -> &'a str {
        &self.0.body
    }

    /// The comment.
    pub(super) fn comment(self) -> &'a Comment {
        self.0
    }
}

/// What a customer sees of a ticket.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct CustomerTicket<'a> {
    pub(super) number: &'a str,
    pub(super) subject: &'a str,
}

/// A status as the customer reads it.
#[derive(Debug, Clone, Serialize)]
pub(super) struct StatusText<'a> {
    pub(super) name: &'a str,
    pub(super) meaning: Option<&'a str>,
}

/// A file in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct FileText {
    pub(super) name: String,
    pub(super) size: String,
    pub(super) attached: bool,
}

/// A mail to somebody who reads what customers read.
#[derive(Debug, Clone, Serialize)]
pub(super) struct CustomerDraft<'a> {
    mail: &'a Head,
    desk: &'a str,
    reader: &'a str,
    ticket: CustomerTicket<'a>,
    /// The person who answered.
    author: Option<String>,
    text: Option<String>,
    files: Vec<FileText>,
    status: Option<StatusText<'a>>,
    /// Whether the reader wrote first, rather than the desk opening the ticket for them.
    asked: bool,
    /// The day on which the ticket closes if nobody answers.
    closes_on: Option<String>,
    #[serde(flatten)]
    ending: Ending,
}

impl<'a> CustomerDraft<'a> {
    /// A draft that says what state the ticket is in and quotes nobody.
    pub(super) fn notice(
        mail: &'a Head,
        desk: &'a str,
        reader: &'a str,
        ticket: CustomerTicket<'a>,
        status: Option<StatusText<'a>>,
        asked: bool,
    ) -> Self {
        Self {
            mail,
            desk,
            reader,
            ticket,
            author: None,
            text: None,
            files: Vec::new(),
            status,
            asked,
            closes_on: None,
            ending: Ending::default(),
        }
    }

    /// A draft that says when the ticket closes if nobody answers.
    pub(super) fn closing(mut self, at: Option<DateTime<Utc>>, zone: Tz) -> Self {
        self.closes_on = at.map(|at| day(at, zone));
        self
    }

    /// A draft with what goes with the news of an ending.
    pub(super) fn ending(mut self, ending: Ending) -> Self {
        self.ending = ending;
        self
    }

    /// A draft that carries a public comment.
    pub(super) fn answer(mut self, comment: PublicComment<'_>) -> Self {
        self.author = Some(one_line(&comment.0.author_name));
        self.text = Some(clean(&comment.0.body));
        self.files = files(&comment.0.attachments, i64::MAX);
        self
    }
}

/// What staff sees of a ticket.
#[derive(Debug, Clone, Serialize)]
pub(super) struct StaffTicket<'a> {
    pub(super) number: &'a str,
    pub(super) subject: &'a str,
    pub(super) status: &'a str,
    pub(super) priority: &'a str,
    pub(super) category: Option<&'a str>,
    pub(super) team: Option<&'a str>,
    pub(super) assignee: Option<&'a str>,
    pub(super) requester: Shown,
}

/// One thing that happened, as staff reads it.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct StaffEvent {
    /// Never the same for two events of a ticket.
    pub(super) key: String,
    /// `opened`, `comment`, `note`, `status`, `assigned` or `mentioned`.
    pub(super) kind: &'static str,
    /// Who did it; nobody where the machinery did.
    pub(super) by: Option<String>,
    pub(super) by_staff: bool,
    /// Day and time in the desk's zone.
    pub(super) at: String,
    pub(super) text: Option<String>,
    /// Characters of the text that are left out here.
    pub(super) left_out: usize,
    pub(super) files: Vec<FileText>,
    /// Whose files go with the mail.
    pub(super) comment: Option<CommentId>,
    pub(super) status_from: Option<String>,
    pub(super) status_to: Option<String>,
    pub(super) reason: Option<String>,
}

impl StaffEvent {
    /// Adds a comment's words and files, cut to what a notification holds.
    pub(super) fn with(mut self, comment: &Comment) -> Self {
        let text = clean(&comment.body);
        let kept = text.char_indices().nth(STAFF_TEXT_CHARS).map(|(at, _)| at);
        self.left_out = text
            .get(kept.unwrap_or(text.len())..)
            .map_or(0, |rest| rest.chars().count());
        self.text = Some(
            text.get(..kept.unwrap_or(text.len()))
                .unwrap_or_default()
                .to_owned(),
        );
        self.files = files(&comment.attachments, STAFF_FILE_BYTES);
        self.comment = Some(comment.id);
        self.by_staff = comment.by_staff;
        self
    }
}

/// A mail to staff.
#[derive(Debug, Clone, Serialize)]
pub(super) struct StaffDraft<'a> {
    pub(super) mail: &'a Head,
    pub(super) desk: &'a str,
    pub(super) reader: &'a str,
    pub(super) ticket: &'a StaffTicket<'a>,
    /// Who gets the answer if the reader replies.
    pub(super) answer_to: &'a [String],
    pub(super) events: &'a [StaffEvent],
}

/// A word to the author of a reply that did not arrive.
#[derive(Debug, Clone, Serialize)]
pub(super) struct FailureDraft<'a> {
    pub(super) mail: &'a Head,
    pub(super) desk: &'a str,
    pub(super) reader: &'a str,
    pub(super) ticket: &'a StaffTicket<'a>,
    pub(super) answer_to: &'a [String],
    pub(super) address: String,
    pub(super) error: String,
    pub(super) text: Option<String>,
}

/// A word to staff about a target that is near or missed.
#[derive(Debug, Clone, Serialize)]
pub(super) struct TargetDraft<'a> {
    pub(super) mail: &'a Head,
    pub(super) desk: &'a str,
    pub(super) reader: &'a str,
    pub(super) ticket: &'a StaffTicket<'a>,
    pub(super) answer_to: &'a [String],
    /// What was promised: `first response`.
    pub(super) promise: &'a str,
    /// Day and time in the desk's zone.
    pub(super) due: String,
    /// How long it is until then or since then, in the hours that count.
    pub(super) span: String,
}

/// A word to the sender of a mail that was refused.
#[derive(Debug, Clone, Serialize)]
pub(super) struct RejectionDraft<'a> {
    pub(super) mail: &'a Head,
    pub(super) desk: &'a str,
    pub(super) reader: String,
    pub(super) subject: String,
    pub(super) reason: String,
    pub(super) remedy: String,
    pub(super) in_reply_to: Option<&'a str>,
}

/// What became of an agent's commands.
#[derive(Debug, Clone, Serialize)]
pub(super) struct CommandsDraft<'a> {
    pub(super) mail: &'a Head,
    pub(super) desk: &'a str,
    pub(super) reader: String,
    pub(super) subject: String,
    pub(super) outcomes: Vec<super::Outcome>,
    pub(super) in_reply_to: Option<&'a str>,
}

/// A word to the operators.
#[derive(Debug, Clone, Serialize)]
pub(super) struct AlarmDraft<'a> {
    pub(super) mail: &'a Head,
    pub(super) desk: &'a str,
    pub(super) key: String,
    pub(super) text: String,
}

/// Files as a list; those up to the limit in all go with the mail.
fn files(infos: &[AttachmentInfo], limit: i64) -> Vec<FileText> {
    let mut room = limit;
    infos
        .iter()
        .map(|info| {
            let attached = info.bytes <= room;
            if attached {
                room = room.saturating_sub(info.bytes);
            }
            FileText {
                name: one_line(&info.name),
                size: size(info.bytes),
                attached,
            }
        })
        .collect()
}

/// A size for people: `512 bytes`, `2.4 kB`, `31 MB`.
pub(super) fn size(bytes: i64) -> String {
    let mut unit = "bytes";
    let mut tenths = bytes.saturating_mul(10);
    for larger in ["kB", "MB", "GB"] {
        if tenths < 10_000 {
            break;
        }
        tenths /= 1_000;
        unit = larger;
    }
    match (unit, tenths % 10) {
        ("bytes", _) | (_, 0) => format!("{} {unit}", tenths / 10),
        (_, tenth) => format!("{}.{tenth} {unit}", tenths / 10),
    }
}

/// A span of time for people, in whole minutes and rounded up: `2 h 5 min`.
pub fn span(time: TimeDelta) -> String {
    let seconds = time.num_seconds().max(0);
    let minutes = seconds / 60 + i64::from(seconds % 60 > 0);
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

/// Text without the control characters that a terminal or PostgreSQL's `jsonb` would stumble over.
pub(super) fn clean(text: &str) -> String {
    text.chars()
        .filter(|&c| matches!(c, '\n' | '\t') || !c.is_control())
        .collect()
}

/// Text on one line, without control characters and without marks that turn the direction of what follows
/// (U+202A–202E, U+2066–2069), cut with an ellipsis where it is longer than a subject should be.
#[must_use]
pub fn one_line(text: &str) -> String {
    let mut line = String::new();
    let mut chars = 0;
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()) {
        let mut word = word
            .chars()
            .filter(|c| !matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'))
            .peekable();
        if word.peek().is_none() {
            continue;
        }
        if !line.is_empty() {
            line.push(' ');
            chars += 1;
        }
        for c in word {
            if chars >= LINE_CHARS {
                line.push('…');
                return line;
            }
            line.push(c);
            chars += 1;
        }
    }
    line
}

/// A subject without the marks of earlier answers (`Re:`, `AW:`, …) and without the ticket's own number, so
/// that they do not pile up.
pub(super) fn bare_subject(subject: &str, number: &str) -> String {
    let line = one_line(subject);
    let tag = format!("[{number}]");
    let mut rest = line.as_str();
    loop {
        rest = rest.trim_start();
        if let Some(after) = rest.strip_prefix(&tag) {
            rest = after;
            continue;
        }
        let Some((mark, after)) = rest.split_once(':') else {
            break;
        };
        let known = ["re", "aw", "sv", "antw", "rif", "fwd", "fw", "wg"];
        if !known.iter().any(|known| mark.eq_ignore_ascii_case(known)) {
            break;
        }
        rest = after;
    }
    rest.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_holds_no_header_and_no_turn_of_direction() {
        assert_eq!(
            one_line("Hi\r\nBcc: all@example.com"),
            "Hi Bcc: all@example.com"
        );
        assert_eq!(
            one_line("a\u{202e}b \u{2066} c\u{0}d\u{1b}[31m"),
            "ab c d [31m"
        );
        assert_eq!(one_line("  much \t space  "), "much space");
        let long = one_line(&"x".repeat(5_000));
        assert_eq!(long.chars().count(), LINE_CHARS + 1);
        assert!(long.ends_with('…'));
    }

    #[test]
    fn marks_of_earlier_answers_do_not_pile_up() {
        assert_eq!(
            bare_subject("Re: [T-1] AW: Printer: broken", "T-1"),
            "Printer: broken"
        );
        assert_eq!(bare_subject("Reaction: none", "T-1"), "Reaction: none");
        assert_eq!(bare_subject("[T-2] mine", "T-1"), "[T-2] mine");
        assert_eq!(bare_subject("re:", "T-1"), "");
    }

    #[test]
    fn sizes_read_well() {
        assert_eq!(size(0), "0 bytes");
        assert_eq!(size(999), "999 bytes");
        assert_eq!(size(2_400), "2.4 kB");
        assert_eq!(size(31_000_000), "31 MB");
        assert_eq!(size(5_000_000_000_000), "5000 GB");
    }

    #[test]
    fn spans_read_well() {
        assert_eq!(span(TimeDelta::zero()), "0 min");
        assert_eq!(span(TimeDelta::seconds(1)), "1 min");
        assert_eq!(span(TimeDelta::minutes(60)), "1 h");
        assert_eq!(span(TimeDelta::minutes(1_565)), "26 h 5 min");
        assert_eq!(span(TimeDelta::minutes(-5)), "0 min");
    }

    #[test]
    fn files_beyond_the_limit_are_listed_and_not_attached() {
        let info = |name: &str, bytes| AttachmentInfo {
            name: name.to_owned(),
            content_type: "image/png".to_owned(),
            bytes,
        };
        let listed = files(&[info("a", 6), info("b", 5), info("c", 4)], 10);
        let attached: Vec<_> = listed.iter().map(|file| file.attached).collect();
        assert_eq!(attached, [true, false, true]);
    }
}
