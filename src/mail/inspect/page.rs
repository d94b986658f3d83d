//! The explanation as a page that an operator reads at once.

use std::fmt::Write as _;

use crate::mail::message::{
    BouncedRecipient, EnvelopeSender, Mailbox, Notice, Origin, UnderstoodMail,
};

/// Lines of body text that the page shows of each text.
const SHOWN_LINES: usize = 40;

/// The page about `understood`.
pub fn to_page(understood: &UnderstoodMail) -> String {
    let mut page = Page::default();
    let mail = &understood.mail;
    page.field(
        "From",
        &mail
            .from
            .as_ref()
            .map(shown)
            .unwrap_or_else(|| "(nobody)".to_owned()),
    );
    page.list("Sender", mail.sender.iter().map(shown));
    page.list("Reply-To", mail.reply_to.iter().map(shown));
    page.list("To", mail.to.iter().map(shown));
    page.list("Cc", mail.cc.iter().map(shown));
    page.field(
        "Subject",
        if mail.subject.is_empty() {
            "(none)"
        } else {
            &mail.subject
        },
    );
    page.field(
        "Date",
        &mail.date.map_or_else(
            || "(none that can be read)".to_owned(),
            |date| date.to_rfc3339(),
        ),
    );
    page.field("Message-ID", mail.message_id.as_deref().unwrap_or("(none)"));
    page.list("Answers", mail.in_reply_to.iter().cloned());
    page.list("Thread", mail.references.iter().cloned());
    match &mail.envelope_sender {
        Some(EnvelopeSender::Null) => page.field("Return-Path", "<> (must never be answered)"),
        Some(EnvelopeSender::Address(address)) => page.field("Return-Path", address),
        None => {}
    }
    page.list("Delivered to", mail.delivered_to.iter().cloned());
    page.list(
        "Checked",
        mail.authentication.iter().map(|verdict| {
            let domain = verdict
                .domain
                .as_deref()
                .map(|domain| format!(" for {domain}"))
                .unwrap_or_default();
            format!(
                "{} {}{domain}, says {}",
                verdict.method, verdict.result, verdict.authserv_id
            )
        }),
    );
    page.blank();
    page.field("Written by", &origin(&understood.origin));
    if let Origin::Bounce(recipients) = &understood.origin {
        page.list("Recipient", recipients.iter().map(bounced));
        page.list("Returned", understood.returned_ids.iter().cloned());
    }
    if understood.list {
        page.field("List", "it came through a mailing list");
    }
    if understood.spam {
        page.field("Spam", "a filter on the way here marked it as spam");
    }
    page.list("Limit", mail.notices.iter().map(notice));
    for file in &mail.attachments {
        let inline = if file.inline {
            ", shown in the text"
        } else {
            ""
        };
        page.field(
            "File",
            &format!(
                "{} ({}, {} bytes{inline})",
                file.name,
                file.content_type,
                file.content.len()
            ),
        );
    }
    page.text("New text", &understood.reply);
    if let Some(forwarded) = &understood.forwarded {
        page.blank();
        page.field(
            "Forwards",
            &forwarded
                .from
                .as_ref()
                .map(shown)
                .unwrap_or_else(|| "(author not named)".to_owned()),
        );
        page.list("  To", forwarded.to.iter().map(shown));
        page.list("  Cc", forwarded.cc.iter().map(shown));
        page.list("  Subject", forwarded.subject.iter().cloned());
        page.list("  Date", forwarded.date.iter().cloned());
        page.text("Forwarded text", &forwarded.body);
    }
    if understood.reply.trim() != mail.text.trim() {
        page.text("Whole text", &mail.text);
    }
    page.0
}

#[derive(Default)]
struct Page(String);

impl Page {
    fn field(&mut self, name: &str, value: &str) {
        // Control characters of a hostile mail must not reach the terminal.
        let value: String = value
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        let _ = writeln!(self.0, "{name:<13} {value}");
    }

    fn list(&mut self, name: &str, values: impl Iterator<Item = String>) {
        for value in values {
            self.field(name, &value);
        }
    }

    fn blank(&mut self) {
        self.0.push('\n');
    }

    fn text(&mut self, name: &str, text: &str) {
        let lines: Vec<&str> = text.lines().collect();
        let _ = writeln!(self.0, "\n{name}:");
        if text.trim().is_empty() {
            self.0.push_str("    (empty)\n");
        }
        for line in lines.iter().take(SHOWN_LINES) {
            let line: String = line
                .chars()
                .filter(|c| *c == '\t' || !c.is_control())
                .collect();
            let _ = writeln!(self.0, "{}", format!("    {line}").trim_end());
        }
        let more = lines.len().saturating_sub(SHOWN_LINES);
        if more > 0 {
            let _ = writeln!(self.0, "    ({more} more lines)");
        }
    }
}

fn shown(mailbox: &Mailbox) -> String {
    match (mailbox.name.as_str(), mailbox.address.as_str()) {
        ("", address) => address.to_owned(),
        (name, "") => name.to_owned(),
        (name, address) => format!("{name} <{address}>"),
    }
}

fn origin(origin: &Origin) -> String {
    match origin {
        Origin::Person => "a person, as far as can be told".to_owned(),
        Origin::AutoReply { because } => format!("a machine that answers by itself: {because}"),
        Origin::Automatic {
            because,
            list: true,
        } => format!("a mailing list: {because}"),
        Origin::Automatic {
            because,
            list: false,
        } => format!("a machine: {because}"),
        Origin::Bounce(recipients)
            if recipients
                .iter()
                .any(|recipient| recipient.action == "failed") =>
        {
            "a mail server: mail could not be delivered".to_owned()
        }
        Origin::Bounce(recipients)
            if recipients
                .iter()
                .any(|recipient| recipient.action == "delayed") =>
        {
            "a mail server: delivery is delayed, nothing is lost yet".to_owned()
        }
        Origin::Bounce(_) => "a mail server: a report of delivery".to_owned(),
        Origin::Feedback { feedback_type } => {
            format!("a mail provider: a complaint ({feedback_type})")
        }
    }
}

fn bounced(recipient: &BouncedRecipient) -> String {
    let address = recipient.recipient.as_deref().unwrap_or("(not named)");
    let said = recipient
        .diagnostic
        .as_deref()
        .map(|text| format!(": {text}"))
        .unwrap_or_default();
    format!(
        "{address} {} ({}){said}",
        recipient.action, recipient.status
    )
}

fn notice(notice: &Notice) -> String {
    match notice {
        Notice::AttachmentTooLarge { name, bytes } => {
            format!("{name} ({bytes} bytes) is larger than allowed and stays in the raw message")
        }
        Notice::TooManyAttachments { left_out } => {
            format!("{left_out} more attachments stay in the raw message")
        }
        Notice::TooManyParts => {
            "the message has more parts than allowed; the rest stays in the raw message".to_owned()
        }
        Notice::HeaderTooLong { bytes } => {
            format!("the header ({bytes} bytes) is longer than allowed and was cut")
        }
        Notice::TextTooLong { bytes } => {
            format!("the text ({bytes} bytes) is longer than allowed and was cut")
        }
        Notice::MessageTooLarge { bytes } => {
            format!("the message ({bytes} bytes) is larger than allowed; only its header was read")
        }
    }
}
