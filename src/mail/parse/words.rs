//! Header values as text: encoded words (RFC 2047), raw 8-bit bytes, addresses, ids, dates.

use std::borrow::Cow;

use base64::Engine as _;
use chrono::{DateTime, Utc};
use mail_parser::{Address, ContentType, HeaderValue, parsers::MessageStream};

use super::charset::{self, Reading};
use super::transfer;
use crate::mail::message::Mailbox;

/// A field longer than this is cut before it is decoded.
const LONGEST_FIELD: usize = 64 << 10;

/// The value as bytes that the field parsers can read: bounded, adjacent encoded words joined, and
/// the line end they wait for.
fn prepared(value: &[u8]) -> Vec<u8> {
    let value = value.get(..LONGEST_FIELD).unwrap_or(value);
    let mut bytes = join_words(value).into_owned();
    bytes.push(b'\n');
    bytes
}

/// One encoded word, taken apart.
struct Word<'a> {
    charset: &'a [u8],
    base64: bool,
    data: &'a [u8],
    rest: &'a [u8],
}

fn word(bytes: &[u8]) -> Option<Word<'_>> {
    let rest = bytes.strip_prefix(b"=?")?;
    let (charset, rest) = split_at_byte(rest, b'?', 64)?;
    let (encoding, rest) = split_at_byte(rest, b'?', 2)?;
    let base64 = match encoding {
        b"b" | b"B" => true,
        b"q" | b"Q" => false,
        _ => return None,
    };
    let end = rest.windows(2).take(4_096).position(|pair| pair == b"?=")?;
    Some(Word {
        charset,
        base64,
        data: rest.get(..end)?,
        rest: rest.get(end + 2..)?,
    })
}

fn split_at_byte(bytes: &[u8], byte: u8, within: usize) -> Option<(&[u8], &[u8])> {
    let at = bytes.iter().take(within).position(|&other| other == byte)?;
    Some((bytes.get(..at)?, bytes.get(at + 1..)?))
}

/// Joins encoded words of one charset that follow each other: clients cut them in the middle of a
/// character, which RFC 2047 forbids.
fn join_words(value: &[u8]) -> Cow<'_, [u8]> {
    if value
        .windows(2)
        .filter(|pair| pair == b"=?")
        .take(2)
        .count()
        < 2
    {
        return Cow::Borrowed(value);
    }
    let mut joined = Vec::with_capacity(value.len());
    let mut rest = value;
    while let Some((first, after)) = rest.split_first() {
        let Some(start) = (*first == b'=').then(|| word(rest)).flatten() else {
            joined.push(*first);
            rest = after;
            continue;
        };
        rest = push_joined(start, &mut joined);
    }
    Cow::Owned(joined)
}

fn push_joined<'a>(start: Word<'a>, joined: &mut Vec<u8>) -> &'a [u8] {
    let mut bytes = decode_word(&start);
    let mut last = &start;
    let mut next;
    let mut words = 1;
    while let Some(following) = word(last.rest.trim_ascii_start()) {
        if !following.charset.eq_ignore_ascii_case(start.charset) {
            break;
        }
        bytes.extend(decode_word(&following));
        words += 1;
        next = following;
        last = &next;
    }
    let rest = last.rest;
    joined.extend_from_slice(b"=?");
    joined.extend_from_slice(start.charset);
    if words == 1 {
        joined.extend_from_slice(if start.base64 { b"?B?" } else { b"?Q?" });
        joined.extend_from_slice(start.data);
    } else {
        joined.extend_from_slice(b"?B?");
        joined.extend(
            base64::engine::general_purpose::STANDARD
                .encode(&bytes)
                .bytes(),
        );
    }
    joined.extend_from_slice(b"?=");
    rest
}

fn decode_word(word: &Word<'_>) -> Vec<u8> {
    if word.base64 {
        return transfer::base64(word.data);
    }
    let spaced: Vec<u8> = word
        .data
        .iter()
        .map(|&byte| if byte == b'_' { b' ' } else { byte })
        .collect();
    // A trailing blank belongs to the word; the body decoder would trim it.
    transfer::quoted_printable(&spaced)
}

