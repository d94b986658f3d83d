//! From raw bytes to [`ParsedMail`]. Nothing here fails: what cannot be read is left empty.

pub(crate) mod authentication;
pub(crate) mod body;
pub(crate) mod charset;
pub(crate) mod files;
pub(crate) mod headers;
pub(crate) mod lines;
pub(crate) mod transfer;
pub(crate) mod walk;
pub(crate) mod words;

use std::collections::HashSet;

use self::body::Roles;
use self::charset::Reading;
use self::headers::Headers;
use self::walk::{Bounds, Part, Tree};
use crate::config::service::MailLimits;
use crate::mail::html;
use crate::mail::message::{AsDeclared, EnvelopeSender, Notice, ParsedMail};

/// A message with its tree, for those who look behind the fields.
pub(crate) struct Parsed<'a> {
    /// The fields.
    pub mail: ParsedMail,
    /// The parts.
    pub tree: Tree<'a>,
    /// Whether the text was made from HTML, since there is no plain text.
    pub text_is_rendered: bool,
}

impl Parsed<'_> {
    /// The message's own header.
    pub fn headers(&self) -> &Headers<'_> {
        static NONE: Headers<'static> = Headers { fields: Vec::new() };
        self.tree.parts.first().map_or(&NONE, |part| &part.headers)
    }
}

/// Reads a message. `raw` has LF or CRLF line ends.
pub(crate) fn parse<'a>(raw: &'a [u8], limits: &MailLimits) -> Parsed<'a> {
    let bounds = Bounds {
        header_bytes: usize::try_from(limits.header_bytes).unwrap_or(usize::MAX),
        parts: usize::try_from(limits.parts).unwrap_or(usize::MAX),
        depth: usize::try_from(limits.depth).unwrap_or(usize::MAX),
    };
    let tree = walk::walk(raw, bounds);
    let roles = body::roles(&tree);
    let mut mail = ParsedMail::default();
    let hint = declared_charset(&tree);
    if let Some(root) = tree.parts.first() {
        read_fields(&root.headers, hint, &mut mail);
    }
    let text_limit = usize::try_from(limits.text_bytes).unwrap_or(usize::MAX);
    read_html(&tree, &roles, text_limit, hint, &mut mail);
    let text_is_rendered = read_text(&tree, &roles, text_limit, hint, &mut mail);
    files::read(&tree, &roles, limits, hint, &mut mail);
    if tree.cut {
        mail.notices.push(Notice::TooManyParts);
    }
    if tree.header_cut {
        mail.notices.push(Notice::HeaderTooLong {
            bytes: tree.header_bytes as u64,
        });
    }
    Parsed {
        mail,
        tree,
        text_is_rendered,
    }
}

/// The first charset that a part declares: raw bytes in headers are most likely in it too.
fn declared_charset<'t>(tree: &'t Tree<'_>) -> Option<&'t str> {
    tree.parts.iter().find_map(|part| part.parameter("charset"))
}

fn read_fields(headers: &Headers<'_>, hint: Option<&str>, mail: &mut ParsedMail) {
    let list = |name: &str| {
        headers
            .raw(name)
            .map(|value| words::addresses(value, hint))
            .unwrap_or_default()
    };
    let all = |name: &str| {
        headers
            .all(name)
            .flat_map(|value| words::addresses(value, hint))
            .take(1_000)
            .collect()
    };
    mail.from = headers
        .all("from")
        .find_map(|value| words::addresses(value, hint).into_iter().next());
    mail.sender = list("sender").into_iter().next();
    mail.reply_to = list("reply-to");
    mail.to = all("to");
    mail.cc = all("cc");
    let subject = headers
        .raw("subject")
        .map(|value| words::unstructured(value, hint))
        .unwrap_or_default();
    note_declared(mail, &subject, |declared, text| {
        declared.subject = Some(text)
    });
    mail.subject = subject.best;
    mail.message_id = headers.all("message-id").find_map(words::own_id);
    read_thread(headers, mail);
    mail.date = headers.raw("date").and_then(words::date);
    mail.envelope_sender = headers
        .text("return-path")
        .and_then(|value| envelope_sender(&value));
    mail.delivered_to = ["delivered-to", "x-original-to", "envelope-to"]
        .into_iter()
        .flat_map(|name| headers.all(name))
        .flat_map(|value| words::addresses(value, None))
        .map(|entry| entry.address)
        .filter(|address| !address.is_empty())
        .take(100)
        .collect();
    mail.authentication = headers
        .all("authentication-results")
        .take(50)
        .zip(0..)
        .flat_map(|(value, header)| authentication::verdicts(value, header))
        .collect();
    mail.own_marks = headers
        .all("x-frontdesk")
        .take(5)
        .map(|value| headers::unfold(value).trim().to_owned())
        .collect();
}

/// The messages that this one answers. Programs that take a person's address in `In-Reply-To` for an id carry it
/// on into `References`, so that it is left out of both.
fn read_thread(headers: &Headers<'_>, mail: &mut ParsedMail) {
    let people: HashSet<String> = mail
        .from
        .iter()
        .chain(&mail.sender)
        .chain(&mail.reply_to)
        .chain(&mail.to)
        .chain(&mail.cc)
        .map(|mailbox| mailbox.address.to_lowercase())
        .collect();
    let takes_part = |id: &str| people.contains(&id.to_lowercase());
    for value in headers.all("in-reply-to") {
        let answered = words::answered(value, takes_part);
        mail.in_reply_to.extend(answered.ids);
        mail.people_in_reply_to.extend(answered.people);
    }
    mail.references = headers
        .all("references")
        .flat_map(|value| words::message_ids(value, true))
        .filter(|id| !takes_part(id))
        .collect();
}

