//! The header that clients copy above an earlier message: "From: … Sent: … To: … Subject: …".

use std::collections::HashMap;
use std::sync::LazyLock;

use super::lines::{Line, bare, is_blank_char};
use crate::mail::effort;
use crate::mail::languages::LANGUAGES;

/// What a field of such a header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    From,
    Date,
    To,
    Cc,
    Subject,
    ReplyTo,
    /// What says nothing of who wrote when to whom: importance, names of files.
    Other,
}

/// A header block: its fields in order, and the line after it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Block {
    /// The fields.
    pub fields: Vec<(Kind, String)>,
    /// Index of the first line that is not part of it.
    pub end: usize,
}

impl Block {
    /// The first field of that kind.
    pub fn get(&self, kind: Kind) -> Option<&str> {
        self.fields
            .iter()
            .find(|(other, _)| *other == kind)
            .map(|(_, value)| value.as_str())
    }

    fn count(&self, kind: Kind) -> usize {
        self.fields
            .iter()
            .filter(|(other, _)| *other == kind)
            .count()
    }

    /// Whether the fields together are a header: somebody and something else, or a date and a recipient.
    fn is_header(&self) -> bool {
        let has = |kind| self.get(kind).is_some();
        (has(Kind::From) && (has(Kind::Date) || has(Kind::To) || has(Kind::Subject)))
            || (has(Kind::Date) && has(Kind::To))
    }
}

/// How often a field may stand in a header. "To" is also what some languages call other recipients.
fn most(kind: Kind) -> usize {
    if matches!(kind, Kind::To | Kind::Other) {
        3
    } else {
        1
    }
}

/// Lines that a header block may have.
const LONGEST_BLOCK: usize = 40;

static LABELS: LazyLock<HashMap<String, Kind>> = LazyLock::new(|| {
    let mut labels = HashMap::new();
    for language in LANGUAGES.values() {
        let kinds = [
            (&language.from, Kind::From),
            (&language.date, Kind::Date),
            (&language.to, Kind::To),
            (&language.cc, Kind::Cc),
            (&language.subject, Kind::Subject),
            (&language.reply_to, Kind::ReplyTo),
            (&language.other_field, Kind::Other),
        ];
        for (names, kind) in kinds {
            for name in names {
                labels.entry(name.clone()).or_insert(kind);
            }
        }
    }
    labels
});

/// The kind of field that a label names, without its colon.
pub(crate) fn kind_of(label: &str) -> Option<Kind> {
    let label = label.trim_matches(|c: char| is_blank_char(c) || matches!(c, '*' | '_' | '|'));
    if label.is_empty() || label.len() > 60 {
        return None;
    }
    let label: String = label
        .chars()
        .filter(|c| !is_blank_char(*c) || *c == ' ')
        .collect();
    LABELS.get(&label.to_lowercase()).copied()
}

/// The label that a line begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Label {
    /// What it names.
    pub kind: Kind,
    /// Where in the line the value starts.
    pub value: usize,
}

/// Whether the line is a row of a table, as NetEase's clients write their header: `| From | Ann<ann@example.org> |`.
pub(crate) fn is_row(line: &str) -> bool {
    unquoted(line).starts_with('|')
}

/// The label that a line begins with. Bold labels of a plain text part (`*From:*`) are labels too.
pub(crate) fn label(line: &str) -> Option<Label> {
    let text = unquoted(line);
    effort::spend(text.len().min(45));
    let row = is_row(line);
    let (at, colon) = text
        .char_indices()
        .take(45)
        .skip(1)
        .find(|(_, c)| matches!(c, ':' | '：') || (row && *c == '|'))?;
    let kind = kind_of(text.get(..at)?)?;
    let value = text.get(at + colon.len_utf8()..)?;
    let value = value.trim_start_matches(|c: char| c == '*' || is_blank_char(c));
    // `unquoted` took blanks from both ends; only those at the end are after the value.
    let tail = line.trim_end_matches(is_blank_char).len();
    Some(Label {
        kind,
        value: tail - value.len(),
    })
}

/// The line without the marks of one level of quoting.
pub(crate) fn unquoted(text: &str) -> &str {
    let text = bare(text);
    bare(text.strip_prefix('>').unwrap_or(text))
}

