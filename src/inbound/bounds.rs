//! What a parsed mail may bring into the database: no NUL, which PostgreSQL's text cannot hold, and no address
//! longer than an address may be, which its indexes cannot. Addresses are kept in one spelling.

use chrono::{DateTime, Utc};

use crate::mail::address::bare;
use crate::mail::message::{Mailbox, Origin, UnderstoodMail};

/// The longest local part, the `@` and the longest domain (RFC 5321, 4.5.3.1), in octets.
const LONGEST_ADDRESS: usize = 64 + 1 + 255;

/// Whether a text can be the address of somebody. It asks for less than RFC 5321 does: addresses such as
/// `a..b@example.com` are in use.
pub(super) fn is_address(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else {
        return false;
    };
    let plain = |c: char| !c.is_whitespace() && !c.is_control() && !matches!(c, '<' | '>' | '@');
    let local_is_sound = local.starts_with('"') || local.chars().all(plain);
    text.len() <= LONGEST_ADDRESS
        && !local.is_empty()
        && !domain.is_empty()
        && local_is_sound
        && domain.chars().all(plain)
}

/// Whether a mail of an archive can be as old as it says.
pub(super) fn is_past(date: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    (DateTime::UNIX_EPOCH..=now).contains(&date)
}

/// Keeps what the database can hold. An author without an address that could be anybody's is no author.
pub(super) fn keep(understood: &mut UnderstoodMail) {
    let mail = &mut understood.mail;
    let people = mail.from.iter_mut().chain(&mut mail.to).chain(&mut mail.cc);
    let original = understood.forwarded.iter_mut();
    for somebody in people.chain(original.flat_map(|forwarded| &mut forwarded.from)) {
        somebody.address = bare(&somebody.address);
    }
    let boxes = mail
        .from
        .iter_mut()
        .chain(&mut mail.to)
        .chain(&mut mail.cc)
        .flat_map(of_mailbox);
    let files = mail.attachments.iter_mut().flat_map(|file| {
        [&mut file.name, &mut file.content_type]
            .into_iter()
            .chain(&mut file.content_id)
    });
    let ids = mail
        .message_id
        .iter_mut()
        .chain(&mut mail.in_reply_to)
        .chain(&mut mail.references)
        .chain(&mut understood.returned_ids);
    let texts = [&mut mail.subject, &mut mail.text, &mut understood.reply];
    boxes
        .chain(files)
        .chain(ids)
        .chain(texts)
        .chain(&mut mail.html)
        .for_each(without_nul);
    mail.from = mail.from.take().filter(|from| is_address(&from.address));
    match &mut understood.origin {
        Origin::Person => {}
        Origin::AutoReply { because } | Origin::Automatic { because, .. } => without_nul(because),
        Origin::Feedback { feedback_type } => without_nul(feedback_type),
        Origin::Bounce(recipients) => {
            for recipient in recipients {
                without_nul(&mut recipient.status);
                without_nul(&mut recipient.action);
                recipient.diagnostic.iter_mut().for_each(without_nul);
            }
        }
    }
    if let Some(forwarded) = &mut understood.forwarded {
        without_nul(&mut forwarded.body);
        forwarded.subject.iter_mut().for_each(without_nul);
        forwarded
            .from
            .iter_mut()
            .flat_map(of_mailbox)
            .for_each(without_nul);
    }
}

fn of_mailbox(mailbox: &mut Mailbox) -> [&mut String; 2] {
    [&mut mailbox.name, &mut mailbox.address]
}

fn without_nul(text: &mut String) {
    if text.contains('\0') {
        text.retain(|c| c != '\0');
    }
}

#[cfg(test)]
mod tests {
    use super::is_address;

    #[test]
    fn an_address_can_be_somebodys() {
        for address in [
            "a@b.test",
            "a..b.@docomo.test",
            "\"a @ b\"@c.test",
            "иван@пример.test",
            "a@[192.0.2.1]",
        ] {
            assert!(is_address(address), "{address}");
        }
        let long = format!("{}@b.test", "a".repeat(320));
        for none in [
            "",
            "a",
            "@b.test",
            "a@",
            "a@b@c.test",
            "a b@c.test",
            "a@b c.test",
            "<a@b.test>",
            &long,
        ] {
            assert!(!is_address(none), "{none}");
        }
    }
}
