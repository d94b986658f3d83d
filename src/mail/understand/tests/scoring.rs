//! The scoring of docs/mail-understanding.md on mails of our own, written as clients and servers write them.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::understand;
use crate::config::service::MailLimits;
use crate::mail::inspect;
use crate::mail::message::{Origin, UnderstoodMail};

/// Mails of one kind.
#[derive(Deserialize)]
struct Mails {
    mail: Vec<Case>,
}

/// A mail and what is asked of it. What is left out is not asked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    raw: String,
    /// Whether each character of `raw` stands for the byte of its number.
    #[serde(default)]
    bytes: bool,
    from: Option<String>,
    to: Option<Vec<String>>,
    subject: Option<String>,
    date: Option<String>,
    text: Option<String>,
    reply: Option<String>,
    files: Option<Vec<String>>,
    /// `person`, `auto_reply`, `automatic`, `bounce` or `feedback`.
    origin: Option<String>,
    list: Option<bool>,
    bounce: Option<Vec<[String; 3]>>,
    feedback: Option<String>,
    returned: Option<String>,
    forwarded: Option<Inner>,
    answers: Option<Vec<String>>,
    /// The conversation that it belongs to.
    thread: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Inner {
    from: String,
    subject: Option<String>,
    date: Option<String>,
    body: Option<String>,
}

impl Case {
    fn understood(&self) -> UnderstoodMail {
        let raw = self.raw.strip_prefix('\n').unwrap_or(&self.raw);
        let bytes = if self.bytes {
            raw.chars()
                .map(|c| u8::try_from(u32::from(c)).unwrap())
                .collect()
        } else {
            raw.as_bytes().to_vec()
        };
        understand(&bytes, &MailLimits::default())
    }

    /// What is not as it is asked.
    fn misses(&self) -> Vec<String> {
        let understood = self.understood();
        let mail = &understood.mail;
        let mut misses = Vec::new();
        let mut ask = |what: &str, wanted: Option<&str>, got: &str| {
            if let Some(wanted) = wanted.filter(|wanted| wanted.trim() != got.trim()) {
                misses.push(format!("{what}: {got:?} where {wanted:?} is right"));
            }
        };
        let addresses = |list: &[crate::mail::message::Mailbox]| {
            let all: Vec<&str> = list
                .iter()
                .map(|mailbox| mailbox.address.as_str())
                .collect();
            all.join(" ")
        };
        let from = mail.from.as_ref().map_or("", |from| from.address.as_str());
        ask("from", self.from.as_deref(), from);
        ask(
            "to",
            self.to.as_ref().map(|to| to.join(" ")).as_deref(),
            &addresses(&mail.to),
        );
        ask("subject", self.subject.as_deref(), &mail.subject);
        let date = mail.date.map_or_else(String::new, |date| date.to_rfc3339());
        ask("date", self.date.as_deref(), &date);
        ask("text", self.text.as_deref(), &mail.text);
        ask("reply", self.reply.as_deref(), &understood.reply);
        let files: Vec<&str> = mail
            .attachments
            .iter()
            .map(|file| file.name.as_str())
            .collect();
        ask(
            "files",
            self.files.as_ref().map(|files| files.join(" ")).as_deref(),
            &files.join(" "),
        );
        let json = inspect::to_json(&understood);
        ask(
            "origin",
            self.origin.as_deref(),
            json["origin"].as_str().unwrap_or_default(),
        );
        ask(
            "list",
            self.list.map(|list| list.to_string()).as_deref(),
            &understood.list.to_string(),
        );
        ask(
            "feedback",
            self.feedback.as_deref(),
            json["feedback"].as_str().unwrap_or_default(),
        );
        let returned = understood.returned_ids.first().map_or("", String::as_str);
        ask("returned", self.returned.as_deref(), returned);
        ask(
            "answers",
            self.answers.as_ref().map(|ids| ids.join(" ")).as_deref(),
            &mail.in_reply_to.join(" "),
        );
        let inner = understood.forwarded.as_ref();
        let text = |field: Option<&String>| field.cloned().unwrap_or_default();
        if let Some(wanted) = &self.forwarded {
            let from = inner.and_then(|inner| inner.from.as_ref());
            ask(
                "forwarded from",
                Some(&wanted.from),
                from.map_or("", |from| from.address.as_str()),
            );
            ask(
                "forwarded subject",
                wanted.subject.as_deref(),
                &text(inner.and_then(|inner| inner.subject.as_ref())),
            );
            ask(
                "forwarded date",
                wanted.date.as_deref(),
                &text(inner.and_then(|inner| inner.date.as_ref())),
            );
            ask(
                "forwarded body",
                wanted.body.as_deref(),
                inner.map_or("", |inner| inner.body.as_str()),
            );
        }
        misses.extend(self.bounce_misses(&understood.origin));
        misses
    }

