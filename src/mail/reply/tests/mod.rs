//! What is new in a text.

use proptest::prelude::*;

use super::new_text;

pub(crate) mod clients;

fn reply(text: &str) -> String {
    new_text(text, None, false)
}

#[test]
fn a_sentence_that_begins_like_a_device_line_stays() {
    let text = "Hello\n\nSent from my desk, which is tidier than yours.";
    assert_eq!(reply(text), text);
}

#[test]
fn signatures_below_a_delimiter_go_and_rules_in_a_text_stay() {
    assert_eq!(reply("Yes.\n\n-- \nBob Example\nExample Ltd\n"), "Yes.");
    let rules =
        "Findings\n----\n\n1. One\n2. Two\n\n----\n\nThe rest of it.\n\nAnd more.\n\nAnd more.";
    assert_eq!(reply(rules), rules);
}

#[test]
fn answers_between_quotes_and_below_them_stay() {
    let text = "On Tue, Jan 3, 2023 at 10:00 AM Ann <ann@example.org> wrote:\n\n> Which printer?\n\nThe big one.\n\n> Since when?\n\nMonday.\n";
    assert_eq!(reply(text), "The big one.\n\n\nMonday.");
}

#[test]
fn a_text_of_quotes_alone_is_kept_whole() {
    let text = "> Which printer?\n> Since when?";
    assert_eq!(reply(text), text);
}

#[test]
fn what_clients_mark_in_html_needs_no_words() {
    for (client, html) in [
        (
            "Gmail",
            "<div dir=\"ltr\">Yes</div><br><div class=\"gmail_quote\"><div dir=\"ltr\" class=\"gmail_attr\">xx yy<br></div><blockquote class=\"gmail_quote\">old</blockquote></div>",
        ),
        (
            "Outlook.com",
            "<div>Yes</div><div id=\"appendonsend\"></div><hr style=\"display:inline-block;width:98%\" tabindex=\"-1\"><div id=\"divRplyFwdMsg\">xx</div><div>old</div>",
        ),
        (
            "Outlook",
            "<p>Yes</p><div style='border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm'><p>xx</p></div><p>old</p>",
        ),
        (
            "Thunderbird",
            "Yes<br><div class=\"moz-cite-prefix\">xx</div><blockquote type=\"cite\" cite=\"mid:1\">old</blockquote>",
        ),
        (
            "Yahoo",
            "<div>Yes</div><div id=\"yahoo_quoted_123\" class=\"yahoo_quoted\">old</div>",
        ),
        (
            "Apple Mail",
            "<div>Yes</div><blockquote type=\"cite\"><div>xx</div><div>old</div></blockquote>",
        ),
        (
            "Proton",
            "<div>Yes</div><div class=\"protonmail_signature_block\">sig</div><div class=\"protonmail_quote\">old</div>",
        ),
        (
            "Zimbra",
            "<div>Yes</div><hr id=\"zwchr\" data-marker=\"__DIVIDER__\"><div data-marker=\"__QUOTED_TEXT__\">old</div>",
        ),
    ] {
        let text = crate::mail::html::to_text(html);
        assert_eq!(new_text(&text, Some(html), true), "Yes", "{client}");
    }
}

#[test]
fn a_byte_order_mark_at_its_head_is_no_part_of_a_reply() {
    let text = "-- \nAnn\n\u{feff}Yes, that works.";
    let reply = new_text("\u{feff}\u{feff}Yes, that works.", None, false);
    assert_eq!(reply, "Yes, that works.");
    assert!(!new_text(text, None, false).starts_with('\u{feff}'));
}

/// Lines of which mails are made.
fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        "[a-z ]{0,30}",
        "> ?[a-z ]{0,20}",
        Just("On Tue, Jan 3, 2023 at 10:00 AM Ann <ann@example.org> wrote:".to_owned()),
        Just("-----Original Message-----".to_owned()),
        Just("From: Ann <ann@example.org>".to_owned()),
        Just("Sent: Tuesday".to_owned()),
        Just("Subject: Printer".to_owned()),
        Just("-- ".to_owned()),
        Just("Sent from my iPhone".to_owned()),
        Just("________________________________".to_owned()),
        "\\PC{0,40}",
    ]
}

proptest! {
    #[test]
    fn reading_a_reply_again_changes_nothing(lines in prop::collection::vec(line(), 0..20)) {
        let once = reply(&lines.join("\n"));
        prop_assert_eq!(reply(&once), once);
    }

    #[test]
    fn no_line_is_made_up(lines in prop::collection::vec(line(), 0..20)) {
        let text = lines.join("\n");
        let reply = reply(&text);
        prop_assert!(reply.is_empty() == super::bare(&text).is_empty() || !super::bare(&reply).is_empty());
        for kept in reply.lines() {
            prop_assert!(text.contains(kept), "{:?} is not in the text", kept);
        }
    }

    #[test]
    fn any_html_is_read(html in "(<[a-z/]{0,8}( [a-z]{0,5}=[\"']?[a-z:;]{0,8}[\"']?)?>?|&[#a-z0-9]{0,6};?|[ a-z\n]{0,5}){0,40}") {
        let text = crate::mail::html::to_text(&html);
        let _ = new_text(&text, Some(&html), true);
        let _ = crate::mail::html::sanitise(&html);
    }
}
