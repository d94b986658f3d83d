#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::collections::BTreeMap;

use proptest::prelude::*;
use secrecy::SecretString;

use super::*;
use crate::config::service::{AfterFetch, Source};

fn key(id: u8, secret: &str) -> ReplyKey {
    ReplyKey {
        id,
        secret: SecretString::from(secret.to_owned()),
    }
}

fn keys() -> Vec<ReplyKey> {
    vec![key(7, "a secret of at least thirty-two bytes, new")]
}

fn mailbox(address: &str, aliases: &[&str]) -> MailboxSettings {
    MailboxSettings {
        name: "support".into(),
        address: address.into(),
        aliases: aliases.iter().map(|&alias| alias.to_owned()).collect(),
        source: Source::Pipe,
        after: AfterFetch::Keep,
        poll_seconds: 60,
        plus_addressing: true,
        team: None,
        category: None,
        ticket_type: None,
        priority: None,
        number: None,
        fields: BTreeMap::new(),
        accept_automatic: false,
        trusted_authserv: vec![],
    }
}

fn token(ticket: i64, person: i64) -> ReplyToken {
    ReplyToken {
        ticket: TicketId(ticket),
        person: PersonId(person),
    }
}

#[test]
fn the_alphabet_is_the_lower_case_one() {
    let text = token(1, 2).sign(&keys()).unwrap();
    assert!(
        text.bytes()
            .all(|b| b.is_ascii_lowercase() || (b'2'..=b'7').contains(&b))
    );
}

#[test]
fn a_token_of_the_largest_ids_fits_behind_support_plus() {
    let text = token(i64::MAX, i64::MAX).sign(&keys()).unwrap();
    assert!("support+".len() + text.len() <= 64, "{} octets", text.len());
    assert_eq!(
        verify(&keys(), &text),
        Some(Token::Reply(token(i64::MAX, i64::MAX)))
    );
}

#[test]
fn the_code_keeps_at_least_eighty_bits() {
    const { assert!(CODE_BYTES * 8 >= 80) };
}

#[test]
fn the_first_key_signs_and_all_verify() {
    let old = key(7, "a secret of at least thirty-two bytes, old");
    let new = key(8, "a secret of at least thirty-two bytes, new");
    let before = token(5, 6).sign(std::slice::from_ref(&old)).unwrap();
    let after = token(5, 6).sign(&[new.clone(), old.clone()]).unwrap();
    assert_ne!(before, after);
    let both = [new.clone(), old.clone()];
    assert_eq!(verify(&both, &before), Some(Token::Reply(token(5, 6))));
    assert_eq!(verify(&both, &after), Some(Token::Reply(token(5, 6))));
    assert_eq!(verify(&[new], &before), None);
    assert_eq!(verify(&[], &before), None);
    assert_eq!(token(5, 6).sign(&[]), None);
}

#[test]
fn a_bounce_token_is_no_reply_token() {
    let text = BounceToken {
        outbox: OutboxId(9),
    }
    .sign(&keys())
    .unwrap();
    let read = verify(&keys(), &text).unwrap();
    assert_eq!(read.reply(), None);
    assert_eq!(
        read.bounce(),
        Some(BounceToken {
            outbox: OutboxId(9)
        })
    );
}

#[test]
fn the_own_mark_is_known_by_every_key_and_is_no_token() {
    let mark = own_mark(&keys()).unwrap();
    let rotated = [
        key(8, "another secret of at least thirty-two bytes"),
        keys().remove(0),
    ];
    assert!(is_own_mark(&rotated, &format!(" {mark} ")));
    assert!(!is_own_mark(&rotated[..1], &mark));
    assert_eq!(verify(&keys(), &mark), None);
    assert!(!is_own_mark(&keys(), &token(1, 1).sign(&keys()).unwrap()));
}