    fn bounce_misses(&self, origin: &Origin) -> Option<String> {
        let wanted = self.bounce.as_ref()?;
        let got: Vec<[String; 3]> = match origin {
            Origin::Bounce(reports) => reports
                .iter()
                .map(|report| {
                    let recipient = report.recipient.clone().unwrap_or_default();
                    [recipient, report.status.clone(), report.action.clone()]
                })
                .collect(),
            _ => Vec::new(),
        };
        let same = |got: &[String; 3], wanted: &[String; 3]| {
            let class = wanted[1].strip_suffix('*');
            let status = class.map_or(got[1] == wanted[1], |class| got[1].starts_with(class));
            got[0] == wanted[0] && status && got[2] == wanted[2]
        };
        let right = got.len() == wanted.len()
            && got
                .iter()
                .zip(wanted)
                .all(|(got, wanted)| same(got, wanted));
        (!right).then(|| format!("bounce: {got:?} where {wanted:?} is right"))
    }
}

fn mails(file: &str) -> Vec<Case> {
    toml::from_str::<Mails>(file).unwrap().mail
}

#[track_caller]
fn all_are_right(file: &str, at_least: usize) {
    let mails = mails(file);
    assert!(mails.len() >= at_least, "{} mails", mails.len());
    let misses: Vec<String> = mails
        .iter()
        .map(|case| (case, case.misses()))
        .filter(|(_, misses)| !misses.is_empty())
        .map(|(case, misses)| format!("{}: {}", case.name, misses.join("; ")))
        .collect();
    assert!(
        misses.is_empty(),
        "{} of {} are missed:\n{}",
        misses.len(),
        mails.len(),
        misses.join("\n")
    );
}

#[test]
fn replies() {
    all_are_right(include_str!("mails/replies.toml"), 30);
}

#[test]
fn bounces() {
    all_are_right(include_str!("mails/bounces.toml"), 36);
}

#[test]
fn automatic_mail() {
    all_are_right(include_str!("mails/automatic.toml"), 36);
}

#[test]
fn forwards() {
    all_are_right(include_str!("mails/forwards.toml"), 24);
}

#[test]
fn mime() {
    all_are_right(include_str!("mails/mime.toml"), 36);
}

#[test]
fn ordinary_mail() {
    all_are_right(include_str!("mails/ordinary.toml"), 24);
}

/// Joins mails by the ids that they bear and answer, as a thread view does.
fn conversations(mails: &[Case]) -> BTreeSet<BTreeSet<&str>> {
    let mut of_id: BTreeMap<String, usize> = BTreeMap::new();
    let mut group: Vec<usize> = (0..mails.len()).collect();
    for (at, case) in mails.iter().enumerate() {
        let mail = case.understood().mail;
        let ids = mail
            .message_id
            .into_iter()
            .chain(mail.references)
            .chain(mail.in_reply_to);
        for id in ids {
            let other = group[*of_id.entry(id).or_insert(at)];
            let own = group[at];
            for each in &mut group {
                if *each == own {
                    *each = other;
                }
            }
        }
    }
    let mut found: BTreeMap<usize, BTreeSet<&str>> = BTreeMap::new();
    for (at, case) in mails.iter().enumerate() {
        found.entry(group[at]).or_default().insert(&case.name);
    }
    found.into_values().collect()
}

#[test]
fn threads() {
    let mails = mails(include_str!("mails/threads.toml"));
    assert!(mails.len() >= 30, "{} mails", mails.len());
    let mut wanted: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for case in &mails {
        let thread = case.thread.as_deref().unwrap();
        wanted.entry(thread).or_default().insert(&case.name);
    }
    assert_eq!(conversations(&mails), wanted.into_values().collect());
}