/// The header block that starts at `start`.
pub(crate) fn block_at(lines: &[Line<'_>], start: usize) -> Option<Block> {
    let first = lines.get(start)?;
    let (kind, value) = first.field()?;
    if !matches!(kind, Kind::From | Kind::Date | Kind::Subject | Kind::To) {
        return None;
    }
    let mut block = Block {
        fields: vec![(kind, value.to_owned())],
        end: start + 1,
    };
    let mut at = start + 1;
    let mut blanks = 0;
    while let Some(line) = lines.get(at).filter(|_| at - start < LONGEST_BLOCK) {
        if unquoted(&line.text).is_empty() {
            // Clients that make a paragraph of each field leave empty lines in between.
            blanks += 1;
            let before_field = lines.get(at + 1).is_some_and(|next| next.field().is_some());
            if blanks > 6 || !before_field || starts_over(&block, lines.get(at + 1)) {
                break;
            }
            at += 1;
            continue;
        }
        match line.field() {
            Some((kind, _)) if block.count(kind) >= most(kind) => break,
            Some((kind, value)) => {
                block.fields.push((kind, value.to_owned()));
                at += 1;
                block.end = at;
            }
            None if continues(&block, lines, at) => {
                if let Some((_, value)) = block.fields.last_mut() {
                    value.push(' ');
                    value.push_str(unquoted(&line.text));
                }
                at += 1;
                block.end = at;
            }
            None => break,
        }
    }
    block.is_header().then_some(block)
}

/// Whether the line begins another message's header.
fn starts_over(block: &Block, line: Option<&Line<'_>>) -> bool {
    line.and_then(Line::field)
        .is_some_and(|(kind, _)| block.get(kind).is_some())
}

/// Whether a line that is no field belongs to the field before it: a list of recipients that goes on,
/// or a long value that was wrapped, with another field soon after.
fn continues(block: &Block, lines: &[Line<'_>], at: usize) -> bool {
    let Some((kind, value)) = block.fields.last() else {
        return false;
    };
    let Some(line) = lines.get(at) else {
        return false;
    };
    let list = matches!(kind, Kind::To | Kind::Cc | Kind::From);
    if list && value.trim_end().ends_with([',', ';', '<', ':']) {
        return true;
    }
    if value.is_empty() && (list || *kind == Kind::Date) {
        return true;
    }
    let field_follows = lines
        .iter()
        .skip(at + 1)
        .take(3)
        .take_while(|line| !line.is_blank())
        .any(|line| line.field().is_some());
    field_follows && line.text.chars().count() <= 200
}

/// Fields that stand on one line without anything between them, as Yahoo's plain text has them:
/// `From: Ann <a@example.org>To: Bob <b@example.org>Sent: …Subject: …`.
pub(crate) fn glued(text: &str) -> Vec<(Kind, String)> {
    let starts: Vec<(usize, usize, Kind)> = label_positions(text);
    let mut fields = Vec::new();
    for (index, (_, value_start, kind)) in starts.iter().enumerate() {
        let end = starts
            .get(index + 1)
            .map_or(text.len(), |(next, _, _)| *next);
        let value = text.get(*value_start..end).unwrap_or_default();
        fields.push((*kind, bare(value).to_owned()));
    }
    fields
}

/// Where labels with a colon stand in a line. Before each colon the longest label wins; a label starts
/// with a capital where its script has them.
fn label_positions(text: &str) -> Vec<(usize, usize, Kind)> {
    let text = text.get(..8_192).unwrap_or(text);
    let mut found: Vec<(usize, usize, Kind)> = Vec::new();
    let mut past = 0;
    for (colon, c) in text.char_indices().filter(|(_, c)| matches!(c, ':' | '：')) {
        // A label has no colon within.
        let from = past;
        past = colon + c.len_utf8();
        let before = text.get(from..colon).unwrap_or_default();
        effort::spend(before.len());
        let longest = before
            .char_indices()
            .rev()
            .take(30)
            .filter_map(|(at, first)| {
                let label = before.get(at..)?;
                let capital =
                    first.is_uppercase() || (first.is_alphabetic() && !first.is_lowercase());
                let kind = capital.then(|| kind_of(label)).flatten()?;
                Some((from + at, kind))
            });
        if let Some((start, kind)) = longest.last()
            && !found.iter().any(|(_, _, known)| *known == kind)
        {
            found.push((start, colon + c.len_utf8(), kind));
        }
    }
    found
}
