//! Signatures: delimited ones, "Sent from my …", and the footers of mailing lists.

use std::sync::LazyLock;

use super::lines::{Line, bare};
use crate::mail::{effort, languages};

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

/// Words of which one stands in nearly every such line: devices, programs, providers.
static DEVICES: LazyLock<Vec<&str>> = LazyLock::new(|| {
    let names = include_str!("devices.txt").lines();
    names
        .filter(|name| !name.is_empty() && !name.starts_with('#'))
        .collect()
});

/// Whether the line says which device or program sent the mail. A sentence that only begins like one
/// ("Sent from my desk, which is …") is no such line.
pub(crate) fn is_sent_from(text: &str) -> bool {
    let text = bare(text).trim_start_matches(['*', '_', '-', '~', '[', '(']);
    if text.is_empty() || text.len() > 300 || text.chars().count() > 140 {
        return false;
    }
    effort::spend(text.len());
    let lower = languages::lower(text);
    let lower = lower.trim_end_matches(['.', '。', '!', '*', '_', ' ', ')', ']']);
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
    let device = DEVICES.iter().any(|device| clause.contains(*device));
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

/// Looks for the ends of signatures. Lines are asked for in rising order, so that what was seen of the text
/// while one delimiter was followed is not looked at again for the next.
pub(crate) struct Signatures {
    /// Indexes of the lines that are not blank.
    filled: Vec<usize>,
    /// How many such lines come before each line.
    rank: Vec<usize>,
    /// The lines last looked at, and the first among them that ends a signature.
    seen: std::cell::Cell<(usize, usize, Option<usize>)>,
}

impl Signatures {
    /// For these lines.
    pub fn new(lines: &[Line<'_>]) -> Self {
        let mut filled = Vec::new();
        let mut rank = Vec::with_capacity(lines.len());
        for (index, line) in lines.iter().enumerate() {
            rank.push(filled.len());
            if !line.is_blank() {
                filled.push(index);
            }
        }
        Self {
            filled,
            rank,
            seen: std::cell::Cell::new((0, 0, None)),
        }
    }

    /// Where the signature that begins at `start` ends: at the first line that `ends_here`, or at the end of the
    /// text. `None` when what follows is too long to be one, or has several paragraphs after a delimiter that is
    /// none.
    pub fn end(
        &self,
        lines: &[Line<'_>],
        start: usize,
        ends_here: impl Fn(usize) -> bool,
    ) -> Option<usize> {
        effort::spend(1);
        if delimiter(&lines.get(start)?.text)? {
            self.end_after_sound(lines.len(), start, ends_here)
        } else {
            self.end_after_doubtful(lines, start, ends_here)
        }
    }

    fn after(&self, start: usize) -> usize {
        self.rank
            .get(start + 1)
            .copied()
            .unwrap_or(self.filled.len())
    }

    fn end_after_sound(
        &self,
        all: usize,
        start: usize,
        ends_here: impl Fn(usize) -> bool,
    ) -> Option<usize> {
        let last = self.filled.get(self.after(start) + LONGEST * 3).copied();
        let until = last.map_or(all, |last| last + 1);
        match (self.first_end(start + 1, until, ends_here), last) {
            (Some(end), _) => Some(end),
            (None, Some(_)) => None,
            (None, None) => Some(all),
        }
    }

    /// The first line of `from..until` that ends a signature.
    fn first_end(
        &self,
        from: usize,
        until: usize,
        ends_here: impl Fn(usize) -> bool,
    ) -> Option<usize> {
        let (seen_from, seen_until, found) = self.seen.get();
        let mut at = from;
        if (seen_from..seen_until).contains(&from) {
            match found {
                Some(end) if end >= from => return Some(end).filter(|&end| end < until),
                _ => at = seen_until,
            }
        }
        while at < until {
            effort::spend(1);
            if ends_here(at) {
                self.seen.set((from, at + 1, Some(at)));
                return Some(at);
            }
            at += 1;
        }
        self.seen.set((from, at.max(until), None));
        None
    }

    fn end_after_doubtful(
        &self,
        lines: &[Line<'_>],
        start: usize,
        ends_here: impl Fn(usize) -> bool,
    ) -> Option<usize> {
        let mut paragraphs = 0;
        let mut before = None;
        let after = self.filled.iter().copied().skip(self.after(start));
        for (count, index) in after.enumerate() {
            effort::spend(1);
            if ends_here(index) {
                return Some(index);
            }
            paragraphs += usize::from(before != index.checked_sub(1));
            before = Some(index);
            let another = lines
                .get(index)
                .is_some_and(|line| delimiter(&line.text).is_some());
            if count >= LONGEST || paragraphs > 2 || another {
                return None;
            }
        }
        Some(lines.len())
    }
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