/// `Return-Path` (RFC 5321, 4.4): `<>` is the null sender.
fn envelope_sender(value: &str) -> Option<EnvelopeSender> {
    let value = value.trim();
    let inside = match value.split_once('<') {
        Some((_, rest)) => rest.split_once('>').map_or(rest, |(inside, _)| inside),
        None => value,
    };
    let address = inside.trim();
    match address {
        "" => value.contains('<').then_some(EnvelopeSender::Null),
        address => Some(EnvelopeSender::Address(address.to_owned())),
    }
}

fn note_declared(
    mail: &mut ParsedMail,
    reading: &Reading,
    set: impl FnOnce(&mut AsDeclared, String),
) {
    if let Some(text) = &reading.declared {
        set(mail.as_declared.get_or_insert_default(), text.clone());
    }
}

/// The decoded text of a text part, cut at `limit` bytes of input.
pub(crate) fn part_text(
    part: &Part<'_>,
    hint: Option<&str>,
    limit: usize,
) -> (Reading, Option<u64>) {
    let bytes = transfer::decode(part.body, &part.encoding());
    let (bytes, cut) = match bytes.get(..limit) {
        Some(head) if bytes.len() > limit => (head, Some(bytes.len() as u64)),
        _ => (&*bytes, None),
    };
    let label = part.parameter("charset").map(str::to_owned).or_else(|| {
        (part.content_type == "text/html")
            .then(|| meta_charset(bytes))
            .flatten()
    });
    (charset::read(bytes, label.as_deref(), hint), cut)
}

/// The charset that an HTML document names itself, looked for where the HTML Standard does.
fn meta_charset(bytes: &[u8]) -> Option<String> {
    let head = String::from_utf8_lossy(bytes.get(..1_024).unwrap_or(bytes)).to_ascii_lowercase();
    let (_, after) = head.split_once("charset=")?;
    let name: String = after
        .trim_start_matches(['"', '\'', ' '])
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ':'))
        .collect();
    // A document in UTF-16 could not have been read this far.
    (!name.is_empty() && !name.starts_with("utf-16")).then_some(name)
}

fn read_html(
    tree: &Tree<'_>,
    roles: &Roles,
    limit: usize,
    hint: Option<&str>,
    mail: &mut ParsedMail,
) {
    let limit = limit.saturating_mul(4);
    let mut whole = String::new();
    for part in roles.html.iter().filter_map(|&index| tree.parts.get(index)) {
        if part.content_type != "text/html" {
            continue;
        }
        let (reading, cut) = part_text(part, hint, limit);
        if let Some(bytes) = cut {
            mail.notices.push(Notice::TextTooLong { bytes });
        }
        if whole.len() < limit {
            whole.push_str(&reading.best);
        }
    }
    if !whole.trim().is_empty() {
        mail.html = Some(whole);
    }
}

/// Reads the text; says whether it was made from HTML alone.
fn read_text(
    tree: &Tree<'_>,
    roles: &Roles,
    limit: usize,
    hint: Option<&str>,
    mail: &mut ParsedMail,
) -> bool {
    let mut rendered = true;
    let mut whole = Reading::default();
    let mut declared = String::new();
    let mut differs = false;
    for part in roles.text.iter().filter_map(|&index| tree.parts.get(index)) {
        if whole.best.len() >= limit {
            mail.notices.push(Notice::TextTooLong {
                bytes: part.body.len() as u64,
            });
            continue;
        }
        let (reading, cut) = if part.content_type == "text/html" {
            let (reading, cut) = part_text(part, hint, limit.saturating_mul(4));
            let text = html::to_text(&reading.best);
            (
                Reading {
                    best: text,
                    declared: None,
                },
                cut,
            )
        } else {
            let (reading, cut) = part_text(part, hint, limit);
            rendered &= reading.best.trim().is_empty();
            (reading, cut)
        };
        if let Some(bytes) = cut {
            mail.notices.push(Notice::TextTooLong { bytes });
        }
        differs |= reading.declared.is_some();
        join(&mut declared, reading.as_declared());
        join(&mut whole.best, &reading.best);
    }
    if whole.best.trim().is_empty()
        && let Some(markup) = &mail.html
    {
        // Some senders put an empty text part beside the HTML.
        whole.best = html::to_text(markup);
    }
    mail.text = with_lf(whole.best);
    if differs {
        mail.as_declared.get_or_insert_default().text = Some(with_lf(declared));
    }
    rendered
}

fn join(whole: &mut String, text: &str) {
    if !whole.is_empty() && !whole.ends_with('\n') && !text.is_empty() {
        whole.push('\n');
    }
    whole.push_str(text);
}

/// Line ends as LF.
pub(crate) fn with_lf(text: String) -> String {
    if text.contains('\r') {
        text.replace("\r\n", "\n").replace('\r', "\n")
    } else {
        text
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests;
