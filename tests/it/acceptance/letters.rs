//! What people at both ends write, and how their mail clients put it into threads.

use std::collections::HashMap;

use mail_parser::{HeaderValue, MessageParser};

/// A mail as its reader's client sees it.
#[derive(Debug, Clone)]
pub struct Letter {
    pub id: String,
    pub in_reply_to: Vec<String>,
    pub references: Vec<String>,
    pub subject: String,
    pub reply_to: String,
    pub text: String,
    pub automatic: bool,
    /// What Postfix called it when it took it: copies with one name were sent once.
    pub queue_id: String,
    pub raw: Vec<u8>,
}

impl Letter {
    pub fn read(raw: &[u8]) -> Self {
        let message = MessageParser::default().parse(raw).unwrap();
        let ids = |value: &HeaderValue<'_>| -> Vec<String> {
            let list = value.as_text_list().unwrap_or_default();
            list.iter().map(ToString::to_string).collect()
        };
        let address = message.reply_to().or(message.from()).unwrap();
        Self {
            id: message.message_id().unwrap().to_owned(),
            in_reply_to: ids(message.in_reply_to()),
            references: ids(message.references()),
            subject: message.subject().unwrap_or_default().to_owned(),
            reply_to: address.first().unwrap().address().unwrap().to_owned(),
            text: message.body_text(0).unwrap_or_default().into_owned(),
            automatic: message.header("Auto-Submitted").is_some(),
            queue_id: queue_id(raw),
            raw: raw.to_vec(),
        }
    }

    /// An answer to it, as a mail client writes one. It goes to `reply_to`.
    pub fn answer(&self, from: &str, id: &str, words: &str) -> Vec<u8> {
        let mut references = self.references.clone();
        references.push(self.id.clone());
        let references: Vec<String> = references.iter().map(|id| format!("<{id}>")).collect();
        let quoted: String = self
            .text
            .lines()
            .map(|line| format!("> {line}\n"))
            .collect();
        lines(&format!(
            "From: {from}\nTo: {to}\nSubject: Re: {subject}\nMessage-ID: <{id}>\nIn-Reply-To: <{parent}>\n\
             References: {references}\nDate: {date}\nMIME-Version: 1.0\n\
             Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n\
             {words}\n\nOn Fri, Nov 20, 2026 at 9:02 AM Example Support <support@example.org> wrote:\n{quoted}",
            to = self.reply_to,
            subject = self.subject,
            parent = self.id,
            references = references.join("\n "),
            date = chrono::Utc::now().to_rfc2822(),
        ))
    }
}

fn queue_id(raw: &[u8]) -> String {
    let text = String::from_utf8_lossy(raw);
    let by_postfix = text.split("(Postfix) with ").nth(1).unwrap_or_default();
    let id = by_postfix.split(" id ").nth(1).unwrap_or_default();
    id.split_whitespace().next().unwrap_or_default().to_owned()
}

fn lines(text: &str) -> Vec<u8> {
    text.replace('\n', "\r\n").into_bytes()
}

/// A customer's first mail, in one of the forms that customers' programs write.
pub fn request(from: &str, id: &str, number: usize) -> Vec<u8> {
    let date = chrono::Utc::now().to_rfc2822();
    let head = format!(
        "From: Customer {number} <{from}>\nTo: support@example.org\nSubject: Request {number}\nMessage-ID: <{id}>\n\
         Date: {date}\nMIME-Version: 1.0\n"
    );
    let body = match number % 4 {
        0 => format!("Content-Type: text/plain\n\nHello,\n\nthis is request {number}.\n"),
        1 => format!(
            "Content-Type: text/html; charset=utf-8\n\n<html><body><p>Hello,</p><p>this is <b>request</b> {number}.</p></body></html>\n"
        ),
        2 => format!(
            "Content-Type: multipart/mixed; boundary=\"=b\"\n\n--=b\nContent-Type: text/plain\n\nthis is request {number}.\n\
             --=b\nContent-Type: text/csv; name=\"export.csv\"\nContent-Disposition: attachment; filename=\"export.csv\"\n\
             Content-Transfer-Encoding: base64\n\nYSxiCjEsMgo=\n--=b--\n"
        ),
        _ => format!(
            "Content-Type: multipart/alternative; boundary=\"=a\"\n\n--=a\nContent-Type: text/plain; charset=utf-8\n\
             Content-Transfer-Encoding: quoted-printable\n\nGr=C3=BC=C3=9Fe, this is request {number}.\n\
             --=a\nContent-Type: text/html; charset=utf-8\n\n<p>Gr&uuml;&szlig;e, this is request {number}.</p>\n--=a--\n"
        ),
    };
    lines(&format!("{head}{body}"))
}

