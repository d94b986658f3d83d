//! Broken and odd messages: text in every case.

use std::collections::BTreeMap;

use proptest::prelude::*;

use crate::config::service::MailLimits;
use crate::mail::message::{EnvelopeSender, Notice, UnderstoodMail};
use crate::mail::{identity, inspect, understand};

fn read(raw: &[u8]) -> UnderstoodMail {
    understand(raw, &MailLimits::default())
}

fn with_charset(charset: &str, body: &[u8]) -> String {
    let mut raw =
        format!("Subject: x\nContent-Type: text/plain; charset={charset}\n\n").into_bytes();
    raw.extend_from_slice(body);
    read(&raw).mail.text
}

#[test]
fn charsets_are_read_as_declared() {
    for (charset, body, text) in [
        ("utf-8", &b"Gr\xc3\xbc\xc3\x9fe"[..], "Grüße"),
        ("iso-8859-1", b"Gr\xfc\xdfe \x80", "Grüße €"),
        ("windows-1251", b"\xcf\xf0\xe8\xe2\xe5\xf2", "Привет"),
        ("koi8-r", b"\xf0\xd2\xc9\xd7\xc5\xd4", "Привет"),
        ("iso-8859-2", b"\xb9\xe8\xbe", "ščž"),
        ("cp437", b"plain", "plain"),
        ("shift_jis", b"\x83\x6e\x83\x8d\x81\x5b", "ハロー"),
        ("iso-2022-jp", b"\x1b$B%O%m!<\x1b(B", "ハロー"),
        ("euc-kr", b"\xbe\xc8\xb3\xe7", "안녕"),
        ("iso-2022-kr", b"\x1b$)C\x0e>H3g\x0f", "안녕"),
        ("gb2312", b"\xc4\xe3\xba\xc3", "你好"),
        ("hz-gb-2312", b"~{Dc:C~}", "你好"),
        ("big5", b"\xa7\x41\xa6\x6e", "你好"),
        ("utf-7", b"Gr+APwA3w-e", "Grüße"),
        ("utf-16le", b"H\x00i\x00", "Hi"),
        ("utf-16", b"\x00H\x00i", "Hi"),
        ("unknown-8bit", b"Gr\xc3\xbc\xc3\x9fe", "Grüße"),
        ("\"\"", b"Gr\xc3\xbc\xc3\x9fe", "Grüße"),
    ] {
        assert_eq!(with_charset(charset, body), text, "{charset}");
    }
}

#[derive(serde::Deserialize)]
struct Labels {
    text: String,
    labels: Vec<String>,
}

#[test]
fn every_label_of_the_encoding_standard_is_read() {
    let all: BTreeMap<String, Labels> = toml::from_str(include_str!("labels.toml")).unwrap();
    for (name, Labels { text, labels }) in all {
        let encoding = encoding_rs::Encoding::for_label(name.as_bytes()).unwrap();
        let (bytes, _, unwritten) = encoding.encode(&text);
        assert!(!unwritten, "{name} cannot write {text}");
        for label in labels {
            assert_eq!(with_charset(&label, &bytes), text, "{label}");
            let quoted = format!("\"{}\"", label.to_uppercase());
            assert_eq!(with_charset(&quoted, &bytes), text, "{quoted}");
        }
    }
}

#[test]
fn utf_16_is_read_by_every_label_and_what_the_standard_refuses_is_text_as_well() {
    let big: Vec<u8> = "Grüße".encode_utf16().flat_map(u16::to_be_bytes).collect();
    let little: Vec<u8> = "Grüße".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for label in ["unicodefffe", "utf-16be"] {
        assert_eq!(with_charset(label, &big), "Grüße", "{label}");
    }
    for label in [
        "csunicode",
        "iso-10646-ucs-2",
        "ucs-2",
        "unicode",
        "unicodefeff",
        "utf-16",
        "utf-16le",
    ] {
        assert_eq!(with_charset(label, &little), "Grüße", "{label}");
    }
    for label in [
        "csiso2022kr",
        "hz-gb-2312",
        "iso-2022-cn",
        "iso-2022-cn-ext",
        "iso-2022-kr",
        "replacement",
        "x-user-defined",
    ] {
        assert_eq!(with_charset(label, b"Hello"), "Hello", "{label}");
    }
}

