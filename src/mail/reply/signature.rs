//! Signatures: delimited ones, "Sent from my …", and the footers of mailing lists.

use std::sync::LazyLock;

use super::lines::{Line, bare};
use crate::mail::languages;

/// Lines that a signature may have when its delimiter is not the one of RFC 3676.
const LONGEST: usize = 15;

static SENT_FROM: LazyLock<Vec<(String, String)>> = LazyLock::new(|| {
    languages::phrases(|language| &language.sent_from)
        .into_iter()
        .map(|phrase| match phrase.split_once('…') {
            Some((head, tail)) => (head.trim_start().to_owned(), tail.trim_end().to_owned()),
            None => (phrase, String::new()),
        })
        .collect()
});

/// Words of which one stands in nearly every such line.
const DEVICES: &[&str] = &[
    "iphone",
    "ipad",
    "ipod",
    "android",
    "blackberry",
    "samsung",
    "galaxy",
    "huawei",
    "xiaomi",
    "redmi",
    "oneplus",
    "pixel",
    "nokia",
    "sony",
    "xperia",
    "htc",
    "motorola",
    "windows",
    "mail",
    "outlook",
    "phone",
    "mobile",
    "handy",
    "smartphone",
    "tablet",
    "surface",
    "mac",
    "yahoo",
    "gmail",
    "proton",
    "thunderbird",
    "spark",
    "verizon",
    "at&t",
    "t-mobile",
    "telekom",
    "aol",
    "gmx",
    "web.de",
    "yandex",
    "mobil",
    "téléphone",
    "telefon",
    "móvil",
    "celular",
    "telemóvel",
    "телефон",
    "смартфон",
    "手机",
    "手機",
    "スマートフォン",
    "휴대폰",
    "ios",
    "sparrow",
    "airmail",
    "boxer",
    "bluemail",
    "watch",
];

/// Whether the line says which device or program sent the mail. A sentence that only begins like one
/// ("Sent from my desk, which is …") is no such line.
pub(crate) fn is_sent_from(text: &str) -> bool {
    let text = bare(text).trim_start_matches(['*', '_', '-', '~', '[', '(']);
    if text.is_empty() || text.len() > 300 || text.chars().count() > 140 {
        return false;
    }
    let lower = text.to_lowercase();
    let lower = lower.trim_end_matches(['.', '!', '*', '_', ' ', ')', ']']);
    let phrase = SENT_FROM.iter().find(|(head, tail)| {
        lower.starts_with(head.as_str())
            && lower.ends_with(tail.as_str())
            && lower.len() >= head.len() + tail.len()
            && !(head.is_empty() && tail.is_empty())
    });
    if phrase.is_none() {
        return false;
    }
    let clause = lower.split([',', ';']).next().unwrap_or_default();
    let device = DEVICES.iter().any(|device| clause.contains(device));
    device
        || (clause.len() == lower.len()
            && lower.split_whitespace().count() <= 7
            && phrase.is_some_and(|(head, _)| head.contains(' ')))
}

/// Whether the line is the delimiter of a signature, and whether it is the one of RFC 3676, 4.3.
pub(crate) fn delimiter(text: &str) -> Option<bool> {
    match bare(text) {
        "--" => Some(true),
        "---" | "—" | "––" | "——" | "-- --" | "**" | "~~" => Some(false),
        _ => None,
    }
}

/// Where the signature that begins at `start` ends: at the next quote, or at the end. `None` when what
/// follows is too long to be one, or has several paragraphs after a delimiter that is none.
pub(crate) fn end(
    lines: &[Line<'_>],
    start: usize,
    ends_here: impl Fn(usize) -> bool,
) -> Option<usize> {
    let sound = delimiter(&lines.get(start)?.text)?;
    let allowed = if sound { LONGEST * 3 } else { LONGEST };
    let mut filled = 0;
    let mut paragraphs = 0;
    let mut after_blank = true;
    for (index, line) in lines.iter().enumerate().skip(start + 1) {
        if line.is_blank() {
            after_blank = true;
            continue;
        }
        if line.is_quoted() || ends_here(index) {
            return Some(index);
        }
        filled += 1;
        paragraphs += usize::from(after_blank);
        after_blank = false;
        if filled > allowed || (!sound && (paragraphs > 2 || delimiter(&line.text).is_some())) {
            return None;
        }
    }
    Some(lines.len())
}

/// Whether a mailing list's footer starts here: a long rule, and the list's name or address below it.
pub(crate) fn is_list_footer(lines: &[Line<'_>], start: usize) -> bool {
    let Some(line) = lines.get(start) else {
        return false;
    };
    let rule = bare(&line.text);
    let long = (rule.len() >= 2 && rule.chars().all(|c| c == '_'))
        || rule.len() >= 20 && (rule.chars().all(|c| c == '-') || rule.chars().all(|c| c == '='));
    long && lines.iter().skip(start + 1).take(4).any(|line| {
        let lower = line.text.to_lowercase();
        [
            "mailing list",
            "mailman",
            "listinfo",
            "unsubscribe",
            "mailinglist",
            "yahoo! groups",
            "google groups",
            "listserv",
            "lists.",
        ]
        .iter()
        .any(|word| lower.contains(word))
    })
}
