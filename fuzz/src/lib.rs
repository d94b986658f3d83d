//! What holds of every mail, whoever wrote it.

use frontdesk::config::service::MailLimits;
use frontdesk::mail::message::{Origin, UnderstoodMail};
use frontdesk::mail::{html, identity, inspect, understand};

/// Understands the bytes as ingestion does.
pub fn read(raw: &[u8]) -> UnderstoodMail {
    understand(raw, &MailLimits::default())
}

/// The message can be stored and printed.
pub fn can_be_shown(raw: &[u8], understood: &UnderstoodMail) {
    assert!(!understood.mail.text.contains('\0'), "PostgreSQL takes no NUL");
    assert!(!understood.mail.subject.contains(['\0', '\n', '\r']));
    let page = inspect::to_page(understood);
    let steers = |c: char| c.is_control() && c != '\n' && c != '\t';
    assert!(!page.contains(steers), "a terminal is steered");
    let json = inspect::to_json(understood).to_string();
    assert!(!json.contains('\n'), "one line an object");
    let _ = identity(raw);
}

/// The reply is made of the mail's own lines, and is empty only where the text is or all of it is forwarded.
pub fn reply_is_the_senders(understood: &UnderstoodMail) {
    let text = &understood.mail.text;
    let rendered = understood.mail.html.as_deref().map(html::to_text);
    for line in understood.reply.lines() {
        let within = |whole: &str| whole.contains(line);
        assert!(within(text) || rendered.as_deref().is_some_and(within), "made up: {line:?}");
    }
    // A thumb up is an answer; a mark that only steers the display is none.
    let seen = |text: &str| text.chars().any(|c| !c.is_whitespace() && !steers_display(c));
    assert!(seen(&understood.reply) || !seen(text) || understood.forwarded.is_some(), "words are lost");
}

fn steers_display(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// A bounce names addresses, codes and actions in their forms, and no address that the mail does not have.
pub fn bounce_is_in_form(raw: &str, understood: &UnderstoodMail) {
    let Origin::Bounce(recipients) = &understood.origin else {
        return;
    };
    // NULs are taken out of all text.
    let bytes = raw.to_lowercase().replace('\0', "");
    for found in recipients {
        let code: Vec<&str> = found.status.split('.').collect();
        assert!(matches!(code[..], ["2" | "4" | "5", _, _]), "{:?}", found.status);
        assert!(matches!(found.action.as_str(), "failed" | "delayed" | "delivered" | "relayed" | "expanded"));
        let Some(address) = &found.recipient else { continue };
        let local = address.split('@').next().unwrap_or_default().to_lowercase();
        assert!(bytes.contains(&local), "made up: {address:?}");
    }
}

/// LF, CRLF and CR are the same line end. Not asked of text in units of several bytes, in which they are none.
pub fn line_ends_are_equal(raw: &[u8]) {
    let lower = raw.to_ascii_lowercase();
    let wide = ["utf-16", "utf16", "ucs", "unicode", "10646", "utf-32", "utf32"];
    let has = |word: &&str| lower.windows(word.len()).any(|window| window == word.as_bytes());
    if raw.contains(&b'\r') || wide.iter().any(|word| has(word)) {
        return;
    }
    let with = |end: &[u8]| {
        let bytes = raw.split(|&byte| byte == b'\n').collect::<Vec<_>>();
        read(&bytes.join(end))
    };
    let lf = with(b"\n");
    for (name, other) in [("CRLF", with(b"\r\n")), ("CR", with(b"\r"))] {
        assert_eq!(lf.mail.subject, other.mail.subject, "{name}");
        assert_eq!(lf.mail.from, other.mail.from, "{name}");
        assert_eq!(lf.mail.to, other.mail.to, "{name}");
        assert_eq!(lf.mail.date, other.mail.date, "{name}");
        assert_eq!(lf.mail.message_id, other.mail.message_id, "{name}");
        assert_eq!(lf.mail.in_reply_to, other.mail.in_reply_to, "{name}");
        assert_eq!(lf.mail.references, other.mail.references, "{name}");
        assert_eq!(lf.mail.authentication, other.mail.authentication, "{name}");
        assert_eq!(lf.mail.text, other.mail.text, "{name}");
        assert_eq!(lf.mail.attachments.len(), other.mail.attachments.len(), "{name}");
        assert_eq!(lf.reply, other.reply, "{name}");
        assert_eq!(lf.origin, other.origin, "{name}");
        assert_eq!(lf.returned_ids, other.returned_ids, "{name}");
        assert_eq!(lf.forwarded, other.forwarded, "{name}");
    }
}