/// Raw 8-bit bytes as UTF-8, by the charset that the body declares or by what they look like.
fn readable<'a>(value: &'a [u8], hint: Option<&str>) -> Option<Cow<'a, [u8]>> {
    let raw = std::str::from_utf8(value).is_err() || value.contains(&0x1b);
    raw.then(|| Cow::Owned(charset::read(value, None, hint).best.into_bytes()))
}

/// An unstructured field (RFC 5322, 2.2.1).
pub(crate) fn unstructured(value: &[u8], hint: Option<&str>) -> Reading {
    let declared = clean(unstructured_text(value));
    let best = match readable(value, hint) {
        Some(bytes) => clean(unstructured_text(&bytes)),
        None => declared.clone(),
    };
    let declared = (declared != best).then_some(declared);
    Reading { best, declared }
}

fn unstructured_text(value: &[u8]) -> String {
    let bytes = prepared(value);
    match MessageStream::new(&bytes).parse_unstructured() {
        HeaderValue::Text(text) => text.trim().to_owned(),
        _ => String::new(),
    }
}

fn clean(text: String) -> String {
    if text.contains(['\0', '\r', '\n']) {
        text.replace('\0', "").replace(['\r', '\n'], " ")
    } else {
        text
    }
}

/// An address list, groups flattened (RFC 5322, 3.4).
pub(crate) fn addresses(value: &[u8], hint: Option<&str>) -> Vec<Mailbox> {
    let bytes = prepared(&readable(value, hint).unwrap_or(Cow::Borrowed(value)));
    let HeaderValue::Address(parsed) = MessageStream::new(&bytes).parse_address() else {
        return Vec::new();
    };
    let list = match parsed {
        Address::List(list) => list,
        Address::Group(groups) => groups
            .into_iter()
            .flat_map(|group| group.addresses)
            .collect(),
    };
    list.into_iter()
        .filter_map(|entry| {
            let name = clean(entry.name.unwrap_or_default().trim().to_owned());
            let address = clean(entry.address.unwrap_or_default().trim().to_owned());
            let bare = !value.contains(&b'<');
            if bare && address.is_empty() && !name.is_empty() && !name.contains(' ') {
                return Some(Mailbox {
                    name: String::new(),
                    address: name,
                });
            }
            // A quoted local part without brackets around the address: `"ann smith"@example.org`.
            if bare
                && !name.is_empty()
                && address
                    .strip_prefix('@')
                    .is_some_and(|domain| !domain.contains('@'))
            {
                return Some(Mailbox {
                    name: String::new(),
                    address: format!("\"{name}\"{address}"),
                });
            }
            (!address.is_empty() || !name.is_empty()).then_some(Mailbox { name, address })
        })
        .collect()
}

/// A date (RFC 5322, 3.3 and 4.3), as forgivingly as the MIME library reads it. The year is taken as
/// written, even where a program counted it from 1900. Without a zone it is UTC.
pub(crate) fn date(value: &[u8]) -> Option<DateTime<Utc>> {
    let bytes = prepared(value);
    let parsed = match MessageStream::new(&bytes).parse_date() {
        HeaderValue::DateTime(date) => date,
        _ => {
            let mut zoned = value.get(..200).unwrap_or(value).trim_ascii().to_vec();
            zoned.extend_from_slice(b" +0000\n");
            match MessageStream::new(&zoned).parse_date() {
                HeaderValue::DateTime(date) => date,
                _ => return None,
            }
        }
    };
    let sound = (1..=12).contains(&parsed.month)
        && (1..=31).contains(&parsed.day)
        && parsed.hour < 24
        && parsed.minute < 60
        && parsed.second <= 60
        && parsed.tz_hour < 24
        && parsed.tz_minute < 60
        && (1..=9_999).contains(&parsed.year);
    sound
        .then(|| DateTime::from_timestamp(parsed.to_timestamp(), 0))
        .flatten()
}