#[test]
fn wrong_labels_do_not_garble_the_text() {
    assert_eq!(with_charset("us-ascii", b"Gr\xc3\xbc\xc3\x9fe"), "Grüße");
    assert_eq!(with_charset("iso-8859-1", b"Gr\xc3\xbc\xc3\x9fe"), "Grüße");
    assert_eq!(
        with_charset("utf-8", b"Mit freundlichen Gr\xfc\xdfen aus K\xf6ln"),
        "Mit freundlichen Grüßen aus Köln"
    );
    let russian = b"\xc7\xe4\xf0\xe0\xe2\xf1\xf2\xe2\xf3\xe9\xf2\xe5, \xf3 \xec\xe5\xed\xff \xed\xe5 \xf0\xe0\xe1\xee\xf2\xe0\xe5\xf2 \xef\xf0\xe8\xed\xf2\xe5\xf0";
    assert_eq!(
        with_charset("iso-8859-1", russian),
        "Здравствуйте, у меня не работает принтер"
    );
}

#[test]
fn raw_bytes_in_headers_are_read_and_what_was_declared_is_kept() {
    let raw = b"From: =?iso-8859-1?Q?J=FCrgen?= <j@example.org>\nSubject: Gr\xfc\xdfe aus K\xf6ln\nContent-Type: text/plain; charset=iso-8859-1\n\nHallo\n";
    let mail = read(raw).mail;
    assert_eq!(mail.subject, "Grüße aus Köln");
    assert_eq!(mail.from.unwrap().name, "Jürgen");
    assert_eq!(
        mail.as_declared.unwrap().subject.as_deref(),
        Some("Gr\u{fffd}\u{fffd}e aus K\u{fffd}ln")
    );
}

#[test]
fn encoded_words_cut_within_a_character_are_joined() {
    let raw = b"Subject: =?utf-8?Q?Gr=C3?= =?utf-8?Q?=BC=C3=9Fe?=\n\n";
    assert_eq!(read(raw).mail.subject, "Grüße");
}

#[test]
fn file_names_are_read_in_every_form() {
    for (header, name) in [
        ("attachment; filename=\"a b.txt\"", "a b.txt"),
        (
            "attachment; filename*=utf-8''Gr%C3%BC%C3%9Fe.txt",
            "Grüße.txt",
        ),
        (
            "attachment; filename*0*=utf-8''Gr%C3%BC; filename*1*=%C3%9Fe.txt",
            "Grüße.txt",
        ),
        (
            "attachment; filename=\"=?utf-8?Q?Gr=C3=BC=C3=9Fe.txt?=\"",
            "Grüße.txt",
        ),
        ("attachment", "attachment-1.pdf"),
    ] {
        let raw = format!(
            "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n--b\nContent-Type: application/pdf\nContent-Disposition: {header}\n\nx\n--b--\n"
        );
        assert_eq!(
            read(raw.as_bytes()).mail.attachments[0].name,
            name,
            "{header}"
        );
    }
}

