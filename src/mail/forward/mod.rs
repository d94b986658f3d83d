//! A message that stands inside another one because somebody forwarded it.

mod subject;

use crate::config::service::MailLimits;
use crate::mail::message::{Forwarded, Mailbox};
use crate::mail::parse::{self, Parsed, transfer};
use crate::mail::reply::fields::{self, Block, Kind};
use crate::mail::reply::lines::{self, Line, bare, next_filled};
use crate::mail::reply::separator::{self, Separator};
use crate::mail::reply::{attribution, people};

/// A forward and the forwarder's own words.
pub(crate) struct Found {
    /// The message within.
    pub forwarded: Forwarded,
    /// The text before it.
    pub own: String,
}

/// Where the inner message starts, and what its header says.
struct Start {
    own_end: usize,
    fields: Vec<(Kind, String)>,
    body: usize,
}

/// The message that `parsed` forwards, in its text or attached.
pub(crate) fn find(parsed: &Parsed<'_>) -> Option<Found> {
    let subject = &parsed.mail.subject;
    in_text(&parsed.mail.text, subject).or_else(|| attached(parsed, subject))
}

/// A forward within the text.
fn in_text(text: &str, subject: &str) -> Option<Found> {
    let lines = lines::of_text(text);
    let start = start(&lines, subject)?;
    let own: Vec<&str> = lines
        .iter()
        .take(start.own_end)
        .map(|line| line.text.as_ref())
        .collect();
    let get = |kind| {
        start
            .fields
            .iter()
            .find(|(other, _)| *other == kind)
            .map(|(_, value)| value.clone())
    };
    let list = |kind| {
        get(kind)
            .map(|value| people::mailboxes(&value))
            .unwrap_or_default()
    };
    let forwarded = Forwarded {
        from: list(Kind::From).into_iter().next(),
        to: list(Kind::To),
        cc: list(Kind::Cc),
        subject: get(Kind::Subject)
            .or_else(|| subject::inner(subject).map(str::to_owned))
            .filter(|value| !value.is_empty()),
        date: get(Kind::Date).filter(|value| !value.is_empty()),
        body: body(&lines, start.body),
    };
    Some(Found {
        forwarded,
        own: own.join("\n"),
    })
}