/// Asserts that a mail client shows these mails, given in the order of time, as one thread in that order.
///
/// It is the algorithm of most clients (Jamie Zawinski's, RFC 5256's REFERENCES): the ids of References, or those of
/// In-Reply-To, form a chain; ids whose mail is not in the folder are empty places in the tree.
pub fn assert_one_thread(mails: &[Letter]) {
    let mut parents: HashMap<&str, &str> = HashMap::new();
    for mail in mails {
        let chain = if mail.references.is_empty() {
            &mail.in_reply_to
        } else {
            &mail.references
        };
        let chain: Vec<&str> = chain.iter().map(String::as_str).collect();
        for pair in chain.windows(2) {
            if !parents.contains_key(pair[1]) && !leads_to(&parents, pair[0], pair[1]) {
                parents.insert(pair[1], pair[0]);
            }
        }
        // A mail's own word counts for more than what others say of it.
        parents.remove(mail.id.as_str());
        if let Some(parent) = chain.last()
            && !leads_to(&parents, parent, &mail.id)
        {
            parents.insert(&mail.id, parent);
        }
    }
    let first = root(&parents, &mails[0].id);
    for mail in mails {
        assert_eq!(root(&parents, &mail.id), first, "two threads: {mails:#?}");
    }
    let mut shown = Vec::new();
    show(first, &parents, mails, &mut shown);
    let order: Vec<&str> = mails.iter().map(|mail| mail.id.as_str()).collect();
    assert_eq!(shown, order, "the order in which a client shows {mails:#?}");
}

/// The top of the tree that `id` stands in.
fn root<'a>(parents: &HashMap<&'a str, &'a str>, id: &'a str) -> &'a str {
    let mut at = id;
    while let Some(parent) = parents.get(at) {
        at = parent;
    }
    at
}

/// Whether `id`'s ancestors, itself included, hold `ancestor`.
fn leads_to(parents: &HashMap<&str, &str>, id: &str, ancestor: &str) -> bool {
    let mut at = Some(id);
    while let Some(id) = at {
        if id == ancestor {
            return true;
        }
        at = parents.get(id).copied();
    }
    false
}

/// Lists a place of the tree and all under it, siblings by the time of their earliest mail.
fn show<'a>(
    id: &str,
    parents: &HashMap<&str, &str>,
    mails: &'a [Letter],
    shown: &mut Vec<&'a str>,
) {
    shown.extend(
        mails
            .iter()
            .map(|mail| mail.id.as_str())
            .find(|own| *own == id),
    );
    let earliest = |place: &str| {
        let under = |mail: &Letter| leads_to(parents, &mail.id, place);
        mails.iter().position(under)
    };
    let mut children: Vec<&str> = parents
        .iter()
        .filter(|(_, parent)| **parent == id)
        .map(|(child, _)| *child)
        .collect();
    children.sort_by_key(|child| earliest(child).unwrap_or(usize::MAX));
    for child in children {
        show(child, parents, mails, shown);
    }
}

#[test]
fn a_client_sees_two_threads_where_there_are_two() {
    let mail = |id: &str, references: &str| {
        Letter::read(
            format!(
                "From: a@b.example\r\nMessage-ID: <{id}>\r\nReferences: {references}\r\n\r\nx\r\n"
            )
            .as_bytes(),
        )
    };
    assert_one_thread(&[
        mail("1@x", ""),
        mail("2@x", "<1@x>"),
        mail("3@x", "<0@x> <1@x> <2@x>"),
    ]);
    let apart = [mail("1@x", ""), mail("2@x", "<1@x>"), mail("3@x", "<9@x>")];
    assert!(std::panic::catch_unwind(|| assert_one_thread(&apart)).is_err());
    let swapped = [mail("2@x", "<1@x>"), mail("1@x", "")];
    assert!(std::panic::catch_unwind(|| assert_one_thread(&swapped)).is_err());
}