#[test]
fn broken_mime_gives_text() {
    for raw in [
        "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nHello",
        "Content-Type: multipart/mixed\n\n--b\nContent-Type: text/plain\n\nHello\n--b--\n",
        "Content-Type: multipart/mixed; boundary=other\n\n--b\nContent-Type: text/plain\n\nHello\n--b--\n",
        "Content-Type: multipart/mixed; boundary=b\n\nHello\n",
        "Content-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/plain\n\n\n--b\nContent-Type: text/html\n\n<p>Hello</p>\n--b--\n",
        "Content-Type: text\n\nHello",
        "Content-Type: ;;;\n\nHello",
        "Content-Transfer-Encoding: base64\n\nSGVsbG8",
        "Content-Transfer-Encoding: base64\n\nSGVs\n bG8=\n",
        "Content-Transfer-Encoding: quoted-printable\n\nHe=6C=6Co=",
        "Content-Transfer-Encoding: x-nothing\n\nHello",
        "Content-Type: text/html\n\n<html><head><style>x</style><body><p>Hello",
        "Subject: x\nHello",
        "\nHello",
        "Hello",
    ] {
        assert_eq!(read(raw.as_bytes()).mail.text.trim(), "Hello", "{raw}");
        let crlf = raw.replace('\n', "\r\n");
        assert_eq!(
            read(crlf.as_bytes()).mail.text.trim(),
            "Hello",
            "CRLF {raw}"
        );
        if raw.contains('\n') {
            let cr = raw.replace('\n', "\r");
            assert_eq!(read(cr.as_bytes()).mail.text.trim(), "Hello", "CR {raw}");
        }
    }
}

#[test]
fn ids_are_ids_and_phrases_are_not() {
    for (value, ids) in [
        ("<a@b>", &["a@b"][..]),
        ("Your message of \"Mon, 1 Jan 2001\" <a@b>", &["a@b"]),
        ("message-id <a@b> of Fri, Sep 13 2002", &["a@b"]),
        ("Your message of Monday", &[]),
        ("ann@example.org", &[]),
        (
            "Message from Ann <ann@example.org> of \"Mon, 1 Jan 2001\" <a@b>",
            &["a@b"],
        ),
        ("<ann@example.org>'s message of Monday", &[]),
        ("Ann <ann@example.net> \"Printer\" (Jan 3)", &[]),
        (
            "Message from Ann\n <ann@example.net>\n of \"Mon\"\n <a@b>",
            &["a@b"],
        ),
        ("<a@b> (Ann's message of Monday)", &["a@b"]),
        ("<a\u{b}\u{b}1@b\u{7f}>", &["a1@b"]),
    ] {
        let raw = format!("To: ann@example.net\nIn-Reply-To: {value}\n\n");
        assert_eq!(read(raw.as_bytes()).mail.in_reply_to, ids, "{value}");
    }
}

#[test]
fn strangers_who_wrote_to_one_person_share_no_thread() {
    let first = read(b"From: bob@example.org\nTo: Ann <ann@example.net>\nIn-Reply-To: Message from Ann <Ann@example.net> of \"Mon\" <1@b>\nReferences: <ann@example.net> <0@b>\n\n");
    let second = read(b"From: eve@example.org\nTo: Ann <ann@example.net>\nIn-Reply-To: Message from Ann <Ann@example.net> of \"Tue\" <9@b>\nReferences: <ann@example.net> <8@b>\n\n");
    let ids = |mail: &UnderstoodMail| {
        let mut ids = mail.mail.in_reply_to.clone();
        ids.extend(mail.mail.references.clone());
        ids
    };
    assert_eq!(ids(&first), ["1@b", "0@b"]);
    assert_eq!(ids(&second), ["9@b", "8@b"]);
    // What the field's grammar alone makes of it is printed, and told apart from what the desk goes by.
    let json = inspect::to_json(&first);
    assert_eq!(
        json["in_reply_to"],
        serde_json::json!(["1@b", "Ann@example.net"])
    );
    assert_eq!(json["answers"], serde_json::json!(["1@b"]));
}

#[test]
fn the_envelope_is_read_apart_from_the_author() {
    let raw = b"Return-Path: <>\nDelivered-To: desk+1@example.com\nX-Original-To: desk@example.com\nFrom: a@b.c\n\n";
    let mail = read(raw).mail;
    assert_eq!(mail.envelope_sender, Some(EnvelopeSender::Null));
    assert_eq!(
        mail.delivered_to,
        ["desk+1@example.com", "desk@example.com"]
    );
}