/// A `Content-Type` or `Content-Disposition` with its parameters (RFC 2231 included).
pub(crate) fn content_type(value: &[u8], hint: Option<&str>) -> Option<ContentType<'static>> {
    let bytes = prepared(&readable(value, hint).unwrap_or(Cow::Borrowed(value)));
    match MessageStream::new(&bytes).parse_content_type() {
        HeaderValue::ContentType(parsed) => HeaderValue::ContentType(parsed)
            .into_owned()
            .into_content_type(),
        _ => None,
    }
}

/// The message ids in angle brackets, in order. In `References` bare ids count too when nothing stands
/// in brackets; in `In-Reply-To` they do not: there people's addresses and phrases stand
/// ("Your message of …"; RFC 5322, 4.5.4), and taking them for ids merges strangers' threads.
pub(crate) fn message_ids(value: &[u8], bare: bool) -> Vec<String> {
    let value = value.get(..LONGEST_FIELD).unwrap_or(value);
    let text = String::from_utf8_lossy(value);
    let mut ids = Vec::new();
    for piece in text.split('<').skip(1) {
        let Some((id, _)) = piece.split_once('>') else {
            continue;
        };
        // Folded fields leave blanks in an id, and broken programs control characters.
        let id: String = id.chars().filter(|c| !is_blank(*c)).collect();
        if is_message_id(&id) && !ids.contains(&id) && ids.len() < 1_000 {
            ids.push(id);
        }
    }
    if ids.is_empty() && bare {
        ids.extend(
            text.split([' ', '\t', '\r', '\n', ','])
                .filter(|word| is_message_id(word) && word.contains('@'))
                .take(100)
                .map(str::to_owned),
        );
    }
    ids
}

fn is_message_id(id: &str) -> bool {
    !id.is_empty() && id.len() <= 998 && !id.contains(|c| matches!(c, '<' | '>') || is_blank(c))
}

fn is_blank(c: char) -> bool {
    c.is_whitespace() || c.is_control()
}

/// What stands in angle brackets in `In-Reply-To`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Answered {
    /// The ids of messages.
    pub ids: Vec<String>,
    /// The addresses of people beside them.
    pub people: Vec<String>,
}

/// Reads `In-Reply-To`. By the grammar of RFC 5322, 4.5.4 all that stands in brackets is an id, but MH and others
/// write `Message from "Ann" <ann@example.org> of "Mon, …" <1@example.org>`, and Z-Mail `Ann <ann@example.org>
/// "Printer" (Jan 3)`: there the first brackets hold a person. A person is told by the words around, or because
/// `takes_part` knows the address from the message's other fields.
pub(crate) fn answered(value: &[u8], takes_part: impl Fn(&str) -> bool) -> Answered {
    let all = message_ids(value, false);
    let text = String::from_utf8_lossy(value.get(..4 << 10).unwrap_or(value));
    let told = person_in_words(&text);
    let is_person = |id: &String| Some(id.as_str()) == told || takes_part(id);
    let (people, ids): (Vec<String>, Vec<String>) = all.into_iter().partition(is_person);
    Answered { ids, people }
}

/// The address in the first brackets, if the words around say that it is a person's.
fn person_in_words(text: &str) -> Option<&str> {
    let (before, rest) = text.split_once('<')?;
    let (address, after) = rest.split_once('>')?;
    let after = after.trim_start().to_lowercase();
    let of = after
        .strip_prefix("of")
        .is_some_and(|rest| rest.starts_with(char::is_whitespace));
    let person = of && before.to_lowercase().contains("from") || after.starts_with("'s message");
    person.then(|| address.trim())
}

/// The id of a message. Some mailers leave the brackets away, or write what is no id at all; it is
/// taken as it stands, up to the first blank, since others may refer to it.
pub(crate) fn own_id(value: &[u8]) -> Option<String> {
    let ids = message_ids(value, true);
    if let Some(first) = ids.into_iter().next() {
        return Some(first);
    }
    let text = String::from_utf8_lossy(value.get(..998).unwrap_or(value)).into_owned();
    let word = text.split_whitespace().next()?.trim_matches(['<', '>']);
    is_message_id(word).then(|| word.to_owned())
}
