//! Reply tokens: proof that a mail answers one that we sent, to this person, about this ticket.
//!
//! A token is one byte of form, one byte of key number, the ids as LEB128, and the first 96 bits of an
//! HMAC-SHA-256 (RFC 2104; truncation after its section 5) over all of that, written in base32 (RFC 4648,
//! section 6) in lower case without padding. Base32 survives servers that fold the case of a local part.
//! With ids below two million a reply token has 32 characters, with the largest ids 52, so that
//! `support+TOKEN` stays within the 64 octets of a local part (RFC 5321, 4.5.3.1.1).
//!
//! It stands in the Reply-To plus-address and in the Message-ID. It is a bearer's right: whoever is shown
//! another person's mail with its header is shown the token, so a staff right asks for the matching author
//! beside it, and ids minted for one person never stand in another person's `References`.

use data_encoding::{BASE32_NOPAD, Encoding, Specification};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::ExposeSecret;
use sha2::Sha256;
use std::sync::LazyLock;
use subtle::ConstantTimeEq;

use crate::config::service::{MailboxSettings, ReplyKey};
use crate::ids::{OutboxId, PersonId, SubscriptionId, TicketId};

/// The longest local part (RFC 5321, 4.5.3.1.1), in octets.
const LOCAL_PART_OCTETS: usize = 64;
/// The longest text that can be a token: two bytes, two ids of ten bytes and the code.
const LONGEST: usize = 56;
/// How much of the HMAC is kept: 96 bits.
const CODE_BYTES: usize = 12;
/// What Message-IDs of ours begin with.
const MARK: &str = "fd.";

const REPLY: u8 = 1;
const BOUNCE: u8 = 2;
const OWN: u8 = 3;
const UNSUBSCRIBE: u8 = 4;

/// RFC 4648 base32 in lower case; reading takes either case and refuses stray bits at the end.
static BASE32: LazyLock<Encoding> = LazyLock::new(|| {
    let mut form = Specification::new();
    form.symbols.push_str("abcdefghijklmnopqrstuvwxyz234567");
    form.translate.from.push_str("ABCDEFGHIJKLMNOPQRSTUVWXYZ");
    form.translate.to.push_str("abcdefghijklmnopqrstuvwxyz");
    // The specification is a constant that a test reads; the plain alphabet keeps this total.
    form.encoding().unwrap_or(BASE32_NOPAD)
});

/// What a verified token says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Token {
    /// A reply to a mail that this person got about this ticket.
    Reply(ReplyToken),
    /// A bounce of this row's mail.
    Bounce(BounceToken),
    /// The end of a subscription.
    Unsubscribe(UnsubscribeToken),
}

impl Token {
    /// The reply token, if it is one.
    #[must_use]
    pub fn reply(self) -> Option<ReplyToken> {
        match self {
            Self::Reply(token) => Some(token),
            Self::Bounce(_) | Self::Unsubscribe(_) => None,
        }
    }

    /// The bounce token, if it is one.
    #[must_use]
    pub fn bounce(self) -> Option<BounceToken> {
        match self {
            Self::Bounce(token) => Some(token),
            Self::Reply(_) | Self::Unsubscribe(_) => None,
        }
    }
}

/// Binds a reply to a ticket and to the person who was written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ReplyToken {
    /// The ticket.
    pub ticket: TicketId,
    /// The person the mail was sent to.
    pub person: PersonId,
}

impl ReplyToken {
    /// Signs with the first key; without any key there is nothing to sign with.
    #[must_use]
    pub fn sign(self, keys: &[ReplyKey]) -> Option<String> {
        sign(keys, REPLY, &[self.ticket.0, self.person.0])
    }
}

/// Binds a bounce to the row whose mail came back. It stands in the envelope sender only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BounceToken {
    /// The row.
    pub outbox: OutboxId,
}

impl BounceToken {
    /// Signs with the first key; without any key there is nothing to sign with.
    #[must_use]
    pub fn sign(self, keys: &[ReplyKey]) -> Option<String> {
        sign(keys, BOUNCE, &[self.outbox.0])
    }
}

/// Binds the wish to end a subscription to the mail that came by it. It stands in `List-Unsubscribe` only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct UnsubscribeToken {
    /// The subscription.
    pub subscription: SubscriptionId,
}

impl UnsubscribeToken {
    /// Signs with the first key; without any key there is nothing to sign with.
    #[must_use]
    pub fn sign(self, keys: &[ReplyKey]) -> Option<String> {
        sign(keys, UNSUBSCRIBE, &[self.subscription.0])
    }
}

/// Reads a token that any of the keys signed. The case of its letters does not matter.
#[must_use]
pub fn verify(keys: &[ReplyKey], text: &str) -> Option<Token> {
    let (form, ids) = open(keys, text)?;
    match (form, ids.as_slice()) {
        (REPLY, &[ticket, person]) => Some(Token::Reply(ReplyToken {
            ticket: TicketId(ticket),
            person: PersonId(person),
        })),
        (BOUNCE, &[outbox]) => Some(Token::Bounce(BounceToken {
            outbox: OutboxId(outbox),
        })),
        (UNSUBSCRIBE, &[subscription]) => Some(Token::Unsubscribe(UnsubscribeToken {
            subscription: SubscriptionId(subscription),
        })),
        _ => None,
    }
}