#[test]
fn limits_end_in_notices() {
    let limits = MailLimits {
        parts: 5,
        attachments: 2,
        ..MailLimits::default()
    };
    let part = "--b\nContent-Type: image/png\n\nx\n";
    let raw = format!(
        "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nHello\n{}",
        part.repeat(20)
    );
    let mail = understand(raw.as_bytes(), &limits).mail;
    assert_eq!(mail.text.trim(), "Hello");
    assert!(mail.notices.contains(&Notice::TooManyParts));
    assert!(
        mail.notices
            .contains(&Notice::TooManyAttachments { left_out: 1 })
    );
}

#[test]
fn deep_nesting_is_cut_not_followed() {
    let mut raw = String::new();
    for depth in 0..5_000 {
        raw.push_str(&format!(
            "Content-Type: multipart/mixed; boundary=b{depth}\n\n--b{depth}\n"
        ));
    }
    raw.push_str("\nHello\n");
    assert!(
        read(raw.as_bytes())
            .mail
            .notices
            .contains(&Notice::TooManyParts)
    );
}

#[test]
fn two_deliveries_of_one_message_have_one_identity() {
    let one = identity(b"Received: x\nFrom: a@b.c\nMessage-ID: <1@b.c>\nReferences: <0@b.c> <9@b.c>\nSubject: a\n b\n\nHello\n\n");
    let two = identity(b"Return-Path: <q@r.s>\r\nDelivered-To: y\r\nFrom: a@b.c\r\nMessage-ID: <1@b.c>\r\nReferences: <0@b.c>\r\nSubject: a b\r\n\r\nHello\r\n");
    assert_eq!(one.content_hash, two.content_hash);
    assert_eq!(one.thread_key.as_deref(), Some("0@b.c"));
    assert_ne!(
        one.content_hash,
        identity(b"From: a@b.c\nSubject: a b\n\nHullo\n").content_hash
    );
}

#[test]
fn the_page_tells_what_an_operator_wants_to_know() {
    let raw = "Return-Path: <ann@example.org>\nDelivered-To: desk@example.com\nAuthentication-Results: mx.example.com;\n dkim=pass header.d=example.org; spf=fail smtp.mailfrom=ann@example.net\nFrom: Ann Example <ann@example.org>\nTo: desk@example.com\nSubject: =?utf-8?Q?Drucker_f=C3=BCr_B=C3=BCro_3?=\nDate: Tue, 3 Jan 2023 10:00:00 +0100\nMessage-ID: <2@example.org>\nIn-Reply-To: <1@example.com>\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain; charset=utf-8\n\nYes, please.\n\nOn Tue, Jan 3, 2023 at 9:00 AM Desk <desk@example.com> wrote:\n\n> Shall we?\n--b\nContent-Type: image/png\nContent-Disposition: attachment; filename=x.png\n\nx\n--b--\n";
    insta::assert_snapshot!(inspect::to_page(&read(raw.as_bytes())));
}

proptest! {
    #[test]
    fn any_bytes_are_read(raw in prop::collection::vec(any::<u8>(), 0..400)) {
        let understood = read(&raw);
        let _ = inspect::to_page(&understood);
        let _ = inspect::to_json(&understood);
        let _ = identity(&raw);
        prop_assert!(!understood.mail.text.contains('\0'));
    }

    #[test]
    fn any_headers_are_read(raw in "((From|To|Subject|Content-Type|Content-Disposition|Content-Transfer-Encoding|Date|In-Reply-To|References|Authentication-Results|Return-Path): [ -~]{0,60}\n){0,12}\n[ -~\n]{0,80}") {
        let lf = read(raw.as_bytes());
        let crlf = read(raw.replace('\n', "\r\n").as_bytes());
        prop_assert_eq!(&lf.mail.subject, &crlf.mail.subject);
        prop_assert_eq!(&lf.reply, &crlf.reply);
        prop_assert_eq!(lf.mail.from, crlf.mail.from);
    }
}