#[test]
fn a_message_id_gives_its_token_back_with_or_without_brackets() {
    let text = token(1, 2).sign(&keys()).unwrap();
    let id = mint_message_id(Some(&text), "x7", "example.com");
    assert_eq!(id, format!("fd.{text}.x7@example.com"));
    assert_eq!(read_message_id(&id), Some(text.as_str()));
    assert_eq!(read_message_id(&format!("<{id}>")), Some(text.as_str()));
    assert_eq!(
        read_message_id(&root_message_id(&text, "example.com")),
        Some(text.as_str())
    );
}

#[test]
fn other_message_ids_have_no_token() {
    for id in [
        "",
        "fd.@example.com",
        "fd.abc@example.com",
        "fd..x@example.com",
        "<CAJ=abc.def@mail.example.com>",
        "fd.abc.def",
        "fé.abc.def@example.com",
        &mint_message_id(None, "x7", "example.com"),
    ] {
        assert_eq!(read_message_id(id), None, "{id}");
    }
}

#[test]
fn a_plus_address_gives_its_detail_back_in_any_case_and_by_alias() {
    let mailbox = mailbox("support@example.com", &["Hilfe@example.org"]);
    assert_eq!(
        read_plus_address("support+abc@example.com", &mailbox),
        Some("abc")
    );
    assert_eq!(
        read_plus_address("SUPPORT+ABC@EXAMPLE.COM", &mailbox),
        Some("ABC")
    );
    assert_eq!(
        read_plus_address("hilfe+abc@example.org", &mailbox),
        Some("abc")
    );
    for other in [
        "support@example.com",
        "support+@example.com",
        "support+abc@example.org",
        "supporter+abc@example.com",
        "support+abc",
        "süpport+abc@example.com",
    ] {
        assert_eq!(read_plus_address(other, &mailbox), None, "{other}");
    }
}

#[test]
fn a_plus_address_that_would_be_too_long_is_not_made() {
    let text = token(1, 2).sign(&keys()).unwrap();
    let long = format!("{}@example.com", "s".repeat(40));
    assert_eq!(plus_address(&long, &text), None);
    assert_eq!(plus_address("no-domain", &text), None);
}

proptest! {
    #[test]
    fn what_is_signed_verifies_in_any_case(ticket in 0..=i64::MAX, person in 0..=i64::MAX, upper: bool) {
        let text = token(ticket, person).sign(&keys()).unwrap();
        let text = if upper { text.to_uppercase() } else { text };
        prop_assert_eq!(verify(&keys(), &text), Some(Token::Reply(token(ticket, person))));
    }

    /// Any other character at any place: wrong digits, and characters that are none.
    #[test]
    fn a_changed_character_never_verifies(
        ticket in 0..5_000_000_i64, person in 0..5_000_000_i64, at: prop::sample::Index, with in "[ -~]|é",
    ) {
        let text = token(ticket, person).sign(&keys()).unwrap();
        let at = at.index(text.len());
        prop_assume!(!text[at..=at].eq_ignore_ascii_case(&with));
        let changed = format!("{}{with}{}", &text[..at], &text[at + 1..]);
        prop_assert_eq!(verify(&keys(), &changed), None);
    }

    #[test]
    fn a_cut_or_lengthened_token_never_verifies(
        ticket in 0..5_000_000_i64, cut in 1..30_usize, more in "[a-z2-7]{1,20}",
    ) {
        let text = token(ticket, 3).sign(&keys()).unwrap();
        prop_assert_eq!(verify(&keys(), &text[..text.len() - cut.min(text.len())]), None);
        prop_assert_eq!(verify(&keys(), &text[cut.min(text.len())..]), None);
        prop_assert_eq!(verify(&keys(), &format!("{text}{more}")), None);
        prop_assert_eq!(verify(&keys(), &format!("{more}{text}")), None);
    }

    #[test]
    fn reading_never_panics(text in "\\PC{0,80}") {
        let mailbox = mailbox("support@example.com", &[]);
        let _ = verify(&keys(), &text);
        let _ = read_message_id(&text);
        let _ = read_plus_address(&text, &mailbox);
        let _ = is_own_mark(&keys(), &text);
    }
}