/// The value of the `X-Frontdesk` header by which an installation knows its own mail when it comes back.
#[must_use]
pub fn own_mark(keys: &[ReplyKey]) -> Option<String> {
    sign(keys, OWN, &[])
}

/// Whether the mark is one of ours.
#[must_use]
pub fn is_own_mark(keys: &[ReplyKey], text: &str) -> bool {
    matches!(open(keys, text.trim()), Some((OWN, ids)) if ids.is_empty())
}

/// 64 random bits as they stand in a Message-ID.
#[must_use]
pub fn unique() -> String {
    BASE32.encode(&rand::random::<[u8; 8]>())
}

/// A new Message-ID, `fd.TOKEN.UNIQUE@domain` without angle brackets; `unique` must not repeat for a token.
#[must_use]
pub fn mint_message_id(token: Option<&str>, unique: &str, domain: &str) -> String {
    match token {
        Some(token) => format!("{MARK}{token}.{unique}@{domain}"),
        None => format!("{MARK}{unique}@{domain}"),
    }
}

/// The id that stands in the `References` of every mail of one conversation, so that a mail client and we
/// find the thread even where a provider replaced our Message-IDs. No mail has it as its own.
#[must_use]
pub fn root_message_id(token: &str, domain: &str) -> String {
    mint_message_id(Some(token), "root", domain)
}

/// The token in a Message-ID of ours, with or without angle brackets; not yet verified.
#[must_use]
pub fn read_message_id(id: &str) -> Option<&str> {
    let id = id.trim().trim_start_matches('<').trim_end_matches('>');
    let (local, _) = id.split_once('@')?;
    let head = local.get(..MARK.len())?;
    if !head.eq_ignore_ascii_case(MARK) {
        return None;
    }
    let (token, unique) = local.get(MARK.len()..)?.split_once('.')?;
    (!token.is_empty() && !unique.is_empty()).then_some(token)
}

/// `local+TOKEN@domain`; nothing where that would be longer than a local part may be.
#[must_use]
pub fn plus_address(address: &str, token: &str) -> Option<String> {
    let (local, domain) = address.rsplit_once('@')?;
    let long = local.len() + 1 + token.len() > LOCAL_PART_OCTETS;
    (!long).then(|| format!("{local}+{token}@{domain}"))
}

/// The token in a plus-address of this mailbox or of one of its aliases; not yet verified.
#[must_use]
pub fn read_plus_address<'a>(address: &'a str, mailbox: &MailboxSettings) -> Option<&'a str> {
    let (local, domain) = address.trim().rsplit_once('@')?;
    std::iter::once(&mailbox.address)
        .chain(&mailbox.aliases)
        .filter_map(|own| own.rsplit_once('@'))
        .filter(|(_, own_domain)| own_domain.eq_ignore_ascii_case(domain))
        .find_map(|(own_local, _)| {
            let head = local.get(..own_local.len())?;
            let detail = local.get(own_local.len()..)?.strip_prefix('+')?;
            (head.eq_ignore_ascii_case(own_local) && !detail.is_empty()).then_some(detail)
        })
}

fn sign(keys: &[ReplyKey], form: u8, ids: &[i64]) -> Option<String> {
    let key = keys.first()?;
    let mut bytes = vec![form, key.id];
    for id in ids {
        write_number(&mut bytes, u64::try_from(*id).ok()?);
    }
    let code = code(key, &bytes)?;
    bytes.extend_from_slice(&code);
    Some(BASE32.encode(&bytes))
}

/// The form and the ids of a token whose code is right.
fn open(keys: &[ReplyKey], text: &str) -> Option<(u8, Vec<i64>)> {
    if text.len() > LONGEST {
        return None;
    }
    let bytes = BASE32.decode(text.as_bytes()).ok()?;
    let (said, given) = bytes.split_at_checked(bytes.len().checked_sub(CODE_BYTES)?)?;
    let (&[form, key_id], mut rest) = said.split_first_chunk::<2>()?;
    let right = keys.iter().filter(|key| key.id == key_id).any(|key| {
        code(key, said).is_some_and(|expected| bool::from(expected.as_slice().ct_eq(given)))
    });
    if !right {
        return None;
    }
    let mut ids = Vec::new();
    while !rest.is_empty() {
        ids.push(i64::try_from(read_number(&mut rest)?).ok()?);
    }
    Some((form, ids))
}

fn code(key: &ReplyKey, said: &[u8]) -> Option<[u8; CODE_BYTES]> {
    let mut hmac = Hmac::<Sha256>::new_from_slice(key.secret.expose_secret().as_bytes()).ok()?;
    hmac.update(b"frontdesk token 1\0");
    hmac.update(said);
    let full = hmac.finalize().into_bytes();
    full.first_chunk::<CODE_BYTES>().copied()
}

fn write_number(bytes: &mut Vec<u8>, mut number: u64) {
    loop {
        let low = (number & 0x7f) as u8;
        number >>= 7;
        if number == 0 {
            bytes.push(low);
            return;
        }
        bytes.push(low | 0x80);
    }
}

fn read_number(rest: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..64).step_by(7) {
        let (&byte, after) = rest.split_first()?;
        *rest = after;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests;