/// The first line that divides the text decides: a forward's mark, or that of a reply.
fn start(lines: &[Line<'_>], subject: &str) -> Option<Start> {
    for at in 0..lines.len() {
        let line = lines.get(at)?;
        if line.is_blank() {
            continue;
        }
        if let Some((separator, rest)) = separator::read(&line.text) {
            let found = after_separator(lines, at, rest);
            match separator {
                Separator::Forwarded if found.is_some() => return found,
                Separator::Forwarded => continue,
                Separator::Original if subject::is_forward(subject, None) => return found,
                Separator::Original => return None,
            }
        }
        if let Some(block) = fields::block_at(lines, at) {
            return subject::is_forward(subject, Some(&line.text))
                .then(|| from_block(lines, at, block));
        }
        if !line.text.starts_with('>')
            && let Some(end) = attribution::at(lines, at)
        {
            return subject::is_forward(subject, None).then(|| from_attribution(lines, at, end));
        }
    }
    None
}

fn from_block(lines: &[Line<'_>], at: usize, block: Block) -> Start {
    Start {
        own_end: without_rule(lines, at),
        body: block.end,
        fields: block.fields,
    }
}

/// The end of the own words before `at`, without the rule above the inner header.
fn without_rule(lines: &[Line<'_>], at: usize) -> usize {
    let above = lines.iter().take(at).rposition(|line| !line.is_blank());
    match above {
        Some(index)
            if lines
                .get(index)
                .is_some_and(|line| separator::is_rule(&line.text)) =>
        {
            index
        }
        _ => at,
    }
}

/// The header after a separator: below it, or glued to it on the same line.
fn after_separator(lines: &[Line<'_>], at: usize, rest: &str) -> Option<Start> {
    if !rest.is_empty() {
        let fields = fields::glued(rest);
        let named = fields.iter().any(|(kind, _)| *kind == Kind::From);
        return (named && fields.len() >= 2).then_some(Start {
            own_end: at,
            fields,
            body: at + 1,
        });
    }
    let next = (at + 1..lines.len()).take(6).find(|&index| {
        lines
            .get(index)
            .is_some_and(|line| !fields::unquoted(&line.text).is_empty())
    })?;
    let block = fields::block_at(lines, next)?;
    Some(Start {
        own_end: at,
        fields: block.fields,
        body: block.end,
    })
}

/// Outlook for Mac forwards under an attribution line; person and moment stand in it. Yahoo's classic client puts the
/// header below it.
fn from_attribution(lines: &[Line<'_>], at: usize, end: usize) -> Start {
    let text: Vec<&str> = lines
        .iter()
        .take(end)
        .skip(at)
        .map(|line| bare(&line.text))
        .collect();
    let (person, date) = attribution::parts(&text.join(" "));
    let mut fields = Vec::new();
    fields.extend(person.map(|person| (Kind::From, person)));
    fields.extend(date.map(|date| (Kind::Date, date)));
    let below = next_filled(lines, end).and_then(|next| fields::block_at(lines, next));
    let (fields, body) = below.map_or((fields, end), |block| (block.fields, block.end));
    Start {
        own_end: at,
        fields,
        body,
    }
}

/// The lines from `start` on, one level of quoting and common indentation taken away.
fn body(lines: &[Line<'_>], start: usize) -> String {
    let quoted = next_filled(lines, start)
        .and_then(|first| lines.get(first))
        .is_some_and(Line::is_quoted);
    let kept: Vec<&str> = lines
        .iter()
        .skip(start)
        .map(|line| {
            let text = line.text.as_ref();
            match text.strip_prefix('>') {
                Some(rest) if quoted => rest.strip_prefix(' ').unwrap_or(rest),
                _ => text,
            }
        })
        .collect();
    let indent = kept
        .iter()
        .filter(|line| !bare(line).is_empty())
        .map(|line| line.bytes().take_while(|byte| *byte == b' ').count())
        .min()
        .unwrap_or(0);
    let text: Vec<&str> = kept
        .iter()
        .map(|line| line.get(indent..).unwrap_or_else(|| line.trim_start()))
        .collect();
    text.join("\n")
        .trim_matches(lines::is_blank_char)
        .to_owned()
}

/// A forward as an attached message, told by the subject and by there being no other.
fn attached(parsed: &Parsed<'_>, subject: &str) -> Option<Found> {
    if !subject::is_forward(subject, None) {
        return None;
    }
    let mut messages = parsed.tree.parts.iter().filter(|part| {
        matches!(
            part.content_type.as_str(),
            "message/rfc822" | "message/global"
        )
    });
    let (Some(only), None) = (messages.next(), messages.next()) else {
        return None;
    };
    let raw = transfer::decode(only.body, &only.encoding());
    let limits = MailLimits {
        attachments: 0,
        parts: 100,
        depth: 5,
        ..MailLimits::default()
    };
    let inner = parse::parse(&raw, &limits).mail;
    let forwarded = Forwarded {
        from: inner.from,
        to: addressed(inner.to),
        cc: addressed(inner.cc),
        subject: Some(inner.subject).filter(|subject| !subject.is_empty()),
        date: inner.date.map(|date| date.to_rfc2822()),
        body: inner.text.trim().to_owned(),
    };
    Some(Found {
        forwarded,
        own: parsed.mail.text.clone(),
    })
}

fn addressed(list: Vec<Mailbox>) -> Vec<Mailbox> {
    list.into_iter()
        .filter(|mailbox| !mailbox.address.is_empty())
        .collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
mod tests;
