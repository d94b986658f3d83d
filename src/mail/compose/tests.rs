#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use mail_parser::{MessageParser, MimeHeaders};
use proptest::prelude::*;

use super::*;

fn address(name: &str, address: &str) -> Mailbox {
    Mailbox {
        name: name.to_owned(),
        address: address.to_owned(),
    }
}

fn plain() -> OutgoingMail {
    OutgoingMail {
        from: address("Example Support", "support@example.com"),
        to: vec![address("Jörg Müller", "joerg@customer.example")],
        cc: vec![],
        reply_to: Some(address("Example Support", "support+abc234@example.com")),
        subject: "Re: [TKT-1] Drucker geht nicht".to_owned(),
        message_id: "fd.abc.def@example.com".to_owned(),
        in_reply_to: Some("q1@customer.example".to_owned()),
        references: vec!["q1@customer.example".to_owned()],
        date: DateTime::from_timestamp(1_790_000_000, 0).unwrap(),
        automation: Automation::Person,
        mark: Some("m4rk".to_owned()),
        list_unsubscribe: None,
        text: "Hello\n\nIt is fixed.\n".to_owned(),
        html: Some("<p>Hello</p><p>It is fixed.</p>".to_owned()),
        attachments: vec![],
    }
}

fn file(name: &str, content_type: &str, content: &[u8]) -> Attachment {
    Attachment {
        name: name.to_owned(),
        content_type: content_type.to_owned(),
        content_id: None,
        inline: false,
        content: content.to_vec(),
    }
}

fn lines_are_sound(bytes: &[u8]) -> bool {
    let bare = bytes.iter().enumerate().any(|(at, &b)| match b {
        b'\n' => at == 0 || bytes[at - 1] != b'\r',
        b'\r' => bytes.get(at + 1) != Some(&b'\n'),
        _ => b >= 0x80 || b == 0,
    });
    !bare && bytes.split(|&b| b == b'\n').all(|line| line.len() <= 999)
}

fn header_of(bytes: &[u8], name: &str) -> Vec<String> {
    let message = MessageParser::new().parse(bytes).unwrap();
    message
        .header_values(name)
        .map(|value| value.as_text().unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn a_persons_answer_reads_back_as_it_was_meant() {
    let bytes = compose(&plain()).unwrap();
    assert!(lines_are_sound(&bytes));
    let message = MessageParser::new().parse(&bytes).unwrap();
    assert_eq!(
        message.from().unwrap().first().unwrap().name(),
        Some("Example Support")
    );
    assert_eq!(
        message.to().unwrap().first().unwrap().name(),
        Some("Jörg Müller")
    );
    assert_eq!(
        message.reply_to().unwrap().first().unwrap().address(),
        Some("support+abc234@example.com")
    );
    assert_eq!(message.subject(), Some("Re: [TKT-1] Drucker geht nicht"));
    assert_eq!(message.message_id(), Some("fd.abc.def@example.com"));
    assert_eq!(message.in_reply_to().as_text(), Some("q1@customer.example"));
    assert_eq!(message.date().unwrap().to_timestamp(), 1_790_000_000);
    assert_eq!(
        message.body_text(0).unwrap(),
        "Hello\r\n\r\nIt is fixed.\r\n"
    );
    assert_eq!(
        message.body_html(0).unwrap(),
        "<p>Hello</p><p>It is fixed.</p>"
    );
    assert_eq!(header_of(&bytes, "X-Frontdesk"), ["m4rk"]);
    assert!(header_of(&bytes, "Auto-Submitted").is_empty());
    assert!(header_of(&bytes, "X-Auto-Response-Suppress").is_empty());
    assert!(header_of(&bytes, "Precedence").is_empty());
}

#[test]
fn automatic_mail_says_so() {
    for (automation, said) in [
        (Automation::Replied, "auto-replied"),
        (Automation::Generated, "auto-generated"),
    ] {
        let bytes = compose(&OutgoingMail {
            automation,
            ..plain()
        })
        .unwrap();
        assert_eq!(header_of(&bytes, "Auto-Submitted"), [said]);
        assert_eq!(header_of(&bytes, "X-Auto-Response-Suppress"), ["All"]);
    }
}

#[test]
fn references_keep_the_first_and_the_newest() {
    let ids: Vec<String> = (0..50).map(|n| format!("{n}@example.com")).collect();
    let bytes = compose(&OutgoingMail {
        references: ids.clone(),
        ..plain()
    })
    .unwrap();
    assert!(lines_are_sound(&bytes));
    let message = MessageParser::new().parse(&bytes).unwrap();
    let kept: Vec<String> = message
        .references()
        .as_text_list()
        .unwrap()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(kept.len(), 20);
    assert_eq!(kept[0], "0@example.com");
    assert_eq!(kept[1..], ids[31..]);
}

#[test]
fn ids_that_would_break_a_header_are_left_out() {
    let hostile = ["a b@c", "a@b>\r\nBcc: <x@y", "ü@example.com", "", "<>"];
    let mut references: Vec<String> = hostile.iter().map(ToString::to_string).collect();
    references.push("x".repeat(2_000));
    references.push("good@example.com".to_owned());
    references.push("good@example.com".to_owned());
    let bytes = compose(&OutgoingMail {
        references,
        in_reply_to: Some("a@b\r\nBcc: x@y".to_owned()),
        ..plain()
    })
    .unwrap();
    assert_eq!(header_of(&bytes, "References"), ["good@example.com"]);
    assert!(header_of(&bytes, "In-Reply-To").is_empty());
    assert!(header_of(&bytes, "Bcc").is_empty());
    let bad = compose(&OutgoingMail {
        message_id: "a b".to_owned(),
        ..plain()
    });
    assert!(matches!(bad, Err(ComposeError::MessageId(_))));
}

#[test]
fn a_subject_or_a_name_injects_no_header() {
    let bytes = compose(&OutgoingMail {
        subject: "Hi\r\nBcc: everybody@example.com\n\nbody".to_owned(),
        to: vec![address("Eve\r\nBcc: x@y.example", "eve@customer.example")],
        ..plain()
    })
    .unwrap();
    assert!(header_of(&bytes, "Bcc").is_empty());
    let message = MessageParser::new().parse(&bytes).unwrap();
    assert_eq!(
        message.subject(),
        Some("Hi Bcc: everybody@example.com body")
    );
    assert_eq!(
        message.to().unwrap().first().unwrap().address(),
        Some("eve@customer.example")
    );
}

#[test]
fn files_keep_their_names_types_and_bytes() {
    let every_byte: Vec<u8> = (0..=255).cycle().take(5_000).collect();
    let long = format!("{}.txt", "日本語の長い名前".repeat(12));
    let bytes = compose(&OutgoingMail {
        attachments: vec![
            file("Übersicht \"März\".pdf", "application/pdf", &every_byte),
            file(&long, "text/plain", b"no newline at the end"),
            file("mail.eml", "message/rfc822", b"Subject: x\r\n\r\ny"),
            file("odd", "not a type", b""),
        ],
        ..plain()
    })
    .unwrap();
    assert!(lines_are_sound(&bytes));
    let message = MessageParser::new().parse(&bytes).unwrap();
    let files: Vec<_> = message.attachments().collect();
    assert_eq!(files.len(), 4);
    assert_eq!(files[0].attachment_name(), Some("Übersicht \"März\".pdf"));
    assert_eq!(files[0].contents(), every_byte);
    assert_eq!(files[1].attachment_name(), Some(long.as_str()));
    assert_eq!(files[1].contents(), b"no newline at the end");
    for at in [2, 3] {
        let kind = files[at].content_type().unwrap();
        assert_eq!(
            (kind.ctype(), kind.subtype()),
            ("application", Some("octet-stream"))
        );
    }
    assert_eq!(
        message.body_text(0).unwrap(),
        "Hello\r\n\r\nIt is fixed.\r\n"
    );
}

#[test]
fn an_image_that_the_html_shows_stands_beside_it() {
    let mut image = file("logo.png", "image/png", b"\x89PNG");
    image.inline = true;
    image.content_id = Some("logo@x".to_owned());
    let mut unused = image.clone();
    unused.content_id = Some("other@x".to_owned());
    let bytes = compose(&OutgoingMail {
        html: Some("<img src=\"cid:logo@x\">".to_owned()),
        attachments: vec![image, unused],
        ..plain()
    })
    .unwrap();
    let text = String::from_utf8(bytes).unwrap();
    assert_eq!(text.matches("multipart/related").count(), 1);
    assert_eq!(text.matches("Content-ID: <logo@x>").count(), 1);
    assert_eq!(text.matches("Content-Disposition: attachment").count(), 1);
}

#[test]
fn a_message_to_nobody_or_to_no_address_is_refused() {
    assert!(matches!(
        compose(&OutgoingMail {
            to: vec![],
            ..plain()
        }),
        Err(ComposeError::NoRecipient)
    ));
    let bad = compose(&OutgoingMail {
        to: vec![address("x", "nobody")],
        ..plain()
    });
    assert!(matches!(bad, Err(ComposeError::Address { .. })));
}

proptest! {
    #[test]
    fn any_text_reads_back(
        subject in "\\PC{0,120}", name in "\\PC{0,40}", text in "(\\PC|\n|\t){0,600}",
        long in "[a-zé]{0,3000}", file_name in "\\PC{1,80}", content in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let text = format!("{text}{long}");
        let bytes = compose(&OutgoingMail {
            subject: subject.clone(),
            to: vec![address(&name, "a@customer.example")],
            text: text.clone(),
            html: None,
            attachments: vec![file(&file_name, "application/pdf", &content)],
            ..plain()
        }).unwrap();
        prop_assert!(lines_are_sound(&bytes));
        let message = MessageParser::new().parse(&bytes).unwrap();
        prop_assert_eq!(message.subject().unwrap_or_default(), one_line(&subject));
        let to = message.to().unwrap().first().unwrap();
        prop_assert_eq!(to.name().unwrap_or_default(), one_line(&name));
        prop_assert_eq!(to.address(), Some("a@customer.example"));
        let read = message.body_text(0).unwrap();
        prop_assert_eq!(read.replace("\r\n", "\n"), text);
        let part = message.attachments().next().unwrap();
        prop_assert_eq!(part.contents(), &content[..]);
    }
}
